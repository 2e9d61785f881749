"""The last hour of every check by the minute, as far as its samples were read; pure."""

import math
from typing import NamedTuple

from outagetui.core.model import Outcome

KEPT = 60  # minutes
FAILED = -1.0
_CALM = (Outcome.PASS, Outcome.WARN)


class Hour(NamedTuple):
    """The worst of each of the last minutes that are over, oldest first, in milliseconds; FAILED where a look failed.

    None stands for a minute without a look. `took` is the median of the last of them, None where nothing was measured.
    """

    minutes: tuple[float | None, ...] = ()
    took: float | None = None


class _Minute:
    """The minute under way of one check: its number since 1970, the worst so far, and what was measured."""

    __slots__ = ("failed", "measured", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.failed = False
        self.measured: list[float] = []

    @property
    def worst(self) -> float | None:
        if self.failed:
            return FAILED
        return max(self.measured, default=None)

    @property
    def median(self) -> float | None:
        ranked = sorted(self.measured)
        return ranked[len(ranked) // 2] if ranked else None


class Minutes:
    """Takes samples in order of time and keeps an hour of each check. What is shown moves only as a minute ends."""

    def __init__(self) -> None:
        self._under_way: dict[str, _Minute] = {}
        self._hours: dict[str, Hour] = {}
        self._values: dict[float, float] = {}  # each that was ever shown, once: there are few of two digits

    def of(self, check: str) -> Hour:
        """Return the hour of a check; an empty one of which nothing is known."""
        return self._hours.get(check, NOTHING)

    def take(self, check: str, at: float, outcome: Outcome, latency: float | None) -> bool:
        """Take a look at `at` (epoch seconds) that took `latency` ms; return whether a minute ended by it."""
        if outcome is Outcome.UNKNOWN:
            return False
        number = int(at // 60)
        minute = self._under_way.get(check)
        ended = minute is not None and number > minute.number
        if minute is None or ended:
            if minute is not None:
                self._end(check, minute, number)
            minute = self._under_way[check] = _Minute(number)
        if outcome not in _CALM:
            minute.failed = True
        elif latency is not None and math.isfinite(latency):
            minute.measured.append(latency)
        return ended

    def _end(self, check: str, minute: _Minute, number: int) -> None:
        silent = (None,) * min(KEPT, number - minute.number - 1)
        hour = (*self.of(check).minutes, self._shown(minute.worst), *silent)[-KEPT:]
        self._hours[check] = Hour(hour, self._shown(minute.median))

    def _shown(self, value: float | None) -> float | None:
        if value is None:
            return None
        short = two_digits(value)
        return self._values.setdefault(short, short)


NOTHING = Hour()


def two_digits(value: float) -> float:
    """Return `value` to two digits, so that what is shown moves seldom."""
    return float(f"{value:.2g}")
