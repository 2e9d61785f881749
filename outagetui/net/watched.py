"""A non-blocking socket whose waits cost little: it is registered with the loop once, for reading and for writing."""

import asyncio
import errno
import os
import socket
from typing import Any

from outagetui.net.loop_turns import TurnLoop


class WatchedSocket:
    """A non-blocking socket, owned: whoever holds it closes it. Connecting and sending raise `OSError`.

    On a loop that watches sockets (`TurnLoop`) it is registered until it is closed, on any other for each wait.
    """

    __slots__ = ("_loop", "_waiting", "_watching", "plain")

    def __init__(self, sock: socket.socket) -> None:
        self.plain = sock
        self._loop = asyncio.get_running_loop()
        self._watching: TurnLoop | None = None
        self._waiting: list[asyncio.Future[None]] = []

    async def connect(self, address: tuple[Any, ...]) -> None:
        """Connect to `address`, in the form the socket module takes, which must be no name."""
        error = self.plain.connect_ex(address)
        if error in (errno.EINPROGRESS, errno.EINTR):
            await self._change(writing=True)
            error = self.plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))

    async def readable(self) -> None:
        """Wait until something has come, or may have, to a socket that just had nothing."""
        await self._change(writing=False)

    async def send(self, data: bytes) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.plain.send(rest) :]
            except BlockingIOError:
                await self._change(writing=True)

    async def _change(self, *, writing: bool) -> None:
        """Wait for a change of the socket, which just could not be read, or written: what was so before is not told."""
        waiter = self._loop.create_future()
        self._waiting.append(waiter)
        try:
            if isinstance(self._loop, TurnLoop):
                if self._watching is None:
                    self._loop.watch(self.plain, self._wake)
                    self._watching = self._loop
                await waiter
            else:
                await self._for_this_wait(waiter, writing=writing)
        finally:
            self._waiting.remove(waiter)

    async def _for_this_wait(self, waiter: "asyncio.Future[None]", *, writing: bool) -> None:
        loop, begin = self._loop, self._loop.add_writer if writing else self._loop.add_reader
        begin(self.plain, self._wake)
        try:
            await waiter
        finally:
            (loop.remove_writer if writing else loop.remove_reader)(self.plain)

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def close(self) -> None:
        """Forget and close the socket."""
        if self._watching is not None:
            self._watching.unwatch(self.plain)
            self._watching = None
        self.plain.close()
