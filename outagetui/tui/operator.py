"""What screens ask of the operator's app: facts, orders, questions, and other screens."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from outagetui.board.rows import Board

if TYPE_CHECKING:
    from textual.binding import Binding

    from outagetui.tui.board_feed import BoardFeed, Source
    from outagetui.tui.proofs import Draft
    from outagetui.tui.theme import Look


class Orders(Protocol):
    """The sending side of the order socket. `role` is viewer, operator or approver."""

    role: str

    async def send(self, order: str, **fields: object) -> dict[str, object]:
        """Send an order; the reply holds `ok`, and `error` in words when refused. Never raises."""
        ...

    async def hello(self) -> dict[str, object]:
        """Say that somebody is here, and learn `role`. Never raises."""
        ...


class Operator(Protocol):
    """The app as its screens know it."""

    source: "Source"
    feed: "BoardFeed"
    clock: Callable[[], float]
    look: "Look"
    board: Board | None
    trouble: str
    orders: Orders
    actor: str
    drill: str
    no_daemon: str
    ascii: bool
    draft: "Draft | None"

    @property
    def seen(self) -> "Look":
        """The styles for facts."""

    def tell(self, words: str, severity: str = "information") -> None:
        """Show a notification."""

    def may(self, what: str) -> bool:
        """Return whether this user may give orders, after saying why if not."""
        ...

    def order(self, order: str, **fields: object) -> "asyncio.Task[dict[str, object]]":
        """Send an order and show a refusal."""
        ...

    async def ask(self, order: str, **fields: object) -> dict[str, object]:
        """Send an order that only asks."""
        ...

    async def confirm(self, question: str, warning: str = "") -> bool:
        """Ask a yes-or-no question in front of the screen."""
        ...

    def push_screen(self, screen: Any) -> Any:
        """Put a screen in front."""

    def open_channel(self, id: str) -> None:
        """Show everything about a channel or outlet."""

    def open_run(self, id: str) -> None:
        """Show a run and its question."""

    def open_plan(self, playbook: str) -> None:
        """Show what starting a playbook would do."""

    def write(self, audience: str = "") -> None:
        """Compose an announcement."""

    def action_write(self) -> None:
        """Compose an announcement."""

    def get_key_display(self, binding: "Binding") -> str:
        """Return how a key is shown."""
        ...

    async def run_action(self, action: Any, default_namespace: Any = None, namespaces: Any = None) -> bool:
        """Do what a key does."""
        ...
