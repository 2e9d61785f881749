"""The history of one check for the screen that draws it: read slice by slice, the newest first, then what is new."""

from outagetui.core.model import Observation
from outagetui.tui.board_feed import Source

SLICE = 100_000  # samples of whatever check that are gone through at once: some 20 ms, so that keys are answered
KEPT = 86400.0  # seconds, no less than what is ever asked for


class LookBack:
    """The samples of `check` that were read so far, in order of time; what was read is not read again."""

    def __init__(self, source: Source, check: str) -> None:
        self.check = check
        self.samples: list[Observation] = []
        self._source = source
        self._low = self._high = -1  # the numbers from which on and up to before which was read

    def take(self, now: float, seconds: float) -> bool:
        """Take what is new, and a slice of what was before; return whether the last `seconds` hold more.

        Raises what the source raises.
        """
        first, end = self._source.span(now - seconds)
        if self._high < 0 or end < self._high:  # the store was replaced, or numbers are given anew
            self.samples, self._low, self._high = [], end, end
        low = min(self._low, max(first, self._low - SLICE))
        old = self._source.history(self.check, low, self._low) if low < self._low else ()
        new = self._source.history(self.check, self._high, end) if self._high < end else ()
        self._low, self._high = low, end
        if old or new:
            found = [each for each in (*old, *self.samples, *new) if each.at >= now - KEPT]
            self.samples = sorted(found, key=lambda each: each.at)
        return first < low

    def since(self, at: float) -> list[Observation]:
        """Return what was read of the time since `at` (epoch seconds)."""
        return [each for each in self.samples if each.at >= at]
