"""Boards from one moment to the next: the same as if each were built anew, at the cost of what changed."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from outagetui.board.build import Boards, build
from outagetui.board.judged import Judged, Judgements, Lives
from outagetui.board.owner_rows import OwnerRows
from outagetui.board.rows import ChannelRow
from outagetui.core.model import Condition, Cost, Entry, Outcome, Sample, Segment, State
from outagetui.facts import events
from outagetui.facts.common_fate import Fate
from outagetui.facts.events import Event
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Beat, Live, PublicChannel, PublicOutlet
from tests.kit.sample_business import BAD, business, channel, live_row, outlet, playbook

BEGIN = 1000.0
NEEDS_MAIL = channel("chat", depends_on=("mail",))
CHANNELS = (
    channel("mail", checks=("smtp", "imap")),
    channel("phone", depends_on=("mail.smtp", "chat")),
    NEEDS_MAIL,
    channel("webchat", "backup", backs_up=("mail",), prove_every=120.0, cost=Cost(monthly=900.0, balance="mail.imap")),
    channel("team", audience="staff"),
    channel("pager", "backup", "staff", backs_up=("team",)),
    channel("unwatched", checks=()),
)
PUBLIC = replace(
    business(
        CHANNELS,
        [
            Segment(id="all", audience="customers", people=10, uses=("mail", "webchat")),
            Segment(id="crew", audience="staff", people=3, uses=("team", "pager")),
        ],
        [outlet("page")],
        [
            playbook("switch", "webchat", when=(Condition(channels=("mail",), state=BAD, lasting=5.0),)),
            playbook("call", "pager", when=(Condition(audience="staff", reach_below=0.9),)),
        ],
    ),
    fates=(Fate("webchat", "mail", ("provider acme",)),),
)
WATCHED: list[PublicChannel | PublicOutlet] = [*PUBLIC.channels, *PUBLIC.outlets]
CHECKS = [check.id for owner in WATCHED for check in owner.checks]
NAMES = [owner.id for owner in WATCHED]
VANTAGES = ("here", "there")


class Night:
    """A history that is told step by step to boards in turn, and each time to a board built anew."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.lives: dict[str, tuple[Live, ...]] = {}
        self.changed: set[str] = set()
        self.ledger = Ledger(frozenset(each.id for each in PUBLIC.channels if not each.is_backup))
        self.beat: Beat | None = Beat(7, BEGIN)
        self.boards = Boards(PUBLIC, self.ledger)

    def see(self, check: str, vantage: str, state: State, value: float | None) -> None:
        row = live_row(check, state, self.now - 10.0)
        sample = Sample(Outcome.PASS, value=value, latency_ms=value)
        row = replace(row, vantage=vantage, at=self.now, sample=sample, track=replace(row.track, last=self.now))
        others = [each for each in self.lives.get(check, ()) if each.vantage != vantage]
        self.lives[check] = tuple(sorted((*others, row), key=lambda each: each.vantage))
        self.changed.add(check)

    def lose(self, check: str) -> None:
        if self.lives.pop(check, None):
            self.changed.add(check)

    def tell(self, event: Event) -> None:
        seq = self.ledger.seq + 1
        self.ledger.apply(Entry(seq, self.now, "alice", events.kind_of(event), events.encode(event), "", ""))

    def show(self) -> None:
        shown = self.boards.at(self.now, self.lives, self.changed, self.beat)
        self.changed = set()
        rows = [row for check in self.lives.values() for row in check]
        assert shown == build(PUBLIC, rows, self.ledger, self.beat, self.now)


def _event(kind: str, name: str, now: float) -> Event:
    """Return the next entry of the journal."""
    made: dict[str, Callable[[], Event]] = {
        "mute": lambda: events.Muted(id=name, until=now + 20.0, reason="works"),
        "unmute": lambda: events.Muted(id=name, until=now, reason=""),
        "activate": lambda: events.Activated(channel=name, balance=50.0),
        "deactivate": lambda: events.Deactivated(channel=name),
        "told": lambda: events.Told(channel=name, audience="customers"),
        "passed": lambda: events.Proved(channel=name, outcome="passed", detail="it rang", checks={}),
        "failed": lambda: events.Proved(channel=name, outcome="failed", detail="it did not", checks={}),
        "down": lambda: events.StateChanged(id=name, was="up", now="down", why="x"),
        "up": lambda: events.StateChanged(id=name, was="down", now="up", why="x"),
        "announce": lambda: _announced(now),
        "start": lambda: events.RunStarted(run=f"r{now:.0f}", playbook="switch", name="Switch", digest="", steps=()),
        "abort": lambda: events.RunEnded(run=f"r{now:.0f}", state="aborted"),
    }
    return made[kind]()


def _announced(now: float) -> Event:
    return events.AnnouncementMade(
        announcement=f"a{now:.0f}",
        part=0,
        kind="backup-active",
        audience="customers",
        texts={"en": ("Use the chat", "Webchat: webchat.example")},
        since=now,
        next_update=now + 5.0,
        accounts=(("Webchat", "webchat.example"),),
        channels=("webchat",),
        outlets=("page",),
    )


KINDS = ("mute", "unmute", "activate", "deactivate", "told", "passed", "failed", "down", "up", "announce", "start",
         "abort")  # fmt: skip
SEEN = st.tuples(
    st.sampled_from(CHECKS),
    st.sampled_from(VANTAGES),
    st.sampled_from((State.UP, State.DOWN, State.PARTIAL)),
    st.none() | st.floats(1.0, 49.0),
)
STEPS = st.one_of(
    st.tuples(st.just("see"), SEEN),
    st.tuples(st.just("lose"), st.sampled_from(CHECKS)),
    st.tuples(st.just("event"), st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES))),
    st.tuples(st.just("wait"), st.sampled_from((0.0, 0.5, 4.0, 29.0, 60.0, 130.0, 2000.0, -3.0))),
    st.tuples(st.just("beat"), st.sampled_from(("", "no canary answers", "gone"))),
    st.tuples(st.just("show"), st.none()),
)


@settings(max_examples=300)
@given(st.lists(STEPS, max_size=40))
def test_boards_in_turn_are_those_built_anew(steps: list[tuple[str, Any]]) -> None:
    night = Night()
    for what, how in steps:
        match what:
            case "see":
                night.see(*how)
            case "lose":
                night.lose(how)
            case "event":
                kind, name = how
                night.tell(_event(kind, name, night.now))
            case "wait":
                night.now += how
            case "beat":
                night.beat = None if how == "gone" else Beat(7, night.now, blind=how)
            case _:
                night.show()
    night.show()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which owners were judged, and of which a row was made."""
    told: list[str] = []
    judge, channel_row = Judgements._judge, OwnerRows._channel

    def judged(self: Judgements, name: str, lives: Lives) -> Judged:
        told.append(name)
        return judge(self, name, lives)

    def made(self: OwnerRows, channel: PublicChannel) -> ChannelRow:
        told.append(channel.id)
        return channel_row(self, channel)

    monkeypatch.setattr(Judgements, "_judge", judged)
    monkeypatch.setattr(OwnerRows, "_channel", made)
    return told


def _many(count: int) -> tuple[Boards, dict[str, tuple[Live, ...]]]:
    public = business([channel(f"c{number}") for number in range(count)])
    lives: dict[str, tuple[Live, ...]] = {
        f"c{number}.port": (live_row(f"c{number}.port", since=BEGIN - 2.0),) for number in range(count)
    }
    return Boards(public, Ledger()), lives


def test_only_what_changed_is_judged_and_made_anew(counted: list[str]) -> None:
    boards, lives = _many(1000)
    first = boards.at(BEGIN, lives, lives.keys(), Beat(7, BEGIN))
    assert len(counted) == 2000
    counted.clear()
    assert boards.at(BEGIN + 1, lives, (), Beat(7, BEGIN + 1)).channels is first.channels
    assert counted == []
    lives["c5.port"] = (live_row("c5.port", State.DOWN, BEGIN),)
    after = boards.at(BEGIN + 2, lives, {"c5.port"}, Beat(7, BEGIN + 2))
    assert counted == ["c5", "c5"]
    assert (after.channels[0].id, after.channels[0].state) == ("c5", State.DOWN)
    was = {row.id: row for row in first.channels}
    assert all(row is was[row.id] for row in after.channels[1:])


def test_a_row_that_only_time_makes_unknown_is_judged_then_and_once(counted: list[str]) -> None:
    boards, lives = _many(50)
    lives["c7.port"] = (live_row("c7.port", since=BEGIN - 31.0),)  # patience is 60 s for a check every 10 s
    boards.at(BEGIN, lives, lives.keys(), Beat(7, BEGIN))
    counted.clear()
    for second in range(1, 50):
        board = boards.at(BEGIN + second, lives, (), Beat(7, BEGIN + second))
    assert counted == ["c7", "c7"]
    assert [row.id for row in board.channels if row.state is State.UNKNOWN] == ["c7"]


def test_a_daemon_that_fell_silent_leaves_what_it_knew_last(counted: list[str]) -> None:
    boards, lives = _many(50)
    boards.at(BEGIN, lives, lives.keys(), Beat(7, BEGIN))
    for second in range(1, 500, 10):
        board = boards.at(BEGIN + second, lives, (), Beat(7, BEGIN))
    assert board.stale
    assert {row.state for row in board.channels} == {State.UP}
    assert len(counted) <= 4 * 50, "judged anew once, when it fell silent"
