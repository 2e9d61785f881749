"""What is kept of the last hour, whichever configuration there was: of the checks, the reach and the journal; pure."""

from collections.abc import Iterable

from outagetui.board.lost_reach import LostReach
from outagetui.board.narrative import tell
from outagetui.board.rows import LogRow
from outagetui.core.model import Entry
from outagetui.facts.minute_by_minute import Minutes

LATELY = 40  # entries that a board shows at most
_BEGUN = ".intent"  # how a kind ends of what is only begun: what came of it follows


class LastHour:
    """The last hour of the checks, the reach that was lost in it, and the newest entries in words, newest first."""

    def __init__(self) -> None:
        self.minutes = Minutes()
        self.lost = LostReach()
        self.lately: tuple[LogRow, ...] = ()

    def take(self, entries: Iterable[Entry]) -> None:
        """Take entries of the journal in their order, each once: nothing is missing between them."""
        taken = list(entries)
        self.lost.take(taken)
        told = [tell(entry) for entry in taken[-3 * LATELY :] if not entry.kind.endswith(_BEGUN)]
        self.lately = (*reversed(told), *self.lately)[:LATELY]
