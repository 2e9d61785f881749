"""When to come back to what, so that nobody has to look at everything to find what time has changed. Pure."""

import heapq
import math


class Revisits:
    """The earliest moment at which each name is to be looked at again, in seconds of any one clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []
        self._earliest: dict[str, float] = {}

    def come_back(self, name: str, at: float) -> None:
        """Look at `name` at `at`, unless that is to be done earlier already."""
        if at < self._earliest.get(name, math.inf):
            self._earliest[name] = at
            heapq.heappush(self._heap, (at, name))

    def due(self, now: float) -> list[str]:
        """Return the names whose moment has come, earliest first, and forget them."""
        names = []
        while self._heap and self._heap[0][0] <= now:
            at, name = heapq.heappop(self._heap)
            if self._earliest.get(name) == at:  # else it was moved to an earlier one
                del self._earliest[name]
                names.append(name)
        return names

    def clear(self) -> None:
        """Forget all of them."""
        self._heap.clear()
        self._earliest.clear()
