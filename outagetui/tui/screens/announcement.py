"""The newest announcements: what was said, and where it arrived."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from outagetui.rows import AnnouncementRow, Board, DeliveryRow
from outagetui.text import clean
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.ink import filled, joined, paragraph, rule, said, sides
from outagetui.tui.widgets.page import Page
from outagetui.tui.words import time_of

MARKS = {
    "planned": "○",
    "sending": "◆",
    "sent": "✔",
    "seen": "✔",
    "unknown": "?",
    "failed": "✗",
    "skipped": "–",
    "retracted": "←",
}


class AnnouncementScreen(Opened):
    """Shows one announcement, the newest at first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "other(1)", "older", id="announcement.older", tooltip="The announcement before this one"),
        Binding("right", "other(-1)", "newer", id="announcement.newer", tooltip="The announcement after this one"),
    ]

    def __init__(self, announcement: str = "") -> None:
        super().__init__()
        self.announcement = announcement

    @property
    def row(self) -> AnnouncementRow | None:
        """The announcement shown."""
        rows = self.board.announcements if self.board else ()
        return next((row for row in rows if row.id == self.announcement), rows[0] if rows else None)

    def body(self) -> Iterator[Widget]:
        """Show the text and its deliveries on one page."""
        yield Page(self._page, id="announcement")

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return kind, audience and whether it is open."""
        row = self.row
        if row is None:
            return [joined(("Announcements", self.look.strong))]
        state = ("OPEN", self.look.warning) if row.open else ("CLOSED", self.look.good)
        title = joined(("Announcement ", self.look.strong), (clean(row.id, 12), self.look.dim))
        place = [each.id for each in board.announcements].index(row.id) + 1
        count = f"  {place} of {len(board.announcements)}"
        return [sides(title, joined((f" {state[0]} ", state[1]), (count, self.look.dim)), width)]

    def action_other(self, by: int) -> None:
        """Show the announcement before or after."""
        ids = [row.id for row in self.board.announcements] if self.board else []
        if self.row is not None and 0 <= ids.index(self.row.id) + by < len(ids):
            self.announcement = ids[ids.index(self.row.id) + by]
            self.follow()

    def _page(self, width: int) -> list[Text]:
        row, board, look = self.row, self.board, self.look
        if board is None:
            return []
        if row is None:
            return paragraph("Nothing was announced yet. Playbooks do it in an announce step.", width, look.dim)
        made = f"{clean(row.kind, 40)} to {clean(row.audience, 20)}, said {self._time(row.made)}"
        made += f", part {row.parts}, since {self._time(row.since)}"
        if row.next_update is not None and row.open:
            made += f", next update promised {self._time(row.next_update)}"
        lines = [*paragraph(made, width, look.dim), Text()]
        lines += paragraph(row.title, width, look.strong, limit=400)
        lines += paragraph(row.body, width, look.text)
        lines += [Text(), rule("Where it went", width, look)]
        told = {_bare(row.body), _bare(row.title + row.body)}
        for delivery in row.deliveries:
            again = _bare(delivery.text) in told
            lines += self._delivery(delivery, width, "" if again else delivery.text)
            told.add(_bare(delivery.text))
        return lines

    def _delivery(self, delivery: DeliveryRow, width: int, text: str) -> list[Text]:
        look = self.look
        good = delivery.state in ("sent", "seen")
        style = look.good if good else look.warning if delivery.state in ("failed", "unknown") else look.dim
        mark = f"{MARKS.get(delivery.state, '?')} {clean(delivery.state, 10).upper()}"
        head = joined(" ", filled(joined((mark, style)), 12), (f" {clean(delivery.outlet, 30)}", look.strong))
        lines = [sides(head, said(delivery.url, look.dim), width) if len(delivery.url) < width - 30 else head]
        if len(delivery.url) >= width - 30:
            lines += paragraph(delivery.url, width, look.dim, indent=14)
        for words in (delivery.detail, text):
            if words:
                lines += paragraph(words, width, look.text, indent=14, limit=600)
        return lines

    def _time(self, at: float) -> str:
        return time_of(at, self.board.at, self.board.timezone) if self.board else ""


def _bare(text: str) -> str:
    """The words alone, to tell whether two texts say the same."""
    return "".join(text.split())
