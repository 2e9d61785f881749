"""How many looks ended by a fault of this program: such a look tells nothing, and nobody may get used to that."""

from collections.abc import Callable

from outagetui.core.model import Check, Sample
from outagetui.net.trouble import INTERNAL

SHOWN = 3600.0  # seconds after the last one for which it is told


class OwnFaults:
    """Counts since the daemon began. `now` returns epoch seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._count = 0
        self._last: tuple[float, str, str] | None = None

    def see(self, check: Check, sample: Sample) -> None:
        """Take what a look saw."""
        if sample.code == INTERNAL:
            self._count += 1
            self._last = self._now(), check.id, sample.detail

    @property
    def trouble(self) -> str:
        """What is to be told of it, or nothing."""
        if self._last is None or self._now() - self._last[0] > SHOWN:
            return ""
        looks = "1 look" if self._count == 1 else f"{self._count} looks"
        return f"{looks} ended by {self._last[2]}, the last of {self._last[1]}"
