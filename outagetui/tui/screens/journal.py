"""The journal, newest first: what happened and who did it, read page by page."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from outagetui.board.rows import Board, LogRow
from outagetui.core.model import State
from outagetui.core.text import clean
from outagetui.tui.screens.opened import Opened
from outagetui.tui.theme import Look
from outagetui.tui.time_words import day_of, second_of
from outagetui.tui.widgets.lines import cut, filled, joined, paragraph, rule, said, sides
from outagetui.tui.widgets.scrolling import Listing, Page

CHUNK = 200  # entries read at once
SEARCH = 2000  # entries looked through at most for one search that finds too little
KIND = 16  # cells for the kind of entry


class JournalScreen(Opened):
    """Lists the entries above the whole text of the one under the cursor."""

    DEFAULT_CSS = """
    JournalScreen #entry { height: 4; border-left: outer $primary; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search", id="journal.search", tooltip="Show only entries with these words",
                key_display="/"),
        Binding("f", "newest", "follow", id="journal.follow", tooltip="Go to the newest entry and follow"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self._rows: list[LogRow] = []
        self._lines: list[LogRow | str] = []  # entries, and the headings of days
        self._ended = False
        self._read_to = 0  # the newest entry read
        self._oldest = 0

    @property
    def zone(self) -> str:
        """The business's time zone."""
        return self.board.timezone if self.board else "UTC"

    @property
    def following(self) -> bool:
        """Whether the cursor stands on the newest entry, and so stays there."""
        return self.query_one(Listing).cursor <= 1

    @property
    def entry(self) -> LogRow | None:
        """The entry under the cursor."""
        cursor = self.query_one(Listing).cursor
        line = self._lines[cursor] if cursor < len(self._lines) else None
        return line if isinstance(line, LogRow) else None

    def body(self) -> Iterator[Widget]:
        """Lay the list above the entry and the search."""
        yield Listing(self._list, id="entries")
        yield Page(self._entry, id="entry")
        yield Input(
            id="filter",
            placeholder="words to search for; Enter keeps them, Esc clears",
            max_length=80,
            select_on_focus=False,
        )

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return what is shown, and whether new entries push on."""
        found = f'with "{self.words}", ' if self.words else ""
        mode = "following" if self.following else "standing; f follows"
        words = f"{found}{len(self._rows)} entries{'' if self._ended else ' or more'}, {mode}"
        return [sides(joined(("Journal", self.look.strong)), said(words, self.look.dim), width)]

    def on_mount(self) -> None:
        """Read the newest entries."""
        self._read_new()
        self.query_one(Listing).focus()
        self.call_after_refresh(self.action_newest)

    def follow(self) -> None:
        """Put new entries on top; the entry under the cursor stays the same unless it is the newest."""
        kept, following = self.entry, self.following
        self._read_new()
        if not following and kept is not None:
            self._put_cursor(kept)
        super().follow()
        if following:
            self.action_newest()

    @on(Listing.Moved)
    def show_entry(self) -> None:
        """Show the entry, and read on when the end comes near."""
        listing = self.query_one(Listing)
        if len(self._lines) - listing.cursor < CHUNK // 4 and not self._ended:
            self._read_older()
            listing.redraw()
        self.query_one("#entry", Page).redraw()
        self.query_one("#head", Page).redraw()

    def action_search(self) -> None:
        """Open the line for the words."""
        field = self.query_one("#filter", Input)
        field.add_class("open")
        field.focus()

    def action_newest(self) -> None:
        """Go to the newest entry."""
        self.query_one(Listing).cursor = 1 if len(self._lines) > 1 else 0
        self.query_one(Listing).scroll_home(animate=False)

    def action_back(self) -> None:
        """End the search if there is one, else leave the screen."""
        field = self.query_one("#filter", Input)
        if field.has_class("open") or self.words:
            field.value = ""
            self._close_search()
        else:
            super().action_back()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while the words are typed."""
        self.words = event.value.strip()
        self._rows, self._ended, self._read_to = [], False, 0
        self._read_new()
        super().follow()
        self.action_newest()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the words and go to the list."""
        self._close_search()

    def _close_search(self) -> None:
        self.query_one("#filter", Input).remove_class("open")
        self.query_one(Listing).focus()

    def _read_new(self) -> None:
        """Read entries that came since the last look, or the first ones."""
        newest = self._read_to
        fresh: list[LogRow] = []
        before: int | None = None
        while True:
            rows = self._log(before)
            fresh += [row for row in rows if row.seq > newest]
            if newest == 0 or len(rows) < CHUNK or rows[-1].seq <= newest:
                break
            before = rows[-1].seq
        if fresh:
            self._read_to = fresh[0].seq
            self._oldest = fresh[-1].seq if newest == 0 else self._oldest
            self._rows = [row for row in fresh if matches(row, self.words)] + self._rows
        if newest == 0:
            self._ended = len(fresh) < CHUNK
            if self.words and fresh:
                self._read_older()
        self._lines = lined(self._rows, self.zone)

    def _read_older(self) -> None:
        """Read older entries, on and on while a search finds few."""
        found = 0
        for _ in range(SEARCH // CHUNK if self.words else 1):
            rows = self._log(self._oldest)
            self._ended = len(rows) < CHUNK
            kept = [row for row in rows if matches(row, self.words)]
            self._rows += kept
            found += len(kept)
            if rows:
                self._oldest = rows[-1].seq
            if self._ended or found >= CHUNK // 2:
                break
        self._lines = lined(self._rows, self.zone)

    def _log(self, before: int | None) -> tuple[LogRow, ...]:
        return self.read(lambda: self.operator.source.log(CHUNK, before))

    def _put_cursor(self, row: LogRow) -> None:
        if row in self._lines:
            listing, place = self.query_one(Listing), self._lines.index(row)
            moved = place - listing.cursor
            listing.redraw()
            listing.cursor = place
            listing.scroll_relative(y=moved, animate=False)

    def _list(self, width: int) -> list[Text]:
        if not self._lines:
            words = "No entry has these words." if self.words else "The journal is empty."
            return [said(words, self.look.dim)]
        return [line_text(line, self.zone, width, self.look) for line in self._lines]

    def _entry(self, width: int) -> list[Text]:
        return detail_lines(self.entry, self.zone, width, self.look)


def lined(rows: Sequence[LogRow], zone: str) -> list[LogRow | str]:
    """Return `rows` (newest first) with a heading before the first entry of each day."""
    lines: list[LogRow | str] = []
    day = ""
    for row in rows:
        if (this := day_of(row.at, zone)) != day:
            day = this
            lines.append(day)
        lines.append(row)
    return lines


def matches(row: LogRow, words: str) -> bool:
    """Return whether every word occurs in the entry's kind, actor or text, whatever its case."""
    hay = f"{row.kind} {row.actor} {row.text}".casefold()
    return all(word in hay for word in words.casefold().split())


def line_text(row: LogRow | str, zone: str, width: int, look: Look) -> Text:
    """Return one line: time, kind, who, and as much of the words as fits; or the heading of a day."""
    if isinstance(row, str):
        return rule(row, width, look)
    who = filled(said(row.actor, look.dim, limit=40), 14 if width >= 100 else 9)
    kind = filled(said(row.kind, _style(row.kind, look), limit=40), KIND)
    return cut(joined((f"{second_of(row.at, zone)} ", look.dim), kind, " ", who, " ", clean(row.text, 500)), width)


def detail_lines(row: LogRow | None, zone: str, width: int, look: Look) -> list[Text]:
    """Return the whole of an entry, wrapped."""
    if row is None:
        return []
    head = f"#{row.seq}  {day_of(row.at, zone)} {second_of(row.at, zone)}  {clean(row.kind, 40)}"
    head += f"  by {clean(row.actor, 60)}"
    return [joined((head, look.dim)), *paragraph(row.text, width, look.text, limit=1200)]


def _style(kind: str, look: Look) -> Style:
    first = kind.split(".")[0]
    styles = {
        "state": look.states[State.PARTIAL],
        "blind": look.states[State.BLIND],
        "run": look.key,
        "step": look.key,
        "announce": look.possible,
        "activate": look.good,
        "deactivate": look.good,
        "fault": look.states[State.PARTIAL],
    }
    return styles.get(first, look.dim)
