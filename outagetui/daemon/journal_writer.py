"""How the daemon writes its journal: one thread that writes the store, and the ledger folded from what was written."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from outagetui.core.model import Entry, Observation, primaries_of
from outagetui.daemon.snapshots import Snapshots
from outagetui.facts.events import Event
from outagetui.facts.live import Beat, Live, Public
from outagetui.store.damage import SAID, sqlite_words
from outagetui.store.journal import Store, WriteError

RETRY_SECONDS = 1.0
BREATH_SECONDS = 0.01  # between two slices of the upkeep
DONE = object()
T = TypeVar("T")


class JournalWriter:
    """Writes go through one thread in order, so that a slow disk delays the writer and never a probe.

    `trouble` holds the words of the last failed write until one succeeds again. Nothing is written any more once
    `gone` says that the store is not where it was.
    """

    def __init__(
        self,
        store: Store,
        primaries: frozenset[str],
        clock: Callable[[], float],
        gone: Callable[[], str] = str,
    ) -> None:
        self._store, self._gone = store, gone
        self._clock = clock
        self._pool = ThreadPoolExecutor(1, "store")
        self._order = asyncio.Lock()
        self._patient = True
        self.trouble = ""
        self.ledger = store.ledger(primaries)
        self._snapshots = Snapshots(store.path, lambda made: self._run(lambda: store.leave_folded(made)))

    async def write(self, actor: str, *events: Event) -> list[Entry]:
        """Append `events` in one durable commit. Raises WriteError, and then nothing was kept."""
        # Shielded: a cancelled caller must not leave the ledger behind a commit that went through.
        return await asyncio.shield(self._write(actor, events))

    async def settled(self) -> None:
        """Wait until what is being written is in the ledger too: whoever reads the store may have seen it already."""
        async with self._order:
            pass

    async def keep(self, actor: str, *events: Event) -> list[Entry]:
        """As `write`, trying again every second until it works: what happened must not be lost to a full disk."""
        while True:
            try:
                return await self.write(actor, *events)
            except WriteError:
                if not self._patient:
                    raise
                await asyncio.sleep(RETRY_SECONDS)

    def hurry(self) -> None:
        """Let `keep` try only once more: a daemon that is told to end must end, even on a full disk."""
        self._patient = False

    async def _write(self, actor: str, events: Sequence[Event]) -> list[Entry]:
        async with self._order:
            entries = await self._run(lambda: self._store.append(self._clock(), actor, *events))
            self._fold(entries)
        return entries

    async def accept(self, actor: str, reason: str) -> list[Entry]:
        """Journal that an operator accepts all that does not verify; nothing when all does. Raises WriteError."""
        async with self._order:
            entries = await asyncio.shield(self._run(lambda: self._store.accept(self._clock(), actor, reason)))
            self._fold(entries)
        return entries

    @property
    def breach(self) -> str:
        """Say how the journal does not fit its anchor; empty when it does."""
        words = self._store.breach
        return f"the journal is not as it was left: {words}; see outagetui journal --verify" if words else ""

    @property
    def mark(self) -> str:
        """Return number and first digits of the head's hash, by which the journal can be known again elsewhere."""
        return str(self._store.head)

    async def samples(self, seen: Sequence[Observation], live: Sequence[Live], beat: Beat) -> None:
        """Keep samples, live rows and the sign of life. Raises WriteError."""
        await self._run(lambda: self._store.record(seen, live, beat))

    async def publish(self, public: Public, series: Sequence[str]) -> None:
        """Write the screens' copy of the configuration. Raises WriteError."""
        await self._run(lambda: self._store.publish(public, series))
        primaries = primaries_of(public.channels)
        if primaries != self.ledger.primaries:
            self.ledger.judge_by(primaries)
            self._snapshots.forget()
            self._snapshots.heed(self.ledger.seq, primaries)

    async def upkeep(self, *, words: bool) -> None:
        """Do the store's upkeep in slices, between which everything else is written. Raises WriteError."""
        slices = self._store.upkeep(self._clock(), words=words)
        more = True
        while more:
            more = await self._run(lambda: next(slices, DONE)) is not DONE
            await asyncio.sleep(BREATH_SECONDS)

    async def leave(self) -> None:
        """Settle the file; nothing can be written after it."""
        await self._snapshots.leave(self.ledger.seq, self.ledger.primaries)
        await self._run(self._store.leave)
        self._pool.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        def there() -> T:
            if words := self._gone():
                raise WriteError(f"nothing is written any more: {words}")
            return work()

        try:
            done = await asyncio.get_running_loop().run_in_executor(self._pool, there)
        except WriteError as error:
            self.trouble = str(error)
            raise
        except (OSError, *SAID) as error:
            words = error.strerror if isinstance(error, OSError) else sqlite_words(error)
            self.trouble = f"cannot write {self._store.path}: {words}"
            raise WriteError(self.trouble) from error
        self.trouble = ""
        return done

    def _fold(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.ledger.apply(entry)
        self._snapshots.heed(self.ledger.seq, self.ledger.primaries)
