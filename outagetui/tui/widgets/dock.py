"""The question of a run at the foot of the board: what is asked, the whole text, and the answers with their keys."""

from collections.abc import Iterator
from typing import cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from outagetui.board.owed import pressing
from outagetui.board.rows import Board, RunRow, StepRow
from outagetui.board.suggest import gain_words
from outagetui.core.text import clean
from outagetui.core.words import Why
from outagetui.tui.answering import Answering
from outagetui.tui.theme import Look
from outagetui.tui.widgets.block import Block
from outagetui.tui.widgets.lines import across, cut, filled, joined, paragraph, sides
from outagetui.tui.widgets.questions import ASKED, answer_lines, preview_lines, shows_preview, why_asked
from outagetui.tui.widgets.scrolling import Page
from outagetui.tui.widgets.side_panes import headed, run_pane

LEAST = 4  # lines of a question
WIDE = 150  # cells from which on what it belongs to stands beside the text
BESIDE = 50  # cells of that
SMALL = (120, 32)  # columns and lines below which a closed question takes a third of the room
ABOVE = 12  # lines that a closed one leaves to the list elsewhere


class DockText(Page, can_focus=False):
    """The text of a question; the board has no panes to focus."""


class Dock(Vertical):
    """Covers the lowest lines of the board while a run asks. `opened`: it has the list's place, too.

    What a yes sends counts as read once its last line was in sight.
    """

    DEFAULT_CSS = """
    Dock { layer: dock; dock: bottom; margin: 0 0 1 0; height: 6; background: $panel; border-left: outer $warning; }
    Dock.sent { border-left: outer $primary; }
    Dock Horizontal { height: 1fr; }
    Dock DockText { height: 1fr; width: 1fr; background: $panel; overflow-x: hidden; scrollbar-size-vertical: 0; }
    Dock #beside { width: 50; height: 1fr; }
    Dock #note { height: 1; border: none; padding: 0 1; display: none; }
    Dock #note.open { display: block; }
    """

    def __init__(self, answering: Answering) -> None:
        super().__init__(id="dock")
        self.answering = answering
        self.opened = False
        self._place = ""  # which of several questions it is

    def compose(self) -> ComposeResult:
        """Stack what is asked, the text, and the answers."""
        yield Block(id="asked")
        with Horizontal():
            yield DockText(self._text, id="text")
            yield Block(id="beside")
        yield Block(id="choices")
        yield Input(id="note", max_length=200, select_on_focus=False)

    @property
    def text(self) -> DockText:
        """What is to be read before an answer."""
        return self.query_one(DockText)

    @property
    def note(self) -> Input:
        """The line for a note."""
        return self.query_one(Input)

    def follow(self, board: Board | None, look: Look, width: int, place: str) -> None:
        """Show the question at hand in `width` cells; `place` says which of several it is."""
        self._place = place
        row, step = self.answering.row, self.answering.question
        self.display = board is not None and row is not None and step is not None
        if board is None or row is None or step is None:
            self.opened = False
            return
        self.set_class(self.answering.sent is not None, "sent")
        room = width - 2
        wide = width >= WIDE
        beside = self.query_one("#beside", Block)
        beside.display = wide
        self.query_one("#asked", Block).show([self._head(row, step, look, room)])
        self.query_one("#choices", Block).show(self._foot(row, step, look, room))
        self.text.redraw()
        self.count_unread()
        if wide:
            beside.show([across(look.text, BESIDE, line) for line in self._beside(row, board, look)])

    def wanted(self, width: int) -> int:
        """Return how many lines all of it takes in `width` cells."""
        room = width - 2 - (BESIDE if width >= WIDE else 0)
        row, step = self.answering.row, self.answering.question
        if row is None or step is None:
            return 0
        return (
            1 + len(self._text(room)) + len(self._foot(row, step, self._look, width - 2)) + self.note.has_class("open")
        )

    def height(self, width: int, lines: int, free: int) -> int:
        """Return how many lines it takes on a screen of `width` and `lines`, of which `free` are not the head's."""
        limit = free
        if not self.opened:
            small = width < SMALL[0] or lines < SMALL[1]
            limit = max(LEAST, free // 3 if small else free - ABOVE)
        return max(0, min(self.wanted(width), limit, free))

    def count_unread(self) -> None:
        """Know how much of what an answer does was not in sight yet."""
        page = self.text
        # What was not drawn yet, because it has only just come, is not read.
        wanted = self._text(max(1, page.room))
        self.answering.unread = page.unread if page.lines == wanted else len(wanted)

    @property
    def _look(self) -> Look:
        from outagetui.tui.base import BoardApp

        return cast("BoardApp", self.app).seen

    def _head(self, row: RunRow, step: StepRow, look: Look, width: int) -> Text:
        number = row.steps.index(step) + 1
        where = f"{self._place}run {clean(row.id, 12)} step {number} of {len(row.steps)}"
        title = clean(step.title or step.question, 200)
        asked = joined((f" {ASKED[why_asked(step)]} ", look.ask), "  ", (title, look.strong))
        return sides(cut(asked, max(10, width - len(where) - 3)), joined((where, look.dim)), width)

    def _text(self, width: int) -> list[Text]:
        step = self.answering.question
        if step is None:
            return []
        look, lines = self._look, list[Text]()
        asks = clean(step.question, 600)
        if asks and asks.removesuffix("?") != clean(step.title, 600):
            lines += paragraph(step.question, width, look.strong, limit=2000)
        if step.detail and why_asked(step) in (Why.FAILED, Why.UNSURE):
            lines += paragraph(step.detail, width, look.text, limit=2000)
        if shows_preview(step):
            lines += preview_lines(step, width, look)
        return lines or paragraph(step.title or step.id, width, look.text)

    def _foot(self, row: RunRow, step: StepRow, look: Look, width: int) -> list[Text]:
        made = self.answering
        words = made.sent.words if made.sent else ""
        return answer_lines(row, step, words, made.note, made.asker, width, look, unread=made.unread)

    def _beside(self, row: RunRow, board: Board, look: Look) -> list[Text]:
        return [filled(line, BESIDE) for line in self._belonging(row, board, look)]

    def _belonging(self, row: RunRow, board: Board, look: Look) -> Iterator[Text]:
        edge = joined((" │ ", look.rule))
        won = [each.gain for each in pressing(board) if each.run == row.id and each.gain is not None]
        if won:
            yield joined(edge, ("wins ", look.dim), (gain_words(won), look.good))
        yield joined(edge, headed(f"Run {clean(row.id, 12)}", "", BESIDE - 3, look))
        for line in run_pane(row, board, look, BESIDE - 3, max(1, self.size.height - 4)):
            yield joined(edge, line)
