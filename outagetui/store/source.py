"""The screens' source of truth: a read-only store turned into boards."""

import time
from collections.abc import Callable
from pathlib import Path

from outagetui.board.build import Boards, languages_of
from outagetui.board.last_hour import LastHour
from outagetui.board.narrative import tell
from outagetui.board.rows import AnnouncementRow, Board, LogRow
from outagetui.board.run_rows import announcement_row
from outagetui.core.model import Observation, primaries_of
from outagetui.store.damage import NoStoreError
from outagetui.store.live_rows import LiveRows
from outagetui.store.minute_rows import MinuteRows
from outagetui.store.reader import Reader

REOPEN_AFTER = 2.0
ENTRIES = 2000  # of the journal that the last hour is made of when the store is opened


class StoreSource:
    """Boards, log and history from the store at `path`. StoreError says why it cannot be read; later calls retry.

    The journal is folded once and then only forward, and of live rows and samples only the new ones are read. The file
    is opened anew when it was replaced, or when it was read as a settled file (no daemon had it open then) and may have
    come to life.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._reader: Reader | None = None
        self._opened = 0.0
        self._lives: LiveRows
        self._hour: LastHour
        self._minutes: MinuteRows
        self._boards: Boards | None = None
        self._published = 0

    def changed(self) -> bool:
        """Whether the store moved since the last call, or there is more of it to read.

        StoreError, too, when a newer outagetui made it its own.
        """
        moved = self._fresh().changed()
        return moved or (self._boards is not None and self._minutes.behind)

    def board(self, now: float) -> Board:
        """Return the board at `now` (epoch seconds)."""
        reader = self._fresh()
        first = self._boards is None
        boards, beat = self._folded(reader), reader.beat()
        changed = self._lives.read()
        # The first board has to be there soon, and what the last hour was like can follow it.
        if not first:
            changed |= self._minutes.read()
            if self._hour.lost.empty:
                self._hour.take(reversed(reader.newest(ENTRIES)))
        self._boards = None  # if this goes wrong, it is not known what the next board could take over
        board = boards.at(now, self._lives.by_check, changed, beat)
        self._boards = boards
        return board

    def announcement(self, name: str) -> AnnouncementRow | None:
        """Return one announcement, also when it is too old for the board; None when there is none of that id."""
        boards = self._folded(self._fresh())
        made = boards.ledger.announcements.get(name)
        return announcement_row(made, languages_of(boards.public)) if made is not None else None

    def log(self, limit: int, before: int | None = None) -> tuple[LogRow, ...]:
        """Return journal entries in words, newest first."""
        return tuple(tell(entry) for entry in self._fresh().newest(limit, before))

    def span(self, since: float) -> tuple[int, int]:
        """Return a number of samples before which nothing is as young as `since`, and the number of the next one."""
        return self._fresh().span(since)

    def history(self, check: str, first: int, after: int) -> tuple[Observation, ...]:
        """Return the samples of `check` with numbers from `first` up to before `after`, in order of time."""
        return tuple(self._fresh().slice(check, first, after))

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _folded(self, reader: Reader) -> Boards:
        """Take up what the journal has beyond what was folded."""
        published, boards = reader.published(), self._boards
        if boards is None or not published or published != self._published:
            public = reader.public()
            if public is None:
                raise NoStoreError(f"{self.path}: the daemon has not written its configuration yet")
            primaries = primaries_of(public.channels)
            if boards is None or boards.ledger.primaries != primaries:
                boards = Boards(public, reader.ledger(primaries), self._hour)
            elif public != boards.public:
                boards = Boards(public, boards.ledger, self._hour)
            self._boards, self._published = boards, published
        before = boards.ledger.seq
        reader.fold_on(boards.ledger)
        if boards.ledger.seq > before and not self._hour.lost.empty:
            self._hour.take(reader.entries(before))
        return boards

    def _fresh(self) -> Reader:
        reader = self._reader
        if reader is not None and self._clock() - self._opened > REOPEN_AFTER:
            self._opened = self._clock()
            if reader.outlived():
                self.close()
                reader = None
        if reader is None:
            self._boards = None
            reader = self._reader = Reader(self.path)
            self._lives = LiveRows(reader)
            self._hour = LastHour()
            self._minutes = MinuteRows(reader, self._hour.minutes)
            self._opened = self._clock()
        return reader
