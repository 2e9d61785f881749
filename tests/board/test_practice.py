"""How practised a playbook is: from runs and drills, by a rule that time and mishaps can only lower."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.board.practice import DAY, LEVELS, Practice, drilled, practices, practised
from outagetui.core.drilled_book import DrilledBook
from outagetui.core.model import Entry
from outagetui.core.orders import Drilled, OrderError
from outagetui.daemon.order_check import drilled_event
from outagetui.facts import events
from outagetui.facts.events import DrillEnded, Event, StepPlan
from outagetui.facts.ledger import Ledger

NOW = 1_795_354_327.0


def once(age: float = 1.0, **more: Any) -> Practice:
    """A practice `age` days ago; everything went well and the playbook is as it was."""
    defaults: dict[str, Any] = {
        "id": "switch", "at": NOW - age * DAY, "where": "real", "state": "done", "seconds": 90.0, "failed": 0,
        "skipped": 0, "digest": "now", "ours": "now",
    }  # fmt: skip
    return Practice(**(defaults | more))


@pytest.mark.parametrize(
    ("told", "confidence"),
    [
        ([], "none"),
        ([once(1)], "high"),
        ([once(30)], "high"),
        ([once(30.1)], "medium"),
        ([once(180)], "medium"),
        ([once(180.1)], "low"),
        ([once(1, failed=1)], "medium"),
        ([once(1, skipped=1)], "medium"),
        ([once(1, state="failed")], "low"),
        ([once(1, state="aborted")], "low"),
        ([once(1, digest="old", ours="old")], "low"),
        ([once(1, where="drill", digest="its own")], "medium"),
        ([once(1, where="drill", digest="its own", ours="old")], "low"),
        ([once(1, where="drill")], "high"),
        ([once(1, where="drill", ours="old")], "high"),  # the drill did exactly what ours would do now
        ([once(10), once(1, where="drill", digest="its own")], "high"),
        ([once(10), once(1, state="aborted")], "low"),
        ([once(10, state="failed"), once(1)], "high"),
        ([once(100), once(50, digest="old", ours="old")], "medium"),
    ],
)
def test_the_confidence_follows_the_rule(told: list[Practice], confidence: str) -> None:
    assert practised(told, "now", NOW).confidence == confidence


times = st.lists(
    st.builds(
        once,
        st.floats(0.0, 400.0),
        state=st.sampled_from(["done", "failed", "aborted"]),
        failed=st.integers(0, 2),
        skipped=st.integers(0, 2),
        digest=st.sampled_from(["now", "old"]),
        ours=st.sampled_from(["now", "old", ""]),
    ),
    max_size=5,
).map(lambda made: sorted(made, key=lambda each: each.at))


@given(times, st.floats(0.0, 400.0))
def test_time_alone_never_raises_confidence(told: list[Practice], days: float) -> None:
    before, after = practised(told, "now", NOW), practised(told, "now", NOW + days * DAY)
    assert LEVELS.index(after.confidence) <= LEVELS.index(before.confidence)


@given(times)
def test_the_row_tells_of_the_last_time_and_high_needs_exactly_these_steps(told: list[Practice]) -> None:
    row = practised(told, "now", NOW)
    assert (row.confidence == "none") == (not told)
    if told:
        assert (row.at, row.state) == (told[-1].at, told[-1].state)
        assert row.changed == (told[-1].ours != "now")
        assert row.state == "done" or row.confidence == "low"
    if row.confidence == "high":
        assert any(each.digest == "now" and each.state == "done" for each in told)


def fold(*told: tuple[float, Event]) -> Ledger:
    ledger = Ledger()
    for number, (at, event) in enumerate(told):
        ledger.apply(Entry(number + 1, at, "ada", events.kind_of(event), events.encode(event), "", ""))
    return ledger


def started(run: str, at: float, *plans: StepPlan, **more: Any) -> tuple[float, Event]:
    return at, events.RunStarted(run=run, playbook="switch", name="Switch", digest="d1", steps=plans, **more)


def ended(run: str, at: float, step: str, outcome: str) -> tuple[float, Event]:
    return at, events.StepEnded(run=run, step=step, attempt=1, outcome=outcome, detail="")


def answered(run: str, at: float, step: str, answer: str) -> tuple[float, Event]:
    return at, events.StepAnswered(run=run, step=step, attempt=1, answer=answer)


STEPS = (
    StepPlan(id="ask", do="choose"),
    StepPlan(id="left", do="note", only_if=("ask=left",)),
    StepPlan(id="right", do="note", only_if=("ask=right",)),
    StepPlan(id="tell", do="announce"),
)


def test_runs_are_practice_with_what_failed_and_what_was_left_out() -> None:
    ledger = fold(
        started("r1", NOW - 100, *STEPS),
        ended("r1", NOW - 90, "ask", "done"),
        answered("r1", NOW - 85, "left", "skip"),
        ended("r1", NOW - 80, "left", "skipped"),  # an operator left it out
        ended("r1", NOW - 80, "right", "skipped"),  # the choice ruled it out
        ended("r1", NOW - 70, "tell", "failed"),
        (NOW - 40, events.RunEnded(run="r1", state="done")),
        started("r2", NOW - 30, *STEPS, stands_down="r1"),
        (NOW - 20, events.RunEnded(run="r2", state="done")),
        started("r3", NOW - 10, *STEPS),
    )
    (only,) = practices(ledger.runs.values(), ledger.drills)["switch"]
    assert only == Practice(
        id="switch", at=NOW - 40, where="real", state="done", seconds=60.0, failed=1, skipped=1, digest="d1", ours="d1"
    )
    assert practices(ledger.runs.values(), (), in_drill=True)["switch"][0].where == "drill"


def test_a_drill_is_practice_of_the_playbook_with_its_id() -> None:
    book = DrilledBook(id="switch", digest="its own", state="done", seconds=42.0, ours="d1")
    ledger = fold((NOW, DrillEnded(scenario="messenger-2011", books=(book,), score=90)))
    found = practices((), ledger.drills)
    row = practised(found["switch"], "d1", NOW)
    assert (row.where, row.state, row.seconds, row.confidence, row.changed) == ("drill", "done", 42.0, "medium", False)
    assert practised(found["switch"], "d2", NOW).changed


def test_a_drill_tells_the_last_run_of_each_playbook_and_one_that_was_left_as_aborted() -> None:
    ledger = fold(
        started("r1", NOW - 100, *STEPS),
        (NOW - 90, events.RunEnded(run="r1", state="failed")),
        started("r2", NOW - 50, *STEPS),
        ended("r2", NOW - 20, "ask", "done"),
        started("r3", NOW - 10, stands_down="r1"),
    )
    assert drilled(ledger.runs) == (DrilledBook(id="switch", digest="d1", state="aborted", seconds=30.0),)


def test_the_order_of_a_drill_is_cleaned_and_learns_our_digest() -> None:
    book = DrilledBook(id="switch", digest="x" * 99, state="done", seconds=1.0, ours="forged")
    event = drilled_event(Drilled(scenario="a\x1b[31m", books=(book,)), {"switch": "d1"})
    assert "\x1b" not in event.scenario
    assert (event.books[0].ours, len(event.books[0].digest)) == ("d1", 64)


@pytest.mark.parametrize("wrong", [{"state": "great"}, {"seconds": -1.0}, {"seconds": float("nan")}, {"failed": -1}])
def test_an_impossible_result_of_a_drill_is_refused(wrong: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"id": "a", "digest": "d", "state": "done", "seconds": 1.0} | wrong
    with pytest.raises(OrderError, match="no result of a playbook"):
        drilled_event(Drilled(scenario="s", books=(DrilledBook(**fields),)), {})


def test_no_store_and_no_daemon_of_ours_is_nobody_to_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from outagetui.drill.report_back import tell

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("OUTAGETUI_CONFIG", raising=False)
    played = tmp_path / "played.db"
    assert tell({"config": None, "store": None}, "s", played, 1) == ""
    assert tell({"config": None, "store": str(tmp_path / "store.db")}, "s", played, 1) == ""
    (tmp_path / "orders.sock").write_text("")  # nobody answers here
    assert "was not told" in tell({"config": None, "store": str(tmp_path / "store.db")}, "s", played, 1)
