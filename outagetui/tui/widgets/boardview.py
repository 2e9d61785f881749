"""The live table of channels and outlets."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.style import Style
from rich.text import Text
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from outagetui.board.rows import Board, ChannelRow
from outagetui.core.model import AUDIENCES, State
from outagetui.core.text import clean
from outagetui.tui.glyphs import CURSOR, MISS, SPARK
from outagetui.tui.theme import Look
from outagetui.tui.time_words import lasting, milliseconds
from outagetui.tui.widgets.block import Block
from outagetui.tui.widgets.lines import Part, across, fit, shortened
from outagetui.tui.widgets.story import Row, active, broken, reason, row_mark, standing

STATE_WIDTH = 9
REASON = 62  # cells a reason has before bars and long words get theirs
LINES = 3  # that one reason may take where rows are free
WRAPPED = 30  # cells from which on a reason is worth wrapping
QUIET = 20.0  # milliseconds that the scale of the bars spans at least


class More(str):
    """The next line of the reason of the row above."""


@dataclass(frozen=True)
class Columns:
    """How wide each column is; 0 leaves it out. What is left goes to the reason."""

    name: int
    standing: int
    since: int
    latency: int
    spark: int
    reason: int

    @classmethod
    def of(cls, width: int) -> "Columns":
        """Share out `width` cells.

        Where they are few the latency goes first, then how long, then the standing. Where they are many, bars and
        long words have them only as far as the reason has `REASON` cells.
        """
        since = 0 if width < 44 else 6
        latency = 0 if width < 64 else 6
        small = (17, 0 if width < 52 else 9, 0)
        roomy = ((28, 14, 16), (28, 14, 12), (28, 14, 0), (22, 14, 0), (22, 9, 0))
        for name, role, bars in (small,) if width < 90 else roomy:
            used = 2 + STATE_WIDTH + 1 + name + sum(column + 1 for column in (role, since, latency, bars) if column)
            if width - used - 1 >= REASON:
                break
        return cls(name, role, since, latency, bars, max(0, width - used - 1))


@dataclass(frozen=True)
class Listed:
    """What the table lists: a heading's key, then its rows, for each audience and for the outlets.

    `counts` says for each heading how many of its rows are up, and how many there are.
    """

    items: list[str | Row]
    counts: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, board: Board | None) -> "Listed":
        """List what a board holds."""
        if board is None:
            return cls([], {})
        groups: dict[str, list[Row]] = {audience: [] for audience in AUDIENCES}
        for row in board.channels:
            groups[row.audience].append(row)
        groups["outlets"] = list(board.outlets)
        groups = {key: rows for key, rows in groups.items() if rows}
        counts = {key: (sum(row.state is State.UP and not broken(row) for row in rows), len(rows))
                  for key, rows in groups.items()}  # fmt: skip
        return cls([item for key, rows in groups.items() for item in (key, *rows)], counts)


class BoardView(Block):
    """Channels by audience, worst first, and the outlets below. Keeps its cursor on a row while rows change places."""

    DEFAULT_CSS = """
    BoardView {
        height: 1fr;
        min-height: 3;
    }
    """

    class Moved(Message):
        """The cursor stands on another row."""

    def __init__(self, look: Look, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._look = look
        self._board: Board | None = None
        self._now = 0.0
        self._listed = Listed.of(None)
        self._items: list[str | Row] = []
        self._rows: list[int] = []  # which items are rows, and no headings
        self._cursor = 0
        self._kept: str | None = None  # the row the cursor was put on; None: stay on the worst
        self._top = 0
        self._drawn = Size(0, 0)

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        item = self._items[self._cursor] if self._cursor < len(self._items) else None
        return None if isinstance(item, str) else item

    @property
    def position(self) -> str:
        """Which rows are in sight, in words; empty when all are."""
        height = self.size.height
        if len(self._items) <= height:
            return ""
        rows = self._rows
        first, last = bisect_left(rows, self._top), bisect_left(rows, self._top + height)
        return f"{first + 1}-{last} of {len(rows)}" if first < last else ""

    def follow(self, board: Board, now: float, look: Look) -> None:
        """Show a newer board in the styles of `look`; `now` is what ages are counted from (epoch seconds)."""
        if self._board is None or (board.channels, board.outlets) != (self._board.channels, self._board.outlets):
            self._listed = Listed.of(board)
        self._board, self._now, self._look = board, now, look
        self._lay()
        self.draw()

    def _lay(self) -> None:
        """Decide which item stands on which line, and where the cursor is."""
        before, self._items = self._items, self._spread(self._listed.items)
        if self._items is not before:
            self._rows = [index for index, item in enumerate(self._items) if not isinstance(item, str)]
        if self._kept is not None and (self._cursor >= len(self._items) or self._id_at(self._cursor) != self._kept):
            self._cursor = next((index for index in self._rows if self._id_at(index) == self._kept), -1)
        if self._kept is None or self._cursor < 0:
            self._kept, self._cursor = None, self._rows[0] if self._rows else 0

    def _spread(self, found: list[str | Row]) -> list[str | Row]:
        if len(found) > self.size.height:
            return found
        # Where everything fits with room to spare, an empty line stands between groups.
        groups = sum(isinstance(item, str) for item in found)
        free = self.size.height - (len(found) + groups - 1)
        if free < 0:
            return found
        # What is free below goes to the reasons that are longer than their column, the worst row first.
        spread: list[str | Row] = []
        room = Columns.of(self.size.width).reason - 1
        for item in found:
            spread += ["", item] if isinstance(item, str) and spread else [item]
            if not isinstance(item, str) and room >= WRAPPED and self._board is not None:
                more = shortened(reason(item, self._now, self._board.timezone), room, min(LINES, free + 1))[1:]
                free -= len(more)
                spread += map(More, more)
        return spread

    def move(self, by: int) -> None:
        """Move the cursor `by` rows, not counting headings; stops at both ends."""
        rows = self._rows
        if rows:
            place = bisect_left(rows, self._cursor)
            self._cursor = rows[min(max(place + by, 0), len(rows) - 1)]
            self._kept = self._id_at(self._cursor)
            self.draw()
            self.post_message(self.Moved())

    def _id_at(self, index: int) -> str:
        item = self._items[index]
        return "" if isinstance(item, str) else item.id

    def draw(self) -> None:
        """Bring the rows in sight up to date."""
        if self._board is not None and self.size.area:
            self.show(self._in_sight())

    def render_line(self, y: int) -> Strip:
        """Return one line; the first after a change of size draws all of them, so that nothing is painted twice."""
        if self._board is not None and self._drawn != self.size:
            self._lay()
            self.lines = tuple(self._in_sight())
        return super().render_line(y)

    def _in_sight(self) -> list[Text]:
        width, height = self._drawn = self.size
        self._scroll(height)
        columns = Columns.of(width)
        seen = range(self._top, min(self._top + height, len(self._items)))
        return [self._line(index, columns, width) for index in seen]

    def _scroll(self, height: int) -> None:
        # A heading above the first row of its group stays in sight with it.
        above = self._cursor
        while above and isinstance(self._items[above - 1], str):
            above -= 1
        if self._cursor >= self._top + height:
            self._top = self._cursor - height + 1
        self._top = max(0, min(self._top, above, len(self._items) - height))

    def _line(self, index: int, columns: Columns, width: int) -> Text:
        item = self._items[index]
        assert self._board is not None
        if item == "":
            return Text()
        if isinstance(item, More):
            indent = width - columns.reason - 1
            return across(self._look.text, width, " " * (indent + 2), item)
        if isinstance(item, str):
            return heading(item, self._listed.counts[item], columns, self._look, width)
        why = reason(item, self._now, self._board.timezone)
        if index + 1 < len(self._items) and isinstance(self._items[index + 1], More):
            why = shortened(why, columns.reason - 1, LINES)[0]
        return row_line(item, columns, self._look, width, self._now, why, index == self._cursor)


def heading(key: str, counts: tuple[int, int], columns: Columns, look: Look, width: int) -> Text:
    """Return a group's heading: its name, how many of how many (`counts`) are up, and what the columns hold."""
    up, every = counts
    count = f"all {every} up" if up == every else f"{up} of {every} up"
    count += "?" * look.old
    parts: list[Part] = ["  ", (fit(key.upper(), STATE_WIDTH + 1), look.title), fit(count, columns.name)]
    if columns.standing:
        parts += [" ", fit("kind" if key == "outlets" else "role", columns.standing)]
    for name, room in (("for", columns.since), ("took", columns.latency), ("lately", columns.spark)):
        parts += [" ", fit(name, room, right=True)] if room else []
    return across(look.dim, width, *parts, "  why")


def row_line(row: Row, columns: Columns, look: Look, width: int, now: float, why: str, chosen: bool) -> Text:
    """Return the line of one channel or outlet, with as much of `why` as fits."""
    muted = row.muted is not None
    word, style = row_mark(row, look)
    calm = row.state is State.UP and not broken(row)
    parts: list[Part] = [
        (CURSOR if chosen else " ", look.key), " ", (fit(word, STATE_WIDTH), style), " ",
        (fit(clean(row.name, 60), columns.name), look.text if calm or muted else look.strong),
    ]  # fmt: skip
    if columns.standing:
        words = fit(standing(row, columns.standing < 13), columns.standing)
        parts += [" ", (words, look.key if active(row) else look.dim)]
    if columns.since:
        parts += [" ", fit(lasting(now - row.since) if row.since is not None else "–", columns.since, right=True)]
    if columns.latency:
        parts += [" ", (fit(milliseconds(row.latency_ms), columns.latency, right=True), look.text)]
    bars = row.spark if isinstance(row, ChannelRow) else ()
    miss = look.states[State.PARTIAL]
    if columns.spark:
        parts += [" ", *spark(bars, columns.spark, look.bar, miss)]
    parts.append("  " if columns.reason else "")
    if why:
        parts.append((fit(why, columns.reason - 1), look.dim if calm else look.text))
    elif not columns.spark and columns.reason >= 8:
        parts += spark(bars, min(16, columns.reason - 1, len(bars)), look.bar, miss)
    line = across(look.dim, width, *parts)
    if chosen:
        line.stylize_before(look.cursor)
    return line


def spark(values: Sequence[float | None], width: int, bar: Style, miss: Style) -> list[tuple[str, Style]]:
    """Return the newest `width` values as bars, newest on the right; None is a failure and gets a cross.

    The scale goes from nought to three times the usual value (the median), so that a steady channel draws a calm line
    and a spike stands out, and at least to `QUIET`, so that a quick one's noise is no mountain.
    """
    shown = list(values[-width:]) if width > 0 else []
    known = sorted(value for value in shown if value is not None)
    usual = known[len(known) // 2] if known else 0.0
    parts = [(" " * (width - len(shown)), bar)] if len(shown) < width else []
    chars = [(MISS, miss) if value is None else (_bar(value, usual), bar) for value in shown]
    return parts + [("".join(char for char, _ in run), style) for style, run in groupby(chars, lambda each: each[1])]


def _bar(value: float, usual: float) -> str:
    level = int(value / max(3 * usual, QUIET) * len(SPARK))
    return SPARK[min(max(level, 0), len(SPARK) - 1)]
