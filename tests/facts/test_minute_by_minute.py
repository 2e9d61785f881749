"""The last hour of a check by the minute: it moves only as a minute ends."""

from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.facts.minute_by_minute import FAILED, KEPT, Minutes

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def test_a_minute_shows_its_worst_and_how_long_a_look_usually_took_once_it_is_over() -> None:
    minutes = Minutes()
    for at, latency in ((0.0, 10.0), (20.0, 30.4), (40.0, 12.0)):
        assert not minutes.take("a.b", at, PASS, latency)
        assert minutes.of("a.b") == ((), None)
    assert minutes.take("a.b", 60.0, PASS, 9.0)
    assert minutes.of("a.b") == ((30.0,), 12.0)


def test_a_failure_is_the_worst_of_its_minute_and_takes_no_time() -> None:
    minutes = Minutes()
    minutes.take("a.b", 0.0, FAIL, None)
    minutes.take("a.b", 30.0, PASS, 10.0)
    minutes.take("a.b", 60.0, FAIL, None)
    minutes.take("a.b", 120.0, PASS, 10.0)
    assert minutes.of("a.b") == ((FAILED, FAILED), None)


def test_a_minute_without_a_look_is_empty_and_what_nobody_could_look_at_is_none() -> None:
    minutes = Minutes()
    minutes.take("a.b", 0.0, PASS, 10.0)
    minutes.take("a.b", 90.0, UNKNOWN, None)
    minutes.take("a.b", 180.0, PASS, 20.0)
    minutes.take("a.b", 240.0, PASS, 20.0)
    assert minutes.of("a.b").minutes == (10.0, None, None, 20.0)


def test_checks_do_not_mix() -> None:
    minutes = Minutes()
    minutes.take("a.b", 0.0, PASS, 10.0)
    minutes.take("a.c", 60.0, PASS, 20.0)
    assert minutes.of("a.b") == ((), None)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from(list(Outcome)), st.none() | st.floats()), max_size=80))
def test_whatever_comes_there_is_never_more_than_an_hour(looks: list[tuple[float, Outcome, float | None]]) -> None:
    minutes = Minutes()
    for look in looks:
        minutes.take("a.b", *look)
    hour = minutes.of("a.b")
    assert len(hour.minutes) <= KEPT
    assert len(hour.minutes) == KEPT or len(hour.minutes) <= max((at for at, *_ in looks), default=0.0) // 60
