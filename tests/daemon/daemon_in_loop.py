"""A daemon inside the test's own loop, for what a process does not show: time that passes, a disk that hangs."""

import asyncio
import sqlite3
import threading
import time

import pytest
from outagetui.config import load
from outagetui.daemon import flusher, service
from outagetui.daemon.service import Daemon
from outagetui.store.journal import Store
from tests.kit.installation import Installation


class DaemonInLoop:
    """`start` it, let it live, and `end` it. `disk` stands between the daemon and its store."""

    def __init__(self, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
        self.installation, self._patch = installation, monkeypatch
        self.store: Store | None = None
        self.task: asyncio.Task[str] | None = None
        self.ahead = 0.0  # seconds added to the clock
        self._fine = threading.Event()
        self._fine.set()
        self._full = False

    async def start(self, *, background: bool = False, beat: float = 1.0, linger: float = 900.0) -> Daemon:
        for module in (service, flusher):
            self._patch.setattr(module, "BEAT_EVERY", beat)
        self.linger(linger)
        self.store = Store(self.installation.store)
        real = self.store.record
        append = self.store.append

        def through() -> None:
            self._fine.wait()
            if self._full:
                raise sqlite3.OperationalError("database or disk is full")

        def record(*arguments: object) -> None:
            through()
            real(*arguments)  # type: ignore[arg-type]

        def appending(*arguments: object) -> object:
            through()
            return append(*arguments)  # type: ignore[arg-type]

        self._patch.setattr(self.store, "record", record)
        self._patch.setattr(self.store, "append", appending)
        self.daemon = Daemon(
            load(self.installation.config),
            self.store,
            background=background,
            drill="",
            clock=lambda: time.time() + self.ahead,
        )
        ready = asyncio.Event()
        self.task = asyncio.create_task(self.daemon.serve(ready.set))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.task.done():
            self.task.result()
        return self.daemon

    @property
    def over(self) -> bool:
        """Whether it ended."""
        assert self.task is not None
        return self.task.done()

    async def calls(self, owner: object, method: str, times: int) -> None:
        """Wait until the daemon has called a method of one of its parts `times` times."""
        real, came = getattr(owner, method), asyncio.Semaphore(0)

        def counted(*arguments: object) -> object:
            came.release()
            return real(*arguments)

        with self._patch.context() as patch:
            patch.setattr(owner, method, counted)
            for _ in range(times):
                await asyncio.wait_for(came.acquire(), 10.0)

    async def ticks(self) -> None:
        """Wait until the daemon has looked often enough whether it is still needed."""
        await self.calls(self.daemon.watch, "tick", 3)

    def linger(self, seconds: float) -> None:
        """Let a background daemon stay as long as that when nobody needs it."""
        self._patch.setattr(service, "LINGER", seconds)

    def fill_disk(self) -> None:
        self._full = True

    def hang_disk(self) -> None:
        self._fine.clear()

    def free_disk(self) -> None:
        self._full = False
        self._fine.set()

    async def ended(self, seconds: float = 10.0) -> str:
        """Wait until it ends by itself; return why."""
        assert self.task is not None
        return await asyncio.wait_for(asyncio.shield(self.task), seconds)

    async def end(self) -> None:
        self.free_disk()
        if self.task is not None:
            self.daemon.end("the test is over")
            await self.task
        if self.store is not None:
            self.store.close()
