"""The way to one address: a connected UDP socket, or a TCP or TLS connection cut by Content-Length.

A connected UDP socket takes datagrams from that address alone (the source of every reply is checked by the kernel)
and is told when nothing listens there.
"""

import asyncio
from abc import ABC, abstractmethod

from outagetui.core.hosts import written
from outagetui.core.model import Outcome
from outagetui.net.connect import dial
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail, from_os_error
from outagetui.net.udp import UdpSocket
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.locate import Spot
from outagetui.protocols.sip.message import Framer


class Transport(ABC):
    """One open way; whoever opened it closes it."""

    protocol: str
    reliable: bool

    def __init__(self, host: str, port: int) -> None:
        self.lost: OSError | Trouble | None = None  # why nothing comes any more
        self.local_host = host  # with its zone: the sound of a call leaves by it too
        self._local_port = port

    @property
    def host(self) -> str:
        """Our own address as a URI writes it."""
        return written(self.local_host)

    @property
    def local(self) -> str:
        """Our own address and port as a URI writes them."""
        return f"{self.host}:{self._local_port}"

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Send one message. Raises OSError, and `Trouble` when the far side refuses datagrams."""

    @abstractmethod
    async def receive(self) -> list[bytes]:
        """Wait for bytes and return the messages they completed. Raises as `send`, and `Trouble` at a stream's end."""

    @abstractmethod
    def close(self) -> None:
        """Free the socket."""


class Datagrams(Transport):
    """UDP."""

    protocol, reliable = "UDP", False

    def __init__(self, spot: Spot) -> None:
        self._socket = UdpSocket(spot.address)
        super().__init__(*self._socket.local)
        self._remote = str(spot.address)

    async def send(self, data: bytes) -> None:
        """Send one datagram."""
        try:
            await self._socket.send(data)
        except OSError as error:
            raise unreachable(error, self._remote) from error

    async def receive(self) -> list[bytes]:
        """Wait for one datagram."""
        try:
            return [await self._socket.receive()]
        except OSError as error:
            raise unreachable(error, self._remote) from error

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()


class Connection(Transport):
    """TCP or TLS."""

    reliable = True

    def __init__(self, stream: Stream, protocol: str, port: int) -> None:
        self.protocol = protocol.upper()
        self._stream = stream
        self._framer = Framer()
        self._sending = asyncio.Lock()
        super().__init__(stream.local, port)

    async def send(self, data: bytes) -> None:
        """Send one message whole, after those that are being sent."""
        async with self._sending:
            await self._stream.write(data)

    async def receive(self) -> list[bytes]:
        """Wait for more of the stream."""
        data = await self._stream.read()
        if not data:
            fail("sip.closed", "the server closed the connection")
        try:
            return self._framer.feed(data)
        except ValueError as error:
            fail("sip.malformed", str(error))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()


async def open_transport(vantage: Vantage, spot: Spot, ca: str | None, phases: Phases, deadline: float) -> Transport:
    """Open the way to `spot`. Raises `Trouble` as dialling and TLS do."""
    if spot.transport == "udp":
        try:
            return Datagrams(spot)
        except OSError as error:
            raise unreachable(error, str(spot.address)) from error
    host, port = spot.address.host, spot.address.port
    stream = await dial(vantage, _scoped(host, spot.address.scope), port, phases, deadline=deadline)
    try:
        if spot.transport == "tls":
            await secure(stream, await vantage.tls_context(ca), spot.name, phases)
        return Connection(stream, spot.transport, stream.local_port)
    except BaseException:
        stream.close()
        raise


def _scoped(host: str, scope: int) -> str:
    return f"{host}%{scope}" if scope else host


def unreachable(error: OSError, where: str) -> Trouble:
    """Return the trouble an error on a UDP socket means: what comes back is the far side's ICMP."""
    if isinstance(error, ConnectionRefusedError):
        return Trouble(Outcome.FAIL, "sip.refused", f"{where}: nothing listens on this UDP port")
    trouble = from_os_error(error, where)
    if trouble.code == "tcp.unreachable":
        trouble.code = "sip.unreachable"
    return trouble
