"""An announcement: what was said, what came of it at each outlet as the journal tells it, and a word on each."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from outagetui.board.rows import AnnouncementRow, Board, DeliveryRow
from outagetui.core.orders import Delivery, Do, Retract
from outagetui.core.text import clean
from outagetui.core.words import MISSED, TROUBLED, DeliveryState
from outagetui.tui.answering import PATIENCE
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.announced import about_lines, deliveries_heading, delivery_lines, outlet_name, said_lines
from outagetui.tui.widgets.lines import joined, paragraph, sides
from outagetui.tui.widgets.scrolling import Page

SKIPPED = (DeliveryState.PLANNED, *TROUBLED)
EDITED = (DeliveryState.PLANNED, DeliveryState.FAILED, DeliveryState.SKIPPED)


class Deliveries(Page, inherit_bindings=False):
    """The page; its arrows are the screen's, which go from outlet to outlet."""

    BINDINGS = Page.BINDINGS[2:]  # all but up and down


class AnnouncementScreen(Opened):
    """Shows one announcement, the newest at first; `part` (from 0) is one that the journal is about to show."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "outlet above", show=False, id="announcement.up", tooltip="To the outlet above"),
        Binding("down,j", "move(1)", "outlet below", show=False, id="announcement.down", tooltip="To the outlet below"),
        Binding("w", "write", "next part", id="announcement.write", tooltip="Write the next part, or a new one"),
        Binding("r", "word('retry')", "retry", id="announcement.retry",
                tooltip="Try the outlet again; what may be there is looked up first"),
        Binding("e", "edit", "edit", id="announcement.edit", tooltip="Send it to this outlet in your own words"),
        Binding("S", "word('skip')", "skip", id="announcement.skip", tooltip="Leave the outlet out, after a question"),
        Binding("X", "retract", "take back", id="announcement.retract",
                tooltip="Take the announcement back from every outlet, after a question"),
        Binding("left", "other(1)", "older", id="announcement.older", tooltip="The announcement before this one"),
        Binding("right", "other(-1)", "newer", id="announcement.newer", tooltip="The announcement after this one"),
    ]  # fmt: skip

    def __init__(self, announcement: str = "", part: int = 0) -> None:
        super().__init__()
        self.announcement = announcement
        self.part = part
        self._outlet = ""  # under the cursor
        self._sent: dict[str, tuple[DeliveryRow, float]] = {}  # words that the journal has not shown, by outlet
        self._lines_of: dict[str, tuple[int, int]] = {}  # first and last line of each outlet

    @property
    def row(self) -> AnnouncementRow | None:
        """The announcement shown; None while the journal does not show it."""
        rows = self.board.announcements if self.board else ()
        if not self.announcement:
            return rows[0] if rows else None
        return next((row for row in rows if row.id == self.announcement and row.parts > self.part), None)

    @property
    def chosen(self) -> DeliveryRow | None:
        """The outlet under the cursor."""
        rows = self.row.deliveries if self.row is not None else ()
        return next((row for row in rows if row.outlet == self._outlet), rows[0] if rows else None)

    def body(self) -> Iterator[Widget]:
        """Show everything on one page."""
        yield Deliveries(self._page, id="announcement")

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return which one it is and whether it is open."""
        row = self.row
        if row is None:
            return [joined(("Announcements", self.look.strong))]
        state = ("OPEN", self.look.warning) if row.open else ("CLOSED", self.look.good)
        if row.retracted is not None:
            state = ("TAKEN BACK", self.look.warning)
        title = joined(("Announcement ", self.look.strong), (clean(row.id, 12), self.look.dim))
        place = [each.id for each in board.announcements].index(row.id) + 1
        count = f"  {place} of {len(board.announcements)}"
        return [sides(title, joined((f" {state[0]} ", state[1]), (count, self.look.dim)), width)]

    def follow(self) -> None:
        """Show what changed, and the keys that do something now."""
        super().follow()
        self.refresh_bindings()

    def on_screen_resume(self) -> None:
        """Catch up with what another screen has made of it."""
        if self.is_mounted:
            self.follow()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the words that the outlet under the cursor takes now."""
        row, chosen = self.row, self.chosen
        if action not in ("word", "edit", "retract"):
            return True
        if row is None or chosen is None:
            return False
        back = row.retracted is not None
        if action == "retract":
            return not back
        if action == "edit":
            return not back and chosen.state in EDITED
        if parameters == ("retry",):
            return chosen.state in MISSED
        return not back and chosen.state in SKIPPED

    def action_other(self, by: int) -> None:
        """Show the announcement before or after."""
        ids = [row.id for row in self.board.announcements] if self.board else []
        if self.row is not None and 0 <= ids.index(self.row.id) + by < len(ids):
            self.announcement, self.part = ids[ids.index(self.row.id) + by], 0
            self.follow()

    def action_move(self, by: int) -> None:
        """Go to another outlet and show what it is told."""
        chosen, row = self.chosen, self.row
        if row is None or chosen is None:
            self.query_one(Page).scroll_relative(y=by, animate=False)
            return
        ids = [each.outlet for each in row.deliveries]
        self._outlet = ids[max(0, min(len(ids) - 1, ids.index(chosen.outlet) + by))]
        self.follow()
        first, last = self._lines_of[self._outlet]
        self.query_one(Deliveries).reveal(0 if self._outlet == ids[0] else first, last)

    def action_write(self) -> None:
        """Compose the next part, or something new for the same people."""
        self.operator.write(self.row.audience if self.row is not None else "")

    def action_word(self, do: Do) -> None:
        """Have the outlet under the cursor tried again, or left out after a question."""
        row, chosen = self.row, self.chosen
        if row is not None and chosen is not None and self._may(chosen):
            self.run_worker(self._word(row, chosen, do), exclusive=True, group="word", exit_on_error=False)

    def action_edit(self) -> None:
        """Send it to the outlet under the cursor in other words."""
        row, chosen = self.row, self.chosen
        if row is not None and chosen is not None and self._may(chosen):
            self.run_worker(self._edit(row, chosen), exclusive=True, group="word", exit_on_error=False)

    def action_retract(self) -> None:
        """Take all of it back, after a question."""
        if self.row is not None and self.operator.may("take it back"):
            self.run_worker(self._retract(self.row), exclusive=True, group="word", exit_on_error=False)

    def _may(self, chosen: DeliveryRow) -> bool:
        if self._waits(chosen):
            self.operator.tell("already ordered; waiting for the journal")
            return False
        return self.operator.may("say a word on an outlet")

    def _waits(self, row: DeliveryRow) -> bool:
        was, at = self._sent.get(row.outlet, (None, 0.0))
        return was == row and self.operator.clock() - at < PATIENCE

    async def _word(self, row: AnnouncementRow, chosen: DeliveryRow, do: Do) -> None:
        if do == "skip":
            question = f"Leave {clean(outlet_name(self.board, chosen.outlet), 60)} out?"
            if not await self.operator.confirm(question, "It is not told, and not tried again by itself."):
                return
        if not self._waits(chosen):
            await self._order(row, chosen, do)

    async def _edit(self, row: AnnouncementRow, chosen: DeliveryRow) -> None:
        from outagetui.tui.screens.own_words import OwnWords

        form = OwnWords(outlet_name(self.board, chosen.outlet), chosen.title, chosen.body, "send")
        own = await self.app.push_screen_wait(form)
        if own is not None and all(own) and not self._waits(chosen):
            await self._order(row, chosen, "edit", title=own[0], body=own[1])

    async def _order(self, row: AnnouncementRow, chosen: DeliveryRow, do: Do, title: str = "", body: str = "") -> None:
        self._sent[chosen.outlet] = chosen, self.operator.clock()
        self.follow()
        part = row.parts - 1 if row.retracted is None else None
        reply = await self.operator.order(
            Delivery(announcement=row.id, outlet=chosen.outlet, do=do, part=part, title=title, body=body)
        )
        if not reply.get("ok"):
            self._sent.pop(chosen.outlet, None)
            self.follow()

    async def _retract(self, row: AnnouncementRow) -> None:
        count = len(row.deliveries)
        question = f"Take {clean(row.id, 12)} back from wherever it went ({count} outlet{'s' * (count != 1)} now)?"
        closes = "It is deleted or marked as withdrawn there, and the announcement is closed. This cannot be undone."
        if await self.operator.confirm(question, closes):
            await self.operator.order(Retract(announcement=row.id))

    def _page(self, width: int) -> list[Text]:
        row, board, look = self.row, self.board, self.look
        if board is None:
            return []
        if row is None and self.announcement:
            return paragraph(f"Waiting for the journal to show {clean(self.announcement, 12)}…", width, look.dim)
        if row is None:
            return paragraph("Nothing was announced yet. w composes something.", width, look.dim)
        chosen = self.chosen
        lines = [*about_lines(row, board, width, look), Text()]
        if row.deliveries:
            lines.append(deliveries_heading(row, width, look))
        self._lines_of = {}
        for delivery in row.deliveries:
            first = len(lines)
            lines += delivery_lines(delivery, board, width, look, here=delivery is chosen, waits=self._waits(delivery))
            self._lines_of[delivery.outlet] = first, len(lines) - 1
        return [*lines, Text(), *said_lines(row, chosen, board, width, look)]
