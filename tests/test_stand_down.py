"""Standing down: what a run really did is taken back once, in reverse, with the same care."""

import pytest
from outagetui import actions
from outagetui.actions import Result
from outagetui.events import StepPlan
from outagetui.playbook.runner import OrderError
from tests.runs import Pen, World, activate, row, runner_of, settle
from tests.virtual_loop import run as in_virtual_time


def test_a_stand_down_takes_back_what_was_done_once() -> None:
    async def story() -> None:
        pen = Pen()
        runner = runner_of(pen, World())
        await runner.start("ada", "book", "Book", (activate("a", "phone"), activate("b", "mail")))
        await settle()
        assert set(pen.ledger.active) == {"phone", "mail"}
        await runner.stand_down("ada", "r1")
        await settle()
        assert set(pen.ledger.active) == {"phone", "mail"}  # what came in meanwhile is asked about first
        await runner.answer("ada", "r2", "waiting", 1, "done")
        await settle()
        assert pen.ledger.active == {}
        with pytest.raises(OrderError, match=r"r1 was stood down already"):
            await runner.stand_down("ada", "r1")

    in_virtual_time(story())


def test_a_stand_down_that_was_given_up_may_be_begun_again() -> None:
    async def story() -> None:
        pen = Pen()
        runner = runner_of(pen, World())
        await runner.start("ada", "book", "Book", (activate("a", "phone", needs="confirm"),))
        await settle()
        await runner.answer("ada", "r1", "a", 1, "yes")
        await settle()
        await runner.abort("ada", await runner.stand_down("ada", "r1"))
        await settle()
        assert set(pen.ledger.active) == {"phone"}
        back = await runner.stand_down("ada", "r1")
        await settle()
        await runner.answer("ada", back, "waiting", 1, "done")
        await settle()
        await runner.answer("ada", back, "undo-a", 1, "yes")
        await settle()
        assert pen.ledger.active == {}

    in_virtual_time(story())


def test_what_failed_halfway_and_was_skipped_is_taken_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    step = StepPlan(id="x", do="command", what="do x", facts={"argv": ["x"]}, undo={"do": "command", "what": "undo x"})
    done: list[str] = []

    async def act(plan: StepPlan, world: object) -> Result:
        done.append(plan.id)
        return Result(plan.id != "x", "half of it", partly=True)

    async def story() -> None:
        monkeypatch.setattr(actions, "act", act)
        pen = Pen()
        runner = runner_of(pen, World())
        await runner.start("ada", "book", "Book", (step,))
        await settle()
        await runner.answer("ada", "r1", "x", row(pen, "x").attempt, "skip")
        await settle()
        await runner.stand_down("ada", "r1")
        await settle()
        await runner.answer("ada", "r2", "undo-x", 1, "yes")
        await settle()
        assert done == ["x", "undo-x"]

    in_virtual_time(story())
