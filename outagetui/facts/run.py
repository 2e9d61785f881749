"""One execution of a playbook as the journal tells it, with a record of each of its steps. Pure."""

from msgspec import Struct, field

from outagetui.core.model import Entry
from outagetui.core.words import STEP_ASKS, RunState, StepState, Why
from outagetui.facts import events
from outagetui.facts.events import StepPlan


class StepRecord(Struct):
    """A step of a run. `state` is waiting, asking, doing, done, failed, skipped, undone or unsure.

    `asked` is the last question and `answered` what was said to it, by `actor`. `at` is when the last entry of the
    step was made, and `detail` what it said.
    """

    plan: StepPlan
    state: str = StepState.WAITING
    attempt: int = 0
    at: float | None = None
    asked: events.StepAsked | None = None
    answered: events.StepAnswered | None = None
    actor: str = ""
    words: str = ""  # what an operator has people read besides
    tries: int = 0  # how often it was begun
    detail: str = ""
    output: str = ""  # what it printed, cleaned and capped
    changed: bool = True  # False when it was so already
    partly: bool = False  # it failed, and yet did something
    doubtful: bool = False  # nobody knows whether it happened

    @property
    def question(self) -> events.StepAsked | None:
        """The question that waits for an answer."""
        return self.asked if self.state in STEP_ASKS else None

    @property
    def said(self) -> str:
        """The answer to the last question; empty while there is none."""
        return self.answered.answer if self.answered is not None else ""

    @property
    def effective(self) -> bool:
        """Whether it did something that may be taken back."""
        return self.partly or (self.state == StepState.DONE and self.changed)


class Run(Struct):
    """One execution of a playbook as the journal tells it, with its steps by id in their order."""

    id: str
    playbook: str
    name: str
    digest: str
    started: float
    actor: str
    steps: dict[str, StepRecord]
    started_by: str = ""
    alone: list[tuple[float, str, events.StepAnswered]] = []  # each time it went on without the second person it needs
    people: set[str] = field(default_factory=set)  # who asked for what it does: none of them can be its second person
    primaries: dict[str, str] = {}
    up_for: float = 0.0
    stands_down: str = ""
    state: str = RunState.RUNNING
    ended: float | None = None

    def apply(self, event: events.StepEvent, entry: Entry) -> None:
        """Take one more entry of one of its steps into account."""
        step = self.steps.get(event.step)
        if step is None:
            return
        step.attempt, step.at = event.attempt, entry.at
        match event:
            case events.StepAsked(why=why):
                self.state = RunState.ASKING
                step.state = StepState.UNSURE if why == Why.UNSURE else StepState.ASKING
                step.asked, step.answered, step.doubtful = event, None, step.doubtful or why == Why.UNSURE
            case events.StepAnswered(answer=answer, note=note):
                self.state = RunState.RUNNING
                if answer == "break-glass":
                    self.alone.append((entry.at, entry.actor, event))
                if answer in ("again", "words"):
                    self.people.add(entry.actor)
                if answer == "words":
                    step.words = note
                step.state, step.detail = StepState.WAITING, f"{answer}: {note}" if note else answer
                step.answered, step.actor = event, entry.actor
            case events.StepIntended():
                step.state, step.tries = StepState.DOING, step.tries + 1
            case events.StepEnded(outcome=outcome):
                step.state, step.detail, step.output = outcome, event.detail, event.output
                step.changed, step.doubtful = event.changed, False
                step.partly = event.partly or (step.partly and outcome != StepState.UNDONE)

    def end(self, state: str, at: float) -> None:
        """Take up that it is over: nothing is asked any more, and what is in doubt stays so."""
        self.state, self.ended = state, at
        for step in self.steps.values():
            if step.doubtful and step.asked is not None:
                step.state, step.detail = StepState.UNSURE, step.asked.question
            elif step.state == StepState.ASKING:
                step.state = StepState.WAITING
            step.asked = None
