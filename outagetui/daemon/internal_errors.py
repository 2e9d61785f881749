"""Faults of our own that ended nothing: counted and told as TROUBLE, until the daemon is started anew."""

from collections.abc import Callable

from outagetui.core.text import clean
from outagetui.net.trouble import Trouble
from outagetui.store.journal import WriteError


class InternalErrors:
    """Counts them; `trouble` tells how many there were and the last one, without secrets (`hide`)."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        self._hide = hide
        self._count = 0
        self._last = ""

    def note(self, error: BaseException) -> None:
        """Take note of one. A disk that cannot be written, or a server's fault, is told by others."""
        if not isinstance(error, WriteError | Trouble):
            self.count(f"{type(error).__name__}: {error}")

    def count(self, words: str) -> None:
        """Take note of one that somebody else caught."""
        self._count += 1
        self._last = clean(self._hide(words), 160)

    @property
    def trouble(self) -> str:
        """Return it in words; empty when there was none."""
        if not self._count:
            return ""
        times = "" if self._count == 1 else f" ({self._count} times)"
        return f"internal: {self._last}{times}; please report it"
