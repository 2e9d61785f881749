"""The screens' source of truth: a read-only store turned into boards."""

import time
from collections.abc import Callable
from pathlib import Path

from outagetui.board.build import build, languages_of
from outagetui.board.narrative import tell
from outagetui.board.rows import AnnouncementRow, Board, LogRow
from outagetui.board.run_rows import announcement_row
from outagetui.core.model import Observation, primaries_of
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Public
from outagetui.store.damage import StoreError
from outagetui.store.reader import Reader

REOPEN_AFTER = 2.0


class StoreSource:
    """Boards, log and history from the store at `path`. StoreError says why it cannot be read; later calls retry.

    The journal is folded once and then only forward. The file is opened anew when it was replaced, or when it was read
    as a settled file (no daemon had it open then) and may have come to life.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._reader: Reader | None = None
        self._opened = 0.0
        self._ledger = Ledger()
        self._public: Public | None = None

    def changed(self) -> bool:
        """Whether the store moved since the last call."""
        return self._fresh().changed()

    def board(self, now: float) -> Board:
        """Return the board at `now` (epoch seconds)."""
        reader, public = self._folded()
        return build(public, reader.live(), self._ledger, reader.beat(), now)

    def announcement(self, name: str) -> AnnouncementRow | None:
        """Return one announcement, also when it is too old for the board; None when there is none of that id."""
        _, public = self._folded()
        made = self._ledger.announcements.get(name)
        return announcement_row(made, languages_of(public)) if made is not None else None

    def log(self, limit: int, before: int | None = None) -> tuple[LogRow, ...]:
        """Return journal entries in words, newest first."""
        return tuple(tell(entry) for entry in self._fresh().newest(limit, before))

    def history(self, check: str, since: float) -> tuple[Observation, ...]:
        """Return the samples of `check` since `since`, oldest first."""
        return tuple(self._fresh().history(check, since))

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _folded(self) -> tuple[Reader, Public]:
        """Take up what the journal has beyond what was folded."""
        reader = self._fresh()
        public = reader.public()
        if public is None:
            raise StoreError(f"{self.path}: the daemon has not written its configuration yet")
        primaries = primaries_of(public.channels)
        if self._public is None or primaries != self._ledger.primaries:
            self._ledger = reader.ledger(primaries)
        else:
            reader.fold_on(self._ledger)
        self._public = public
        return reader, public

    def _fresh(self) -> Reader:
        reader = self._reader
        if reader is not None and self._clock() - self._opened > REOPEN_AFTER:
            self._opened = self._clock()
            if reader.outlived():
                self.close()
                reader = None
        if reader is None:
            self._ledger, self._public = Ledger(), None
            reader = self._reader = Reader(self.path)
            self._opened = self._clock()
        return reader
