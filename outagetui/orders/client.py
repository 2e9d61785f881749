"""The client of the order socket: what a key or a command asks of the daemon. Results come from the journal only."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from outagetui.core.orders import Hello, Order
from outagetui.core.text import clean
from outagetui.orders.wire import REPLY_LIMIT, decode, encode, socket_path

REPLY_SECONDS = 10.0
PATIENCE = 2.0  # seconds of silence after which it is said that something is waited for
GONE = "the daemon does not answer; start it with: systemctl start outagetui, or outagetui daemon"


class OrderClient:
    """One connection, kept as long as its screen lives, so that the daemon knows that somebody is there.

    `role` is what this user may do; it is `viewer` until the daemon has said otherwise.
    """

    def __init__(self, store: Path) -> None:
        self._path = socket_path(store)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._turn = asyncio.Lock()
        self.role = "viewer"
        self.refused = ""
        self.silent = False  # the last order was taken by somebody who did not answer it

    async def send(self, order: Order) -> dict[str, Any]:
        """Give an order; return the daemon's reply, or one that says why there is none. Never raises."""
        async with self._turn:
            self.silent = False
            try:
                async with asyncio.timeout(REPLY_SECONDS * order.takes):
                    return await self._ask(order)
            except TimeoutError:
                self.silent = True
                await self._drop()
                return {
                    "ok": False,
                    "error": "the daemon took the order but did not reply: look at the journal before repeating",
                }
            except (OSError, ValueError, EOFError) as error:
                await self._drop()
                return {"ok": False, "error": _words(error)}
            except asyncio.CancelledError:
                if self._writer is not None:
                    self._writer.close()  # or the reply to this order would be taken for that of the next one
                raise

    async def hello(self) -> dict[str, Any]:
        """Say who we are and learn our role."""
        reply = await self.send(Hello())
        if reply.get("ok"):
            self.role = str(reply.get("role", "viewer"))
        self.refused = "" if reply.get("ok") else str(reply.get("error", GONE))
        return reply

    async def aclose(self) -> None:
        """Leave."""
        await self._drop()

    async def _ask(self, order: Order) -> dict[str, Any]:
        if self._reader is None or self._writer is None or self._writer.is_closing() or self._reader.at_eof():
            # A daemon that ended since has not seen this order, so whoever is there now may be asked.
            await self._drop()
            self._reader, self._writer = await asyncio.open_unix_connection(self._path, limit=REPLY_LIMIT)
        assert self._reader is not None
        self._writer.write(encode(msgspec.to_builtins(order)))
        await self._writer.drain()
        line = await self._reader.readline()
        if not line:
            raise EOFError
        reply = decode(line)
        if "error" in reply:
            reply["error"] = clean(reply["error"])
        return reply

    async def _drop(self) -> None:
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.contextmanager
def waiting(say: Callable[[str], object]) -> Iterator[None]:
    """Say after a while what is waited for, and that it can be left."""
    loop = asyncio.get_running_loop()
    told = loop.call_later(PATIENCE, say, "the daemon does not answer yet; waiting, Ctrl+C leaves")
    try:
        yield
    finally:
        told.cancel()


def _words(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "you may look but not give orders: the order socket is not open to you"
    if isinstance(error, EOFError):
        return "the daemon ended while it had the order: look at the journal before repeating"
    return GONE
