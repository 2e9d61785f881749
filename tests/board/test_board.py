"""What the screens show at one moment, from small stories."""

from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.board.build import STALE_AFTER
from outagetui.board.rows import GainRow, IncidentRow, OutletRow, ReachRow, SuggestionRow
from outagetui.core.model import Condition, Segment, State
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.facts.live import Beat, Live, Public
from tests.kit.sample_boards import NOW, board, down, fresh, of, reach_of, rows
from tests.kit.sample_business import BAD, CHANNELS, SEGMENTS, SWITCH, business, channel, live_row, outlet, playbook


def test_a_quiet_board() -> None:
    shown = board(rows())
    assert [(row.id, row.state) for row in shown.channels] == [
        ("mail", State.UP),
        ("messenger", State.UP),
        ("webchat", State.UP),
        ("team", State.UP),
        ("jabber", State.UP),
    ]
    assert (shown.business, shown.vantage, shown.timezone) == ("Example", "here", "UTC")
    assert (shown.blind, shown.drill) == ("", "")
    assert shown.incident is None
    assert shown.suggestions == ()
    assert not shown.stale
    assert reach_of(shown) == ReachRow(audience="customers", now=1.0, known=1.0, possible=1.0)


def test_customers_come_before_staff_and_the_worst_first_in_each() -> None:
    shown = board(rows(team=State.DOWN, webchat=State.PARTIAL, mail=State.DOWN))
    assert [row.id for row in shown.channels] == ["mail", "webchat", "messenger", "team", "jabber"]


def test_a_small_story_whole() -> None:
    """The messenger fails, the switch is suggested, started, the chat becomes active, the page tells it."""
    fails = rows(messenger=State.DOWN)
    begin = NOW - 90.0
    before = board(fails, [down(begin, "messenger")])
    assert before.incident == IncidentRow(id="i1", since=begin, channels=("messenger",))
    assert before.reach == (
        ReachRow(audience="customers", now=0.4, known=0.4, possible=1.0),
        ReachRow(audience="staff", now=1.0, known=1.0, possible=1.0),
    )
    assert before.suggestions == (
        SuggestionRow(
            playbook="switch",
            name="Switch",
            why="Messenger is down",
            gains=(GainRow(audience="customers", now=0.4, then=1.0),),
        ),
    )
    assert before.playbooks[0].suggested
    messenger = of(before, "messenger")
    assert (messenger.state, messenger.known, messenger.since) == (State.DOWN, State.DOWN, NOW - 100.0)
    assert (messenger.standing, messenger.backed_by) == (None, ("webchat",))
    assert of(before, "webchat").standing == "standby"

    started = events.RunStarted(
        run="r1",
        playbook="switch",
        name="Switch",
        digest="d",
        steps=(events.StepPlan(id="go", do="activate", what="activate webchat"),),
    )
    made = events.AnnouncementMade(
        announcement="a1",
        part=0,
        kind="backup-active",
        audience="customers",
        texts={"en": ("Use the chat", "It is on our page.")},
        since=begin,
        next_update=NOW + 600.0,
        accounts=(("Webchat", "webchat.example"),),
        outlets=("page",),
    )
    sent = events.DeliveryEnded(announcement="a1", part=0, outlet="page", state="sent", url="https://page.example/")
    story: list[tuple[float, Event]] = [
        down(begin, "messenger"),
        (NOW - 60.0, events.Acked(incident="i1")),
        (NOW - 50.0, started),
        (NOW - 45.0, events.StepIntended(run="r1", step="go", attempt=1, what="activate webchat")),
        (NOW - 44.0, events.Activated(channel="webchat", run="r1")),
        (NOW - 43.0, events.StepEnded(run="r1", step="go", attempt=1, outcome="done", detail="")),
        (NOW - 40.0, made),
        (NOW - 39.0, sent),
    ]
    after = board(fails, story)
    assert reach_of(after).now == 1.0
    assert after.suggestions == ()  # it runs
    assert after.playbooks[0].running == "r1"
    assert not after.playbooks[0].suggested
    assert of(after, "webchat").standing == "active"
    assert of(after, "jabber").standing == "standby"
    assert after.incident is not None
    assert after.incident.acked_by == "alice"
    (run,) = after.runs
    assert (run.id, run.state, run.actor) == ("r1", "running", "alice")
    assert [(step.id, step.state) for step in run.steps] == [("go", "done")]
    (announcement,) = after.announcements
    assert (announcement.title, announcement.open, announcement.parts) == ("Use the chat", True, 1)
    (delivery,) = announcement.deliveries
    assert (delivery.outlet, delivery.state, delivery.url) == ("page", "sent", "https://page.example/")
    assert delivery.text == "Use the chat\n\nIt is on our page."
    assert after.outlets[0].delivery == "sent"


def test_partial_counts_by_its_working_share() -> None:
    live = rows(messenger=State.PARTIAL)
    failing = 5 / 11
    assert reach_of(board(live)).now == pytest.approx((600 * (1 - failing) + 400) / 1000)


def test_a_backup_that_is_down_makes_nothing_possible() -> None:
    shown = board(rows(messenger=State.DOWN, webchat=State.DOWN))
    assert reach_of(shown) == ReachRow(audience="customers", now=0.4, known=0.4, possible=0.4)


def test_audiences_without_segments_have_no_reach() -> None:
    public = business(CHANNELS, [SEGMENTS[2]])
    assert board(rows(), public=public).reach == (
        ReachRow(audience="customers", now=None, known=None, possible=None),
        ReachRow(audience="staff", now=1.0, known=1.0, possible=1.0),
    )


# Suggestions.


@pytest.mark.parametrize(("age", "suggested"), [(29.0, False), (31.0, True)])
def test_a_suggestion_waits_until_its_condition_has_lasted(age: float, suggested: bool) -> None:
    shown = board(rows(NOW - age, messenger=State.DOWN))
    assert bool(shown.suggestions) == suggested


@pytest.mark.parametrize(
    "story",
    [
        [(NOW - 50.0, events.Muted(id="messenger", until=NOW + 50.0, reason="update"))],
        [(NOW - 50.0, events.Activated(channel="webchat")), (NOW - 50.0, events.Activated(channel="jabber"))],
    ],
    ids=["muted", "done already"],
)
def test_no_suggestion_for_what_is_muted_or_done(story: list[tuple[float, Event]]) -> None:
    assert board(rows(messenger=State.DOWN), story).suggestions == ()


def test_a_mute_that_ran_out_hides_nothing() -> None:
    story = [(NOW - 50.0, events.Muted(id="messenger", until=NOW - 10.0, reason="update"))]
    shown = board(rows(messenger=State.DOWN), story)
    assert shown.suggestions
    assert of(shown, "messenger").muted is None


def test_one_backup_of_two_being_active_leaves_the_suggestion() -> None:
    assert board(rows(messenger=State.DOWN), [(NOW - 50.0, events.Activated(channel="webchat"))]).suggestions


def test_a_failed_run_can_be_suggested_again() -> None:
    start = events.RunStarted(run="r1", playbook="switch", name="Switch", digest="d", steps=())
    running: list[tuple[float, Event]] = [(NOW - 50.0, start)]
    fails = rows(messenger=State.DOWN)
    assert board(fails, running).suggestions == ()
    assert board(fails, [*running, (NOW - 40.0, events.RunEnded(run="r1", state="failed"))]).suggestions


def test_suggestions_are_ranked_by_what_they_win() -> None:
    when = (Condition(channels=("messenger",), state=BAD, lasting=0.0),)
    activates = {"nothing": (), "little": ("jabber",), "much": ("webchat",)}
    books = [playbook(name, *channels, when=when) for name, channels in activates.items()]
    public = business(CHANNELS, SEGMENTS, playbooks=books)
    shown = board(rows(messenger=State.DOWN), public=public)
    assert shown.suggestions[0].playbook == "much"
    assert {row.playbook for row in shown.suggestions} == {"nothing", "little", "much"}


def test_a_playbook_is_judged_by_the_audience_with_most_people_to_win() -> None:
    shown = board(rows(messenger=State.DOWN, team=State.DOWN))
    assert shown.suggestions[0].gains[0].audience == "customers"  # 600 of 1000, not 12 of 12


# Suppression, doubt, blindness, staleness.


def dependents(**more: Any) -> Public:
    return business([channel("vps"), channel("vpn"), channel("jabber", "backup", **more)], SEGMENTS)


def states_of(**states: State) -> list[Live]:
    return [fresh(live_row(f"{name}.port", state, NOW - 100.0)) for name, state in states.items()]


@pytest.mark.parametrize(
    ("vps", "vpn", "suppressed"),
    [
        (State.DOWN, State.DOWN, True),
        (State.DOWN, State.UP, False),
        (State.PARTIAL, State.DOWN, False),
        (State.UP, State.UP, False),
    ],
)
def test_suppressed_only_while_everything_it_depends_on_is_down(vps: State, vpn: State, suppressed: bool) -> None:
    live = states_of(vps=vps, vpn=vpn, jabber=State.DOWN)
    for needs in (("vps", "vpn"), ("vps.port", "vpn.port"), ("vps", "vpn.port")):
        shown = board(live, public=dependents(depends_on=needs))
        assert of(shown, "jabber").suppressed == suppressed
        assert of(shown, "jabber").state is State.DOWN  # still shown
    assert of(board(live, public=dependents(depends_on=("vps",))), "vps").dependents == ("jabber",)


def test_a_suppressed_channel_suggests_nothing() -> None:
    when = (Condition(channels=("jabber",), state=BAD, lasting=0.0),)
    channels = [channel("vps"), channel("jabber", "backup", depends_on=("vps",))]
    public = business(channels, SEGMENTS, playbooks=[playbook("p", when=when)])
    assert board(states_of(vps=State.DOWN, jabber=State.DOWN), public=public).suggestions == ()
    assert board(states_of(vps=State.UP, jabber=State.DOWN), public=public).suggestions


def test_old_green_is_unknown_and_its_reach_a_guess() -> None:
    live = [live_row("messenger.port", State.UP, NOW - 500.0), *rows()[1:]]
    shown = board(live)
    row = of(shown, "messenger")
    assert (row.state, row.known) == (State.UNKNOWN, State.UP)
    assert row.since == pytest.approx(NOW - 500.0 + 1.0 + 60.0)
    assert reach_of(shown) == ReachRow(audience="customers", now=1.0, known=1.0, possible=1.0, uncertain=True)


def test_old_red_keeps_counting_as_unreachable() -> None:
    live = [live_row("messenger.port", State.DOWN, NOW - 500.0), *rows()[1:]]
    shown = board(live)
    assert (of(shown, "messenger").state, of(shown, "messenger").known) == (State.UNKNOWN, State.DOWN)
    assert reach_of(shown).now == 0.4
    assert reach_of(shown).uncertain
    assert shown.suggestions == ()  # nothing is suggested on a guess


def test_blind_covers_every_state_and_keeps_the_last_known_for_reach() -> None:
    shown = board(rows(messenger=State.DOWN), beat=Beat(7, NOW - 1.0, blind="no canary answers"))
    assert shown.blind == "no canary answers"
    assert {row.state for row in shown.channels} == {State.BLIND}
    assert {row.state for row in shown.outlets} == {State.BLIND}
    assert of(shown, "messenger").known is State.DOWN
    assert of(shown, "mail").known is State.UP
    assert "our own uplink fails: no canary answers" in of(shown, "mail").why
    assert reach_of(shown) == ReachRow(audience="customers", now=0.4, known=0.4, possible=1.0, uncertain=True)
    assert shown.suggestions == ()


def test_a_check_never_seen_is_unknown_and_says_so() -> None:
    shown = board([])
    assert {row.state for row in shown.channels} == {State.UNKNOWN}
    assert of(shown, "mail").why == "not probed yet"
    assert reach_of(shown) == ReachRow(audience="customers", now=0.0, known=0.0, possible=0.0, uncertain=True)


def test_a_channel_without_checks_is_unknown() -> None:
    public = business([channel("phone", checks=())], SEGMENTS)
    row = of(board([], public=public), "phone")
    assert (row.state, row.why) == (State.UNKNOWN, "no check watches it")


@pytest.mark.parametrize(("age", "stale"), [(0.0, False), (STALE_AFTER, False), (STALE_AFTER + 0.1, True)])
def test_a_daemon_that_gave_no_sign_of_life_is_stale(age: float, stale: bool) -> None:
    shown = board(rows(), beat=Beat(7, NOW - age, trouble="disk full"))
    assert shown.stale is stale
    assert shown.daemon is not None
    assert (shown.daemon.pid, shown.daemon.trouble) == (7, "disk full")
    assert shown.daemon.age == pytest.approx(age)


@pytest.mark.parametrize("age", [STALE_AFTER + 1.0, 61.0, 3600.0, 30 * 86400.0])
def test_a_silent_daemon_leaves_its_last_states_however_long_it_is_silent(age: float) -> None:
    live = [
        replace(row, track=replace(row.track, last=NOW - age - 1.0))
        for row in rows(messenger=State.DOWN, mail=State.PARTIAL)
    ]
    shown = board(live, beat=Beat(7, NOW - age))
    assert shown.stale
    states = {row.id: row.state for row in shown.channels}
    assert (states["messenger"], states["mail"], states["webchat"]) == (State.DOWN, State.PARTIAL, State.UP)
    assert reach_of(shown).uncertain


def test_what_was_unknown_when_the_daemon_fell_silent_stays_unknown() -> None:
    live = [live_row("messenger.port", State.UP, NOW - 500.0), *rows()[1:]]
    assert of(board(live, beat=Beat(7, NOW - 60.0)), "messenger").state is State.UNKNOWN


def test_a_store_no_daemon_ever_wrote_to_is_stale() -> None:
    assert board([], beat=None).stale
    assert board([], beat=None).daemon is None


# Channels and their checks.


def test_the_reason_names_the_check_and_counts_the_vantages() -> None:
    public = business([channel("chat", checks=("page", "room"))], SEGMENTS)
    bad = live_row("chat.room", State.DOWN, NOW - 20.0)
    live = [live_row("chat.page", since=NOW - 20.0), bad]
    assert of(board(live, public=public), "chat").why == "room: down for a reason"
    there = [replace(row, vantage="there") for row in live]
    row = of(board([*live, *there], public=public), "chat")
    assert row.why.endswith(", seen from 2 of 2 vantages")


def test_what_a_minority_sees_is_local_and_not_the_channels_state() -> None:
    public = business([channel("chat")], SEGMENTS, playbooks=[SWITCH])
    bad = live_row("chat.port", State.DOWN, NOW - 20.0)
    good = live_row("chat.port", State.UP, NOW - 20.0)
    live = [bad, *(replace(good, vantage=name) for name in "xy")]
    row = of(board(live, public=public), "chat")
    assert (row.state, row.local) == (State.UP, "here")
    assert row.checks[0].vantages == (("here", "down"), ("x", "up"), ("y", "up"))


def test_a_check_row_carries_its_last_sample() -> None:
    row = of(board(rows(messenger=State.DOWN)), "messenger").checks[0]
    assert row.sample is not None
    assert (row.id, row.sample.code, row.sample.detail) == ("messenger.port", "timeout", "no answer in time")
    assert (row.sample.outcome, row.latency_ms) == ("fail", row.sample.latency_ms)
    assert row.failing_share == 1.0


def test_outlets_without_checks_are_unknown_and_keep_their_delivery() -> None:
    public = business(CHANNELS, SEGMENTS, [outlet("blog", checks=())])
    (row,) = board(rows(), public=public).outlets
    assert isinstance(row, OutletRow)
    assert (row.state, row.delivery, row.url) == (State.UNKNOWN, "", "https://blog.example/")


def test_the_newest_part_counts_for_an_outlet() -> None:
    def made(number: int, *outlets: str) -> tuple[float, Event]:
        return NOW - 50.0 + number, events.AnnouncementMade(
            announcement="a1", part=number, kind="update", audience="customers", texts={"en": ("t", "b")},
            since=1.0, next_update=None, accounts=(), outlets=outlets,
        )  # fmt: skip

    sent = NOW - 49.5, events.DeliveryEnded(announcement="a1", part=0, outlet="page", state="sent")
    assert board(rows(), [made(0, "page"), sent]).outlets[0].delivery == "sent"
    assert board(rows(), [made(0, "page"), sent, made(1, "page")]).outlets[0].delivery == "planned"


def test_runs_and_announcements_come_newest_first_and_end_somewhere() -> None:
    story: list[tuple[float, Event]] = []
    for number in range(30):
        start = events.RunStarted(run=f"r{number}", playbook="switch", name="Switch", digest="d", steps=())
        made = events.AnnouncementMade(
            announcement=f"a{number}", part=0, kind="update", audience="customers", texts={"en": ("t", "b")},
            since=1.0, next_update=None, accounts=(), outlets=(),
        )  # fmt: skip
        story += [(100.0 + number, start), (100.0 + number, made)]
        if number != 3:
            story.append((100.0 + number, events.RunEnded(run=f"r{number}", state="done")))
    shown = board(rows(), story)
    assert [run.id for run in shown.runs][:2] == ["r29", "r28"]
    assert [made.id for made in shown.announcements][:2] == ["a29", "a28"]
    assert [run.id for run in shown.runs][20:] == ["r3"]  # one that is under way is shown however old it is
    assert len(shown.announcements) == 10


def test_a_blip_is_red_on_the_board_but_suggests_nothing_yet() -> None:
    shown = board(rows(NOW - 5.0, messenger=State.DOWN))
    assert of(shown, "messenger").state is State.DOWN
    assert shown.suggestions == ()


def test_segments_without_anything_usable_count_as_cut_off() -> None:
    public = business(CHANNELS, [Segment(id="x", audience="customers", people=10, uses=("webchat",))])
    shown = board(rows(), public=public)
    assert reach_of(shown) == ReachRow(audience="customers", now=0.0, known=0.0, possible=1.0)
