"""What a second costs a daemon of many checks, in counts: only owners whose moment has come are looked at."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.daemon.revisits import Revisits
from outagetui.daemon.spark import Spark
from outagetui.daemon.watch import SETTLING, Watch
from outagetui.facts.live import SPARK
from tests.kit.watch_stories import FAIL, PASS, Story, check, config, cut_off, uplink


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counted = Counter[str]()
    transition = Watch._transition

    def visit(self: Watch, owner: str) -> None:
        counted[owner] += 1
        transition(self, owner)

    monkeypatch.setattr(Watch, "_transition", visit)
    return counted


def story(count: int, canaries: int = 0) -> Story:
    made = Story(config(*(check(f"c{n}.p") for n in range(count)), canaries=canaries))
    for n in range(count):
        made.watch.see(made.checks[f"c{n}.p"], made.now, PASS)
    made.watch.tick(made.now)
    return made


def test_a_second_in_which_nothing_is_due_looks_at_nobody(visits: Counter[str]) -> None:
    told = story(200)
    visits.clear()
    told.wait(20)
    assert not visits


def test_each_is_looked_at_when_it_grows_too_old_and_not_again(visits: Counter[str]) -> None:
    told = story(200)
    told.see("c7.p", *[PASS] * 30)
    visits.clear()
    told.wait(31)
    assert visits.pop("c7") == 1  # when it would have grown too old without its later looks
    assert set(visits) == {f"c{n}" for n in range(200)} - {"c7"}
    told.wait(60)
    assert sum(visits.values()) <= 2 * 200
    assert {id for id, _, now in told.changes() if now == "unknown"} == {f"c{n}" for n in range(200)}
    visits.clear()
    told.wait(100)
    assert not visits


def test_what_a_start_held_back_is_told_when_it_has_settled() -> None:
    first = story(1)
    (row,) = first.watch.take(all_of_it=True)[1]
    old = row.at
    assert old is not None
    second = Story(config(check("c0.p")), now=old + 500.0, ledger=first.watch._ledger)
    second.watch._states["c0"] = row.state  # as the journal told it
    second.watch.resume([row])
    second.wait(SETTLING - 1)
    assert second.changes() == []
    second.wait(2)
    assert second.changes() == [("c0", "up", "unknown")]


def test_after_blindness_everybody_is_looked_at_once(visits: Counter[str]) -> None:
    told = story(50, canaries=1)
    uplink(told)
    cut_off(told)
    told.wait(1)
    visits.clear()
    uplink(told)
    told.wait(1)
    assert set(visits.values()) == {1}
    assert len(visits) == 50


def test_what_waits_for_the_canaries_is_looked_at_each_second_and_only_that(visits: Counter[str]) -> None:
    told = story(100, canaries=1)
    uplink(told)
    told.see("c3.p", *[FAIL] * 3)
    visits.clear()
    told.wait(3)
    assert set(visits) <= {"c3"}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20)), max_size=30))
def test_the_earliest_moment_of_each_counts(asked: list[tuple[str, int]]) -> None:
    revisits = Revisits()
    for name, at in asked:
        revisits.come_back(name, at)
    earliest = {name: min(at for other, at in asked if other == name) for name, _ in asked}
    for now in range(21):
        assert sorted(revisits.due(now)) == sorted(name for name, at in earliest.items() if at == now)
    assert revisits.due(1e9) == []


@given(st.lists(st.none() | st.floats(0, 1e6), max_size=2 * SPARK))
def test_a_spark_holds_the_last_latencies_as_they_were(latencies: list[float | None]) -> None:
    assert Spark(latencies).latencies() == tuple(latencies[-SPARK:])
