"""Scrolled lines that repaint only what changed: `Page` to read, `Trail` to follow, `Listing` to choose from."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from outagetui.tui.glyphs import CURSOR
from outagetui.tui.theme import Look
from outagetui.tui.widgets.lines import joined

if TYPE_CHECKING:
    from outagetui.tui.base import BoardApp

Builder = Callable[[int], Sequence[Text]]


class Page(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines that a builder makes for a width; `redraw` compares them with what stands there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="page.up", tooltip="One line up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="page.down", tooltip="One line down"),
        Binding("pageup", "page_up", "Page up", show=False, id="page.pageup", tooltip="One page up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="page.pagedown", tooltip="One page down"),
        Binding("home", "scroll_home", "Top", show=False, id="page.home", tooltip="To the top"),
        Binding("end", "scroll_end", "End", show=False, id="page.end", tooltip="To the end"),
    ]

    def __init__(self, build: Builder, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._build = build
        self.lines: list[Text] = []  # what stands on the page
        self._strips: dict[int, Strip] = {}
        self._read = 0  # lines that have been in sight, counted from the top

    class Read(Message):
        """More of the lines has come into sight."""

        def can_replace(self, message: Message) -> bool:
            """Tell it once, however many lines came."""
            return isinstance(message, Page.Read)

    @property
    def unread(self) -> int:
        """How many lines at the end have not been in sight as they are now."""
        return max(0, len(self.lines) - self._read)

    @property
    def room(self) -> int:
        """How many cells a line may take."""
        return self.scrollable_content_region.width

    def redraw(self) -> None:
        """Build the lines anew and refresh those that are not what they were."""
        if self.room <= 0:
            return
        new = list(self._build(self.room))
        old, self.lines = self.lines, new
        changed = [y for y, (was, now) in enumerate(zip_longest(old, new)) if was != now]
        self._read = min(self._read, *changed[:1], len(new))
        for y in changed:
            self._strips.pop(y, None)
        width = self.scrollable_content_region.width
        if self.virtual_size != (width, len(new)):
            self.virtual_size = Size(width, len(new))
        top = self.scroll_offset.y
        for y in changed:
            if top <= y < top + self.size.height:
                self.refresh_lines(y)

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap for the new width."""
        self._strips.clear()
        self.redraw()

    def on_show(self, _event: events.Show) -> None:
        """Catch up with what was not drawn while hidden."""
        self.redraw()

    def notify_style_update(self) -> None:
        """Forget what was drawn in the old colours."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """Draw one row of the screen."""
        line = y + self.scroll_offset.y
        if self._read <= line < len(self.lines):
            self._read = line + 1
            self.post_message(self.Read())
        width = self.scrollable_content_region.width
        if line not in self._strips:
            style = self.line_style(line)
            segments = list(Segment.apply_style(self.mark(line).render(self.app.console), style))
            self._strips[line] = Strip(segments).crop_extend(0, width, style)
        return self._strips[line].crop_extend(0, width, self.rich_style)

    def mark(self, line: int) -> Text:
        """Return what is drawn for a line."""
        return self.lines[line] if line < len(self.lines) else Text()

    def line_style(self, line: int) -> Style:
        """Return what a line is drawn on."""
        return self.rich_style

    @property
    def _look(self) -> Look:
        return cast("BoardApp", self.app).look

    def turn(self, by: int) -> None:
        """Scroll by whole pages but for a line."""
        self.scroll_relative(y=by * max(1, self.size.height - 1), animate=False)

    def reveal(self, first: int, last: int) -> None:
        """Scroll no further than it takes to see these lines, and rather the first than the last."""
        top, height = self.scroll_offset.y, max(1, self.scrollable_content_region.height)
        wanted = min(max(top, last - height + 1), first)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)


class Head(Page, can_focus=False):
    """Lines that are never scrolled, as high as they are many."""

    def redraw(self) -> None:
        """Build the lines anew and take as many rows."""
        super().redraw()
        self.styles.height = len(self.lines)


class Trail(Page):
    """Lines among which some are at hand: it goes to them when they become others, unless somebody scrolled since.

    The builder sets `at_hand` to what they are, their first line and their last.
    """

    def __init__(self, build: Builder, *, id: str | None = None) -> None:
        super().__init__(build, id=id)
        self.at_hand: tuple[str, int, int] | None = None
        self._went: tuple[str, int] | None = None
        self._top = 0  # where the last way ended

    def go(self) -> None:
        """Scroll to the lines at hand; call it when the layout stands."""
        height = self.scrollable_content_region.height
        if self.at_hand is None or not height or self._went == (self.at_hand[0], height):
            return
        which, first, last = self.at_hand
        moved = self._went is not None and self.scroll_offset.y != min(self._top, self.max_scroll_y)
        self._went = (which, height)
        if not moved:
            after = min(last + 1, len(self.lines) - 1)  # one line more says whether this is the end
            self._top = max(0, min(first, max(self.scroll_offset.y, after - height + 1), self.max_scroll_y))
            self.scroll_to(y=self._top, animate=False, force=True, immediate=True)

    def start_over(self) -> None:
        """Stand at the top, as if nobody had scrolled."""
        self._went, self._top = None, 0
        self.scroll_home(animate=False, immediate=True)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep what is at hand in sight."""
        self.call_after_refresh(self.go)


class Listing(Page, inherit_bindings=False):
    """One line an item, one of them chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="list.up", tooltip="The item above"),
        Binding("down,j", "move(1)", "Down", show=False, id="list.down", tooltip="The item below"),
        Binding("pageup", "leap(-1)", "Page up", show=False, id="list.pageup", tooltip="One page up"),
        Binding("pagedown,space", "leap(1)", "Page down", show=False, id="list.pagedown", tooltip="One page down"),
        Binding("home", "move(-1000000)", "First", show=False, id="list.home", tooltip="The first item"),
        Binding("end", "move(1000000)", "Last", show=False, id="list.end", tooltip="The last item"),
        Binding("enter", "choose", "Open", show=False, id="list.choose", tooltip="Open the item"),
    ]

    cursor = reactive(0, repaint=False, init=False)

    class Moved(Message):
        """Another item is under the cursor."""

    class Chosen(Message):
        """The item under the cursor was chosen."""

    GUTTER = 2

    @property
    def room(self) -> int:
        """How many cells a line may take beside the cursor's mark."""
        return super().room - self.GUTTER

    def mark(self, line: int) -> Text:
        """Return the line behind the cursor's mark, or behind the room for it."""
        sign = (f"{CURSOR} ", self._look.key) if line == self.cursor and self.lines else ("  ", self._look.text)
        return joined(sign, super().mark(line))

    def redraw(self) -> None:
        """Build the lines anew and keep the cursor on one of them."""
        super().redraw()
        self.cursor = max(0, min(self.cursor, len(self.lines) - 1))

    def line_style(self, line: int) -> Style:
        """Return the cursor's style for the line under it."""
        if line == self.cursor and self.lines:
            return self.rich_style + self._look.cursor
        return self.rich_style

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two lines that changed."""
        for line in (old, new):
            self._strips.pop(line, None)
            self.refresh_lines(line)
        self.reveal(new, new)
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.cursor = max(0, min(len(self.lines) - 1, self.cursor + by))

    def action_leap(self, pages: int) -> None:
        """Move the cursor by whole pages."""
        self.action_move(pages * max(1, self.scrollable_content_region.height - 1))

    def action_choose(self) -> None:
        """Tell that the item was chosen."""
        if self.lines:
            self.post_message(self.Chosen())
