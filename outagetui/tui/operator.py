"""What those who speak with the daemon ask of the app, and of the screen that they speak for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from outagetui.board.rows import Board
from outagetui.core.orders import Order

if TYPE_CHECKING:
    from outagetui.tui.proofs import Draft


class Orders(Protocol):
    """The sending side of the order socket. `role` is viewer, operator or approver."""

    role: str

    async def send(self, order: Order) -> dict[str, object]:
        """Send an order; the reply holds `ok`, and `error` in words when refused. Never raises."""
        ...

    async def hello(self) -> dict[str, object]:
        """Say that somebody is here, and learn `role`. Never raises."""
        ...


class Operator(Protocol):
    """The app of an operator: who they are, what they see, and how they are asked and obeyed."""

    clock: Callable[[], float]
    board: Board | None
    orders: Orders
    actor: str
    draft: "Draft | None"

    def tell(self, words: str, severity: str = "information") -> None:
        """Show a notification."""

    def may(self, what: str) -> bool:
        """Return whether this user may give orders, after saying why if not."""
        ...

    def order(self, order: Order) -> "asyncio.Task[dict[str, object]]":
        """Send an order and show a refusal."""
        ...

    async def ask(self, order: Order) -> dict[str, object]:
        """Send an order that only asks."""
        ...

    async def confirm(self, question: str, warning: str = "") -> bool:
        """Ask a yes-or-no question in front of the screen."""
        ...

    async def reason(self, question: str, warning: str, shortest: int) -> str | None:
        """Ask for a reason of at least `shortest` characters; None when it was left."""
        ...

    async def public_words(self, about: str) -> str | None:
        """Ask for words that people will read, which may be none; None when it was left."""
        ...

    async def mute(self, name: str, *, muted: bool) -> tuple[float, str] | None:
        """Ask for how many seconds `name` is muted and why, 0 to end a mute; None when it was left."""
        ...


class Timer(Protocol):
    """Something that will be done later."""

    def stop(self) -> None:
        """Do it no more."""


class Front(Protocol):
    """The screen in front of the operator. Work that it was given ends with it."""

    @property
    def operator(self) -> Operator:
        """The app."""
        ...

    def follow(self) -> None:
        """Show what changed."""

    def refresh_bindings(self) -> None:
        """Show which keys do something now."""

    def run_worker(
        self, work: Coroutine[Any, Any, None], *, group: str, exclusive: bool = False, exit_on_error: bool = True
    ) -> object:
        """Do `work` beside everything else; an exclusive one ends the others of its group."""

    def call_next(self, callback: Callable[[], None], /) -> None:
        """Call it as soon as what is under way is done."""

    def set_timer(self, delay: float, callback: Callable[[], None], /) -> Timer:
        """Call it in `delay` seconds."""
        ...
