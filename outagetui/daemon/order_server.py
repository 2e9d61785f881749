"""The order socket's server: connections, lines, and who is still there."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from outagetui.core.current import Current
from outagetui.daemon.sender import Sender, sender_of
from outagetui.orders.wire import LINE_LIMIT, decode, encode

MOST_CLIENTS = 100
BACKLOG = 512  # a burst of clients waits; a full queue would refuse them without a word
LONGEST_PATH = 107  # unix(7): sun_path holds 108 bytes, the last one 0
Take = Callable[[Sender, dict[str, Any]], Awaitable[dict[str, Any]]]


class ListenError(Exception):
    """Orders cannot be taken; the message says why and what to do."""


class OrderServer:
    """Listens at the store's order socket. `clients` are the clients connected now."""

    def __init__(self, path: Path, current: Current, take: Take) -> None:
        self.path = path
        self._current, self._take = current, take
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.left = asyncio.get_running_loop().time()  # when the last client was there

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._tasks)

    async def open(self) -> None:
        """Begin to listen; the daemon holds the store's lock, so a socket file that lies there is a dead one's."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(self.path))
        except OSError as error:
            listener.close()
            words = os.strerror(error.errno) if error.errno else f"its path is longer than {LONGEST_PATH} bytes"
            raise ListenError(f"{self.path}: cannot listen for orders: {words}; name another [store] path") from error
        # A set-group-id directory hands on its own group, the wall's; the socket is for the daemon's.
        os.chown(self.path, -1, os.getegid())
        self.path.chmod(0o660)
        self._server = await asyncio.start_unix_server(self._enter, sock=listener, limit=LINE_LIMIT, backlog=BACKLOG)

    async def close(self) -> None:
        """Stop listening, let go of the clients and remove the socket."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(OSError):
            self.path.unlink()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if len(self._tasks) > MOST_CLIENTS:
                writer.write(encode({"ok": False, "error": f"more than {MOST_CLIENTS} clients are connected"}))
            else:
                await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # a client that goes away takes nothing with it
        finally:
            self._tasks.discard(task)
            self.left = asyncio.get_running_loop().time()
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        too_long = False
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return  # gone, in the middle of a line or between two
            except asyncio.LimitOverrunError as error:
                if not too_long:
                    writer.write(encode({"ok": False, "error": f"a line is longer than {LINE_LIMIT} bytes"}))
                too_long = True
                await reader.readexactly(error.consumed)
                continue
            if too_long:
                too_long = False  # that was the rest of it
                continue
            try:
                request = decode(line)
            except ValueError:
                reply: dict[str, Any] = {"ok": False, "error": "not a JSON object on one line"}
            else:
                # Asked anew for every order, so that a reload that takes a role away counts at once. An order goes on
                # when its client leaves.
                sender = sender_of(connection, self._current.config.operators)
                reply = await asyncio.shield(self._take(sender, request))
            writer.write(encode(reply))
            await writer.drain()
