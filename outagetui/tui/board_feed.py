"""The facts on their way to the screens: polls a source and hands over each new board."""

from collections.abc import Callable
from typing import Protocol

from outagetui.board.rows import Board, LogRow
from outagetui.core.model import Observation
from outagetui.core.own_fault import words_of
from outagetui.core.text import clean

POLL = 0.25  # seconds between two looks at the source


class Source(Protocol):
    """Where screens read; nothing here can change anything."""

    def changed(self) -> bool:
        """Return whether the store was written since the last call."""
        ...

    def board(self, now: float) -> Board:
        """Derive the board of the moment `now` (epoch seconds)."""
        ...

    def log(self, limit: int, before: int | None = None) -> tuple[LogRow, ...]:
        """Return journal entries, newest first, of sequence numbers below `before`."""
        ...

    def span(self, since: float) -> tuple[int, int]:
        """Return a number of samples before which nothing is as young as `since`, and the number of the next one.

        All samples of a source are numbered as they are written; `since` is an epoch second.
        """
        ...

    def history(self, check: str, first: int, after: int) -> tuple[Observation, ...]:
        """Return the samples of a check with numbers from `first` up to before `after`, in order of time."""
        ...


class BoardFeed:
    """Reads a source when it changed, and once a second for the clock; a failing source becomes words.

    `trouble` says why the source cannot be read, or is empty. `read_at` is the epoch second of the last good read.
    """

    def __init__(self, source: Source, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._second: int | None = None
        self.trouble = ""
        self.read_at: float | None = None

    def poll(self) -> Board | None:
        """Return a new board, or None when there is nothing new to show. Never raises."""
        now = self._clock()
        try:
            changed = self._source.changed()
            if not changed and int(now) == self._second:
                return None
            board = self._source.board(now)
        except Exception as error:
            # Whatever a file or its reader does wrong must not take the screen away from its reader.
            self.trouble = clean(words_of(error), 200)
            self._second = None
            return None
        self._second = int(now)
        self.trouble = ""
        self.read_at = now
        return board
