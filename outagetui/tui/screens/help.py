"""The help: the keys of the screen it was opened from, the keys of everywhere, what the signs mean; and the manual."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingsMap, BindingType
from textual.screen import Screen
from textual.widget import Widget

from outagetui.board.rows import Board
from outagetui.manual import PAGES, source
from outagetui.manual.layout import lines
from outagetui.manual.markdown_parser import parse
from outagetui.manual.topics import summary
from outagetui.tui.glyphs import STATE
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.lines import behind, beside, cut, filled, joined, rule, said, sides, wrapped
from outagetui.tui.widgets.run_steps import STEPS, step_style
from outagetui.tui.widgets.scrolling import Listing, Page
from outagetui.tui.widgets.story import state_mark

KEY = 12  # cells for the keys
WORDS = (
    ("reach", "who can reach us, of those who know how → once told of what is open → with all backups"),
    ("standby, active", "whether a backup is open"),
    ("DEAD WAY", "people were sent to a channel that is down: w tells them"),
    ("NOT TOLD", "a backup is open and its people do not know: w tells them"),
    ("ready, stale", "a backup proven to work; proven too long ago"),
    ("untested, broken", "a backup never proven; proven not to work"),
    ("muted", "no alarm during maintenance; checks go on"),
    ("suppressed", "what it depends on is down: no alarm; checks go on"),
    ("STALE", "nobody is probing: the daemon gives no sign of life; UP? is only the last known"),
    (
        "incident",
        "opens when a primary channel fails; closes at the stand-down, when the backups were let go and the "
        "notices closed, or after 30 quiet minutes",
    ),
)
PLACES = (
    ("outagetui status", "the same facts as plain text, for scripts and screen readers"),
    ("outagetui journal", "the record; --verify walks its chain"),
    ("outagetui validate", "every error of the configuration, with file and line"),
    ("outagetui drill", "rehearse an outage; nothing leaves this machine"),
)
NAMES = {
    "left_square_bracket": "[", "right_square_bracket": "]", "question_mark": "?", "slash": "/", "escape": "esc",
    "pageup": "pgup", "pagedown": "pgdn", "up": "↑", "down": "↓", "left": "←", "right": "→", "full_stop": ".",
    "plus": "+", "minus": "-", "comma": ",", "exclamation_mark": "!",
}  # fmt: skip


TOPICS = tuple(PAGES)
WIDEST = 100  # cells of the manual's lines; longer ones are hard to read


class HelpScreen(Opened):
    """The keys, made from the bindings themselves so that they cannot be out of date, above the manual's pages."""

    DEFAULT_CSS = """
    HelpScreen #topics { margin-top: 1; max-height: 30%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "read(-1)", "read", id="help.pageup", priority=True, key_display="PgUp PgDn",
                tooltip="A page up in the keys and signs"),
        Binding("pagedown", "read(1)", "read", show=False, id="help.pagedown", priority=True,
                tooltip="A page down in the keys and signs"),
    ]  # fmt: skip

    def body(self) -> Iterator[Widget]:
        """Lay the keys and signs above the pages of the manual."""
        yield Page(self._page, id="help")
        yield Listing(self._topics, id="topics")

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return the title."""
        return [
            joined(("Help", self.look.strong), ("  the keys, the signs, the words; Enter: the manual", self.look.dim))
        ]

    def on_mount(self) -> None:
        """Put the cursor on the manual."""
        super().on_mount()
        topics = self.query_one(Listing)
        topics.styles.height = len(TOPICS)
        topics.focus()

    @on(Listing.Chosen)
    def open_page(self) -> None:
        """Open the page under the cursor."""
        self.app.push_screen(ManualScreen(TOPICS[self.query_one(Listing).cursor]))

    def action_read(self, by: int) -> None:
        """Turn a page of the keys and signs."""
        page = self.query_one("#help", Page)
        page.scroll_relative(y=by * max(1, page.size.height - 1), animate=False)

    def _topics(self, width: int) -> list[Text]:
        look, room = self.look, max(map(len, TOPICS)) + 2
        return [cut(joined((page.ljust(room), look.key), (summary(page), look.dim)), width) for page in TOPICS]

    def follow(self) -> None:
        """Change nothing: no fact stands here."""

    def _page(self, width: int) -> list[Text]:
        half = width if width < 110 else (width - 3) // 2
        here, everywhere, moving = self._groups(half)
        signs = self._signs(half)
        if width < 110:
            return [*here, *everywhere, *moving, *signs]
        return beside([[*here, *everywhere, *moving], signs], half, "   ")

    def _groups(self, width: int) -> tuple[list[Text], list[Text], list[Text]]:
        under = self._under()
        focused = under.focused
        here = self._group(f"Keys of the {name_of(under)}", _bindings(type(under)._merged_bindings), width)
        everywhere = self._group("Keys everywhere", _bindings(type(self.app)._merged_bindings), width)
        # Other screens than ours move by keys of their own, which stand among the first.
        widget = type(focused)._merged_bindings if isinstance(focused, Page) else None
        return here, everywhere, self._group("Moving", _bindings(widget), width)

    def _under(self) -> Screen[Any]:
        """The screen that the help covers."""
        stack = self.app.screen_stack
        place = stack.index(self) if self in stack else len(stack)
        return stack[place - 1] if place > 0 else self

    def _group(self, title: str, bindings: Iterable[tuple[str, str]], width: int) -> list[Text]:
        lines = [rule(title, width, self.look)]
        for keys, words in bindings:
            lines += self._row(joined((keys, self.look.key)), words, width)
        return [*lines, Text()] if len(lines) > 1 else []

    def _row(self, head: Text, words: str, width: int, room: int = KEY) -> list[Text]:
        return behind(joined(" ", filled(head, room), " "), wrapped(said(words, self.look.text), width - room - 2))

    def _signs(self, width: int) -> list[Text]:
        look = self.look
        lines = [rule("States", width, look)]
        for state, (_, words) in STATE.items():
            lines += self._row(joined(state_mark(state, look)), words, width)
        lines += [Text(), rule("Steps of a run", width, look)]
        for name, (glyph, words) in STEPS.items():
            lines += self._row(joined((f"{glyph} {name.upper()}", step_style(name, look))), words, width)
        for title, pairs in (("Words", WORDS), ("Where to find things", PLACES)):
            lines += [Text(), rule(title, width, look)]
            for word, words in pairs:
                lines += self._row(joined((word, look.strong)), words, width, 18)
        return lines


class ManualScreen(Opened):
    """One page of the manual."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "other page", id="manual.before", tooltip="The page before", key_display="← →"),
        Binding("right", "turn(1)", "next page", show=False, id="manual.after", tooltip="The page after"),
    ]

    def __init__(self, topic: str) -> None:
        super().__init__()
        self._topic = topic

    def body(self) -> Iterator[Widget]:
        """One page to read."""
        yield Page(self._page, id="manual")

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return which page it is."""
        place = f"{TOPICS.index(self._topic) + 1} of {len(TOPICS)}"
        title = joined(("Manual", self.look.strong), (f"  outagetui help {self._topic}", self.look.dim))
        return [sides(title, joined((place, self.look.dim)), width)]

    def action_turn(self, by: int) -> None:
        """Go to another page."""
        self._topic = TOPICS[(TOPICS.index(self._topic) + by) % len(TOPICS)]
        for page in self.query(Page):
            page.redraw()
        self.query_one("#manual", Page).scroll_home(animate=False)

    def follow(self) -> None:
        """Change nothing: no fact stands here."""

    def _page(self, width: int) -> list[Text]:
        look = self.look
        styles = {"": look.text, "code": look.key, "strong": look.strong, "head": look.title}
        drawn = lines(parse(source(self._topic)), min(width, WIDEST))
        return [joined(*((span.text, styles[span.style]) for span in line)) for line in drawn]


def name_of(screen: Screen[Any]) -> str:
    """Return what a screen is called: its class without the word Screen."""
    return type(screen).__name__.removesuffix("Screen").lower()


def keys_of(keys: Iterable[str]) -> str:
    """Return keys as they are written on a keyboard."""
    words = " ".join(NAMES.get(key, key).replace("ctrl+", "^") for key in keys)
    return words.replace(" ".join("123456789"), "1 to 9")


def _bindings(bindings: BindingsMap | None) -> list[tuple[str, str]]:
    """Return (keys, tooltip) of every binding, several keys of one binding together, in the order of definition."""
    grouped: dict[str, tuple[list[str], Binding]] = {}
    for binding in (each for some in bindings.key_to_bindings.values() for each in some) if bindings else ():
        if binding.tooltip:
            grouped.setdefault(binding.id or binding.action, ([], binding))[0].append(binding.key)
    return [(keys_of(keys), binding.tooltip) for keys, binding in grouped.values()]
