"""The wall: reach in large figures, whatever is wrong, and all channels page by page.

Nothing that sends orders is imported here, so nothing here can send one.
"""

from pathlib import Path
from typing import ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from outagetui.tui.base import BoardApp
from outagetui.tui.widgets.block import Block
from outagetui.tui.widgets.header import banners, title_line
from outagetui.tui.widgets.lines import across
from outagetui.tui.widgets.wallview import foot_line, loud_lines, reach_figures, wall_pages

TURN = 10.0  # seconds a page stays
HOLD = 3  # turns a page stays after a key was pressed


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


class WallScreen(Screen[None], inherit_bindings=False):
    """The only screen of the wall."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", id="wall.up", tooltip="Scroll up a line"),
        Binding("down,j", "scroll(1)", "down", id="wall.down", tooltip="Scroll down a line"),
        Binding("pageup,left", "turn(-1)", "back", id="wall.back", tooltip="Back a page"),
        Binding("pagedown,right,space", "turn(1)", "on", id="wall.on", tooltip="On to the next page"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._top = 0
        self._hold = 0
        self._rows: list[Text] = []

    def compose(self) -> ComposeResult:
        """Stack the parts."""
        yield Block(id="head")
        yield Block(id="page")
        yield Block(id="foot")

    @property
    def wall(self) -> BoardApp:
        """The app this screen belongs to."""
        return cast("BoardApp", self.app)

    def on_mount(self) -> None:
        """Follow the board and start turning pages."""
        self.watch(self.app, "board", self.draw)
        self.watch(self.app, "trouble", self.draw, init=False)
        self.watch(self.app, "beat", self.draw, init=False)
        self.set_interval(TURN, self.turn)

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self.draw()
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Show the app's board as it is at this moment."""
        width, height = self.app.size
        app, look = self.wall, self.wall.seen
        board, now = app.board, app.clock()
        found = banners(board, now, look, app.trouble, app.feed.read_at, keys=False)
        loud = loud_lines(found, width, tall=height >= 40)
        head = self.query_one("#head", Block)
        if board is None:
            head.show([*loud, across(look.dim, width, " waiting for the first facts")])
            return
        head.show([title_line(board, now, look, width), *loud, *reach_figures(board, look, width, height)])
        height = max(1, self.query_one("#page", Block).size.height)
        self._rows = wall_pages(board, now, look, width, height)
        self._page()

    def _page(self) -> None:
        page, look = self.query_one("#page", Block), self.wall.look
        height = max(1, page.size.height)
        self._top = max(0, min(self._top, len(self._rows) - 1))
        page.show(self._rows[self._top : self._top + height])
        pages = -(-len(self._rows) // height)
        self.query_one("#foot", Block).show([foot_line(look, self.size.width, self._top // height + 1, pages)])

    def turn(self) -> None:
        """Go on to the next page, and from the last to the first; wait while somebody reads."""
        if self._hold:
            self._hold -= 1
        else:
            self._go(1)

    def _go(self, by: int) -> None:
        height = max(1, self.query_one("#page", Block).size.height)
        pages = max(1, -(-len(self._rows) // height))
        self._top = (self._top // height + by) % pages * height
        self._page()

    def action_turn(self, by: int) -> None:
        """Turn the page by hand."""
        self._hold = HOLD
        self._go(by)

    def action_scroll(self, by: int) -> None:
        """Scroll by a line."""
        self._hold = HOLD
        height = self.query_one("#page", Block).size.height
        self._top = max(0, min(self._top + by, len(self._rows) - height))
        self._page()
