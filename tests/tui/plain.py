"""An operator and a screen without a terminal: plain objects for those who speak with the daemon."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from outagetui.board.rows import Board
from outagetui.core.orders import Order
from outagetui.tui.operator import Operator, Orders
from outagetui.tui.proofs import Draft
from tests.tui.fakes import Clock, FakeOrders


class PlainOperator:
    """Gives `says` as the answers to questions, in turn, and keeps what was `asked`, `warned` of and `told`."""

    def __init__(self, board: Board | None, orders: FakeOrders | None = None, *says: object) -> None:
        self.time = Clock()
        self.clock: Callable[[], float] = self.time
        self.board = board
        self._orders = orders or FakeOrders()
        self.orders: Orders = self._orders
        self.actor = self._orders.actor
        self.draft: Draft | None = None
        self.says = deque(says)
        self.asked: list[str] = []
        self.warned: list[str] = []
        self.told: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None  # happens while a question stands

    @property
    def sent(self) -> list[tuple[str, dict[str, object]]]:
        """What was ordered."""
        return self._orders.sent

    def tell(self, words: str, severity: str = "information") -> None:
        self.told.append(words)

    def may(self, what: str) -> bool:
        if self.orders.role == "viewer":
            self.told.append(f"no: {what}")
        return self.orders.role != "viewer"

    def order(self, order: Order) -> asyncio.Task[dict[str, object]]:
        return asyncio.create_task(self.orders.send(order))

    async def ask(self, order: Order) -> dict[str, object]:
        return await self.orders.send(order)

    async def confirm(self, question: str, warning: str = "") -> bool:
        self.warned.append(warning)
        return self._answer(question) is True

    async def reason(self, question: str, warning: str, shortest: int) -> str | None:
        answer = self._answer(question)
        return answer if isinstance(answer, str) else None

    async def public_words(self, about: str) -> str | None:
        answer = self._answer(about)
        return answer if isinstance(answer, str) else None

    async def mute(self, name: str, *, muted: bool) -> tuple[float, str] | None:
        answer = self._answer(f"mute {name}, {muted=}")
        return answer if isinstance(answer, tuple) else None

    def _answer(self, question: str) -> object:
        self.asked.append(question)
        self.meanwhile()
        return self.says.popleft()


class PlainTimer:
    """Goes off when the test says so, unless it was stopped."""

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self.seconds, self._call, self.stopped = seconds, call, False

    def stop(self) -> None:
        self.stopped = True

    def go_off(self) -> None:
        if not self.stopped:
            self._call()


class PlainScreen:
    """Counts how often it had to `follow`; `done` waits for all work that it was given."""

    def __init__(self, operator: PlainOperator) -> None:
        self.operator: Operator = operator
        self.followed = 0
        self.timers: list[PlainTimer] = []
        self.shown: tuple[str, int] | None = None
        self.turned = ""
        self._work: deque[Coroutine[Any, Any, None]] = deque()

    def follow(self) -> None:
        self.followed += 1

    def refresh_bindings(self) -> None:
        pass

    def run_worker(self, work: Coroutine[Any, Any, None], **_: object) -> None:
        self._work.append(work)

    def call_next(self, callback: Callable[[], None]) -> None:
        callback()

    def set_timer(self, delay: float, callback: Callable[[], None]) -> PlainTimer:
        self.timers.append(PlainTimer(delay, callback))
        return self.timers[-1]

    def sent(self, announcement: str, part: int) -> None:
        self.shown = announcement, part

    def turn_to(self, outlet: str) -> None:
        self.turned = outlet

    async def done(self) -> None:
        while self._work:
            await self._work.popleft()
