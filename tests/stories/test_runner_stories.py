"""Random stories of runs, killed and resumed at any moment: the rules hold in every one."""

import asyncio
import random
from collections.abc import Awaitable
from typing import Any

import pytest
from outagetui.core.orders import OrderError
from outagetui.facts.events import StepAnswered
from outagetui.playbook.runner import Runner
from outagetui.store.journal import WriteError
from tests.kit.journal_rules import assert_rules
from tests.kit.runner_in_memory import STEPS, Effects, MemoryJournal, crash, open_step, runner_of, settle
from tests.kit.virtual_loop import run as in_virtual_time


@pytest.mark.parametrize("seed", range(60))
def test_no_story_breaks_the_rules(seed: int) -> None:
    """Answers, refusals, failures, hangs, full disks, aborts and kills at random; in the end the run ends."""
    chance = random.Random(seed)

    async def story() -> None:
        effects = Effects(lambda: chance.choice(["well", "well", "well", "badly", "breaks", "hangs"]))
        journal = MemoryJournal()
        runner = runner_of(journal, effects)
        steps = tuple(step for step in STEPS if chance.random() < 0.8) or STEPS
        await runner.start("ada", "book", "Book", steps)
        for _ in range(300):
            run = journal.ledger.runs["r1"]
            if run.ended is not None:
                break
            await asyncio.sleep(chance.choice([0.0, 0.0, 0.01, 0.6, 3.0]))
            what = chance.random()
            journal.full = what > 0.97
            if what < 0.12:
                journal = await crash(journal, runner)
                runner = runner_of(journal, effects)
                runner.resume()
            elif what < 0.14:
                await _refused_or_done(runner.abort("bob", "r1"))
            else:
                await _answer(journal, runner, chance)
        journal.full = False
        effects.mood = lambda: "well"
        for _ in range(200):
            if journal.ledger.runs["r1"].ended is not None:
                break
            await asyncio.sleep(1.0)
            await _answer(journal, runner, chance)
        await settle(60.0)
        assert journal.ledger.runs["r1"].ended is not None
        assert_rules(journal.entries)
        _never_twice_unasked(journal, effects)
        assert not runner.busy

    in_virtual_time(story())


async def _answer(journal: MemoryJournal, runner: Runner, chance: random.Random) -> None:
    open_row = open_step(journal.ledger.runs["r1"])
    if open_row is None or open_row.state == "doing":
        return
    attempt = open_row.attempt + chance.choice([0, 0, 0, 0, -1, 1])
    answers = [each for each in open_row.answers if each != "abort" or chance.random() < 0.1]
    answer = chance.choice([*answers, "nonsense"])
    both = [_refused_or_done(runner.answer("bob", "r1", open_row.id, attempt, answer)) for _ in range(2)]
    taken = await asyncio.gather(*both)
    assert taken.count(True) <= 1, "two answers to one question"


async def _refused_or_done(order: Awaitable[Any]) -> bool:
    try:
        await order
    except (OrderError, WriteError):
        return False
    return True


def _never_twice_unasked(journal: MemoryJournal, effects: Effects) -> None:
    """What really went out, against the words that were given for it."""
    for step in ("tell", "again"):
        begun = effects.acts.count(f"begin r1 {step}")
        words = [each for each in journal.events(StepAnswered) if each.step == step and each.answer in ("yes", "retry")]
        assert begun <= len(words)


# The single rules, one by one.
