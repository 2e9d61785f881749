"""The live row of every check, read once and from then on only what became new."""

from collections.abc import Callable
from typing import Protocol

from outagetui.core.model import Sample
from outagetui.facts.live import Live, renewed

RENEWED = 120.0  # more seconds than the daemon takes to write a live row that was looked at


class Rows(Protocol):
    """Where live rows and samples are read; `Reader` says what each means."""

    schema: int

    def version(self) -> int:
        """Return a number that is another one when something was written."""
        ...

    def published(self) -> int:
        """Return the turn in which rows may have gone."""
        ...

    def written(self, after: int) -> list[tuple[int, int, Live]]:
        """Return series, turn and row of what was written after a turn."""
        ...

    def recent(self, seconds: float) -> int:
        """Return the row number of the first sample of the last `seconds`."""
        ...

    def samples(self, first: int, wanted: Callable[[int, float], bool]) -> tuple[int, list[tuple[int, float, Sample]]]:
        """Return the number of the next sample, and those from number `first` on that are wanted."""
        ...


class LiveRows:
    """The live rows of a store. `by_check` holds those of every check, one a vantage.

    The daemon writes a row when it shows something else, and at least every RENEWED seconds; what the looks since then
    saw is taken from the samples.
    """

    def __init__(self, rows: Rows) -> None:
        self.by_check: dict[str, tuple[Live, ...]] = {}
        self._rows = rows
        self._version = -1
        self._began = (0, -1)  # schema and turn when everything was read
        self._changed: set[str] = set()  # checks that `read` has to tell of
        self._live: dict[int, Live] = {}  # by series
        self._of_check: dict[str, set[int]] = {}
        self._turn, self._next = -1, -1  # what was read: turns up to this one, samples up to before this number

    def read(self) -> set[str]:
        """Take up what was written since the last call; return the checks whose rows are others now."""
        version = self._rows.version()
        if version == self._version:
            return set()
        began = self._rows.schema, self._rows.published()
        # Where there are no turns nothing tells which rows are new, and so it is where rows may have gone.
        if began != self._began or not began[1]:
            self._changed |= self.by_check.keys()
            self.by_check.clear()
            self._live.clear()
            self._of_check.clear()
            self._turn, self._next, self._began = -1, self._rows.recent(RENEWED), began
        self._take_rows()
        self._take_samples()
        for check in self._changed & self._of_check.keys():
            self.by_check[check] = tuple(self._live[series] for series in sorted(self._of_check[check]))
        self._version = version
        changed, self._changed = self._changed, set()
        return changed

    def all(self) -> list[Live]:
        """Return every row."""
        return list(self._live.values())

    def _take_rows(self) -> None:
        for series, turn, row in self._rows.written(self._turn):
            self._live[series] = row
            self._of_check.setdefault(row.check, set()).add(series)
            self._changed.add(row.check)
            self._turn = max(self._turn, turn)

    def _take_samples(self) -> None:
        self._next, seen = self._rows.samples(self._next, self._is_news)
        for series, at, sample in seen:
            if self._is_news(series, at):
                row = self._live[series] = renewed(self._live[series], sample, at)
                self._changed.add(row.check)

    def _is_news(self, series: int, at: float) -> bool:
        """Whether a sample is younger than what the row of its series says; a sample's time is in milliseconds."""
        row = self._live.get(series)
        return row is not None and (row.at is None or at > round(row.at * 1000) / 1000)
