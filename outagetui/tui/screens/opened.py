"""What the screens opened from the board have in common: alarms, a subject, a body that follows the board, keys."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from outagetui.board.rows import Board
from outagetui.core.own_fault import words_of
from outagetui.tui.base import SHORT
from outagetui.tui.theme import Look
from outagetui.tui.widgets.block import Block
from outagetui.tui.widgets.header import Banner, banner_lines, banners
from outagetui.tui.widgets.lines import Part, across, joined
from outagetui.tui.widgets.scrolling import Head, Page

if TYPE_CHECKING:
    from outagetui.tui.app import OutageApp


T = TypeVar("T")
ALWAYS = ("back", "show('help')", "quit")  # actions whose keys are shown however little room there is


class Opened(Screen[None]):
    """A screen under a heading. `heading` and `follow` are what each screen says and does with a new board."""

    DEFAULT_CSS = """
    Opened { padding: 0 1; }
    Opened #head { margin-bottom: 1; }
    Opened #keys { height: 1; margin-top: 1; }
    Opened Page { height: 1fr; background: $background; overflow-x: hidden; scrollbar-size-vertical: 1;
                  scrollbar-gutter: stable; }
    Opened #note, Opened #filter { height: 1; border: none; padding: 0 1; display: none; }
    Opened #note.open, Opened #filter.open { display: block; }
    Opened Head { height: 1; scrollbar-gutter: auto; overflow: hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="screen.back", tooltip="Back to where you came from", key_display="esc"),
    ]

    @property
    def operator(self) -> "OutageApp":
        """The app, with its source and its orders."""
        return cast("OutageApp", self.app)

    @property
    def look(self) -> Look:
        """The styles to draw with."""
        return self.operator.seen

    @property
    def board(self) -> Board | None:
        """The newest board."""
        return self.operator.board

    def compose(self) -> ComposeResult:
        """Lay the alarms and the heading above the body and the keys below."""
        yield Block(id="alarms")
        yield Head(self._head, id="head")
        yield from self.body()
        yield Block(id="keys")

    def body(self) -> Iterator[Widget]:
        """Yield the widgets between heading and keys."""
        raise AssertionError("a screen has a body")

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return the lines above the body."""
        raise AssertionError("a screen has a heading")

    def alarms(self, board: Board) -> list[Banner]:
        """Return what this screen must not let be overlooked beside what every screen says."""
        return []

    def follow(self) -> None:
        """Redraw what a new board may have changed."""
        self._show_alarms()
        for page in self.query(Page):
            page.redraw()

    def on_mount(self) -> None:
        """Follow the board from now on."""
        self.watch(self.app, "board", self.follow, init=False)
        self.watch(self.app, "trouble", self._show_alarms, init=False)
        self.bindings_updated_signal.subscribe(self, self._show_keys)

    def on_resize(self) -> None:
        """Fit the lines that the width decides."""
        self._show_alarms()
        self._show_keys()

    def read(self, look: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        """Return what `look` reads from the source, or nothing where that fails, which is said."""
        try:
            return look()
        except Exception as error:
            self.operator.tell(f"this cannot be read: {words_of(error)}", "error")
            return ()

    def action_back(self) -> None:
        """Leave the screen."""
        self.dismiss()

    def offers(self, action: str) -> bool:
        """Return whether a key that works is worth showing at the foot."""
        return True

    def _head(self, width: int) -> list[Text]:
        board = self.board
        if board is None:
            return [joined(("waiting for the first facts…", self.look.dim))]
        return self.heading(board, width)

    def _show_alarms(self) -> None:
        """Show what must not be overlooked; the incident and all but the first of what is owed stand on the board."""
        board, app = self.board, self.operator
        calm = msgspec.structs.replace(board, incident=None, owed=board.owed[:1]) if board is not None else None
        found = banners(calm, app.clock(), self.look, app.trouble, app.feed.read_at, no_daemon=app.no_daemon)
        found += self.alarms(board) if board is not None else []
        self.query_one("#alarms", Block).show(
            banner_lines(found, max(1, self.size.width - 2), 3 if self.size.height >= SHORT else 2)
        )

    def _show_keys(self, _screen: object = None) -> None:
        self.query_one("#keys", Block).show([self._keys(max(1, self.size.width - 2))])

    def _keys(self, width: int) -> Text:
        """The keys that do something now, the screen's own first."""
        shown: dict[str, tuple[str, str]] = {}
        for each in sorted(self.active_bindings.values(), key=lambda each: each.node is not self):
            binding = each.binding
            if binding.show and each.enabled and not binding.system and self.offers(binding.action):
                shown.setdefault(binding.action, (self.app.get_key_display(binding), binding.description))
        room = width - sum(len(key) + len(words) + 3 for action, (key, words) in shown.items() if action in ALWAYS)
        parts: list[Part] = []
        for action, (key, words) in shown.items():
            length = len(key) + len(words) + 3
            if action not in ALWAYS and length > room:
                continue
            room -= 0 if action in ALWAYS else length
            parts += [(key, self.look.key), f" {words}  "]
        return across(self.look.dim, width, *parts)
