"""The operator's screens with ten outlets to compose for, on the terminal it is started on."""

import sys
import time
from typing import TYPE_CHECKING

from outagetui.tui import terminal

if TYPE_CHECKING:
    from textual.app import App


def make() -> "App[int]":
    from outagetui.tui.app import OutageApp
    from tests.tui import fakes
    from tests.tui.composer_fakes import Daemon, board

    kinds = ("mastodon", "x", "page", "wordpress")
    places = tuple(fakes.outlet(f"o{n}", f"Outlet {n}", kinds[n % 4], language="en") for n in range(10))
    return OutageApp(fakes.FakeSource(board(outlets=places)), Daemon(places=places), clock=time.time)


if __name__ == "__main__":
    sys.exit(terminal.run(make))
