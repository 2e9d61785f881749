"""The journal as whoever writes facts needs it."""

from collections.abc import Awaitable
from typing import Protocol

from outagetui.core.model import Entry
from outagetui.facts.events import Event
from outagetui.facts.ledger import Ledger

DAEMON = "outagetui"


class Journal(Protocol):
    """The journal as runs need it."""

    ledger: Ledger

    def write(self, actor: str, *events: Event) -> Awaitable[list[Entry]]:
        """Append durably, or raise: for what an order asks."""

    def keep(self, actor: str, *events: Event) -> Awaitable[list[Entry]]:
        """Append durably, trying until it works: for what has happened."""
