"""When what was seen goes to the disk: news at once, the rest once a second under load, and seldom when idle."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.ticks import next_tick
from outagetui.daemon.watch import Watch
from outagetui.facts.events import Event
from outagetui.facts.journaling import DAEMON
from outagetui.facts.live import Beat
from outagetui.store.journal import WriteError

SOON = 0.2  # seconds between two flushes, however much news there is
BEAT_EVERY = 1.0
IDLE = 10.0  # seconds that a sample which is no news may wait
MANY = 20  # samples that wait no longer than to the next beat


class Flusher:
    """Brings to the store what `watch` has seen, and a sign of life every second.

    `heed` hears of the events that were journaled; `turned` is when it last came round, whether it could write or not.
    """

    def __init__(
        self,
        watch: Watch,
        journal: JournalWriter,
        beat: Callable[[], Beat],
        heed: Callable[[Sequence[Event]], None],
    ) -> None:
        self._watch, self._journal, self._beat, self._heed = watch, journal, beat, heed
        self._loop = asyncio.get_running_loop()
        self.turned = self._flushed = self._loop.time()

    async def run(self) -> None:
        """Flush until cancelled; what cannot be written is tried again."""
        while True:
            await self._rest()
            try:
                await self.flush()
            except WriteError:
                await asyncio.sleep(BEAT_EVERY)
            self.turned = self._loop.time()

    async def _rest(self) -> None:
        """Sleep until there is news, or to the next beat."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(next_tick(self._loop.time(), BEAT_EVERY)):
                await self._watch.news.wait()
                await asyncio.sleep(self._flushed + SOON - self._loop.time())

    async def flush(self, *, all_of_it: bool = False) -> None:
        """Write what is due, or `all_of_it`, and the sign of life. Raises WriteError; then nothing is lost."""
        now = self._loop.time()
        pressing = self._watch.news.is_set() or self._watch.pressing
        self._watch.news.clear()
        due = all_of_it or pressing or self._watch.waiting >= MANY or now - self._flushed >= IDLE
        seen, live, events = self._watch.take(now - self._flushed, all_of_it=all_of_it) if due else ([], [], [])
        try:
            if events:
                await self._journal.write(DAEMON, *events)
                self._heed(events)
                events = []
            await self._journal.samples(seen, live, self._beat())
        except WriteError:
            self._watch.give_back(seen, live, events)
            raise
        if due:
            self._flushed = now
