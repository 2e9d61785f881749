"""A run that is given up right after a restart, before anybody looked at it: what was under way is no loose end."""

import asyncio

import pytest
from outagetui.facts.events import StepPlan
from tests.kit.journal_rules import assert_rules
from tests.kit.runner_in_memory import (
    Effects,
    MemoryJournal,
    activate,
    announce,
    crash,
    manual,
    runner_of,
    settle,
    verify,
)
from tests.kit.virtual_loop import run as in_virtual_time


@pytest.mark.parametrize(
    ("step", "state"),
    [(announce("tell", needs="auto"), "unsure"), (verify("see"), "failed")],
    ids=["acts", "looks"],
)
@pytest.mark.parametrize("before", [(), (activate("switch", "phone"),)], ids=["first", "second"])
def test_what_was_under_way_is_looked_up_before_the_run_ends(
    before: tuple[StepPlan, ...], step: StepPlan, state: str
) -> None:
    async def story() -> None:
        journal, effects = MemoryJournal(), Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (*before, step, manual("sure")))
        while journal.ledger.runs["r1"].steps[step.id].state != "doing":
            await asyncio.sleep(0)
        fresh = await crash(journal, runner)
        again = runner_of(fresh, effects)
        again.resume()
        await again.abort("bob", "r1")
        await settle()
        run = fresh.ledger.runs["r1"]
        assert (run.state, fresh.entries[-1].actor) == ("aborted", "bob")
        assert run.steps[step.id].state == state
        assert run.steps["sure"].state == "waiting"
        assert effects.acts.count("begin r1 tell") <= 1
        assert_rules(fresh.entries)

    in_virtual_time(story())
