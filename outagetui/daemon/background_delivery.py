"""Announcements that orders promised: delivered in the background, read back, and settled by the next daemon."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

from outagetui.announce.outbox import Outbox
from outagetui.facts.events import AnnouncementMade
from outagetui.facts.journaling import DAEMON
from outagetui.machine.background import Background
from outagetui.store.journal import WriteError

RETRY_SECONDS = 1.0
# Seconds after something was sent at which it is looked for; later only what was accepted and waits for somebody.
READ_BACK = (0.0, 2.0, 5.0, 15.0)
SLOWER = 0.25  # the share of the time passed so far after which what still waits is looked for again, and at most:
LONGEST_PAUSE = 900.0  # seconds
RECENT = 3600.0  # seconds after which an earlier daemon's deliveries are no longer looked for
Sleep = Callable[[float], Awaitable[None]]


class BackgroundDelivery:
    """Hands out what was made by hand, and reads back whatever was sent. `aclose` lets what is on its way arrive."""

    def __init__(self, outbox: Outbox, sleep: Sleep = asyncio.sleep) -> None:
        self._outbox, self._sleep = outbox, sleep
        self._closing = False
        self._errands, self._looks = Background(), Background()
        outbox.afterwards = self.look

    def send(self, actor: str, made: AnnouncementMade, only: Collection[str] = ()) -> None:
        """Deliver a journaled part to all its outlets, or `only` some, without waiting for it."""
        self._go(self._deliver(actor, made, only))

    def take_back(self, actor: str, announcement: str) -> None:
        """Take back what a journaled word says, without waiting for it."""
        self._go(self._take_back(actor, announcement))

    def settle(self) -> None:
        """Look up and go on with what an earlier daemon was told to announce and did not finish."""
        self._go(self._settle())

    def look(self, announcement: str, part: int, outlet: str) -> None:
        """Read back in the background what was sent, or look up what may have been."""
        if not self._closing:
            self._looks.begin(self._look(announcement, part, outlet))

    async def aclose(self) -> None:
        """Finish what was begun; what was not is left to the next daemon."""
        self._closing = True
        for task in self._looks:
            task.cancel()
        await asyncio.gather(*self._errands, *self._looks, return_exceptions=True)

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        self._errands.begin(work)

    async def _deliver(self, actor: str, made: AnnouncementMade, only: Collection[str]) -> None:
        # However long the disk is full: nothing goes out whose intent is not kept.
        while not self._closing:
            try:
                await self._outbox.deliver(actor, made.announcement, made.part, only=only)
            except WriteError:
                await self._sleep(RETRY_SECONDS)
            else:
                return

    async def _take_back(self, actor: str, announcement: str) -> None:
        while not self._closing:
            try:
                await self._outbox.take_back(actor, announcement)
            except WriteError:
                await self._sleep(RETRY_SECONDS)
            else:
                return

    async def _settle(self) -> None:
        for announcement in await self._outbox.resume_retractions(DAEMON):
            self.take_back(DAEMON, announcement)
        for made, outlets in await self._outbox.resume():
            self.send(DAEMON, made, outlets)
        for announcement, part, outlet in self._outbox.unsettled(self._outbox.now() - RECENT):
            self.look(announcement, part, outlet)

    async def _look(self, announcement: str, part: int, outlet: str) -> None:
        past = 0.0
        for at in READ_BACK:
            await self._sleep(at - past)
            past = at
            last = at == READ_BACK[-1] and self._outbox.look_again(announcement, part, outlet) is None
            if await self._followed(announcement, part, outlet, last=last):
                return
        while (pause := self._outbox.look_again(announcement, part, outlet)) is not None:
            pause = max(pause, min(past * SLOWER, LONGEST_PAUSE))
            await self._sleep(pause)
            past += pause
            if await self._followed(announcement, part, outlet, last=False):
                return
        await self._followed(announcement, part, outlet, last=True)

    async def _followed(self, announcement: str, part: int, outlet: str, *, last: bool) -> bool:
        with contextlib.suppress(WriteError):
            return await self._outbox.follow(DAEMON, announcement, part, outlet, last=last)
        return False
