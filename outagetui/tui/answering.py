"""What an operator says to a run: answers, approvals, going on alone, taking it over, ending it, standing it down.

Everything is sent once and then waited for in the journal; nothing typed before a question was there answers it.
"""

from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from outagetui.board.rows import RunRow, StepRow
from outagetui.core.model import SHORTEST_REASON
from outagetui.core.orders import Abort, Answer, Approve, Order, Start, Take
from outagetui.core.text import clean
from outagetui.core.words import RunState
from outagetui.tui.operator import Front, Operator
from outagetui.tui.widgets.questions import APPROVE, WORDS, Asker, Choice, choices, may_be_second

PATIENCE = 10.0  # seconds in which what was ordered may not be ordered again, unless the journal answered
# Seconds a question stands before it takes an answer: keys typed before it was there are not meant for it.
READING = 0.7
READ_FIRST = ("yes", APPROVE)  # answers that do what has to be read before
ORDERS = {"abort": "end the run", "take": "take the run over", "stand_down": "stand down"}
Asked = tuple[str, str, int, str]  # what is asked: run, step, attempt, and its answers with the hash


class Sent(Struct, frozen=True):
    """An order that the journal has not shown yet: in which words, when, and the run as it was then."""

    words: str
    at: float
    run: RunRow


class Answering:
    """Speaks with `run` for the operator at a screen: knows what it asks, since when, and what was sent to it."""

    def __init__(self, screen: Front, run: str) -> None:
        self._screen = screen
        self.run = run
        self.note = ""
        self._sent: Sent | None = None
        self._asked: Asked | None = None
        self._asked_at: float | None = None  # when it stood before somebody's eyes
        self.unread = 0  # lines of what a yes will do that were not in sight yet

    @property
    def _operator(self) -> Operator:
        return self._screen.operator

    @property
    def row(self) -> RunRow | None:
        """The run as last seen."""
        board = self._operator.board
        return next((run for run in board.runs if run.id == self.run), None) if board else None

    @property
    def question(self) -> StepRow | None:
        """The step that waits for an answer."""
        return self.row.asking if self.row is not None else None

    @property
    def asker(self) -> Asker:
        """Who looks at it."""
        return Asker(self._operator.orders.role, self._operator.actor, self._operator.clock())

    @property
    def sent(self) -> Sent | None:
        """The order on its way, until the run changes or patience ends."""
        sent = self._sent
        if sent is None or sent.run != self.row or self._operator.clock() - sent.at >= PATIENCE:
            return None
        return sent

    @property
    def fresh(self) -> bool:
        """Whether the question has only just appeared, so that a key may have been typed before it was there."""
        if self._asked_at is None or self._what() != self._asked:
            return True
        return 0 <= self._operator.clock() - self._asked_at < READING

    @property
    def takes_notes(self) -> bool:
        """Whether there is, or will be, an answer that a note can go with."""
        return self.row is not None and self.row.ended is None and self._operator.orders.role != "viewer"

    def notice(self, *, in_front: bool) -> bool:
        """Remember the question at hand and when it came; return whether it is another one.

        `in_front`: somebody sees it, because no other screen covers this one.
        """
        asked = self._what()
        if asked == self._asked:
            return False
        if self._asked is not None:
            self.note = ""
        self._asked, self._asked_at = asked, self._operator.clock() if in_front else None
        return True

    def uncovered(self) -> None:
        """Count from now how long a question has been before somebody's eyes."""
        if self._asked_at is None:
            self._asked_at = self._operator.clock()

    def moved(self) -> None:
        """Count anew how long a question has stood, since it stands elsewhere on the screen now."""
        if self._asked_at is not None:
            self._asked_at = self._operator.clock()

    def turn_to(self, run: str) -> None:
        """Speak with another run from now on."""
        self.run, self._sent = run, None

    def takes(self, action: str, key: str = "") -> bool:
        """Return whether the run takes this now: an `answer` by its key, or another order by its name."""
        row, question = self.row, self.question
        if action == "answer":
            return self._chosen(key) is not None
        if action == "break_glass":
            return question is not None and "break-glass" in question.answers
        if row is None or action == "abort":
            return row is not None and row.ended is None
        if action == "take":
            return row.ended is None and self._operator.actor not in ("", row.actor)
        runs = self._operator.board.runs if self._operator.board else ()
        back = (run for run in runs if run.stands_down == row.id)
        stood_down = any(run.ended is None or run.state == RunState.DONE for run in back)
        return row.ended is not None and not row.stands_down and not stood_down

    def answer(self, key: str) -> None:
        """Send the answer that the key stands for, once; a step is skipped after a second look."""
        question, choice = self.question, self._chosen(key)
        if question is None or choice is None or not self._open("answer"):
            return
        if choice.answer in READ_FIRST and self._unread():
            return
        if choice.answer == WORDS:
            self._ask_first(self._say(question))
        elif choice.answer == "skip":
            self._ask_first(self._skip(question))
        elif choice.answer == APPROVE:
            self._send(choice.words, Approve(run=self.run, step=question.id, hash=question.hash))
        else:
            self._give(question, choice.answer, choice.words, self.note)

    def order(self, what: str) -> None:
        """After a second look `abort`, `take` over or `stand_down` the run, or go on alone (`break_glass`)."""
        question = self.question
        if what == "break_glass":
            if question is not None and self._open("go on alone") and not self._unread():
                self._ask_first(self._break_glass(question))
        elif self._operator.may(ORDERS[what]):
            self._ask_first(self._order(what))

    def keep(self, note: str) -> None:
        """Keep a note for the answer to come, or say why not."""
        if self.takes_notes:
            self.note = note
            if note and self.question is None:
                self._operator.tell("the note goes with the next answer")
        elif note:
            self._operator.tell("the note was not kept: there is nothing to answer here", "warning")

    def _ask_first(self, asking: Coroutine[Any, Any, None]) -> None:
        self._screen.run_worker(asking, exclusive=True, group="confirm")

    def _what(self) -> Asked | None:
        question = self.question
        if question is None:
            return None
        return self.run, question.id, question.attempt, f"{' '.join(question.answers)} {question.hash}"

    def _chosen(self, key: str) -> Choice | None:
        row, question = self.row, self.question
        if row is None or question is None:
            return None
        found = choices(question, second=may_be_second(row, question, self.asker))
        return next((choice for choice in found if choice.key == key), None)

    def _open(self, what: str) -> bool:
        """Whether an answer may be sent now, after saying why if not."""
        if self._waits() or not self._operator.may(what):
            return False
        if self.fresh:
            self._operator.tell("this question has only just appeared: read it, then press the key again")
            return False
        return True

    def _unread(self) -> bool:
        """Whether part of what a yes will do was never in sight, after saying so."""
        if self.unread:
            lines = f"{self.unread} more line{'s' * (self.unread != 1)}"
            self._operator.tell(f"read it to its end first: PgDn shows {lines}")
        return self.unread > 0

    def _waits(self) -> bool:
        if self.sent is not None:
            self._operator.tell(f"already sent: {self.sent.words}; waiting for the journal")
        return self.sent is not None

    def _give(self, question: StepRow, answer: str, words: str, note: str) -> None:
        given = Answer(run=self.run, step=question.id, attempt=question.attempt, answer=answer, note=note)
        self._send(words, given)

    def _still(self, what: Asked | None) -> bool:
        """Whether the run still asks `what`, and nothing was sent to it meanwhile."""
        if what != self._what():
            self._operator.tell("nothing was sent: the run asks something else by now", "warning")
            return False
        return not self._waits()

    async def _skip(self, question: StepRow) -> None:
        what = self._what()
        asked = await self._operator.confirm(f"Leave out this step? {clean(question.title)}", "It will not be done.")
        if asked and self._still(what):
            self._give(question, "skip", "skip it", self.note)

    async def _say(self, question: StepRow) -> None:
        what = self._what()
        said = await self._operator.public_words(
            "People read these words too. You see the whole text before it is sent."
        )
        if said is not None and self._still(what):
            self._give(question, WORDS, "your words for the text", said)

    async def _break_glass(self, question: StepRow) -> None:
        what = self._what()
        words = f"Go on alone, without the second person? {clean(question.title or question.question)}"
        warning = "Your name and these words stand on every screen and on the wall until the incident is over."
        reason = await self._operator.reason(words, warning, SHORTEST_REASON)
        if reason is not None and self._still(what):
            self._give(question, "break-glass", "go on alone", reason)

    async def _order(self, what: str) -> None:
        row = self.row
        if row is None or self._waits():
            return
        confirm = self._operator.confirm
        if what == "abort":
            undone = "What was done stays done; the step in progress finishes."
            if await confirm(f"End the run of {row.name}?", undone):
                self._send("end the run", Abort(run=row.id))
        elif what == "take":
            words = f"Take over run {clean(row.id, 12)} of {clean(row.name, 60)} from {clean(row.actor, 40)}?"
            if await confirm(words, "The journal keeps that you did."):
                self._send("take it over", Take(run=row.id))
        elif await confirm(f"Stand down {row.name}: take back what it has done, the last thing first?"):
            self._send("stand down", Start(stand_down=row.id))

    def _send(self, words: str, order: Order) -> None:
        if self.row is not None:
            self._sent = Sent(words, self._operator.clock(), self.row)
        self._screen.run_worker(self._follow_order(order), group="orders")
        self._screen.follow()

    async def _follow_order(self, order: Order) -> None:
        reply = await self._operator.order(order)
        if not reply.get("ok"):
            self._sent = None
            self._screen.follow()
        elif isinstance(order, Start) and (run := str(reply.get("run") or "")):
            self.turn_to(run)
            self._screen.follow()
