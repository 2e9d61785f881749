"""A run: its steps as the journal tells them, and the question that waits for an operator."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from outagetui.board.rows import Board
from outagetui.tui.screens.answering import Answering
from outagetui.tui.widgets.header import Banner
from outagetui.tui.widgets.lines import joined, said
from outagetui.tui.widgets.live import Live
from outagetui.tui.widgets.questions import answer_lines, preview_lines, question_lines, shows_preview
from outagetui.tui.widgets.run_steps import current_step, run_facts, run_title, step_lines
from outagetui.tui.widgets.scrolling import Head, Page, Trail

STEPS_KEPT = 3  # lines of the steps that a long text to be sent leaves in sight
PREVIEW_EDGE = 6  # cells that the screen's edge, the panel's edge and the scroll bar take of the width
CHANGED = "CHANGED  the playbook changed; this run goes on with the steps it had"


class RunScreen(Answering):
    """Shows one run and takes the answers. Everything on it comes from the journal, nothing from a reply."""

    DEFAULT_CSS = """
    RunScreen .asks { height: 0; border-left: outer $warning; padding: 0 1; }
    RunScreen .asks.sent { border-left: outer $primary; }
    RunScreen #question { margin-top: 1; }
    RunScreen #note { height: 1; border: none; padding: 0 1; display: none; }
    RunScreen #note.open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "unfold", "output", id="run.output", tooltip="Show all that the steps printed, or fold it away"),
        Binding("w", "app.write", "tell", show=False, id="run.write", tooltip="Write to customers or staff yourself"),
        Binding("pageup", "read(-1)", "read", show=False, id="run.pageup", priority=True,
                tooltip="A page up: of the text that will be sent, else of the steps"),
        Binding("pagedown", "read(1)", "read", show=False, id="run.pagedown", priority=True,
                tooltip="A page down, likewise"),
        Binding("left", "other(1)", "older run", show=False, id="run.older", tooltip="The run before this one"),
        Binding("right", "other(-1)", "newer run", show=False, id="run.newer", tooltip="The run after this one"),
    ]  # fmt: skip

    def __init__(self, run: str) -> None:
        super().__init__(run)
        self._long = 0  # lines of the text to be sent when they do not all fit
        self._unfolded = False

    def body(self) -> Iterator[Widget]:
        """Lay the steps above the question, what a yes will send, and the answers."""
        yield Trail(self._steps, id="steps")
        yield Head(self._question, id="question", classes="asks")
        yield Page(self._preview, id="preview", classes="asks")
        yield Head(self._answers, id="answers", classes="asks")
        yield Input(id="note", max_length=200, select_on_focus=False)

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return name, state, time and who."""
        row = self.row
        if row is None:
            return [said(f"Waiting for the journal to show run {self.run}…", self.look.dim)]
        others = [run for run in board.runs if run.id != self.run]
        more = joined((f"← → {len(others)} other run{'s' * (len(others) > 1)}", self.look.dim)) if others else Text()
        return [
            run_title(row, board.at, width, self.look),
            run_facts(row, board.timezone, width, self.look, more),
        ]

    def follow(self) -> None:
        """Show what changed, and go to the step at hand when it is another one."""
        if self.notice():
            self.query_one("#preview", Page).scroll_home(animate=False, immediate=True)
        for panel in self.query(".asks"):
            panel.display = self.question is not None
            panel.set_class(self.sent is not None, "sent")
        self._show_alarms()
        self._fit()
        super().follow()
        self.refresh_bindings()
        self.call_after_refresh(self.query_one(Trail).go)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what was printed only where something was."""
        if action == "unfold":
            return self.row is not None and any(step.output for step in self.row.steps)
        return super().check_action(action, parameters)

    def alarms(self, board: Board) -> list[Banner]:
        """Say that the run goes by an older playbook."""
        return [Banner(CHANGED, self.look.warning)] if self.row is not None and self.row.changed else []

    def on_resize(self) -> None:
        """Share out the new height."""
        super().on_resize()
        self.call_after_refresh(self.follow)

    def action_read(self, by: int) -> None:
        """Turn a page of the text to be sent while it is longer than its room, else of the steps."""
        preview = self.query_one("#preview", Page)
        page = preview if self._long else self.query_one("#steps", Page)
        page.scroll_relative(y=by * max(1, page.size.height - 1), animate=False)

    def action_unfold(self) -> None:
        """Show all that the steps printed, or fold it away again."""
        self._unfolded = not self._unfolded
        self.follow()

    def action_other(self, by: int) -> None:
        """Show another run."""
        ids = [run.id for run in self.board.runs] if self.board else []
        if self.run in ids and 0 <= ids.index(self.run) + by < len(ids):
            self.run = ids[ids.index(self.run) + by]
            self._sent = None
            self.query_one(Trail).start_over()
            self.follow()

    def _fit(self) -> None:
        """Give the text to be sent the rows that nothing else needs."""
        preview, question = self.query_one("#preview", Page), self.question
        if question is None or not shows_preview(question):
            preview.display, self._long = False, 0
            return
        width = max(8, self.size.width - PREVIEW_EDGE)
        lines = len(preview_lines(question, width, self.look))
        # A panel that has only just appeared has no lines of its own yet.
        rows = {"question": len(self._question(width + 1)), "answers": len(self._answers(width + 1))}
        others = [widget for widget in self.children if widget.display and widget.id not in ("steps", "preview")]
        taken = sum(rows.get(widget.id or "", _rows(widget)) + widget.styles.margin.height for widget in others)
        room = max(2, self.size.height - taken - min(STEPS_KEPT, len(self.query_one("#steps", Page).lines)))
        preview.styles.height = min(lines, room)
        self._long = lines if lines > room else 0

    def _steps(self, width: int) -> list[Text]:
        board, row = self.board, self.row
        if board is None or row is None:
            return []
        lines: list[Text] = []
        trail, here = self.query_one(Trail), current_step(row)
        trail.at_hand = None
        for number, step in enumerate(row.steps, 1):
            first, ended = len(lines), row.ended is not None
            lines += step_lines(step, number, board.at, board.timezone, width, self.look, ended=ended,
                                unfolded=self._unfolded)  # fmt: skip
            if step is here:
                trail.at_hand = (f"{row.id} {step.id} {step.state} {step.attempt}", first, len(lines) - 1)
        return lines

    def _question(self, width: int) -> list[Text]:
        return question_lines(self.question, width, self.look, long=self._long) if self.question else []

    def _preview(self, width: int) -> list[Text]:
        return preview_lines(self.question, width, self.look) if self.question and shows_preview(self.question) else []

    def _answers(self, width: int) -> list[Text]:
        if self.question is None:
            return []
        words = self.sent.words if self.sent else ""
        return answer_lines(self.row, self.question, words, self.note, self.asker, width, self.look)


def _rows(widget: Widget) -> int:
    return len(widget.lines) if isinstance(widget, Head | Live) else 1
