"""Backups are let go only when the primaries they stood in for are proven well for a while."""

import asyncio
import math

import pytest
from outagetui.actions import fail_back as failing_back
from outagetui.core.model import Check, Outcome, Sample, State
from outagetui.facts.events import StepAsked, StepEnded, StepPlan
from tests.kit.runner_in_memory import Effects, MemoryJournal, StepContextInMemory, activate, manual, runner_of, settle
from tests.kit.virtual_loop import run as in_virtual_time

PLAN = StepPlan(
    id="proof",
    do="fail_back",
    what="prove it",
    options={"channels": ["phone"], "times": 3, "within": 300.0, "up_for": 60.0},
)


class WatchedContext(StepContextInMemory):
    """The channel `phone`: it recovers at `recovers`, and `outcomes` are what probes say one after the other."""

    def __init__(self, recovers: float, outcomes: str = "") -> None:
        super().__init__(Effects(), MemoryJournal(), "r1")
        self.recovers, self.outcomes = recovers, outcomes
        self.told: list[str] = []

    def up_for(self, channel: str) -> float:
        return max(0.0, self.now() - self.recovers)

    def state_of(self, name: str) -> State:
        return State.UP if self.now() >= self.recovers else State.DOWN

    async def probe(self, check: Check) -> Sample:
        await asyncio.sleep(0.1)
        letter, self.outcomes = (self.outcomes[:1] or ("p" if self.now() >= self.recovers else "f")), self.outcomes[1:]
        return Sample({"p": Outcome.PASS, "w": Outcome.WARN, "f": Outcome.FAIL, "u": Outcome.UNKNOWN}[letter])

    def progress(self, detail: str) -> None:
        self.told.append(detail)


def proven(context: WatchedContext) -> tuple[bool, str, float]:
    async def story() -> tuple[bool, str, float]:
        result = await failing_back.act(PLAN, context)  # type: ignore[arg-type]
        assert not (result.done and result.changed)
        return result.done, result.detail, asyncio.get_running_loop().time()

    return in_virtual_time(story())


def test_what_was_well_all_along_is_proven_by_three_passes() -> None:
    context = WatchedContext(-math.inf)
    done, detail, took = proven(context)
    assert (done, detail) == (True, "phone passed 3 times in a row")
    assert took < 4
    assert context.told[0] == "phone 1 of 3; 300 s left"


def test_what_recovered_just_now_is_watched_for_a_while() -> None:
    done, _, took = proven(WatchedContext(20.0))
    assert done
    assert 80 <= took < 83


@pytest.mark.parametrize("letter", ["f", "u"])
def test_a_failure_and_a_look_that_told_nothing_begin_the_count_anew(letter: str) -> None:
    _, _, clean = proven(WatchedContext(-math.inf, "ppp"))
    done, _, took = proven(WatchedContext(-math.inf, f"pp{letter}ppp"))
    assert done
    assert took >= clean + 2.9


def test_what_never_recovers_is_not_proven_and_says_what_is_missing() -> None:
    done, detail, took = proven(WatchedContext(math.inf))
    assert (done, detail) == (False, "not proven: phone 0 of 3")
    assert took >= 300


def test_what_nothing_watches_cannot_be_proven() -> None:
    context = WatchedContext(-math.inf)
    context.checks_of = lambda name: ()  # type: ignore[method-assign]
    assert proven(context)[:2] == (False, "nothing watches phone here, so nothing proves it")


def test_backups_stay_active_until_somebody_lets_them_go_unproven() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        effects = Effects(lambda: "badly")  # probes fail
        runner = runner_of(journal, effects)
        steps = (manual("a"), activate("b", "phone", facts={"names": {"phone": "Phone"}}))
        await runner.start("ada", "book", "Book", steps, primaries={"messenger": "Messenger"}, up_for=60.0)
        await settle()
        await runner.answer("ada", "r1", "a", 1, "done")
        await settle()
        await runner.stand_down("ada", "r1")
        await settle(400)
        asked = journal.events(StepAsked)[-1]
        assert (asked.step, asked.why) == ("proof", "failed")
        assert set(journal.ledger.active) == {"phone"}
        await runner.answer("ada", "r2", "proof", asked.attempt, "skip", "they told us on the phone that it is back")
        await settle()
        assert journal.events(StepAsked)[-1].question.startswith("Has mail that was queued gone out")
        assert set(journal.ledger.active) == {"phone"}
        await runner.answer("ada", "r2", "waiting", 1, "done")
        await settle()
        assert journal.ledger.active == {}
        skipped = next(
            event for event in journal.events(StepEnded) if event.step == "proof" and event.outcome == "skipped"
        )
        assert skipped.detail == "they told us on the phone that it is back"

    in_virtual_time(story())
