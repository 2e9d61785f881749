"""Runs under a state machine: crashes, answers, aborts and clock jumps in any order, against what truly happened."""

import asyncio
import random
from collections import Counter
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from outagetui import actions
from outagetui.actions import Result
from outagetui.core.orders import OrderError
from outagetui.facts.events import RunStarted, StepAsked, StepEnded, StepIntended, StepPlan
from outagetui.facts.run import Run
from outagetui.playbook.runner import Runner
from tests.kit.journal_rules import JournalRules
from tests.kit.runner_in_memory import Effects, MemoryJournal, activate, crash, manual, open_step, runner_of, verify
from tests.kit.virtual_loop import VirtualLoop

MOODS = ("well", "well", "well", "fails", "breaks", "hangs before", "hangs after", "unsure", "so already")
PEOPLE = ("ada", "bob", "cyd")


def command(name: str, **more: Any) -> StepPlan:
    """A step that acts outside, and its way back."""
    undo = {"do": "command", "options": {}, "what": f"take {name} back"}
    return StepPlan(
        id=name, do="command", what=f"do {name}", undo=undo, facts={"argv": [name]}, **{"timeout": 5.0, **more}
    )


CHOICE = StepPlan(id="which", do="choose", say="Which?", what="Which?", answers=(("a", "A"), ("b", "B")))
STEPS = (
    manual("sure"),
    CHOICE,
    command("one"),
    command("two", needs="confirm", on_failure="continue"),
    activate("switch", "phone"),
    command("only-a", only_if=("which=a",)),
    verify("proof", on_failure="continue"),
    command("three", needs="two-person"),
    command("four", on_failure="stop"),
)


class Runs(RuleBasedStateMachine):
    """`happened` is the truth: what was done outside, by run and step, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.jump = 0.0
        self.journal = MemoryJournal(lambda: 1e9 + self.loop.time() + self.jump)
        self.effects = Effects(lambda: "well")
        self.moods, self.journal_rules, self.seen = ["well"], JournalRules(), 0
        self.happened: Counter[tuple[str, str]] = Counter()
        self.patched = mock.patch.multiple(actions, act=self._act, recover=self._recover)
        self.real_act, self.real_recover = actions.act, actions.recover
        self.patched.start()
        self.runner: Runner = runner_of(self.journal, self.effects)

    def teardown(self) -> None:
        self.moods, self.jump = ["well"], 0.0
        for _ in range(400):
            run = next((run for run in self.journal.ledger.runs.values() if run.ended is None), None)
            if run is None:
                break
            row = open_step(run)
            if row is not None and row.state != "doing":
                known = [each for each in ("done", "skip", "a", "abort") if each in row.answers]
                self._do(self._order(self.runner.answer("cyd", run.id, row.id, row.attempt, known[0])))
            self._do(asyncio.sleep(3.0))
        self.rules_hold()
        assert not self.runner.busy
        self._do(self.runner.aclose())
        self.patched.stop()
        self.loop.close()

    def _do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @staticmethod
    async def _order(order: Any) -> bool:
        try:
            await order
        except OrderError:
            return False
        return True

    async def _act(self, plan: StepPlan, effects: Any) -> Result:
        if plan.do != "command":
            return await self.real_act(plan, effects)
        back = not self.journal.ledger.runs[effects.run].stands_down  # an undo within a run has the intent of its step
        self.moods = [*self.moods[1:], self.moods[0]]
        mood, key = self.moods[-1], (effects.run, plan.id.removeprefix("undo-") if back else plan.id)
        await asyncio.sleep(0.3)
        if mood == "so already":
            return Result(True, "was so", changed=False)
        if mood == "fails":
            return Result(False, "did not work")
        if mood == "breaks":
            raise RuntimeError("a bug")
        await asyncio.sleep(1e6 if mood == "hangs before" else 0.3)
        self.happened[key] += 1
        await asyncio.sleep(1e6 if mood == "hangs after" else 0.3)
        return Result(mood == "well", mood, unsure=mood == "unsure")

    async def _recover(self, plan: StepPlan, effects: Any) -> Result | str | None:
        if plan.do != "command":
            return await self.real_recover(plan, effects)
        return "it may be done"

    @initialize(
        steps=st.lists(st.sampled_from(STEPS), min_size=1, unique_by=lambda step: step.id),
        seed=st.integers(0, 2**32),
    )
    def begin(self, steps: list[StepPlan], seed: int) -> None:
        self.moods = random.Random(seed).choices(MOODS, k=20)  # drawn one by one, nearly all would be the first
        named = {step.id for step in steps}
        kept = tuple(step for step in STEPS if step.id in named and all("which" in named for _ in step.only_if))
        self._do(self.runner.start("ada", "book", "Book", kept or (manual("sure"),)))

    @rule(seconds=st.sampled_from([0.1, 0.4, 0.7, 6.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self._do(asyncio.sleep(seconds))

    @rule(seconds=st.sampled_from([-86400.0, -700.0, 700.0, 86400.0]))
    def jump_the_clock(self, seconds: float) -> None:
        self.jump += seconds

    @rule(data=st.data(), who=st.sampled_from(PEOPLE), off=st.sampled_from([0, 0, 0, 0, 1]))
    def answer(self, data: st.DataObject, who: str, off: int) -> None:
        run = self._open()
        row = open_step(run) if run is not None else None
        if run is None or row is None or row.state == "doing":
            return
        answer = data.draw(st.sampled_from([*(each for each in row.answers if each != "abort"), "yes", "nonsense"]))
        order = self.runner.answer(who, run.id, row.id, row.attempt + off, answer, "a reason long enough")
        taken = self._do(self._order(order))
        assert not (taken and (off or answer not in row.answers))

    @rule(who=st.sampled_from(PEOPLE))
    def approve(self, who: str) -> None:
        run = self._open()
        row = open_step(run) if run is not None else None
        if run is not None and row is not None and row.hash:
            people, now = set(run.people), 1e9 + self.loop.time() + self.jump
            taken = self._do(self._order(self.runner.approve(who, run.id, row.id, row.hash, approver=who != "ada")))
            if taken:
                assert who not in people
                assert row.at is not None
                assert row.until is not None
                assert row.at <= now <= row.until

    @rule(who=st.sampled_from(PEOPLE))
    def take_over(self, who: str) -> None:
        run = self._open()
        if run is not None:
            self._do(self._order(self.runner.take(who, run.id)))

    @rule()
    def kill(self) -> None:
        self.journal = self._do(crash(self.journal, self.runner))
        self.runner = runner_of(self.journal, self.effects)
        self._do(self._resume())

    async def _resume(self) -> None:
        self.runner.resume()

    @precondition(lambda self: self._open() is not None and len(self.journal.entries) > 8)
    @rule()
    def give_up(self) -> None:
        run = self._open()
        assert run is not None
        self._do(self._order(self.runner.abort("bob", run.id)))

    @precondition(lambda self: self._open() is None)
    @rule()
    def stand_down(self) -> None:
        for run in list(self.journal.ledger.runs):
            if not self.journal.ledger.runs[run].stands_down:
                self._do(self._order(self.runner.stand_down("bob", run)))

    def _open(self) -> Run | None:
        return next((run for run in self.journal.ledger.runs.values() if run.ended is None), None)

    @invariant()
    def rules_hold(self) -> None:
        for entry in self.journal.entries[self.seen :]:
            self.journal_rules.take(entry)
        self.seen = len(self.journal.entries)

    @invariant()
    def nothing_happened_without_an_intent_of_its_own(self) -> None:
        """Together with the rules, which let no second intent pass without a word, nothing is repeated unasked."""
        intents = Counter((event.run, event.step) for event in self.journal.events(StepIntended))
        for key, times in self.happened.items():
            assert times <= intents[key], f"{key} happened {times} times for {intents[key]} intents"

    @invariant()
    def only_what_happened_is_taken_back(self) -> None:
        starts = {event.run: event for event in self.journal.events(RunStarted)}
        done = {(e.run, e.step): e for e in self.journal.events(StepEnded) if e.outcome == "done"}
        doubted = {(e.run, e.step) for e in self.journal.events(StepAsked) if e.why == "unsure"}
        for start in starts.values():
            for plan in start.steps if start.stands_down else ():
                if plan.do == "command":
                    key = start.stands_down, plan.id.removeprefix("undo-")
                    assert key in done or key in doubted, f"{plan.id} takes back what never happened"
                    assert key not in done or done[key].changed, f"{plan.id} takes back what was so before"


Runs.TestCase.settings = settings(max_examples=250, stateful_step_count=40, suppress_health_check=list(HealthCheck))
TestRuns = Runs.TestCase
