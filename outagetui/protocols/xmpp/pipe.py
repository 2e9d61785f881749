"""A stream read and written for as long as it stands: one task reads, another writes while there is something to."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable

from outagetui.core.model import Outcome
from outagetui.machine.background import tell_failure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Trouble, from_os_error, from_own_error

LIMIT = 1 << 20  # bytes that may wait for a far side that does not read
_FAREWELL = b"</stream:stream>"


class Pipe:
    """Owns `stream`. `take` gets what comes; `ended` is called once, with the reason, unless we close it ourselves."""

    def __init__(self, stream: Stream, take: Callable[[bytes], None], ended: Callable[[Trouble], None]) -> None:
        self._stream = stream
        self._take, self._ended = take, ended
        self._peer = stream.peer
        self._outgoing = bytearray()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._writer: asyncio.Task[None] | None = None
        self._reader = self._loop.create_task(self._read())
        self._reader.add_done_callback(self._one_done)

    def write(self, data: bytes) -> None:
        """Send `data` as soon as possible; nothing happens when the stream is closed."""
        if self._closed:
            return
        self._outgoing += data
        if len(self._outgoing) > LIMIT:
            self._fail(Trouble(Outcome.FAIL, "xmpp.closed", "the server does not read what we send"))
        elif self._writer is None:
            self._writer = self._loop.create_task(self._write())
            self._writer.add_done_callback(self._one_done)

    def close(self, *, politely: bool = True) -> None:
        """End the stream, without waiting; its tasks are gone after a few turns of the loop."""
        if self._closed:
            return
        self._closed = True
        if politely and self._writer is None:
            # Goes out with TLS' own farewell when the socket is closed; amid a write it would garble what is under way.
            with contextlib.suppress(ssl.SSLError, ValueError):
                if self._stream.tls is not None:
                    self._stream.tls.write(bytes(self._outgoing) + _FAREWELL)
        for task in (self._reader, self._writer):
            if task is not None:
                task.cancel()

    async def aclose(self) -> None:
        """End the stream and wait until its tasks are gone."""
        self.close()
        tasks = [task for task in (self._reader, self._writer) if task is not None and not task.done()]
        if tasks:
            await asyncio.wait(tasks)

    async def _read(self) -> None:
        try:
            while data := await self._stream.read():
                self._take(data)
            trouble = Trouble(Outcome.FAIL, "xmpp.closed", "the server closed the connection")
        except Trouble as caught:
            trouble = caught
        except OSError as error:
            trouble = from_os_error(error, self._peer)
        except Exception as error:  # ours; whoever waits must hear of it now, and not wait for what cannot come
            trouble = from_own_error(error)
        self._fail(trouble)

    async def _write(self) -> None:
        try:
            while self._outgoing:
                data = bytes(self._outgoing)
                self._outgoing.clear()
                await self._stream.write(data)
        except OSError as error:
            self._fail(from_os_error(error, self._peer))
        except Exception as error:
            self._fail(from_own_error(error))

    def _fail(self, trouble: Trouble) -> None:
        if not self._closed:
            self.close(politely=False)
            self._ended(trouble)

    def _one_done(self, task: "asyncio.Task[None]") -> None:
        if task is self._writer:
            self._writer = None
            if self._outgoing and not self._closed:  # came after the writer had looked
                self.write(b"")
        if self._closed and self._reader.done() and self._writer is None:
            # Only now, because the loop still watches the socket while a task waits for it.
            self._stream.close()
        tell_failure(task)
