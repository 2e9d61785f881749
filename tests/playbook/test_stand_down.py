"""Standing down: what a run really did is taken back once, in reverse, with the same care."""

from typing import Any

import pytest
from outagetui import actions
from outagetui.actions import Result
from outagetui.core.orders import OrderError
from outagetui.facts.events import StepPlan
from outagetui.playbook.runner import Runner
from tests.kit.runner_in_memory import Effects, MemoryJournal, activate, announce, open_step, row, runner_of, settle
from tests.kit.virtual_loop import run as in_virtual_time


def test_a_stand_down_takes_back_what_was_done_once() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (activate("a", "phone"), activate("b", "mail")))
        await settle()
        assert set(journal.ledger.active) == {"phone", "mail"}
        await runner.stand_down("ada", "r1")
        await settle()
        assert set(journal.ledger.active) == {"phone", "mail"}  # what came in meanwhile is asked about first
        await runner.answer("ada", "r2", "waiting", 1, "done")
        await settle()
        assert journal.ledger.active == {}
        with pytest.raises(OrderError, match=r"r1 was stood down already"):
            await runner.stand_down("ada", "r1")

    in_virtual_time(story())


def test_a_stand_down_that_was_given_up_may_be_begun_again() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (activate("a", "phone", needs="confirm"),))
        await settle()
        await runner.answer("ada", "r1", "a", 1, "yes")
        await settle()
        await runner.abort("ada", await runner.stand_down("ada", "r1"))
        await settle()
        assert set(journal.ledger.active) == {"phone"}
        back = await runner.stand_down("ada", "r1")
        await settle()
        await runner.answer("ada", back, "waiting", 1, "done")
        await settle()
        await runner.answer("ada", back, "undo-a", 1, "yes")
        await settle()
        assert journal.ledger.active == {}

    in_virtual_time(story())


def test_what_failed_halfway_and_was_skipped_is_taken_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    step = StepPlan(id="x", do="command", what="do x", facts={"argv": ["x"]}, undo={"do": "command", "what": "undo x"})
    done: list[str] = []

    async def act(plan: StepPlan, effects: object) -> Result:
        done.append(plan.id)
        return Result(plan.id != "x", "half of it", partly=True)

    async def story() -> None:
        monkeypatch.setattr(actions, "act", act)
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (step,))
        await settle()
        await runner.answer("ada", "r1", "x", row(journal, "x").attempt, "skip")
        await settle()
        await runner.stand_down("ada", "r1")
        await settle()
        await runner.answer("ada", "r2", "undo-x", 1, "yes")
        await settle()
        assert done == ["x", "undo-x"]

    in_virtual_time(story())


def work(name: str, **more: Any) -> StepPlan:
    undo = {"do": "command", "what": f"undo {name}"}
    return StepPlan(id=name, do="command", what=f"do {name}", facts={"argv": [name]}, **{"undo": undo, **more})


def undoable(runner: Runner) -> tuple[list[str], list[str]]:
    """Return the ids of the stand-downs under way, and of the runs that have something to take back."""
    open_ones, runs = runner.undoable()
    return [run.id for run in open_ones], [run.id for run in runs]


class Hands:
    """What was truly done outside, in order. Steps named in `failing` fail, those in `doubtful` are unsure."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.failing: set[str] = set()
        self.doubtful: set[str] = set()
        self._really = actions.act
        monkeypatch.setattr(actions, "act", self.act)

    async def act(self, plan: StepPlan, effects: Any) -> Result:
        if plan.do != "command":
            return await self._really(plan, effects)
        self.done.append(plan.id)
        if plan.id in self.doubtful:
            return Result(False, "nobody knows", unsure=True)
        return Result(plan.id not in self.failing, "tried")


async def agree(journal: MemoryJournal, runner: Runner, run: str, *, until: str = "") -> None:
    """Answer what a run asks with yes or done, up to the step `until`."""
    for _ in range(20):
        await settle()
        open_row = open_step(journal.ledger.runs[run])
        if journal.ledger.runs[run].ended is not None or open_row is None or open_row.id == until:
            return
        answer = next(each for each in ("yes", "done") if each in open_row.answers)
        await runner.answer("ada", run, open_row.id, open_row.attempt, answer)


@pytest.fixture(name="hands")
def _hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


def test_what_was_taken_back_is_not_taken_back_again_and_the_rest_is(hands: Hands) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (work("one"), work("two", on_failure="stop"), work("three")))
        await settle()
        hands.failing.add("undo-two")
        await agree(journal, runner, await runner.stand_down("ada", "r1"))
        assert journal.ledger.runs["r2"].state == "failed"
        assert undoable(runner) == ([], ["r1"])
        hands.failing.clear()
        await agree(journal, runner, await runner.stand_down("ada", "r1"))
        assert hands.done == ["one", "two", "three", "undo-three", "undo-two", "undo-two", "undo-one"]
        assert undoable(runner) == ([], [])
        with pytest.raises(OrderError, match=r"r1 was stood down already"):
            await runner.stand_down("ada", "r1")

    in_virtual_time(story())


def test_a_stand_down_that_was_given_up_goes_on_where_it_was(hands: Hands) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (work("one"), work("two")))
        await settle()
        back = await runner.stand_down("ada", "r1")
        assert undoable(runner) == ([back], [])
        await agree(journal, runner, back, until="undo-one")
        await runner.abort("ada", back)
        await settle()
        await agree(journal, runner, await runner.stand_down("ada", "r1"))
        assert hands.done == ["one", "two", "undo-two", "undo-one"]

    in_virtual_time(story())


def test_an_unsure_step_that_was_given_up_stays_unsure_and_is_asked_about(hands: Hands) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        hands.doubtful.add("one")
        await runner.start("ada", "book", "Book", (work("one"), work("two")))
        await settle()
        await runner.answer("ada", "r1", "one", row(journal, "one").attempt, "abort")
        await settle()
        assert row(journal, "one").state == "unsure"
        assert "it may or may not have happened" in row(journal, "one").detail
        back = await runner.stand_down("ada", "r1")
        await settle()
        assert "not known whether there is anything to take back" in row(journal, "undo-one", back).question
        await agree(journal, runner, back)
        assert hands.done == ["one", "undo-one"]

    in_virtual_time(story())


def test_what_nothing_takes_back_is_named(hands: Hands) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (work("one", undo=None), work("two")))
        await settle()
        back = await runner.stand_down("ada", "r1")
        await agree(journal, runner, back, until="left")
        assert (
            row(journal, "left", back).question
            == "Nothing takes these back by itself: do one. Is each as it should be?"
        )
        await agree(journal, runner, back)
        assert undoable(runner) == ([], [])

    in_virtual_time(story())


def test_nobody_is_told_that_it_is_over_before_the_primaries_are_proven() -> None:
    async def story() -> None:
        journal, mood = MemoryJournal(), ["well"]
        runner = runner_of(journal, Effects(lambda: mood[0]))
        for run in ("r1", "r2"):  # the second finds the backup active already
            steps = (activate("a", "phone"), announce("tell", needs="auto"))
            await runner.start("ada", "book", "Book", steps, primaries={"chat": "Chat"}, up_for=5.0)
            await settle()
            assert journal.ledger.runs[run].state == "done"
        mood[0] = "badly"
        back = await runner.stand_down("ada", "r2")
        assert list(journal.ledger.runs[back].steps) == ["proof", "waiting", "undo-tell"]
        await settle(400)
        assert row(journal, "proof", back).why == "failed"

    in_virtual_time(story())


def test_a_run_with_nothing_to_take_back_stands_in_nobodys_way() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "act", "Act", (activate("a", "phone"),))
        await settle()
        note = StepPlan(id="n", do="note", say="Mind the gap", what="Mind the gap")
        await runner.start("ada", "note", "Note", (note,))
        await settle()
        assert undoable(runner) == ([], ["r1"])
        with pytest.raises(OrderError, match=r"r2 did nothing that can be taken back"):
            await runner.stand_down("ada", "r2")
        back = await runner.stand_down("ada", "r1")
        with pytest.raises(OrderError, match=r"is still under way"):
            await runner.stand_down("ada", back)
        await agree(journal, runner, back)
        with pytest.raises(OrderError, match=r"is itself the stand-down of r1"):
            await runner.stand_down("ada", back)

    in_virtual_time(story())
