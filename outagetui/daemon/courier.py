"""Announcements that orders promised: delivered in the background, and settled by the next daemon after a kill."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from outagetui.announce.outbox import Outbox
from outagetui.events import AnnouncementMade
from outagetui.journal import WriteError
from outagetui.playbook.course import DAEMON

RETRY_SECONDS = 1.0


class Courier:
    """Hands out what was made by hand. `aclose` lets what is on its way arrive."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._closing = False
        self._errands: set[asyncio.Task[None]] = set()

    def send(self, actor: str, made: AnnouncementMade) -> None:
        """Deliver a journaled part, without waiting for it."""
        self._go(self._deliver(actor, made))

    def settle(self) -> None:
        """Look up and go on with what an earlier daemon was told to announce and did not finish."""
        self._go(self._settle())

    async def aclose(self) -> None:
        """Finish what was begun; what was not is left to the next daemon."""
        self._closing = True
        await asyncio.gather(*self._errands, return_exceptions=True)

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _deliver(self, actor: str, made: AnnouncementMade) -> None:
        # However long the disk is full: nothing goes out whose intent is not kept.
        while not self._closing:
            try:
                await self._outbox.deliver(actor, made.announcement, made.part)
            except WriteError:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _settle(self) -> None:
        for made in await self._outbox.resume():
            await self._deliver(DAEMON, made)
