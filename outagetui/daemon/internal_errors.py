"""Faults of our own that ended nothing: counted and told as TROUBLE, until the daemon is started anew."""

from outagetui.core.own_fault import own_fault
from outagetui.net.trouble import Trouble
from outagetui.store.journal import WriteError


class InternalErrors:
    """Counts them; `trouble` tells how many there were, and where the last one was."""

    def __init__(self) -> None:
        self._count = 0
        self._last = ""

    def note(self, error: BaseException) -> None:
        """Take note of one. A disk that cannot be written, or a server's fault, is told by others."""
        if not isinstance(error, WriteError | Trouble):
            self._count += 1
            self._last = own_fault(error)

    @property
    def trouble(self) -> str:
        """Return it in words; empty when there was none."""
        if not self._count:
            return ""
        times = "" if self._count == 1 else f" ({self._count} times)"
        return f"internal: {self._last}{times}"
