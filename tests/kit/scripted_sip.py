"""A SIP server whose every reply a test decides, over UDP, TCP and TLS, and the pieces of its replies."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from typing import cast

from outagetui.protocols.sip.message import Framer, Incoming, compose, parse

# What a server says to a request: whole messages, in order.
Handler = Callable[[Incoming], list[bytes]]


def reply(request: Incoming, status: str, *more: tuple[str, str], body: bytes = b"", tag: str = "there") -> bytes:
    """Return a reply to `request` as RFC 3261 section 8.2.6 wants it."""
    to = request.first("to")
    headers = [("Via", via) for via in request.headers["via"]]
    headers += [
        ("From", request.first("from")),
        ("To", to if request.to_tag or status.startswith("100") else f"{to};tag={tag}"),
    ]
    headers += [("Call-ID", request.call_id), ("CSeq", f"{request.seq} {request.method}"), *more]
    return compose(f"SIP/2.0 {status}", headers, body)


def saying(status: str, *more: tuple[str, str]) -> Handler:
    """Answer everything with one status."""
    return lambda request: [] if request.method == "ACK" else [reply(request, status, *more)]


class Peer:
    """A running server: what it received, in order, and where it runs."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.received: list[Incoming] = []
        self.port = 0
        self.arrived = asyncio.Event()
        self._back: Callable[[bytes], None] = lambda _: None

    @property
    def methods(self) -> list[str]:
        """The methods of what was received."""
        return [each.method for each in self.received]

    def of(self, method: str) -> list[Incoming]:
        """The requests (and our peer's replies) of one method."""
        return [each for each in self.received if each.method == method]

    def say(self, message: bytes) -> None:
        """Send something unasked, to whoever spoke last."""
        self._back(message)

    def take(self, data: bytes, back: Callable[[bytes], None]) -> None:
        self._back = back
        message = parse(data)
        assert message is not None, data
        self.received.append(message)
        self.arrived.set()
        if message.code == 0:
            for each in self.handler(message):
                back(each)

    async def until(self, method: str, count: int = 1) -> None:
        """Wait until `count` messages of `method` came."""
        async with asyncio.timeout(10):
            while len(self.of(method)) < count:
                self.arrived.clear()
                await self.arrived.wait()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        self.peer.take(data, lambda message: self.transport.sendto(message, source))


@contextlib.asynccontextmanager
async def by_udp(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[Peer]:
    peer = Peer(handler)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(peer), local_addr=(host, 0))
    peer.port = transport.get_extra_info("sockname")[1]
    try:
        yield peer
    finally:
        transport.close()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def by_tcp(
    handler: Handler, host: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> AsyncIterator[Peer]:
    peer = Peer(handler)
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        framer = Framer()
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                for message in framer.feed(data):
                    peer.take(message, writer.write)
        writer.close()
        writer.transport.abort()

    server = await asyncio.start_server(connected, host, 0, ssl=context)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        for _ in range(10):
            await asyncio.sleep(0)
