"""A reverse proxy on loopback, to break an exchange of HTTP where it hurts: between a POST and its answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable


class Between:
    """Lets everything but the next POST pass; `before` is called before that goes on, `after` once it went on.

    `cut` is the share of its answer that is passed on, 1 all of it. The server closes each connection after its answer.
    """

    def __init__(self, port: int) -> None:
        self.url = ""
        self.before: Callable[[], object] | None = None
        self.after: Callable[[], object] | None = None
        self.cut = 1.0
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._pass_on(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def done(self) -> None:
        """Wait until the server has answered everything."""
        await asyncio.wait_for(asyncio.gather(*self._tasks, return_exceptions=True), 20)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        request = head + await reader.readexactly(int(lengths[0]) if lengths else 0)
        before, after, cut = None, None, 1.0
        if head.startswith(b"POST "):
            before, after, cut = self.before, self.after, self.cut
            self.before, self.after, self.cut = None, None, 1.0
        if before:
            await asyncio.to_thread(before)
        back, onward = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            onward.write(request)
            await onward.drain()
            if after:
                await asyncio.to_thread(after)
            answer = await back.read(-1)
        finally:
            onward.close()
        writer.write(answer[: int(len(answer) * cut)])
        await writer.drain()


@contextlib.asynccontextmanager
async def between(port: int) -> AsyncIterator[Between]:
    """Run one in front of what listens on a loopback port."""
    proxy = Between(port)
    server = await asyncio.start_server(proxy.one, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.done()
