"""The schedule on a virtual clock: spread, pace, caps, repeats, and whose fault lateness is."""

import asyncio
import itertools
from collections import Counter

import pytest
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import FeedOptions
from outagetui.daemon.admission import CONCURRENT, WAITING
from outagetui.daemon.rhythm import phase_of
from outagetui.daemon.schedule import TICK, Schedule
from tests.kit.schedule_log import FAIL, Log, checks
from tests.kit.virtual_loop import VirtualLoop, run


def test_a_thousand_checks_are_spread_over_their_interval() -> None:
    log = Log()
    run(log.play(30.0, checks(1000)))
    ticks = Counter(round(at / TICK) for times in log.began.values() for at in times if at >= 10.0)
    assert max(ticks.values()) <= 12  # 2.5 a tick on average, 400 ticks an interval
    assert len(log.began) == 1000


def test_a_fresh_start_looks_at_everything_within_seconds_without_firing_together() -> None:
    log = Log()
    run(log.play(3.1, checks(1000, every=300.0)))
    assert len(log.began) == 1000
    ticks = Counter(round(times[0] / TICK) for times in log.began.values())
    assert max(ticks.values()) <= 25  # 8.3 a tick on average


def test_every_check_runs_once_an_interval_and_on_time() -> None:
    log = Log()
    watched = checks(1000)
    run(log.play(190.1, watched))
    for times in log.began.values():
        regular = [at for at in times if at >= 10.0]
        assert len(regular) in (18, 19)
        assert all(9.9 <= b - a <= 10.1 for a, b in itertools.pairwise(regular))
    late = sorted(log.schedule.lateness)
    assert late[int(len(late) * 0.99)] <= 0.05


def test_the_phase_is_a_hash_of_the_name_and_nothing_else() -> None:
    assert phase_of("jabber.login") == phase_of("jabber.login")
    phases = sorted(phase_of(f"c{n}.p") for n in range(1000))
    assert all(0.0 <= phase < 1.0 for phase in phases)
    assert max(b - a for a, b in itertools.pairwise(phases)) < 0.02


def test_samples_carry_the_wall_time_of_their_start() -> None:
    log = Log(takes=2.0)
    run(log.play(13.0, checks(1)))
    assert [at - 1e9 for _, at, _ in log.seen] == pytest.approx(log.began["c0.p"][: len(log.seen)], abs=1e-6)


def test_no_more_run_at_once_than_allowed_and_those_who_wait_are_served_in_turn() -> None:
    log = Log(takes=0.25)
    run(log.play(40.0, checks(5000, every=10.0, timeout=2.0)))
    assert log.most == CONCURRENT
    counts = [len(times) for times in log.began.values()]
    assert len(counts) == 5000
    assert min(counts) >= 2  # work for 125 places, where there are 100


def test_probes_that_only_wait_give_their_places_to_others() -> None:
    log = Log(takes=5.0)
    run(log.play(60.0, checks(500, every=10.0, timeout=5.0)))  # half of them are always in flight
    assert CONCURRENT < log.most <= CONCURRENT * (1 + WAITING)
    assert max(log.schedule.lateness) <= 2 * TICK
    assert min(len(times) for times in log.began.values()) >= 5


def test_an_overload_starves_nobody() -> None:
    log = Log(takes=5.0, sample=Sample(Outcome.PASS, latency_ms=5000.0))
    run(log.play(200.0, checks(2500, every=10.0, timeout=5.0)))  # 1,250 in flight, where there is room for 900
    counts = [len(times) for times in log.began.values()]
    assert len(counts) == 2500
    assert max(counts) - min(counts) <= 2


@pytest.mark.parametrize(("count", "silent"), [(1000, 900), (2000, 1800)])
def test_a_mass_outage_does_not_delay_what_works(count: int, silent: int) -> None:
    """The good ones start on time in the first interval of the outage as in every later one."""
    fine = Log()
    watched = checks(count, timeout=5.0)
    hole = {check.id for check in watched[:silent]}
    lost = Sample(Outcome.FAIL, "timeout", "no answer in time")

    async def story() -> None:
        work = await fine.play(20.0, watched)
        fine.falls_silent(hole, lost)
        fine.schedule.lateness.clear()
        await asyncio.sleep(60.0)
        work.cancel()

    run(story())
    late = [
        (at - phase_of(name) * 10.0 + 1e-6) % 10.0
        for name, times in fine.began.items()
        if name not in hole
        for at in times
        if at >= 20.0
    ]
    late.sort()
    assert len(late) == pytest.approx((count - silent) * 6, rel=0.02)
    assert late[int(len(late) * 0.99)] <= 0.1
    assert min(len([at for at in times if at >= 20.0]) for name, times in fine.began.items() if name in hole) >= 2


def test_quick_probes_follow_a_second_apart_while_they_are_wanted() -> None:
    log = Log(sample=FAIL, wants=3)
    run(log.play(8.0, checks(1, every=60.0)))
    times = log.began["c0.p"]
    assert len(times) >= 5
    assert all(1.0 <= b - a <= 1.0 + 2 * TICK for a, b in itertools.pairwise(times))


def test_quick_probes_do_not_wait_for_a_silent_far_end() -> None:
    log = Log(takes=5.0, sample=FAIL, wants=3)

    async def story() -> None:
        await log.play(5.5, checks(1, every=60.0, timeout=5.0))  # the first fails after 5 s
        await asyncio.sleep(4.0)

    run(story())
    first, second, third, fourth, *_ = log.began["c0.p"]
    assert second - first <= 5.1
    assert third - second <= 1.0 + 2 * TICK
    assert fourth - third <= 1.0 + 2 * TICK
    assert log.most <= 4


def test_a_probe_that_is_usually_fast_and_now_silent_is_repeated_before_it_ends() -> None:
    log = Log()

    async def story() -> list[float]:
        await log.play(25.0, checks(1))
        log.takes, begun = 3.0, len(log.began["c0.p"])
        await asyncio.sleep(13.0)
        return log.began["c0.p"][begun:]

    times = run(story())
    gaps = [round(b - a, 2) for a, b in itertools.pairwise(times[:3])]
    assert gaps == pytest.approx([1.0, 1.0], abs=2 * TICK)
    assert log.most <= 3


def test_a_probe_that_is_usually_slow_gets_twice_its_time_before_it_is_suspected() -> None:
    log = Log(takes=1.0, sample=Sample(Outcome.PASS, latency_ms=1000.0))

    async def story() -> list[float]:
        await log.play(35.0, checks(1, timeout=5.0))
        assert log.most == 1
        log.takes, begun = 5.0, len(log.began["c0.p"])
        await asyncio.sleep(13.0)
        return log.began["c0.p"][begun:]

    times = run(story())
    assert times[1] - times[0] == pytest.approx(2.0, abs=2 * TICK)


def test_costly_probes_are_never_repeated_on_mere_suspicion() -> None:
    log = Log()
    feed = Check(id="c.f", probe="feed", target="x", options=FeedOptions(), every=60.0, timeout=10.0)

    async def story() -> None:
        await log.play(125.0, [feed])
        log.takes = 10.0
        await asyncio.sleep(120.0)

    run(story())
    assert log.most == 1


def test_probes_of_one_check_do_not_pile_up() -> None:
    log = Log(takes=30.0)
    run(log.play(120.0, checks(1, every=1.0, timeout=30.0)))
    assert log.most <= 3


def test_replacing_the_configuration_keeps_the_rhythm_of_what_stays() -> None:
    log = Log()
    old = checks(20)

    async def story() -> None:
        await log.play(34.0, old)
        log.schedule.replace([*old[:10], *checks(30)[20:]])
        await asyncio.sleep(30.0)

    run(story())
    for check in old[:10]:
        regular = [at for at in log.began[check.id] if at >= 10.0]
        assert len(regular) in (5, 6)
        assert all(9.9 <= b - a <= 10.1 for a, b in itertools.pairwise(regular))
    for check in old[10:]:
        assert log.began[check.id][-1] <= 34.0
    for number in range(20, 30):
        assert log.began[f"c{number}.p"][0] <= 37.1


def test_a_changed_check_starts_afresh_and_its_old_probe_is_ended() -> None:
    log = Log(takes=4.0)

    async def story() -> None:
        await log.play(3.0, checks(1, every=100.0, timeout=4.0))
        assert log.running == 1
        log.schedule.replace(checks(1, every=50.0, timeout=4.0))
        await asyncio.sleep(3.5)

    run(story())
    assert log.cancelled == 1 + 1  # the old one then, the new one at the end
    assert len(log.began["c0.p"]) == 2


def test_a_check_that_waits_for_a_slot_is_forgotten_with_its_configuration() -> None:
    log = Log(takes=5.0)

    async def story() -> None:
        await log.play(4.9, checks(CONCURRENT * (1 + WAITING) + 50, every=100.0, timeout=5.0))
        assert log.running == CONCURRENT * (1 + WAITING)
        log.schedule.replace(checks(1, every=100.0, timeout=5.0))
        begun = sum(map(len, log.began.values()))
        await asyncio.sleep(30.0)
        assert sum(map(len, log.began.values())) <= begun + 1

    run(story())


def test_hurrying_starts_the_named_checks_now_and_keeps_their_slots() -> None:
    log = Log()

    async def story() -> None:
        await log.play(15.0, checks(5, every=60.0))
        assert log.schedule.hurry(["c1.p", "c2.p", "stranger"]) == 2
        assert log.schedule.hurry(["c1.p"]) == 1  # twice in a moment is once
        await asyncio.sleep(0.1)
        assert {name for name, times in log.began.items() if times[-1] >= 15.0} >= {"c1.p", "c2.p"}
        assert sum(at >= 15.0 for at in log.began["c1.p"]) == 1
        assert log.schedule.hurry() == 5
        await asyncio.sleep(70.0)

    run(story())
    for name, times in log.began.items():
        slot = phase_of(name) * 60.0
        assert any(abs(at - slot) <= 2 * TICK or abs(at - slot - 60.0) <= 2 * TICK for at in times)


async def hang_in_the_middle(log: Log, stall: float, watched: list[Check]) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    log.schedule.replace(watched)
    work = asyncio.ensure_future(log.schedule.run())
    while not log.running:
        await asyncio.sleep(TICK)
    await asyncio.sleep(0.1)
    loop.hang(stall)
    await asyncio.sleep(5.0)
    work.cancel()


def test_a_failure_while_this_machine_hung_is_unknown() -> None:
    log = Log(takes=3.0, sample=FAIL)
    run(hang_in_the_middle(log, 2.0, checks(1, every=100.0)))
    sample = log.seen[0][2]
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "loop.late")
    assert "this machine was 2.0 s late itself: no answer in time" in sample.detail


def test_many_short_stalls_count_as_much_as_a_long_one() -> None:
    log = Log(takes=3.0, sample=FAIL)

    async def story() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        log.schedule.replace(checks(1, every=100.0))
        work = asyncio.ensure_future(log.schedule.run())
        while not log.seen:
            await asyncio.sleep(0.2)
            if log.running:
                loop.hang(0.3)
        work.cancel()

    run(story())
    assert log.seen[0][2].code == "loop.late"


def test_a_failure_after_a_short_stall_is_still_a_failure() -> None:
    log = Log(takes=3.0, sample=FAIL)
    run(hang_in_the_middle(log, 1.0, checks(1, every=100.0)))
    assert log.seen[0][2].outcome is Outcome.FAIL


def test_a_stall_before_the_probe_began_excuses_nothing() -> None:
    log = Log(takes=0.2, sample=FAIL)

    async def story() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        log.schedule.replace(checks(1, every=100.0))
        work = asyncio.ensure_future(log.schedule.run())
        await asyncio.sleep(0.01)
        loop.hang(20.0)
        await asyncio.sleep(5.0)
        work.cancel()

    run(story())
    assert log.seen[0][2].outcome is Outcome.FAIL


@pytest.mark.parametrize(("latency", "outcome"), [(1500.0, Outcome.UNKNOWN), (2600.0, Outcome.PASS)])
def test_slowness_that_this_machine_explains_is_unknown(latency: float, outcome: Outcome) -> None:
    log = Log(takes=0.5, sample=Sample(Outcome.PASS, latency_ms=latency))
    run(hang_in_the_middle(log, 1.0, checks(1, every=100.0, slow_above=1.0)))
    assert log.seen[0][2].outcome is outcome


def test_ending_the_schedule_leaves_nothing_behind() -> None:
    log = Log(takes=60.0)

    async def story() -> int:
        work = await log.play(8.0, checks(50, timeout=60.0))
        assert log.running > 10
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert log.running == 0
        return len(asyncio.all_tasks())

    assert run(story()) == 1  # the story itself


def test_a_probe_that_breaks_the_rule_and_raises_is_told_and_tried_again() -> None:
    told: list[object] = []
    tries: list[float] = []

    async def look(check: Check, deadline: float) -> Sample:
        tries.append(asyncio.get_running_loop().time())
        raise ValueError("a bug")

    async def story() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        schedule = Schedule(look, lambda *_: 0, loop.time)
        schedule.replace(checks(1))
        work = asyncio.ensure_future(schedule.run())
        await asyncio.sleep(35.0)
        work.cancel()

    run(story())
    assert len(tries) >= 3
    assert len(told) == len(tries)
    assert all(isinstance(error, ValueError) for error in told)


def test_many_hours_pass_without_drift() -> None:
    log = Log()
    run(log.play(3600.0, checks(3, every=600.0)))
    for name, times in log.began.items():
        assert all(abs((at - phase_of(name) * 600.0 + 300.0) % 600.0 - 300.0) <= 2 * TICK for at in times[1:])


def test_a_schedule_that_begins_late_sleeps_no_check_away() -> None:
    log = Log()

    async def story() -> None:
        log.schedule.replace(checks(20))
        await asyncio.sleep(30.0)  # what is due long before it runs
        work = asyncio.ensure_future(log.schedule.run())
        await asyncio.sleep(30.0)
        work.cancel()

    run(story())
    assert all(len(times) in (3, 4) for times in log.began.values())
