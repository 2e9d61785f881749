"""A board on which an incident opens a second later: `python -m tests.tui.wake_child KIND`.

KIND is operator or wall; it is shown on the terminal that this is started on.
"""

import sys
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace
from outagetui.board.rows import Board
from outagetui.tui import terminal

if TYPE_CHECKING:
    from textual.app import App

BEGUN = time.time()


def make(kind: str) -> "App[int]":
    from tests.tui import fakes
    from tests.tui.opened_incident import opened

    class Worsening(fakes.FakeSource):
        """Calm at first, then an incident, then one that was passed on."""

        def board(self, now: float) -> Board:
            age = now - BEGUN
            board = fakes.calm() if age < 1.5 else opened(*(("phone", "second") if age > 3.0 else ("phone",)))
            return replace(board, at=fakes.NOW)

    source = Worsening(fakes.calm())
    if kind == "wall":
        from outagetui.tui.wall import WallApp

        return WallApp(source, clock=time.time)
    from outagetui.tui.app import OutageApp

    return OutageApp(source, fakes.FakeOrders(), clock=time.time)


if __name__ == "__main__":
    sys.exit(terminal.run(lambda: make(sys.argv[1])))
