"""When the daemon leaves the folded journal in its store, for readers and for its own next start.

It is folded and packed beside the loop, from what a reader sees, so that it is always what a reader would have folded.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from outagetui.machine.background import Background
from outagetui.net.aside import aside
from outagetui.store.damage import StoreError
from outagetui.store.folding import Snapshot
from outagetui.store.journal import WriteError
from outagetui.store.reader import Reader

EVERY = 500  # entries at least between two
BYTES_PER_ENTRY = 512  # a snapshot that is larger comes more seldom: it must not wear the disk more than what it spares
MOST_BYTES = 1024 * 1024  # a larger one would hold the journal up while it is written
AT_THE_END = 50  # entries that are worth one when the daemon leaves


class Snapshots:
    """Those of the store at `path`; `keep` writes one, or raises WriteError."""

    def __init__(self, path: Path, keep: Callable[[Snapshot], Awaitable[None]]) -> None:
        self._path, self._keep = path, keep
        self._folded, self._size = 0, 0
        self._background = Background()

    def heed(self, seq: int, primaries: frozenset[str]) -> None:
        """Begin one, unless one is being made, where enough was journaled up to entry `seq` since the last."""
        if seq - self._folded >= max(EVERY, self._size // BYTES_PER_ENTRY) and not self._background:
            self._background.begin(self._make(seq, primaries))

    def forget(self) -> None:
        """Take the last one for useless, as when other channels are the primaries."""
        self._folded = 0

    async def leave(self, seq: int, primaries: frozenset[str]) -> None:
        """Make the last one, after which nothing is journaled any more."""
        await asyncio.gather(*self._background, return_exceptions=True)
        if seq - self._folded >= AT_THE_END:
            await self._make(seq, primaries)

    async def _make(self, seq: int, primaries: frozenset[str]) -> None:
        # Without one readers fold more, and what is wrong with the store or its disk is told by whoever needs it.
        with contextlib.suppress(StoreError, WriteError):
            self._folded = seq
            made = await aside(lambda: _read(self._path, primaries))
            self._size = len(made.document) if made is not None else MOST_BYTES
            if made is not None and self._size <= MOST_BYTES:
                await self._keep(made)


def _read(path: Path, primaries: frozenset[str]) -> Snapshot | None:
    reader = Reader(path)
    try:
        return reader.snapshot(primaries)
    finally:
        reader.close()
