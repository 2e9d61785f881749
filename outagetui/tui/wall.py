"""The wall's app: a board to look at. Nothing that sends orders is imported here, so nothing here can send one."""

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from outagetui.tui.base import BoardApp
from outagetui.tui.screens.wallboard import WallScreen


class WallApp(BoardApp, inherit_bindings=False):
    """Shows the board in large letters and turns its pages; the only keys scroll, turn pages and quit."""

    CSS_PATH = Path(__file__).with_name("wall.tcss")
    TITLE = "outagetui wallboard"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q,ctrl+c", "quit", "quit", id="wall.quit", tooltip="Leave the wall", priority=True),
    ]

    def copy_to_clipboard(self, text: str) -> None:
        """Do nothing: a wall leaves the reader's clipboard alone."""

    def action_suspend_process(self) -> None:
        """Do nothing: behind a wall there is no shell to come back to."""

    def get_default_screen(self) -> Screen[None]:
        """Start on the only screen."""
        return WallScreen()
