"""The samples of the last hour on their way into minutes: read in small slices, so that nothing waits for them."""

from typing import Protocol

from outagetui.core.model import Outcome
from outagetui.facts.minute_by_minute import KEPT, Minutes

SLICE = 8000  # samples that are read at a time
MOST = 100_000  # samples that are read of the time before the store was opened


class Outcomes(Protocol):
    """Where samples are read; `Reader` says what each means."""

    def recent(self, seconds: float) -> int:
        """Return the row number of the first sample of the last `seconds`."""
        ...

    def outcomes(self, first: int, limit: int) -> tuple[int, list[tuple[int, float, Outcome, float | None]]]:
        """Return the number of the next sample, and up to `limit` from number `first` on."""
        ...

    def series(self) -> dict[int, str]:
        """Return the check of every series."""
        ...


class MinuteRows:
    """Takes the samples of a store into `minutes`, an hour of them first. `behind`: there are more to read."""

    def __init__(self, rows: Outcomes, minutes: Minutes) -> None:
        self.behind = True
        self._rows, self._minutes = rows, minutes
        self._next = -1
        self._checks: dict[int, str] = {}

    def read(self) -> set[str]:
        """Take up the next slice; return the checks of which a minute ended."""
        if self._next < 0:
            newest = self._rows.recent(0.0)
            self._next = max(self._rows.recent(KEPT * 60.0), newest - MOST, 0)
        self._next, seen = self._rows.outcomes(self._next, SLICE)
        self.behind = len(seen) == SLICE
        if any(series not in self._checks for series, *_ in seen):
            self._checks = self._rows.series()
        ended = set()
        for series, at, outcome, latency in seen:
            check = self._checks.setdefault(series, "")
            if check and self._minutes.take(check, at, outcome, latency):
                ended.add(check)
        return ended
