"""A WebSocket (RFC 6455) on a probe's connection: the protocol is the library's, reading and its bounds are ours."""

import asyncio
import contextlib
import logging
import secrets
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, NoReturn

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, NegotiationError, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Protocol, Side, State
from websockets.typing import Origin, Subprotocol
from websockets.uri import WebSocketURI

from outagetui.core.hosts import unzoned
from outagetui.core.text import in_quotes
from outagetui.net.connect import dial
from outagetui.net.farewell import goodbye
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_answer import Reply, refused, status_words
from outagetui.protocols.http_front import BOTH, HTTP1, wants_another_version
from outagetui.protocols.http_parser import AnswerParser, Head, NotHttpError, SpeaksHttp2Error
from outagetui.protocols.http_request import Request, request

MESSAGE_LIMIT: Final = 1 << 20  # bytes of a message, which may come in any number of frames
RECEIVED_LIMIT: Final = 4 << 20  # bytes of everything: a server that never stops must not keep us
FRAMES_LIMIT: Final = 10_000  # of everything too: each costs far more than its bytes
_SLICE: Final = 1 << 10  # bytes parsed between two looks at the clock: a frame may be 2
_HTTP2: Final = "the front end speaks HTTP/2 only, in which WebSockets are not looked at"
# The library tells of every frame when its logger is asked to; outside text must not reach a log.
_SILENT = logging.Logger("websocket", logging.CRITICAL + 1)


def address(url: str) -> Request:
    """Read a ws or wss URL as the request its handshake makes; a wrong one is unknown `target.invalid`."""
    scheme, _, rest = url.partition(":")
    web = {"ws": "http", "wss": "https"}.get(scheme.lower())
    return request("GET", f"{web}:{rest}") if web else unknown("target.invalid", f"{url} is not a ws or wss address")


@contextlib.asynccontextmanager
async def opened(
    vantage: Vantage,
    wanted: Request,
    phases: Phases,
    *,
    subprotocol: str | None,
    deadline: float,
    ca: str | None = None,
    origin: str | None = None,
    connect: str | None = None,
) -> "AsyncIterator[WebSocket]":
    """Open a WebSocket for a block and close it in good order; phases resolve, connect, tls, handshake, ping.

    It was pinged when it is yielded.
    """
    with await dial(vantage, wanted.host, wanted.port, phases, deadline=deadline, connect=connect) as stream:
        if wanted.scheme == "https":
            await _secure(stream, await vantage.tls_context(ca, alpn=HTTP1), wanted.host, phases)
        phases.enter("handshake")
        socket = WebSocket(stream, wanted, subprotocol, origin)
        try:
            await socket.shake()
        except (Trouble, OSError):
            if stream.tls is not None and stream.tls.selected_alpn_protocol() is None:
                phases.stop()
                await _refuse_http2(vantage, wanted, ca, connect, deadline)
            raise
        phases.enter("ping")
        await socket.ping()
        yield socket
        phases.stop()
        await socket.close(deadline)


async def _secure(stream: Stream, context: ssl.SSLContext, name: str, phases: Phases) -> None:
    try:
        await secure(stream, context, name, phases)
    except Trouble as trouble:
        if wants_another_version(trouble):
            unknown("ws.http2", _HTTP2)
        raise


async def _refuse_http2(
    vantage: Vantage, wanted: Request, ca: str | None, connect: str | None, deadline: float
) -> None:
    """Raise unknown `ws.http2` where a front end took up nothing of HTTP/1.1 by name, and takes up HTTP/2."""
    left = deadline - asyncio.get_running_loop().time()
    selected = None
    with contextlib.suppress(TimeoutError, OSError, Trouble):
        async with asyncio.timeout(left / 2):
            with await dial(vantage, wanted.host, wanted.port, Phases(), deadline=deadline, connect=connect) as stream:
                await secure(stream, await vantage.tls_context(ca, alpn=BOTH), wanted.host, Phases())
                selected = stream.tls.selected_alpn_protocol() if stream.tls else None
    if selected == "h2":
        unknown("ws.http2", _HTTP2)


class WebSocket:
    """An open WebSocket. Methods raise `Trouble`: `ws.closed`, `ws.protocol`, unknown `ws.too-much`."""

    def __init__(self, stream: Stream, wanted: Request, subprotocol: str | None, origin: str | None = None) -> None:
        path, _, query = wanted.path.partition("?")
        uri = WebSocketURI(wanted.scheme == "https", unzoned(wanted.host), wanted.port, path, query)
        self._stream = stream
        self._asked = wanted
        self._wanted = subprotocol
        self._handshake = ClientProtocol(
            uri,
            origin=None if origin is None else Origin(origin),
            subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)],
            logger=_SILENT,
        )
        self._protocol = Protocol(Side.CLIENT, state=State.OPEN, max_size=MESSAGE_LIMIT, logger=_SILENT)
        self._received = self._counted = 0
        self._frames: deque[Frame] = deque()

    async def shake(self) -> None:
        """Do the opening handshake, whose answer is read as any other by HTTP.

        Codes: `http.NNN` when the answer is another HTTP status than 101, `ws.subprotocol` when ours was not taken,
        `ws.handshake` for everything else that is no proper upgrade.
        """
        self._handshake.send_request(self._handshake.connect())
        await self._stream.write(b"".join(self._handshake.data_to_send()))
        parser = AnswerParser("GET", 0, upgrading=True)
        while parser.head is None:
            data = await self._read()
            try:
                if data:
                    parser.feed(data)
                else:
                    parser.close()
            except SpeaksHttp2Error:
                unknown("ws.http2", _HTTP2)
            except NotHttpError as error:
                fail("ws.handshake", f"not an HTTP answer: {error}" if self._received else "closed at once")
        if parser.head.status != 101:  # its body may be long, or never end
            reply = Reply(parser.head.status, parser.head.headers(), b"", self._asked.url)
            raise refused(reply, f"no WebSocket here: {status_words(reply.status)}", time.time())
        self._agree(parser.head)
        await self._take(parser.rest)

    def _agree(self, head: Head) -> None:
        """Check what the far side agrees to (RFC 6455 section 4.1)."""
        lines = [(name, value.decode("latin-1")) for name, value in dict.fromkeys(head.lines)]
        try:
            self._handshake.process_response(Response(head.status, "", Headers(lines)))
        except NegotiationError as error:
            fail("ws.subprotocol" if "subprotocol" in str(error) else "ws.handshake", str(error))
        except InvalidHandshake as error:
            fail("ws.handshake", str(error))
        if self._wanted is not None and not head.values("sec-websocket-protocol"):
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
                self._frames.extendleft(reversed(kept))
                return
            kept.append(frame)

    async def send(self, text: str) -> None:
        """Send a text message."""
        if self._protocol.state is not State.OPEN:
            self._end()
        self._protocol.send_text(text.encode())
        await self._flush()

    async def receive(self) -> str:
        """Return the next message, of text or bytes; a text that is no UTF-8 is none (RFC 6455 section 8.1)."""
        parts: list[bytes] = []
        binary = False
        while True:
            frame = await self._frame()
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                binary = binary or frame.opcode is Opcode.BINARY
                parts.append(bytes(frame.data))
                if frame.fin:
                    break
        try:
            return b"".join(parts).decode("utf-8", "replace" if binary else "strict")
        except UnicodeDecodeError:
            fail("ws.protocol", "a message of text is no UTF-8")

    async def close(self, deadline: float) -> None:
        """Close in good order, waiting only a moment for the far side."""
        if self._protocol.state is not State.OPEN:
            return
        async with goodbye(deadline):
            self._protocol.send_close(1000)
            await self._flush()
            while self._protocol.close_rcvd is None and (data := await self._read()):
                await self._take(data)

    async def _frame(self) -> Frame:
        while not self._frames:
            if self._protocol.state is not State.OPEN:
                self._end()
            data = await self._read()
            if data:
                await self._take(data)
            else:
                self._protocol.receive_eof()
                await self._flush()
        return self._frames.popleft()

    async def _take(self, data: bytes) -> None:
        for at in range(0, len(data), _SLICE):
            self._protocol.receive_data(data[at : at + _SLICE])
            for event in self._protocol.events_received():
                self._counted += 1
                if isinstance(event, Frame) and event.opcode is not Opcode.CLOSE:
                    self._frames.append(event)
            if self._counted > FRAMES_LIMIT:
                unknown("ws.too-much", f"more than {FRAMES_LIMIT} frames and no end")
            await self._flush()
            await self._stream.turn.share()

    async def _read(self) -> bytes:
        data = await self._stream.read()
        self._received += len(data)
        if self._received > RECEIVED_LIMIT:
            unknown("ws.too-much", f"more than {RECEIVED_LIMIT >> 20} MiB and no end")
        return data

    async def _flush(self) -> None:
        # An empty one among them asks to half-close, which closing the whole connection does too.
        if data := b"".join(self._protocol.data_to_send()):
            await self._stream.write(data)

    def _end(self) -> NoReturn:
        error, close = self._protocol.parser_exc, self._protocol.close_rcvd
        if isinstance(error, PayloadTooBig):
            unknown("ws.too-much", f"a message of more than {MESSAGE_LIMIT >> 20} MiB")
        if error is not None and not isinstance(error, EOFError):
            fail("ws.protocol", str(error) or "it does not keep to RFC 6455")
        if close is None:
            fail("ws.closed", "the connection ended without a close frame")
        fail("ws.closed", f"closed by the server: {close.code} {close.reason}")
