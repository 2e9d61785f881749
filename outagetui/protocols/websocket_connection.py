"""A WebSocket (RFC 6455) on a probe's connection: the protocol is the library's, reading and its bounds are ours."""

import contextlib
import logging
import re
import secrets
from collections.abc import AsyncIterator
from typing import NoReturn

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, NegotiationError
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol
from websockets.uri import WebSocketURI

from outagetui.core.text import in_quotes
from outagetui.net.connect import dial
from outagetui.net.farewell import goodbye
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, fail
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_request import Request, request

MESSAGE_LIMIT = 1 << 20  # bytes of a message, which may come in any number of frames
RECEIVED_LIMIT = 4 << 20  # bytes of everything: a server that never stops must not keep us
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r?\n")
# The library tells of every frame when its logger is asked to; outside text must not reach a log.
_SILENT = logging.Logger("websocket", logging.CRITICAL + 1)


def address(url: str) -> Request:
    """Read a ws or wss URL as the request its handshake makes; a wrong one is unknown `target.invalid`."""
    return request("GET", f"http{url.removeprefix('ws')}")


@contextlib.asynccontextmanager
async def opened(
    vantage: Vantage,
    wanted: Request,
    phases: Phases,
    *,
    subprotocol: str | None,
    deadline: float,
    origin: str | None = None,
    connect: str | None = None,
) -> "AsyncIterator[WebSocket]":
    """Open a WebSocket for a block and close it in good order; phases resolve, connect, tls, handshake, ping.

    It was pinged when it is yielded.
    """
    with await dial(vantage, wanted.host, wanted.port, phases, deadline=deadline, connect=connect) as stream:
        if wanted.scheme == "https":
            await secure(stream, vantage.tls_context(), wanted.host, phases)
        phases.enter("handshake")
        socket = WebSocket(stream, wanted, subprotocol, origin)
        await socket.shake()
        phases.enter("ping")
        await socket.ping()
        yield socket
        phases.stop()
        await socket.close(deadline)


class WebSocket:
    """An open WebSocket. Methods raise `Trouble`: `ws.closed`, `ws.protocol`."""

    def __init__(self, stream: Stream, wanted: Request, subprotocol: str | None, origin: str | None = None) -> None:
        path, _, query = wanted.path.partition("?")
        uri = WebSocketURI(wanted.scheme == "https", wanted.host, wanted.port, path, query)
        self._stream = stream
        self._wanted = subprotocol
        self._protocol = ClientProtocol(
            uri,
            origin=None if origin is None else Origin(origin),
            subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)],
            max_size=MESSAGE_LIMIT,
            logger=_SILENT,
        )
        self._received = 0
        self._frames: list[Frame] = []

    async def shake(self) -> None:
        """Do the opening handshake.

        Codes: `http.NNN` when the answer is another HTTP status than 101, `ws.subprotocol` when ours was not taken,
        `ws.handshake` for everything else that is no proper upgrade.
        """
        self._protocol.send_request(self._protocol.connect())
        await self._flush()
        head = b""
        while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
            data = await self._read()
            if not data:
                fail(
                    "ws.handshake", f"closed during the handshake after {in_quotes(head)}" if head else "closed at once"
                )
            head = (head + data)[:256]
            found = _STATUS.match(head)
            if found and found[1] != b"101":  # its body may be long, or never end
                fail(f"http.{found[1].decode()}", f"no WebSocket here: {in_quotes(head.splitlines()[0])}")
            self._take(data)
        error = self._protocol.handshake_exc
        if isinstance(error, NegotiationError):
            fail("ws.subprotocol" if "subprotocol" in str(error) else "ws.handshake", str(error))
        if error is not None:
            words = str(error) if isinstance(error, InvalidHandshake) else "not an HTTP answer"
            fail("ws.handshake", f"{words}: {in_quotes(head)}")
        if self._wanted is not None and self._protocol.subprotocol is None:
            fail("ws.subprotocol", f"the server does not speak {in_quotes(self._wanted)}")

    async def ping(self) -> None:
        """Send a ping and wait for its pong; messages that come meanwhile are kept for `receive`."""
        mark = secrets.token_bytes(8)
        self._protocol.send_ping(mark)
        await self._flush()
        kept: list[Frame] = []
        while True:
            frame = await self._frame()
            if frame.opcode is Opcode.PONG and bytes(frame.data) == mark:
                self._frames = kept + self._frames
                return
            kept.append(frame)

    async def send(self, text: str) -> None:
        """Send a text message."""
        if self._protocol.state is not State.OPEN:
            self._end()
        self._protocol.send_text(text.encode())
        await self._flush()

    async def receive(self) -> str:
        """Return the next message, of text or bytes."""
        parts: list[bytes] = []
        while True:
            frame = await self._frame()
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                parts.append(bytes(frame.data))
                if frame.fin:
                    return b"".join(parts).decode("utf-8", "replace")

    async def close(self, deadline: float) -> None:
        """Close in good order, waiting only a moment for the far side."""
        if self._protocol.state is not State.OPEN:
            return
        async with goodbye(deadline):
            self._protocol.send_close(1000)
            await self._flush()
            while self._protocol.close_rcvd is None and (data := await self._read()):
                self._take(data)

    async def _frame(self) -> Frame:
        while not self._frames:
            if self._protocol.state is not State.OPEN:
                self._end()
            data = await self._read()
            if data:
                self._take(data)
            else:
                self._protocol.receive_eof()
            await self._flush()
        return self._frames.pop(0)

    def _take(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is not Opcode.CLOSE:
                self._frames.append(event)

    async def _read(self) -> bytes:
        data = await self._stream.read()
        self._received += len(data)
        if self._received > RECEIVED_LIMIT:
            fail("ws.protocol", f"more than {RECEIVED_LIMIT >> 20} MiB and no end")
        return data

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:  # an empty one asks to half-close, which closing the whole connection does too
                await self._stream.write(data)

    def _end(self) -> NoReturn:
        error, close = self._protocol.parser_exc, self._protocol.close_rcvd
        if error is not None and not isinstance(error, EOFError):
            fail("ws.protocol", str(error) or "it does not keep to RFC 6455")
        if close is None:
            fail("ws.closed", "the connection ended without a close frame")
        fail("ws.closed", f"closed by the server: {close.code} {close.reason}")
