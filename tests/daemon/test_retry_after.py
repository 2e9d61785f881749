"""A far side that asks to be left alone is asked again later, but not so late that nobody would notice what it does."""

import asyncio
import itertools
from collections import Counter

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.daemon.rhythm import phase_of
from outagetui.daemon.schedule import TICK
from tests.kit.schedule_log import Log, checks
from tests.kit.virtual_loop import run


def busy(outcome: Outcome, wait: float) -> Sample:
    return Sample(outcome, "http.503", "busy", retry_after=wait)


@pytest.mark.parametrize(("wait", "apart"), [(0.0, 1), (3.0, 3), (1e6, 10)])
def test_a_far_side_that_asks_to_wait_is_spared_quick_repeats_and_no_regular_look(wait: float, apart: int) -> None:
    log = Log(sample=busy(Outcome.FAIL, wait), wants=3)
    run(log.play(50.0, checks(1)))
    began = log.began["c0.p"]
    gaps = Counter(round(later - former) for former, later in itertools.pairwise(began))
    assert gaps.most_common(1)[0][0] == apart
    slots = [(number + phase_of("c0.p")) * 10 for number in range(1, 4)]
    assert all(min(abs(at - slot) for at in began) < 2 * TICK for slot in slots)


@pytest.mark.parametrize(("wait", "looks"), [(0.0, 60), (15.0, 30), (100.0, 6), (1e6, 3)])
def test_whoever_is_asked_too_often_is_left_alone_for_as_long_as_is_sensible(wait: float, looks: int) -> None:
    log = Log(sample=busy(Outcome.UNKNOWN, wait))
    run(log.play(600.0, checks(1)))
    assert looks - 1 <= len(log.began["c0.p"]) <= looks + 1


def test_an_order_to_look_now_is_obeyed_all_the_same() -> None:
    async def scenario() -> int:
        log = Log(sample=busy(Outcome.UNKNOWN, 200.0))
        work = await log.play(20.0, checks(1))
        before = len(log.began["c0.p"])
        log.schedule.hurry()
        await asyncio.sleep(1.0)
        work.cancel()
        return len(log.began["c0.p"]) - before

    assert run(scenario()) == 1
