"""Giving a run its orders: answers, approvals, going on alone, notes, taking it over, ending it, standing it down.

Everything is sent once and then waited for in the journal; nothing typed before a question was there answers it.
"""

from typing import ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.widgets import Input

from outagetui.board.rows import RunRow
from outagetui.core.text import clean
from outagetui.facts.step_row import SHORTEST_REASON, StepRow
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.questions import APPROVE, Asker, Choice, choices, may_be_second
from outagetui.tui.widgets.scrolling import Head, Page

PATIENCE = 10.0  # seconds in which an answer that was sent may not be sent again
READING = (
    0.7  # seconds a question stands before it takes an answer: keys typed before it was there are not meant for it
)
Asked = tuple[str, str, int, str]  # what is asked: run, step, attempt, and its answers with the hash


class Sent(Struct, frozen=True):
    """An order that the journal has not shown yet: in which words, when, and the run as it was then."""

    words: str
    at: float
    run: RunRow


class Answering(Opened):
    """A screen that shows the run `run` and takes what its operators say to it, below a field `#note`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('y')", "yes", id="run.yes",
                tooltip="Yes, do it; or: done by hand; or: approve exactly what is shown"),
        Binding("f", "answer('f')", "failed", id="run.failed", tooltip="What was done by hand did not work"),
        Binding("d", "answer('d')", "it happened", id="run.happened", tooltip="The unsure step did happen"),
        Binding("r", "answer('r')", "retry", id="run.retry", tooltip="Try the step again; or ask for approval anew"),
        *(Binding(str(number), f"answer('{number}')", "choose", show=False, id="run.choose",
                  tooltip="Choose the answer of that number") for number in range(1, 10)),
        Binding("S", "answer('S')", "skip", id="run.skip", tooltip="Leave the step out and go on, after a second look"),
        Binding("u", "answer('u')", "undo", id="run.undo", tooltip="Take the step back"),
        Binding("exclamation_mark", "break_glass", "go on alone", id="run.break-glass", key_display="!",
                tooltip="Go on without the second person, with a reason that everybody sees"),
        Binding("n", "note", "note", id="run.note", tooltip="Add a note to the answer"),
        Binding("x", "abort", "end run", id="run.abort", tooltip="End the run; what was done stays done"),
        Binding("T", "take", "take over", id="run.take", tooltip="Make another operator's run yours"),
        Binding("D", "stand_down", "stand down", id="run.stand-down", tooltip="Take back what the run has done"),
    ]  # fmt: skip

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run
        self.note = ""
        self._sent: Sent | None = None
        self._asked: Asked | None = None
        self._asked_at: float | None = None  # when it stood before somebody's eyes

    @property
    def row(self) -> RunRow | None:
        """The run as last seen."""
        return next((run for run in self.board.runs if run.id == self.run), None) if self.board else None

    @property
    def question(self) -> StepRow | None:
        """The step that waits for an answer."""
        return self.row.asking if self.row is not None else None

    @property
    def asker(self) -> Asker:
        """Who looks at it."""
        return Asker(self.operator.orders.role, self.operator.actor, self.operator.clock())

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

    def notice(self) -> bool:
        """Remember the question at hand and when it came; return whether it is another one."""
        asked = self._what()
        if asked == self._asked:
            return False
        if self._asked is not None:
            self.note = ""
        self._asked, self._asked_at = asked, self.operator.clock() if self.app.screen is self else None
        return True

    def on_screen_resume(self) -> None:
        """Count from now how long a question has been before somebody's eyes."""
        if self._asked_at is None:
            self._asked_at = self.operator.clock()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the keys that the question at hand takes, and no others."""
        row, question = self.row, self.question
        if action == "answer":
            return self._chosen(str(parameters[0])) is not None
        if action == "break_glass":
            return question is not None and "break-glass" in question.answers
        if action == "abort":
            return row is not None and row.ended is None
        if action == "take":
            return row is not None and row.ended is None and self.operator.actor not in ("", row.actor)
        if action == "stand_down":
            return row is not None and row.ended is not None and not row.stands_down and not self._stood_down(row)
        return True

    def offers(self, action: str) -> bool:
        """Show the key of a note while there is something to answer."""
        return action != "note" or self.question is not None

    def action_answer(self, key: str) -> None:
        """Send the answer that the key stands for, once; a step is skipped after a second look."""
        question, choice = self.question, self._chosen(key)
        if question is None or choice is None or not self._open("answer"):
            return
        if choice.answer == "skip":
            self.run_worker(self._skip(question), exclusive=True, group="confirm")
        elif choice.answer == APPROVE:
            self._send(choice.words, "approve", run=self.run, step=question.id, hash=question.hash)
        else:
            self._give(question, choice.answer, choice.words, self.note)

    def action_break_glass(self) -> None:
        """Go on without the second person, after typing why."""
        question = self.question
        if question is not None and self._open("go on alone"):
            self.run_worker(self._break_glass(question), exclusive=True, group="confirm")

    def action_abort(self) -> None:
        """End the run after a second look."""
        if self.may("end the run"):
            self.run_worker(self._abort(), exclusive=True, group="confirm")

    def action_take(self) -> None:
        """Make the run this operator's after a second look."""
        if self.may("take the run over"):
            self.run_worker(self._take(), exclusive=True, group="confirm")

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
        if question is None:
            return None
        return self.run, question.id, question.attempt, f"{' '.join(question.answers)} {question.hash}"

    def _chosen(self, key: str) -> Choice | None:
        question = self.question
        if question is None:
            return None
        found = choices(question, second=may_be_second(self.row, question, self.asker))
        return next((choice for choice in found if choice.key == key), None)

    def _open(self, what: str) -> bool:
        """Whether an answer may be sent now, after saying why if not."""
        if self._waits() or not self.may(what):
            return False
        if self.fresh:
            self.operator.tell("this question has only just appeared: read it, then press the key again")
            return False
        return True

    def _waits(self) -> bool:
        if self.sent is not None:
            self.operator.tell(f"already sent: {self.sent.words}; waiting for the journal")
        return self.sent is not None

    def _give(self, question: StepRow, answer: str, words: str, note: str) -> None:
        fields = {"run": self.run, "step": question.id, "attempt": question.attempt, "answer": answer}
        self._send(words, "answer", **fields, note=note)

    def _still(self, what: Asked | None) -> bool:
        """Whether the run still asks `what`, and nothing was sent to it meanwhile."""
        if what != self._what():
            self.operator.tell("nothing was sent: the run asks something else by now", "warning")
            return False
        return not self._waits()

    async def _skip(self, question: StepRow) -> None:
        what = self._what()
        asked = await self.operator.confirm(f"Leave out this step? {clean(question.title)}", "It will not be done.")
        if asked and self._still(what):
            self._give(question, "skip", "skip it", self.note)

    async def _break_glass(self, question: StepRow) -> None:
        from outagetui.tui.screens.ask import Reason

        what = self._what()
        words = f"Go on alone, without the second person? {clean(question.title or question.question)}"
        warning = "Your name and these words stand on every screen and on the wall until the incident is over."
        reason: str | None = await self.app.push_screen_wait(Reason(words, warning, SHORTEST_REASON))
        if reason is not None and self._still(what):
            self._give(question, "break-glass", "go on alone", reason)

    async def _abort(self) -> None:
        row = self.row
        if row is None or self._waits():
            return
        undone = "What was done stays done; the step in progress finishes."
        if await self.operator.confirm(f"End the run of {row.name}?", undone):
            self._send("end the run", "abort", run=row.id)

    async def _take(self) -> None:
        row = self.row
        if row is None or self._waits():
            return
        words = f"Take over run {clean(row.id, 12)} of {clean(row.name, 60)} from {clean(row.actor, 40)}?"
        if await self.operator.confirm(words, "The journal keeps that you did."):
            self._send("take it over", "take", run=row.id)

    async def _stand_down(self) -> None:
        row = self.row
        if row is None or self._waits():
            return
        if await self.operator.confirm(f"Stand down {row.name}: take back what it has done, the last thing first?"):
            self._send("stand down", "start", stand_down=row.id)

    def _stood_down(self, row: RunRow) -> bool:
        runs = self.board.runs if self.board is not None else ()
        return any(run.stands_down == row.id and (run.ended is None or run.state == "done") for run in runs)

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
