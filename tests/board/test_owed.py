"""Known reach, and what people are owed: a dead way, a word on a backup that is open, the news they were promised."""

from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.board.build import build
from outagetui.board.owed import command, heading, reach_words, why
from outagetui.board.rows import Board, OwedRow, ReachRow
from outagetui.core.model import Segment, State, Thresholds
from outagetui.core.words import Owed
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.facts.live import Beat, Public
from tests.kit.sample_boards import BEAT, NOW, board, down, fold, of, reach_of, rows
from tests.kit.sample_business import CHANNELS, PUBLIC, SEGMENTS, SWITCH, business, channel, outlet

ACCOUNT = ("Webchat", "webchat.example")
OPENED = NOW - 200.0
Told = list[tuple[float, Event]]


def active(at: float = OPENED, name: str = "webchat", run: str = "") -> tuple[float, Event]:
    return at, events.Activated(channel=name, run=run)


def part(at: float = OPENED + 10.0, number: int = 0, **more: Any) -> tuple[float, Event]:
    defaults: dict[str, Any] = {
        "announcement": "a1",
        "part": number,
        "kind": "backup-active",
        "audience": "customers",
        "texts": {"en": ("Use the chat", "Webchat: webchat.example")},
        "since": OPENED,
        "next_update": NOW + 600.0,
        "accounts": (ACCOUNT,),
        "channels": ("webchat",),
        "outlets": ("page",),
    }
    return at, events.AnnouncementMade(**(defaults | more))


def ended(state: str, at: float = OPENED + 11.0, number: int = 0, outlet: str = "page") -> tuple[float, Event]:
    return at, events.DeliveryEnded(announcement="a1", part=number, outlet=outlet, state=state)


def sending(text: str, names: tuple[str, ...] | None, outlet: str = "page") -> tuple[float, Event]:
    intent = events.DeliveryIntended(announcement="a1", part=0, outlet=outlet, key="k", text=text, names=names)
    return OPENED + 10.5, intent


def outage(told: Told, public: Public = PUBLIC, beat: Beat = BEAT, **states: State) -> Board:
    return board(
        rows(NOW - 100.0, messenger=State.DOWN, **states), [down(NOW - 300.0, "messenger"), *told], public, beat
    )


def known(told: Told, public: Public = PUBLIC) -> float | None:
    return reach_of(outage(told, public)).known


@pytest.mark.parametrize(
    ("told", "share"),
    [
        ([active()], 0.4),
        *(([active(), part(), ended(state)], 1.0) for state in ("sent", "seen")),
        *(([active(), part(), ended(state)], 0.4) for state in ("failed", "skipped", "unknown", "retracted")),
        ([active(), part()], 0.4),
        ([active(), part(), sending("x", ("Webchat",))], 0.4),
        ([active(), part(outlets=("page", "blog")), ended("failed"), ended("sent", outlet="blog")], 1.0),
        # Of another activation, another audience, or over.
        ([part(OPENED - 100.0), ended("seen", OPENED - 99.0), active()], 0.4),
        ([active(OPENED - 50.0), part(OPENED - 40.0), ended("seen", OPENED - 39.0),
          (OPENED - 30.0, events.Deactivated(channel="webchat")), active()], 0.4),
        ([active(), part(audience="staff"), ended("sent")], 0.4),
        ([active(), part(accounts=(), channels=()), ended("sent")], 0.4),
        ([active(), part(accounts=(("Jabber", "jabber.example"),), channels=("jabber",)), ended("sent")], 0.4),
        ([active(), part(), ended("sent"), part(OPENED + 20, 1, kind="resolved", accounts=(), channels=())], 0.4),
        ([active(), part(), ended("sent"), (OPENED + 20, events.AnnouncementRetracted(announcement="a1"))], 0.4),
        # A later part that says nothing of it leaves it known, one that takes it back does not.
        ([active(), part(), ended("sent"), part(OPENED + 20, 1, accounts=(), channels=()),
          ended("sent", OPENED + 21, 1)], 1.0),
        ([active(), part(), ended("sent"), part(OPENED + 20, 1, accounts=(), channels=(), dead=("webchat",)),
          ended("sent", OPENED + 21, 1)], 0.4),
        ([active(), part(), ended("sent"), part(OPENED + 20, 1, accounts=(), channels=(), dead=("webchat",)),
          ended("failed", OPENED + 21, 1)], 1.0),
        # What an older version journaled holds no ids.
        ([active(), part(channels=()), ended("sent")], 1.0),
        # What did not fit was not said; own words may say it in their own way.
        ([active(), part(), sending("short", ()), ended("sent")], 0.4),
        ([active(), part(), sending("Write to us in the Webchat, please", ()), ended("sent")], 1.0),
        ([active(), part(), sending("x", ("Webchat",)), ended("sent")], 1.0),
        # By hand.
        ([active(), (OPENED + 5, events.Told(channel="webchat", audience="customers"))], 1.0),
        ([active(), (OPENED + 5, events.Told(channel="webchat", audience="staff"))], 0.4),
        ([(OPENED - 5, events.Told(channel="webchat", audience="customers")), active()], 0.4),
        ([active(OPENED - 9), (OPENED - 8, events.Told(channel="webchat", audience="customers")),
          (OPENED - 7, events.Deactivated(channel="webchat")), active()], 0.4),
    ],
)  # fmt: skip
def test_a_backup_counts_for_those_who_were_told_of_it(told: Told, share: float) -> None:
    shown = reach_of(outage(told))
    assert shown.known == pytest.approx(share)
    assert shown.now == pytest.approx(1.0 if any(isinstance(each, events.Activated) for _, each in told) else 0.4)


def test_what_everybody_knows_and_what_people_try_first_needs_no_word() -> None:
    door = tuple(replace(each, well_known=True) if each.id == "webchat" else each for each in CHANNELS)
    assert known([active()], business(door, SEGMENTS)) == 1.0
    first = (Segment(id="chatters", audience="customers", people=600, uses=("webchat", "messenger")), *SEGMENTS[1:])
    public = business(CHANNELS, first, [outlet("page")])
    assert known([active()], public) == 1.0
    assert outage([active()], public).owed == ()


def test_reach_has_three_figures_and_thresholds() -> None:
    public = replace(
        business(
            [channel("messenger"), channel("webchat", "backup"), channel("phone", "backup")],
            [
                Segment(id="a", audience="customers", people=60, uses=("messenger", "webchat")),
                Segment(id="b", audience="customers", people=20, uses=("messenger", "phone")),
                Segment(id="c", audience="customers", people=20, uses=("messenger",)),
            ],
        ),
        reach={"customers": Thresholds(calm=0.5, alarm=0.2)},
    )
    live = [row for row in rows(messenger=State.DOWN) if row.check in ("messenger.port", "webchat.port")]
    live.append(replace(live[-1], check="phone.port"))
    row = reach_of(board(live, [down(NOW - 99.0, "messenger"), active()], public))
    assert (row.known, row.now, row.possible) == (0.0, 0.6, 0.8)
    assert (row.calm, row.alarm, row.grade) == (0.5, 0.2, State.DOWN)
    assert reach_words(row) == "0 % → 60 % once told → 80 % with backups"


@pytest.mark.parametrize(
    ("known", "uncertain", "grade"),
    [
        (1.0, False, State.UP), (0.95, False, State.UP), (0.9499, False, State.PARTIAL), (0.7, False, State.PARTIAL),
        (0.6999, False, State.DOWN), (0.0, False, State.DOWN), (1.0, True, State.UNKNOWN), (0.8, True, State.PARTIAL),
        (0.1, True, State.DOWN), (None, False, State.UNKNOWN),
    ],
)  # fmt: skip
def test_reach_is_never_well_below_calm_nor_where_it_is_a_guess(
    known: float | None, uncertain: bool, grade: State
) -> None:
    row = ReachRow(audience="customers", now=1.0, known=known, possible=1.0, uncertain=uncertain)
    assert row.grade is grade


def test_words_of_reach() -> None:
    def words(known: float, now: float, possible: float, **more: Any) -> str:
        return reach_words(ReachRow(audience="customers", now=now, known=known, possible=possible, **more))

    assert words(0.2, 0.8, 0.98) == "20 % → 80 % once told → 98 % with backups"
    assert words(0.2, 0.2, 0.98) == "20 % → 98 % with backups"
    assert words(0.42, 0.42, 0.42) == "42 %  no backup is left"
    assert words(0.96, 0.96, 0.96) == "96 %"
    assert words(1.0, 1.0, 1.0, uncertain=True) == "100 %?"


# What is owed.


def owed(told: Told, public: Public = PUBLIC, **states: State) -> list[tuple[str, str, str]]:
    return [(row.kind.value, row.audience, row.channel) for row in outage(told, public, BEAT, **states).owed]


UNTOLD = ("not-told", "customers", "webchat")
DEAD = ("dead-way", "customers", "webchat")


def clock(at: float) -> str:
    return f"<{at - NOW:g}>"


def test_a_backup_that_nobody_knows_is_owed_a_word_after_a_minute() -> None:
    assert owed([active(NOW - 59.0)]) == []
    assert owed([active(NOW - 60.0)]) == [UNTOLD]
    assert owed([active(), part(), ended("sent")]) == []
    assert owed([active(), part(), ended("failed")]) == [UNTOLD]
    assert owed([active()], webchat=State.DOWN) == []  # nobody is to be sent there
    shown = outage([active(NOW - 90.0)])
    (row,) = shown.owed
    assert (heading(row), why(row, clock)) == ("NOT TOLD", "Webchat is open since <-90>, no customer knows")
    assert row.gain is not None
    assert (row.gain.now, row.gain.then) == (0.4, 1.0)
    assert command(row, shown) == "outagetui announce backup-active --audience customers"


def test_staff_without_an_outlet_are_told_by_hand() -> None:
    shown = outage([active(name="jabber")])
    (row,) = shown.owed
    assert why(row, clock) == "Jabber is open since <-200>, nobody of the staff knows"
    assert command(row, shown) == "outagetui told jabber --audience staff"


def test_staff_without_an_outlet_who_were_sent_to_a_dead_way_are_told_by_hand_too() -> None:
    shown = outage(
        [active(name="jabber"), (OPENED + 1, events.Told(channel="jabber", audience="staff"))], jabber=State.DOWN
    )
    (row,) = shown.owed
    assert (row.kind, row.announcement) == (Owed.DEAD_WAY, "")
    assert command(row, shown) == "outagetui deactivate jabber"


def test_a_run_whose_yes_tells_people_is_named() -> None:
    step = events.StepPlan(id="tell", do="announce", what="tell", options={"audience": "customers", "kind": "update"})
    start = events.RunStarted(run="r1", playbook="switch", name="Switch", digest="d", steps=(step,))
    ask = events.StepAsked(run="r1", step="tell", attempt=1, why="confirm", question="?", answers=("yes",))
    told: Told = [active(), (OPENED + 1, start), (OPENED + 2, ask)]
    assert [row.run for row in outage(told).owed] == ["r1"]


@pytest.mark.parametrize("state", ["aborted", "failed"])
def test_a_run_that_ends_early_says_at_once_what_it_left(state: str) -> None:
    step = events.StepPlan(id="go", do="activate", what="activate")
    start = events.RunStarted(run="r1", playbook="switch", name="Switch", digest="d", steps=(step,))
    begun: Told = [(NOW - 20.0, start), active(NOW - 10.0, run="r1")]
    assert owed(begun) == []
    over = (NOW - 5.0, events.RunEnded(run="r1", state=state))
    public = replace(PUBLIC, playbooks=(replace(SWITCH, activates=("webchat",), tells=("customers",)),))
    shown = outage([*begun, over], public)
    assert [(row.kind, row.channel, row.ended) for row in shown.owed] == [(Owed.NOT_TOLD, "webchat", "r1")]
    (run,) = shown.runs
    assert run.left is not None
    assert (run.left.active, run.left.untold) == (("webchat",), ("webchat",))
    assert run.left.words == "Webchat is active, and nobody was told"
    assert [row.playbook for row in shown.suggestions] == ["switch"]  # there is still something to do
    told = outage([*begun, over, part(NOW - 4.0), ended("sent", NOW - 3.0)], public)
    assert told.owed == ()
    assert told.suggestions == ()
    (run,) = told.runs
    assert run.left is not None
    assert (run.left.untold, run.left.words) == ((), "Webchat is active")
    back = outage([*begun, over, (NOW - 1.0, events.Deactivated(channel="webchat"))], public)
    assert back.runs[0].left is None
    done = outage([*begun, (NOW - 5.0, events.RunEnded(run="r1", state="done"))], public)
    assert (done.owed, done.runs[0].left) == ((), None)


def test_an_outage_of_which_nobody_was_told_anything() -> None:
    def silent(age: float, *told: tuple[float, Event], within: float = 300.0) -> list[tuple[str, str, str]]:
        public = replace(PUBLIC, reach={"customers": Thresholds(tell_within=within)})
        live = rows(NOW - age, messenger=State.DOWN)
        shown = board(live, [down(NOW - age, "messenger"), *told], public)
        return [(row.kind.value, row.audience, row.channel) for row in shown.owed]

    assert silent(290.0) == []
    assert silent(302.0) == [("not-told", "customers", "")]
    assert silent(62.0, within=60.0) == [("not-told", "customers", "")]
    assert silent(400.0, part(accounts=(), channels=())) == []
    row = OwedRow(kind=Owed.NOT_TOLD, audience="customers", since=NOW)
    assert why(row, clock) == "customers were told nothing; most cannot reach us since <0>"
    assert command(row, board(rows())) == "outagetui announce investigating --audience customers"


# A way that people were sent to and that is dead.


def sent() -> Told:
    return [active(), part(), ended("sent")]


def test_a_way_that_people_were_sent_to_and_that_is_down() -> None:
    shown = outage(sent(), webchat=State.DOWN)
    (row,) = shown.owed
    assert (row.kind, row.audience, row.channel, row.announcement) == (Owed.DEAD_WAY, "customers", "webchat", "a1")
    assert heading(row) == "DEAD WAY"
    assert why(row, clock) == f"customers were sent to Webchat; it is DOWN since {clock(row.since)}"
    assert command(row, shown) == "outagetui announce update --audience customers"


@pytest.mark.parametrize("age", [10.0, 28.0, 40.0])
def test_it_has_to_be_down_for_half_a_minute(age: float) -> None:
    live = rows(NOW - 100.0, messenger=State.DOWN)
    dead = next(row for row in rows(NOW - age, webchat=State.DOWN) if row.check == "webchat.port")
    live = [dead if row.check == "webchat.port" else row for row in live]
    shown = board(live, [down(NOW - 100.0, "messenger"), *sent()])
    assert bool(shown.owed) is (age >= 30.0)


def corrected() -> tuple[float, Event]:
    return part(OPENED + 20.0, 1, accounts=(), channels=(), dead=("webchat",))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (sent(), [DEAD]),
        ([active(), part(), sending("x", ("Webchat",)), ended("unknown")], [DEAD]),
        ([active(), part(), ended("failed")], []),
        ([*sent(), corrected(), ended("sent", number=1)], []),
        ([*sent(), corrected(), ended("failed", number=1)], [DEAD]),
        ([*sent(), part(OPENED + 20, 1, kind="resolved", accounts=(), channels=())], []),
        ([*sent(), (NOW - 1, events.Muted(id="webchat", until=NOW + 99, reason="works"))], []),
        ([*sent(), (NOW - 1, events.Deactivated(channel="webchat"))], [DEAD]),  # they still go there
        ([active(), (OPENED + 1, events.Told(channel="webchat", audience="customers"))], [DEAD]),
        ([active(), (OPENED + 1, events.Told(channel="webchat", audience="customers")),
          part(number=0, accounts=(), channels=(), dead=("webchat",)), ended("sent")], []),
        ([active(), part(accounts=(), channels=(), dead=("webchat",)), ended("sent"),
          (OPENED + 50, events.Told(channel="webchat", audience="customers"))], [DEAD]),
        ([active()], []),
    ],
)  # fmt: skip
def test_who_stands_sent_to_a_dead_way(told: Told, found: list[tuple[str, str, str]]) -> None:
    assert [row for row in owed(told, webchat=State.DOWN) if row[0] == "dead-way"] == found


def test_blind_nobody_knows_whether_a_way_is_dead() -> None:
    shown = board(
        rows(webchat=State.DOWN), [down(NOW - 300.0, "messenger"), *sent()], beat=Beat(7, NOW, blind="no canary")
    )
    assert shown.owed == ()


def test_news_that_were_promised_are_late() -> None:
    shown = outage([active(), part(next_update=NOW - 60.0), ended("sent")])
    (row,) = shown.owed
    assert (row.kind, row.audience, row.announcement, row.since) == (Owed.LATE, "customers", "a1", NOW - 60.0)
    assert (heading(row), why(row, clock)) == ("UPDATE LATE", "customers were promised news by <-60>")


# The incident, and what older journals say.


def incident(told: Told) -> tuple[str, tuple[str, ...]] | None:
    ledger = fold(PUBLIC, told)
    found = ledger.open_incident(NOW)
    return None if found is None else (found.id, tuple(sorted(found.channels)))


def test_a_dead_way_joins_the_open_incident_and_opens_one_where_there_is_none() -> None:
    dead = down(NOW - 50.0, "webchat")
    assert incident([down(NOW - 300.0, "messenger"), *sent(), dead]) == ("i1", ("messenger", "webchat"))
    assert incident([*sent(), dead]) == ("i4", ("webchat",))
    assert incident([active(), dead]) is None  # nobody was sent there
    old = [active(), part(channels=()), ended("sent"), dead]
    assert incident(old) is None  # as it was folded before
    muted = (NOW - 60.0, events.Muted(id="webchat", until=NOW + 60.0, reason="works"))
    assert incident([*sent(), muted, dead]) is None
    assert incident([*sent(), (NOW - 50.0, events.StateChanged(id="webchat", was="up", now="partial", why=""))]) is None


def test_one_that_was_down_before_people_were_sent_there_joins_too() -> None:
    messenger, dead = down(NOW - 300.0, "messenger"), down(NOW - 250.0, "webchat")
    assert incident([messenger, dead, *sent()]) == ("i1", ("messenger", "webchat"))
    assert incident([dead, *sent()]) is None  # nothing changed: the board says so
    told = (OPENED + 1, events.Told(channel="webchat", audience="customers"))
    assert incident([messenger, dead, active(), told]) == ("i1", ("messenger", "webchat"))
    assert incident([messenger, dead, active(), part(), ended("failed")]) == ("i1", ("messenger",))


def test_what_was_told_after_an_activation_is_known_by_the_order_and_not_by_the_clock() -> None:
    back = OPENED - 3600.0
    assert known([active(), part(back), ended("sent", back + 1)]) == 1.0
    assert known([part(OPENED + 99), ended("sent", OPENED + 99), active()]) == 0.4


def test_an_incident_of_a_dead_way_alone_ends_with_the_stand_down() -> None:
    told = [*sent(), down(NOW - 50.0, "webchat")]
    over: Told = [
        (NOW - 20.0, part(number=1, kind="resolved", accounts=(), channels=())[1]),
        (NOW - 10.0, events.Deactivated(channel="webchat")),
    ]
    ledger = fold(PUBLIC, [*told, *over])
    assert ledger.incident_at(NOW) == (ledger.incident, NOW - 10.0)


# A failed proof.


def proof(outcome: str) -> tuple[float, Event]:
    return NOW - 30.0, events.Proved(channel="webchat", outcome=outcome, detail="no echo came back", checks={})


def test_a_failed_proof_is_as_loud_as_a_down_backup_and_makes_nothing_possible() -> None:
    shown = outage([proof("failed")])
    row = of(shown, "webchat")
    assert (row.broken, row.readiness, row.proof) == (True, "broken", "no echo came back")
    assert [each.id for each in shown.channels][:3] == ["messenger", "webchat", "mail"]
    assert (reach_of(shown).now, reach_of(shown).possible) == (0.4, 0.4)
    assert shown.suggestions[0].gains == ()
    passed = outage([proof("failed"), proof("passed")])
    assert (of(passed, "webchat").broken, reach_of(passed).possible) == (False, 1.0)
    assert reach_of(outage([proof("failed"), active(), part(), ended("sent")])).known == 1.0  # it is in use


# Nobody looks any more.


def test_reach_of_a_silent_daemon_is_a_guess() -> None:
    for beat in (Beat(7, NOW - 60.0), None):
        shown = build(PUBLIC, rows(), fold(PUBLIC, []), beat, NOW)
        assert {row.uncertain for row in shown.reach} == {True}
        assert {row.grade for row in shown.reach} == {State.UNKNOWN}
        assert reach_words(shown.reach[0]) == "100 %?"
