"""The last latencies of a check, kept small: a daemon holds them for each of its checks. Pure."""

import math
from array import array
from collections.abc import Iterable

from outagetui.facts.live import SPARK


class Spark:
    """At most SPARK latencies in milliseconds, eight bytes each; None stands for a failure."""

    __slots__ = ("_kept",)

    def __init__(self, latencies: Iterable[float | None] = ()) -> None:
        self._kept = array("d")
        for latency in latencies:
            self.add(latency)

    def add(self, latency: float | None) -> None:
        """Take the newest; the oldest goes when there are too many."""
        if len(self._kept) >= SPARK:
            del self._kept[0]
        self._kept.append(math.nan if latency is None else latency)

    def latencies(self) -> tuple[float | None, ...]:
        """Return them, oldest first."""
        return tuple(None if math.isnan(each) else each for each in self._kept)
