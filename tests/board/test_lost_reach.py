"""The reach that was lost in the last hour, minute by minute, with what happened."""

from collections.abc import Sequence

from outagetui.board.build import Boards
from outagetui.board.last_hour import LastHour
from outagetui.board.rows import Board, ReachHistory
from outagetui.core.model import Entry, State
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.facts.ledger import Ledger
from tests.kit.sample_boards import BEAT, NOW, rows
from tests.kit.sample_business import PUBLIC

Told = Sequence[tuple[float, Event]]


def hour_of(told: Told, audience: str = "customers", now: float = NOW, **states: State) -> ReachHistory:
    """The history of an audience after `told`, with the channels in `states` now."""
    return history(told, now, **states)[audience]


def history(told: Told, now: float = NOW, **states: State) -> dict[str, ReachHistory]:
    primaries = frozenset(each.id for each in PUBLIC.channels if each.role == "primary")
    entries = [
        Entry(number + 1, at, "alice", events.kind_of(event), events.encode(event), "", "")
        for number, (at, event) in enumerate(told)
    ]
    ledger, hour = Ledger(primaries), LastHour()
    for entry in entries:
        ledger.apply(entry)
    hour.take(entries)
    lives: dict[str, list] = {}  # type: ignore[type-arg]
    for row in rows(NOW - 100.0, **states):
        lives.setdefault(row.check, []).append(row)
    made: Board = Boards(PUBLIC, ledger, hour).at(now, lives, (), BEAT)
    return {each.audience: each for each in made.history}


def change(at: float, name: str, was: str, now: str, why: str = "x") -> tuple[float, Event]:
    return at, events.StateChanged(id=name, was=was, now=now, why=why)


BEGAN = (NOW - 7000.0, events.BlindChanged(blind=False, why=""))


def ago(minutes: float) -> float:
    return NOW - minutes * 60.0


def test_a_calm_hour_has_lost_nothing() -> None:
    seen = hour_of([BEGAN])
    assert seen.lost == (0.0,) * 60
    assert seen.marks == ()


def test_before_the_journal_began_nothing_is_known() -> None:
    lost = hour_of([(ago(10), events.BlindChanged(blind=False, why=""))]).lost
    assert lost[:48] == (None,) * 48
    assert lost[-9:] == (0.0,) * 9


def test_what_was_down_and_is_up_again_was_lost_in_between() -> None:
    told = [BEGAN, change(ago(30), "messenger", "up", "down"), change(ago(20), "messenger", "down", "up")]
    seen = hour_of(told)
    assert set(seen.lost[:27]) == {0.0}
    assert set(seen.lost[30:39]) == {0.6}
    assert set(seen.lost[42:]) == {0.0}
    assert [mark.sign for mark in seen.marks] == ["✖", "●"]


def test_what_is_down_now_is_lost_up_to_now() -> None:
    seen = hour_of([BEGAN, change(ago(5), "messenger", "up", "down")], messenger=State.DOWN)
    assert set(seen.lost[-5:]) == {0.6}
    assert seen.lost[-8] == 0.0


def test_a_minute_shows_its_worst_moment() -> None:
    told = [BEGAN, change(NOW - 1210, "messenger", "up", "down"), change(NOW - 1205, "messenger", "down", "up")]
    assert max(value for value in hour_of(told).lost if value is not None) == 0.6


def test_a_partial_loss_is_as_large_as_was_counted_then() -> None:
    told = [
        BEGAN,
        change(ago(30), "messenger", "up", "partial", "8 of 20 failed (likely 20-60 %), evidence 9/8: 503"),
        change(ago(20), "messenger", "partial", "up"),
    ]
    assert {round(value or 0.0, 2) for value in hour_of(told).lost} == {0.0, 0.24}


def test_a_backup_wins_back_only_those_who_know_of_it() -> None:
    told = [
        BEGAN,
        change(ago(30), "messenger", "up", "down"),
        (ago(20), events.Activated(channel="webchat")),
        (ago(10), events.Told(channel="webchat", audience="customers")),
    ]
    lost = hour_of(told, messenger=State.DOWN).lost
    assert lost[35] == lost[45] == 0.6
    assert lost[-5] == 0.0


def test_marks_belong_to_their_audience_and_to_both_where_they_concern_both() -> None:
    told = [
        BEGAN,
        change(ago(30), "team", "up", "down"),
        (ago(25), events.Acked(incident="i2")),
        (ago(20), events.Activated(channel="jabber")),
        (ago(5), events.Deactivated(channel="jabber")),
    ]
    seen = history(told, team=State.DOWN)
    assert [mark.sign for mark in seen["staff"].marks] == ["✖", "a", "A", "D"]
    assert [mark.sign for mark in seen["customers"].marks] == ["a"]


def test_marks_of_more_than_an_hour_ago_are_gone() -> None:
    told = [BEGAN, change(ago(90), "messenger", "up", "down"), change(ago(80), "messenger", "down", "up")]
    assert hour_of(told).marks == ()


def test_a_board_of_which_no_journal_was_read_has_no_history() -> None:
    primaries = frozenset(each.id for each in PUBLIC.channels if each.role == "primary")
    assert Boards(PUBLIC, Ledger(primaries)).at(NOW, {}, (), BEAT).history == ()
