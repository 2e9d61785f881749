"""The live table of channels and outlets."""

from bisect import bisect_left
from dataclasses import dataclass

from rich.text import Text
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from outagetui.board.rows import Board
from outagetui.core.model import AUDIENCES, State
from outagetui.tui.theme import Look
from outagetui.tui.widgets.block import Block
from outagetui.tui.widgets.row_lines import MANY, Columns, heading, row_line
from outagetui.tui.widgets.story import Row, broken, reason


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
        self._covered = 0  # lines at the foot that something else stands on

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        item = self._items[self._cursor] if self._cursor < len(self._items) else None
        return None if isinstance(item, str) else item

    @property
    def wanted(self) -> int:
        """How many lines it would take to show all of it, with an empty line between two groups."""
        items = self._listed.items
        return len(items) + max(0, sum(isinstance(item, str) for item in items) - 1)

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
        spread: list[str | Row] = []
        for item in found:
            spread += ["", item] if isinstance(item, str) and spread else [item]
        return spread

    def cover(self, lines: int) -> None:
        """Keep the cursor out of the lowest `lines`, on which something else stands."""
        if lines != self._covered:
            self._covered = lines
            self.draw()

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
        self._scroll(max(1, height - self._covered))
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
        if isinstance(item, str):
            return heading(item, self._listed.counts[item], columns, self._look, width)
        zone, short = self._board.timezone, self.app.size.width < MANY
        why = reason(item, self._now, zone, short=short)
        return row_line(item, columns, self._look, width, self._now, why, index == self._cursor)
