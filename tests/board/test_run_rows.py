"""What the screens show of runs: who has them, what they print, whether the playbook changed, and who went on alone."""

from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.board.build import build
from outagetui.board.rows import Board
from outagetui.core.model import Entry
from outagetui.facts import events
from outagetui.facts.events import Event, StepPlan
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Beat
from tests.kit.sample_business import PUBLIC

NOW = 2000.0
ONE = StepPlan(id="one", do="command", what="restart it")
Journaled = tuple[float, str, Event]


def board(*told: Journaled, digest: str = "d", beat: Beat | None = None, now: float = NOW) -> Board:
    ledger = Ledger(frozenset({"messenger"}))
    for number, (at, actor, event) in enumerate(told):
        ledger.apply(Entry(number + 1, at, actor, events.kind_of(event), events.encode(event), "", ""))
    public = replace(PUBLIC, playbooks=(replace(PUBLIC.playbooks[0], digest=digest),))
    return build(public, (), ledger, beat, now)


def started(at: float, run: str = "r1", **more: Any) -> Journaled:
    return at, "ada", events.RunStarted(run=run, playbook="switch", name="Switch", digest="d", steps=(ONE,), **more)


def asked(at: float, why: str = "approve", run: str = "r1") -> Journaled:
    question = events.StepAsked(
        run=run, step="one", attempt=1, why=why, question="restart it?", answers=("again", "break-glass"),
        preview="command: restart it", hash="ab" * 32, until=NOW + 60.0,
    )  # fmt: skip
    return at, "outagetui", question


def alone(at: float, run: str = "r1", actor: str = "ada") -> Journaled:
    note = "nobody else is awake"
    return at, actor, events.StepAnswered(run=run, step="one", attempt=1, answer="break-glass", note=note)


def over(at: float, run: str = "r1") -> Journaled:
    return at, "outagetui", events.RunEnded(run=run, state="done")


def messenger(at: float, now: str) -> Journaled:
    return at, "outagetui", events.StateChanged(id="messenger", was="up", now=now, why="x")


def test_a_question_brings_its_kind_hash_and_deadline_and_takes_them_away_again() -> None:
    step = board(started(1900), asked(1910)).runs[0].steps[0]
    assert (step.state, step.why, step.hash, step.until) == ("asking", "approve", "ab" * 32, NOW + 60.0)
    step = board(started(1900), asked(1910), alone(1920)).runs[0].steps[0]
    assert (step.why, step.hash, step.until, step.preview) == ("", "", None, "")


def test_a_run_has_its_starter_and_whoever_took_it_over() -> None:
    (run,) = board(started(1900), (1950, "bob", events.RunTaken(run="r1"))).runs
    assert (run.actor, run.started_by) == ("bob", "ada")


@pytest.mark.parametrize(
    ("digest", "more", "changed"),
    [("d", (), False), ("e", (), True), ("", (), False), ("e", (over(1950),), False)],
    ids=["the same", "another", "not known", "over"],
)
def test_a_running_run_says_that_its_playbook_changed(digest: str, more: tuple[Journaled, ...], changed: bool) -> None:
    assert board(started(1900), *more, digest=digest).runs[0].changed == changed


def test_a_stand_down_is_no_run_of_the_file() -> None:
    assert not board(started(1900, stands_down="r0"), digest="e").runs[0].changed


@pytest.mark.parametrize(
    ("progress", "detail", "output"),
    [("2 of 3 up", "2 of 3 up", ""), ("line 1\nline 2", "", "line 1\nline 2"), ("", "", "")],
)
def test_progress_of_one_line_is_a_detail_and_more_is_output(progress: str, detail: str, output: str) -> None:
    intended = (1910.0, "outagetui", events.StepIntended(run="r1", step="one", attempt=1, what="restart it"))
    beat = Beat(7, NOW, progress={"r1/one": progress})
    step = board(started(1900), intended, beat=beat).runs[0].steps[0]
    assert (step.detail, step.output) == (detail, output)
    ended = events.StepEnded(run="r1", step="one", attempt=1, outcome="done", detail="status 0", output="a\nb")
    step = board(started(1900), intended, (1920, "outagetui", ended), beat=beat).runs[0].steps[0]
    assert (step.detail, step.output) == ("status 0", "a\nb")


def test_going_on_alone_is_shown_while_its_incident_is_open() -> None:
    story = (messenger(1800, "down"), started(1900), asked(1910), alone(1920), over(1930))
    (row,) = board(*story).glass
    assert (row.run, row.step, row.title, row.at, row.actor) == ("r1", "one", "restart it", 1920, "ada")
    assert row.reason == "nobody else is awake"
    assert board(*story, messenger(1940, "up"), now=1940 + 1900.0).glass == ()


def test_going_on_alone_without_an_incident_is_shown_while_its_run_is_under_way() -> None:
    story = (started(1900), asked(1910), alone(1920))
    assert len(board(*story).glass) == 1
    assert board(*story, over(1930)).glass == ()


def test_an_older_incidents_broken_glass_is_not_shown_and_the_newest_comes_first() -> None:
    first = (started(1000), asked(1010), alone(1020), over(1030))
    later = (
        messenger(1500, "down"),
        *(entry for run, at in (("r2", 1600), ("r3", 1700)) for entry in
          (started(at, run), asked(at + 1, run=run), alone(at + 2, run), over(at + 3, run))),
    )  # fmt: skip
    assert [row.run for row in board(*first, *later).glass] == ["r3", "r2"]


def test_glass_stays_known_when_the_step_asks_again() -> None:
    assert len(board(started(1900), asked(1910), alone(1920), asked(1930, "failed")).glass) == 1
