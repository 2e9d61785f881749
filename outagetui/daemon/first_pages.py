"""Every page is there before anything is announced: nobody who looks for news in the first minute finds nothing."""

import asyncio

from msgspec.structs import replace

from outagetui import outlets
from outagetui.core.current import Current
from outagetui.core.text import clean
from outagetui.core.words import DeliveryState
from outagetui.facts.journaling import Journal

RETRY = 60.0  # seconds after which a page that could not be written is tried again


class FirstPages:
    """Writes what a page shows while nothing is announced, where nothing is. `trouble` says which could not be.

    What lies there is never written over, and no calm page takes the place of an announcement that stands open.
    """

    def __init__(self, current: Current, journal: Journal, tools: outlets.Tools, retry: float = RETRY) -> None:
        self._current, self._journal, self._tools = current, journal, tools
        self._retry = retry
        self._again = asyncio.Event()
        self.trouble = ""

    async def run(self) -> None:
        """Write at once, after every `renew`, and again while a page cannot be written; until cancelled."""
        while True:
            self._again.clear()
            await self._write()
            try:
                async with asyncio.timeout(self._retry if self.trouble else None):
                    await self._again.wait()
            except TimeoutError:
                pass

    def renew(self) -> None:
        """See to the pages of a new configuration."""
        self._again.set()

    async def _write(self) -> None:
        ledger, config = self._journal.ledger, self._current.config
        told = {name for made in ledger.announcements.values() if made.open for name in made.reached()}
        tools = replace(self._tools, business=config.business, timezone=config.timezone)
        wrong = []
        for outlet in config.outlets:
            if outlet.id in told or not outlets.can_publish(outlet):
                continue
            done = await outlets.first(outlet, tools)
            if done is not None and done.state == DeliveryState.FAILED:
                wrong.append(f"{clean(outlet.name, 60)} has no page: {done.detail}")
        self.trouble = "; ".join(wrong)
