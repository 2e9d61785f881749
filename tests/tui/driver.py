"""Somebody at the operator's screens, so that a test reads as what they do and see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from outagetui.board.rows import Board
from outagetui.tui.answering import READING
from outagetui.tui.app import OutageApp
from outagetui.tui.screens.ask import Confirm, Question
from tests.tui import fakes
from tests.tui.golden import assert_golden


class Driver:
    """Presses keys and looks at the screen of `app`. Whatever it does it waits until the screen has followed."""

    def __init__(self, app: OutageApp, pilot: Any) -> None:
        self.app, self.pilot = app, pilot
        assert isinstance(app.source, fakes.FakeSource)
        assert isinstance(app.clock, fakes.Clock)
        self.source, self.clock = app.source, app.clock

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return fakes.text_of(self.app)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)
        await self._followed()

    async def write(self, words: str, *keys: str) -> None:
        """Type words, and keys behind them."""
        await self.press(*words, *keys)

    def see(self, *words: str) -> None:
        """Find all of `words` on the screen."""
        text = self.text
        missing = [each for each in words if each not in text]
        assert not missing, f"{missing} not on\n{text}"

    def miss(self, *words: str) -> None:
        """Find none of `words` on the screen."""
        text = self.text
        there = [each for each in words if each in text]
        assert not there, f"{there} on\n{text}"

    def see_as_kept(self, golden: str) -> None:
        """See the screen as it was kept under the name `golden`."""
        assert_golden(golden, self.text)

    def hear(self, words: str) -> None:
        """Find `words` among what the screens told in passing."""
        told = "\n".join(toast.message for toast in self.app._notifications)
        assert words in told, told

    def at(self, screen: type) -> None:
        """Have this screen in front."""
        assert isinstance(self.app.screen, screen), self.text

    def calm(self) -> None:
        """Be asked nothing."""
        assert not isinstance(self.app.screen, Question), self.text

    def ask(self, *words: str) -> None:
        """Be asked something in these words."""
        self.at(Question)
        self.see(*words)

    async def yes(self) -> None:
        """Agree to what is asked."""
        self.at(Confirm)
        await self.press("y")

    async def no(self) -> None:
        """Leave what is asked."""
        self.at(Confirm)
        await self.press("n")

    async def wait(self, seconds: float) -> None:
        """Let time pass at which nothing happens."""
        self.clock.now += seconds
        self.app.poll()
        await self._followed()

    async def settle(self) -> None:
        """Wait until nothing moves on the screen any more."""
        await self.pilot.pause(0.05)

    async def resize(self, columns: int, lines: int) -> None:
        """Make the terminal larger or smaller."""
        await self.pilot.resize_terminal(columns, lines)
        await self.settle()

    async def find(self, board: Board) -> None:
        """Find other facts a moment later."""
        self.source.current = board
        await self.wait(0.01)

    async def open_run(self, id: str = "r12", *, unread: bool = False) -> None:
        """Open a run, and read what it asks."""
        self.app.open_run(id)
        await self._followed()
        if not unread:
            self.read()

    async def open_plan(self, playbook: str) -> None:
        """Open the plan of a playbook."""
        self.app.open_plan(playbook)
        await self._followed()

    async def _followed(self) -> None:
        await self.pilot.pause()
        await self.pilot.pause()  # what has only just appeared is laid out first, and scrolled then

    def read(self) -> None:
        """Read what is asked, so that it takes an answer."""
        self.clock.now += READING


@asynccontextmanager
async def operator(
    source: fakes.FakeSource, orders: fakes.FakeOrders | None = None, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Driver]:
    """Sit down at the operator's screens over sample facts."""
    app = OutageApp(source, orders or fakes.FakeOrders(), clock=fakes.Clock(), ascii=False)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        yield Driver(app, pilot)
