"""The order socket's server: connections, lines, and who is still there."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from outagetui.core.current import Current
from outagetui.daemon.sender import Sender, sender_of
from outagetui.orders.wire import LINE_LIMIT, decode, encode

MOST_CLIENTS = 100
MOST_VIEWERS = 50  # of all clients together: those who only look never keep out those who act
MOST_OF_ONE = 60  # of one user's
IDLE = 300.0  # seconds without an order after which a viewer is let go: a screen comes again by itself
BACKLOG = 512  # a burst of clients waits; a full queue would refuse them without a word
LONGEST_PATH = 107  # unix(7): sun_path holds 108 bytes, the last one 0
Take = Callable[[Sender, dict[str, Any]], Awaitable[dict[str, Any]]]


class ListenError(Exception):
    """Orders cannot be taken; the message says why and what to do."""


class Guest(Struct):
    """Who is connected: since when they were idle (loop time), and whether an order of theirs is being done."""

    uid: int
    role: str
    last: float
    busy: bool = False


class OrderServer:
    """Listens at the store's order socket. `clients` are the clients connected now."""

    def __init__(self, path: Path, current: Current, take: Take, idle: float = IDLE) -> None:
        self.path = path
        self._current, self._take, self._idle = current, take, idle
        self._server: asyncio.Server | None = None
        self._tasks: dict[asyncio.Task[None], Guest] = {}
        self._made = 0  # the number of the socket's file
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
        self._made = self.path.stat().st_ino
        self._server = await asyncio.start_unix_server(self._enter, sock=listener, limit=LINE_LIMIT, backlog=BACKLOG)

    async def close(self) -> None:
        """Stop listening, let go of the clients and remove the socket."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(OSError):
            if self.path.stat().st_ino == self._made:  # or it is that of a daemon in a directory made anew
                self.path.unlink()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        now = asyncio.get_running_loop().time()
        try:
            sender = sender_of(writer.get_extra_info("socket"), self._current.config.operators)
            guest = self._tasks[task] = Guest(sender.uid, sender.role, now)
            if full := self._make_room(task, guest):
                writer.write(encode({"ok": False, "error": full}))
            else:
                await self._serve(reader, writer, guest)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # a client that goes away takes nothing with it
        finally:
            self._tasks.pop(task, None)
            self.left = asyncio.get_running_loop().time()
            writer.close()

    def _make_room(self, task: asyncio.Task[None], guest: "Guest") -> str:
        """Let the client go that has been idle for longest where there are too many; return why there is no room."""
        viewers = [each for each, one in self._tasks.items() if one.role == "viewer"]
        own = [each for each, one in self._tasks.items() if one.uid == guest.uid]
        for crowd, most, whose in (
            (viewers if guest.role == "viewer" else [], MOST_VIEWERS, "viewers"),
            (own, MOST_OF_ONE, "clients of yours"),
            (viewers + list(self._tasks), MOST_CLIENTS + len(viewers), "clients"),
        ):
            if len(crowd) <= most:
                continue
            idle = [each for each in crowd if each is not task and not self._tasks[each].busy]
            idle.sort(key=lambda each: (self._tasks[each].role != "viewer", self._tasks[each].last))
            if not idle or (guest.role == "viewer" and self._tasks[idle[0]].role != "viewer"):
                return f"more than {most if whose != 'clients' else MOST_CLIENTS} {whose} are connected"
            idle[0].cancel()
            del self._tasks[idle[0]]
        return ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, guest: "Guest") -> None:
        connection = writer.get_extra_info("socket")
        too_long = False
        while True:
            try:
                async with asyncio.timeout(self._idle if guest.role == "viewer" else None):
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
                guest.role, guest.busy = sender.role, True
                reply = await asyncio.shield(self._take(sender, request))
                guest.busy, guest.last = False, asyncio.get_running_loop().time()
            writer.write(encode(reply))
            await writer.drain()
