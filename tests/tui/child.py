"""Shows a fake board on the terminal it is started on: `python -m tests.tui.child board|wall|broken SCENE`."""

import sys
import time
from typing import TYPE_CHECKING

import msgspec
from outagetui.board.rows import Board
from outagetui.tui import terminal

if TYPE_CHECKING:
    from textual.app import App


def scene(name: str) -> Board:
    from tests.tui import fakes

    if name == "hostile":
        from tests.tui.hostile import poisoned

        hostile: Board = poisoned(fakes.everything())
        return hostile
    return {"outage": fakes.outage, "calm": fakes.calm, "many": fakes.many, "all": fakes.everything}[name]()


def make(kind: str, name: str) -> "App[int]":
    from tests.tui import fakes

    class Moving(fakes.FakeSource):
        """Changes once a second: one latency of `one`, those of 20 channels of `many`."""

        def board(self, now: float) -> Board:
            second = int(now)
            board = super().board(now)
            if name == "calm":
                return board
            busy = {f"channel-{n * 10 + second % 10:03}" for n in range(20)}
            rows = tuple(
                msgspec.structs.replace(row, latency_ms=20.0 + second % 70, took=20.0 + second // 60 % 70)
                if row.id in busy
                else row
                for row in board.channels
            )
            return msgspec.structs.replace(board, channels=rows)

    source = Moving(scene(name))
    if kind == "wall":
        from outagetui.tui.wall import WallApp

        return WallApp(source, clock=time.time)
    from outagetui.tui.app import OutageApp

    class Operator(OutageApp):
        """Breaks on a redraw when it is asked to."""

        def action_redraw(self) -> None:
            if kind == "broken":
                raise ValueError("boom \x1b]0;evil\x07")
            super().action_redraw()

    return Operator(source, fakes.FakeOrders(), clock=time.time)


if __name__ == "__main__":
    sys.exit(terminal.run(lambda: make(sys.argv[1], sys.argv[2])))
