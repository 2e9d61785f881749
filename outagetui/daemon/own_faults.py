"""How often this program itself was at fault since the daemon began: told as TROUBLE, which nobody may get used to."""

import math
from collections.abc import Callable

from outagetui.core.model import Check, Sample
from outagetui.core.own_fault import own_fault
from outagetui.net.trouble import INTERNAL, Trouble
from outagetui.store.journal import WriteError

SHOWN = 3600.0  # seconds for which the fault of a look is told: the next look tells whether it is still there


class OwnFaults:
    """Counts them, in looks and in the work beside. `now` returns epoch seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._count = 0
        self._last = ""
        self._until = -math.inf

    def see(self, check: Check, sample: Sample) -> None:
        """Take what a look saw; one that ended by a fault of ours is told for an hour."""
        if sample.code == INTERNAL:
            self._add(f"{sample.detail}, in a look of {check.id}", self._now() + SHOWN)

    def note(self, error: BaseException) -> None:
        """Take what failed beside the work, which nothing tries again: it is told until the daemon is started anew.

        A disk that cannot be written, or a server's fault, is told by others.
        """
        if not isinstance(error, WriteError | Trouble):
            self._add(own_fault(error), math.inf)

    def _add(self, words: str, until: float) -> None:
        self._count += 1
        self._last = words
        self._until = max(self._until, until)

    @property
    def trouble(self) -> str:
        """Return the last one, and how many there were; empty when there is none to be told."""
        if self._now() > self._until:
            return ""
        times = "" if self._count == 1 else f" ({self._count} times)"
        return f"internal: {self._last}{times}"
