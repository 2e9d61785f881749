"""A TCP relay in front of a real server, which does to each connection what a test says: the n-th to the n-th."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

from tests.kit.scripted_servers import serve

Turn = str | Callable[[], Awaitable[None]]


class Relay:
    """What becomes of the connections, in their order; the last word is for all that follow.

    `pass`; `swallow`: the server gets the message and its answer is lost; `reset`: as that, and the connection is cut;
    `hold`: nothing reaches the server; `forge`: nothing reaches it, and an unsigned "done" comes back; or something
    to be awaited before `pass`.
    """

    def __init__(self, port: int, *turns: Turn) -> None:
        self._to, self._turns = port, turns
        self.port = 0
        self.seen = 0
        self.reached: list[asyncio.Event] = [asyncio.Event() for _ in range(8)]  # the message got through, or was held

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.seen = self.seen, self.seen + 1
        turn = self._turns[min(number, len(self._turns) - 1)]
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        message = await reader.readexactly(size)
        if turn in ("hold", "forge"):
            self.reached[number].set()
            if turn == "forge":
                writer.write(struct.pack("!H", 12) + message[:2] + b"\xa8\0" + b"\0" * 8)
            while await reader.read(65536):
                pass
            return
        if callable(turn):
            await turn()
        answer = await self._pass_on(message)
        self.reached[number].set()
        if turn == "reset":
            writer.get_extra_info("socket").setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER 0: a reset
            writer.transport.abort()
        elif turn == "swallow":
            while await reader.read(65536):
                pass
        else:
            writer.write(answer)

    async def _pass_on(self, message: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            writer.write(struct.pack("!H", len(message)) + message)
            head = await reader.readexactly(2)
            return head + await reader.readexactly(struct.unpack("!H", head)[0])
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def relay(port: int, *turns: Turn) -> AsyncIterator[Relay]:
    """Stand in front of the server on `port` until the block ends."""
    made = Relay(port, *turns)
    async with serve(made) as server:
        made.port = server.port
        yield made
