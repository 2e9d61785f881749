"""A run: its steps as the journal tells them, and the question that waits for an operator."""

from collections.abc import Iterator
from typing import ClassVar

from msgspec import Struct
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from outagetui.rows import Board, RunRow, StepRow
from outagetui.tui.screens.announcement import AnnouncementScreen
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.ink import joined, said
from outagetui.tui.widgets.page import Head, Page
from outagetui.tui.widgets.steps import key_of, question_lines, run_facts, run_title, step_lines, why_asked

PATIENCE = 10.0  # seconds in which an answer that was sent may not be sent again


class Sent(Struct, frozen=True):
    """An order that the journal has not shown yet: in which words, when, and the run as it was then."""

    words: str
    at: float
    run: RunRow


class RunScreen(Opened):
    """Shows one run and takes the answers. Everything on it comes from the journal, nothing from a reply."""

    DEFAULT_CSS = """
    RunScreen #question { height: 0; border-left: outer $warning; padding: 0 1; margin-top: 1; }
    RunScreen #question.sent { border-left: outer $primary; }
    RunScreen #note { height: 1; border: none; padding: 0 1; display: none; }
    RunScreen #note.open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('y')", "yes", id="run.yes", tooltip="Yes, do it; or: done by hand"),
        Binding("f", "answer('f')", "failed", id="run.failed", tooltip="What was done by hand did not work"),
        Binding("d", "answer('d')", "it happened", id="run.happened", tooltip="The unsure step did happen"),
        Binding("r", "answer('r')", "retry", id="run.retry", tooltip="Try the step again"),
        Binding("s", "answer('s')", "skip", id="run.skip", tooltip="Leave the step out and go on"),
        Binding("u", "answer('u')", "undo", id="run.undo", tooltip="Take the step back"),
        Binding("n", "note", "note", id="run.note", tooltip="Add a note to the answer"),
        Binding("x", "abort", "end run", id="run.abort", tooltip="End the run; what was done stays done"),
        Binding("D", "stand_down", "stand down", id="run.stand-down", tooltip="Take back what the run has done"),
        Binding("t", "told", "told", show=False, id="run.told", tooltip="Show what was announced, and where it went"),
        Binding("left", "other(1)", "older run", show=False, id="run.older", tooltip="The run before this one"),
        Binding("right", "other(-1)", "newer run", show=False, id="run.newer", tooltip="The run after this one"),
    ]

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run
        self.note = ""
        self._sent: Sent | None = None
        self._asked: tuple[str, str, int] | None = None

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

    def body(self) -> Iterator[Widget]:
        """Lay the steps above the question."""
        yield Page(self._steps, id="steps")
        yield Head(self._question, id="question")
        yield Input(id="note", placeholder="a note for the journal; Enter keeps it, Esc leaves it", max_length=200)

    def on_mount(self) -> None:
        """Show the question, if there is one, from the start."""
        super().on_mount()
        self.call_after_refresh(self.follow)

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
        """Show what changed, and go to the step that asks when it is another one."""
        asked = (self.run, self.question.id, self.question.attempt) if self.question else None
        if asked != self._asked:
            if self._asked is not None:
                self.note = ""
                self._close_note()
            self._asked = asked
        panel = self.query_one("#question", Page)
        panel.display = self.question is not None
        super().follow()
        panel.set_class(self.sent is not None, "sent")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the keys that the question at hand takes, and no others."""
        row, question = self.row, self.question
        if action == "answer":
            return question is not None and self._answer(question, str(parameters[0])) is not None
        if action == "note":
            return question is not None and why_asked(question) == "manual"
        if action == "abort":
            return row is not None and row.ended is None
        if action == "stand_down":
            return row is not None and row.ended is not None and not row.stands_down and not self._stood_down(row)
        return True

    def action_answer(self, key: str) -> None:
        """Send the answer that the key stands for, once."""
        question = self.question
        answer = self._answer(question, key) if question else None
        if question is None or answer is None or self._waits() or not self.may("answer"):
            return
        words = key_of(question, answer)[1]
        fields = {"run": self.run, "step": question.id, "attempt": question.attempt, "answer": answer}
        self._send(words, "answer", **fields, note=self.note)

    def action_abort(self) -> None:
        """End the run after a second look."""
        if self.may("end the run"):
            self.run_worker(self._abort(), exclusive=True, group="confirm")

    def action_stand_down(self) -> None:
        """Start the run that takes this one back, after a second look."""
        if self.may("stand down"):
            self.run_worker(self._stand_down(), exclusive=True, group="confirm")

    def action_note(self) -> None:
        """Open the line for a note."""
        field = self.query_one("#note", Input)
        field.value = self.note
        field.add_class("open")
        field.focus()

    def action_back(self) -> None:
        """Close the note if it is open, else leave the screen; the run goes on."""
        if self.query_one("#note", Input).has_class("open"):
            self._close_note()
        else:
            super().action_back()

    def action_told(self) -> None:
        """Show the newest announcement."""
        self.app.push_screen(AnnouncementScreen())

    def action_other(self, by: int) -> None:
        """Show another run."""
        ids = [run.id for run in self.board.runs] if self.board else []
        if self.run in ids and 0 <= ids.index(self.run) + by < len(ids):
            self.run = ids[ids.index(self.run) + by]
            self._sent = None
            self.follow()
            self.query_one("#steps", Page).scroll_home(animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the note for the answer to come."""
        self.note = event.value.strip()
        self._close_note()
        self.follow()

    def _close_note(self) -> None:
        self.query_one("#note", Input).remove_class("open")
        self.query_one("#steps", Page).focus()

    @staticmethod
    def _answer(question: StepRow, key: str) -> str | None:
        return next((answer for answer in question.answers if key_of(question, answer)[0] == key), None)

    def _waits(self) -> bool:
        if self.sent is not None:
            self.operator.tell(f"already sent: {self.sent.words}; waiting for the journal")
        return self.sent is not None

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

    def _steps(self, width: int) -> list[Text]:
        board, row = self.board, self.row
        if board is None or row is None:
            return []
        lines: list[Text] = []
        for number, step in enumerate(row.steps, 1):
            lines += step_lines(step, number, board.at, board.timezone, width, self.look)
        return lines

    def _question(self, width: int) -> list[Text]:
        if self.question is None:
            return []
        words = self.sent.words if self.sent else ""
        return question_lines(self.question, words, self.note, self.operator.orders.role, width, self.look)
