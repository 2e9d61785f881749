"""A UDP socket connected to one address: the kernel takes datagrams from there alone and tells of a closed port.

The loop watches it from the first wait to its end, or as long as somebody waits: each wait by itself would cost two
calls of the system more.
"""

import asyncio
import socket
from types import TracebackType
from typing import Self

from outagetui.net.resolve import Address

LONGEST = 65535  # bytes of a datagram


class UdpSocket:
    """One socket, at a random port of ours. Making it and all it does raise `OSError`."""

    __slots__ = ("_loop", "_socket", "_waiting", "_watched")

    def __init__(self, address: Address) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[bytes] | None = None
        self._watched = False
        self._socket = socket.socket(address.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.connect(address.sockaddr)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def local(self) -> tuple[str, int]:
        """Our own address and port."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    async def send(self, data: bytes) -> None:
        """Send one datagram."""
        await self._loop.sock_sendall(self._socket, data)

    async def receive(self) -> bytes:
        """Wait for one datagram; a turn of the loop passes in any case, so that a flood cannot hold up a deadline."""
        self._waiting = self._loop.create_future()
        if not self._watched:
            self._loop.add_reader(self._socket.fileno(), self._readable)
            self._watched = True
        return await self._waiting

    def close(self) -> None:
        """Free the socket, which the loop must not watch any longer by then."""
        self._watch_no_longer()
        self._socket.close()

    def _readable(self) -> None:
        if self._waiting is None or self._waiting.done():
            self._watch_no_longer()  # what lies there while nobody waits must not keep the loop awake
            return
        try:
            self._waiting.set_result(self._socket.recv(LONGEST))
        except BlockingIOError:
            pass  # a datagram whose checksum was wrong
        except OSError as error:
            self._waiting.set_exception(error)

    def _watch_no_longer(self) -> None:
        if self._watched:
            self._loop.remove_reader(self._socket.fileno())
            self._watched = False
