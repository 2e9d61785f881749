"""A run: its steps as the journal tells them, and the question that waits for an operator."""

from collections.abc import Iterator
from typing import ClassVar

from msgspec import Struct
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from outagetui.rows import Board, RunRow, StepRow
from outagetui.text import clean
from outagetui.tui.screens.announcement import AnnouncementScreen
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.ink import joined, said
from outagetui.tui.widgets.live import Live
from outagetui.tui.widgets.page import Head, Page, Trail
from outagetui.tui.widgets.steps import (
    answer_lines,
    current_step,
    key_of,
    preview_lines,
    question_lines,
    run_facts,
    run_title,
    shows_preview,
    step_lines,
)

PATIENCE = 10.0  # seconds in which an answer that was sent may not be sent again
READING = (
    0.7  # seconds a question stands before it takes an answer: keys typed before it was there are not meant for it
)
STEPS_KEPT = 3  # lines of the steps that a long text to be sent leaves in sight
PREVIEW_EDGE = 6  # cells that the screen's edge, the panel's edge and the scroll bar take of the width
Asked = tuple[str, str, int, str]  # what is asked: run, step, attempt and why


class Sent(Struct, frozen=True):
    """An order that the journal has not shown yet: in which words, when, and the run as it was then."""

    words: str
    at: float
    run: RunRow


class RunScreen(Opened):
    """Shows one run and takes the answers. Everything on it comes from the journal, nothing from a reply."""

    DEFAULT_CSS = """
    RunScreen .asks { height: 0; border-left: outer $warning; padding: 0 1; }
    RunScreen .asks.sent { border-left: outer $primary; }
    RunScreen #question { margin-top: 1; }
    RunScreen #note { height: 1; border: none; padding: 0 1; display: none; }
    RunScreen #note.open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('y')", "yes", id="run.yes", tooltip="Yes, do it; or: done by hand"),
        Binding("f", "answer('f')", "failed", id="run.failed", tooltip="What was done by hand did not work"),
        Binding("d", "answer('d')", "it happened", id="run.happened", tooltip="The unsure step did happen"),
        Binding("r", "answer('r')", "retry", id="run.retry", tooltip="Try the step again"),
        Binding("S", "answer('S')", "skip", id="run.skip", tooltip="Leave the step out and go on, after a second look"),
        Binding("u", "answer('u')", "undo", id="run.undo", tooltip="Take the step back"),
        Binding("n", "note", "note", id="run.note", tooltip="Add a note to the answer"),
        Binding("x", "abort", "end run", id="run.abort", tooltip="End the run; what was done stays done"),
        Binding("D", "stand_down", "stand down", id="run.stand-down", tooltip="Take back what the run has done"),
        Binding("t", "told", "told", show=False, id="run.told", tooltip="Show what was announced, and where it went"),
        Binding("pageup", "read(-1)", "read", show=False, id="run.pageup", priority=True,
                tooltip="A page up: of the text that will be sent, else of the steps"),
        Binding("pagedown", "read(1)", "read", show=False, id="run.pagedown", priority=True,
                tooltip="A page down, likewise"),
        Binding("left", "other(1)", "older run", show=False, id="run.older", tooltip="The run before this one"),
        Binding("right", "other(-1)", "newer run", show=False, id="run.newer", tooltip="The run after this one"),
    ]  # fmt: skip

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run
        self.note = ""
        self._sent: Sent | None = None
        self._asked: Asked | None = None
        self._asked_at: float | None = None  # when it stood before somebody's eyes
        self._long = 0  # lines of the text to be sent when they do not all fit

    @property
    def row(self) -> RunRow | None:
        """The run as last seen."""
        return next((run for run in self.board.runs if run.id == self.run), None) if self.board else None

    @property
    def question(self) -> StepRow | None:
        """The step that waits for an answer."""
        return self.row.asking if self.row is not None else None

    @property
    def sent(self) -> Sent | None:
        """The order on its way, until the run changes or patience ends."""
        sent = self._sent
        if sent is None or sent.run != self.row or self.operator.clock() - sent.at >= PATIENCE:
            return None
        return sent

    @property
    def fresh(self) -> bool:
        """Whether the question has only just appeared, so that a key may have been typed before it was there."""
        if self._asked_at is None or self._what() != self._asked:
            return True
        return 0 <= self.operator.clock() - self._asked_at < READING

    def body(self) -> Iterator[Widget]:
        """Lay the steps above the question, what a yes will send, and the answers."""
        yield Trail(self._steps, id="steps")
        yield Head(self._question, id="question", classes="asks")
        yield Page(self._preview, id="preview", classes="asks")
        yield Head(self._answers, id="answers", classes="asks")
        yield Input(id="note", max_length=200)

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
        asked = self._what()
        if asked != self._asked:
            if self._asked is not None:
                self.note = ""
            self._asked, self._asked_at = asked, self.operator.clock() if self.app.screen is self else None
            self.query_one("#preview", Page).scroll_home(animate=False, immediate=True)
        for panel in self.query(".asks"):
            panel.display = self.question is not None
            panel.set_class(self.sent is not None, "sent")
        self._show_alarms()
        self._fit()
        super().follow()
        self.refresh_bindings()
        self.call_after_refresh(self.query_one(Trail).go)

    def on_resize(self) -> None:
        """Share out the new height."""
        super().on_resize()
        self.call_after_refresh(self.follow)

    def on_screen_resume(self) -> None:
        """Count from now how long a question has been before somebody's eyes."""
        if self._asked_at is None:
            self._asked_at = self.operator.clock()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the keys that the question at hand takes, and no others."""
        row, question = self.row, self.question
        if action == "answer":
            return question is not None and self._answer(question, str(parameters[0])) is not None
        if action == "abort":
            return row is not None and row.ended is None
        if action == "stand_down":
            return row is not None and row.ended is not None and not row.stands_down and not self._stood_down(row)
        return True

    def offers(self, action: str) -> bool:
        """Show the key of a note while there is something to answer."""
        return action != "note" or self.question is not None

    def action_answer(self, key: str) -> None:
        """Send the answer that the key stands for, once; a step is skipped after a second look."""
        question = self.question
        answer = self._answer(question, key) if question else None
        if question is None or answer is None or self._waits() or not self.may("answer"):
            return
        if self.fresh:
            self.operator.tell("this question has only just appeared: read it, then press the key again")
        elif answer == "skip":
            self.run_worker(self._skip(question), exclusive=True, group="confirm")
        else:
            self._give(question, answer)

    def action_abort(self) -> None:
        """End the run after a second look."""
        if self.may("end the run"):
            self.run_worker(self._abort(), exclusive=True, group="confirm")

    def action_stand_down(self) -> None:
        """Start the run that takes this one back, after a second look."""
        if self.may("stand down"):
            self.run_worker(self._stand_down(), exclusive=True, group="confirm")

    def action_note(self) -> None:
        """Open the line for a note; also where no note is taken, so that its words are not read as keys."""
        field = self.query_one("#note", Input)
        field.placeholder = "a note for the journal; Enter keeps it, Esc leaves it"
        if not self._takes_notes():
            field.placeholder = "no note can be kept here; Esc leaves"
        elif self.question is None:
            field.placeholder = "a note for the next answer; Enter keeps it, Esc leaves it"
        field.value = self.note
        field.add_class("open")
        field.cursor_blink = False
        field.focus()
        for page in self.query(Page):
            page.can_focus = False  # words must not become keys because of a tab among them
        self.follow()

    def action_back(self) -> None:
        """Close the note if it is open, else leave the screen; the run goes on."""
        if self.query_one("#note", Input).has_class("open"):
            self._close_note()
        else:
            super().action_back()

    def action_read(self, by: int) -> None:
        """Turn a page of the text to be sent while it is longer than its room, else of the steps."""
        preview = self.query_one("#preview", Page)
        page = preview if self._long else self.query_one("#steps", Page)
        page.scroll_relative(y=by * max(1, page.size.height - 1), animate=False)

    def action_told(self) -> None:
        """Show the newest announcement."""
        self.app.push_screen(AnnouncementScreen())

    def action_other(self, by: int) -> None:
        """Show another run."""
        ids = [run.id for run in self.board.runs] if self.board else []
        if self.run in ids and 0 <= ids.index(self.run) + by < len(ids):
            self.run = ids[ids.index(self.run) + by]
            self._sent = None
            self.query_one(Trail).start_over()
            self.follow()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the note for the answer to come."""
        words = event.value.strip()
        if self._takes_notes():
            self.note = words
            if words and self.question is None:
                self.operator.tell("the note goes with the next answer")
        elif words:
            self.operator.tell("the note was not kept: there is nothing to answer here", "warning")
        self._close_note()

    def _takes_notes(self) -> bool:
        return self.row is not None and self.row.ended is None and self.operator.orders.role != "viewer"

    def _close_note(self) -> None:
        for page in self.query(Page):
            page.can_focus = not isinstance(page, Head)
        self.query_one("#note", Input).remove_class("open")
        self.query_one("#steps", Page).focus()
        self.follow()

    def _what(self) -> Asked | None:
        question = self.question
        return (self.run, question.id, question.attempt, " ".join(question.answers)) if question else None

    @staticmethod
    def _answer(question: StepRow, key: str) -> str | None:
        return next((answer for answer in question.answers if key_of(question, answer)[0] == key), None)

    def _waits(self) -> bool:
        if self.sent is not None:
            self.operator.tell(f"already sent: {self.sent.words}; waiting for the journal")
        return self.sent is not None

    def _give(self, question: StepRow, answer: str) -> None:
        words = key_of(question, answer)[1]
        fields = {"run": self.run, "step": question.id, "attempt": question.attempt, "answer": answer}
        self._send(words, "answer", **fields, note=self.note)

    async def _skip(self, question: StepRow) -> None:
        what, row = self._what(), self.row
        if row is None:
            return
        asked = await self.operator.confirm(f"Leave out this step? {clean(question.title)}", "It will not be done.")
        if asked and what != self._what():
            self.operator.tell("nothing was sent: the run asks something else by now", "warning")
        elif asked and not self._waits():
            self._give(question, "skip")

    async def _abort(self) -> None:
        row = self.row
        if row is None or self._waits():
            return
        undone = "What was done stays done; the step in progress finishes."
        if await self.operator.confirm(f"End the run of {row.name}?", undone):
            self._send("end the run", "abort", run=row.id)

    async def _stand_down(self) -> None:
        row = self.row
        if row is None or self._waits():
            return
        if await self.operator.confirm(f"Stand down {row.name}: take back what it has done, the last thing first?"):
            self._send("stand down", "start", stand_down=row.id)

    def _stood_down(self, row: RunRow) -> bool:
        return self.board is not None and any(run.stands_down == row.id for run in self.board.runs)

    def _send(self, words: str, order: str, **fields: object) -> None:
        if self.row is not None:
            self._sent = Sent(words, self.operator.clock(), self.row)
        self.run_worker(self._follow_order(order, fields), group="orders")
        self.follow()

    async def _follow_order(self, order: str, fields: dict[str, object]) -> None:
        reply = await self.operator.order(order, **fields)
        if not reply.get("ok"):
            self._sent = None
            self.follow()
        elif order == "start" and (run := str(reply.get("run") or "")):
            self.run, self._sent = run, None
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
            lines += step_lines(step, number, board.at, board.timezone, width, self.look, ended=ended)
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
        return answer_lines(self.question, words, self.note, self.operator.orders.role, width, self.look)


def _rows(widget: Widget) -> int:
    return len(widget.lines) if isinstance(widget, Head | Live) else 1
