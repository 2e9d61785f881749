"""What a report concludes: the key moments, the money, the silences, and what did not go as planned."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.core.model import Observation, Outcome, Segment
from outagetui.core.times import zone_or_utc
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.report import formats
from outagetui.report.gather import gather
from outagetui.report.html import html
from outagetui.report.markdown import markdown
from outagetui.report.values import Figure, Report
from outagetui.store.journal import Store
from tests.kit.sample_business import business
from tests.report.story import BEGIN, CHANNELS, MINUTE, PUBLIC, asked, ended, made, night, sample, samples, state, write

Story = list[tuple[float, str, Event]]
DAY = 86400.0
START = events.DaemonStarted(version="1", pid=1, vantage="here", digest="d")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "store.db"


def at(minutes: float, event: Event, actor: str = "daemon") -> tuple[float, str, Event]:
    return BEGIN + minutes * MINUTE, actor, event


DOWN = at(1, state("messenger", "up", "down", "3 of 3 failed"))
UPS = [(BEGIN - 1800.0, "daemon", state(each.id, "unknown", "up")) for each in CHANNELS]
UP = at(11, state("messenger", "down", "up"))


def figures(report: Report) -> dict[str, Figure]:
    return {figure.id: figure for figure in report.figures}


def kinds(report: Report) -> list[str]:
    return [trouble.kind for trouble in report.troubles]


def test_an_incident_that_nobody_took_and_nobody_was_told_of(path: Path) -> None:
    told = gather(write(path, [DOWN, UP]), None, BEGIN + 5 * 3600)
    found = figures(told)
    assert {name: (found[name].at, found[name].words) for name in ("acknowledged", "backup-live", "announced")} == {
        "acknowledged": (None, "nobody took it"),
        "backup-live": (None, "no backup was activated"),
        "announced": (None, "nothing was announced"),
    }
    assert found["onset"].words == "not known: its samples are no longer kept"
    assert (told.ending, told.duration_s, told.troubles, told.questions, told.money) == ("quiet", 2400.0, (), (), ())
    text = markdown(told)
    for line in ("Nothing was announced.", "No run asked anything.", "The journal tells of nothing."):
        assert line in text
        assert line in html(told)


def test_an_open_incident_is_told_up_to_now(path: Path) -> None:
    told = gather(
        write(path, [*UPS, DOWN, at(3, asked("sure", 1, "manual", "Sure?", "done"))], beat=BEGIN + 600),
        None,
        BEGIN + 600,
    )
    assert (told.open, told.ended, told.ending, told.duration_s) == (True, None, "", 540.0)
    assert figures(told)["closed"].words == "still open"
    assert (told.questions[0].replies, told.questions[0].waited_s) == ((), None)
    assert "- **Ended:** still open" in markdown(told)
    assert "Open so far" in html(told)
    assert told.reach[0].last == 0.4


def test_a_daemon_that_is_gone_now_leaves_the_rest_uncertain(path: Path) -> None:
    told = gather(write(path, [*UPS, DOWN], beat=BEGIN + 5 * MINUTE), None, BEGIN + 65 * MINUTE)
    assert [(each.kind, each.seconds) for each in told.unseen] == [("silent", 3600.0)]
    assert told.reach[0].uncertain_s == 3600.0


def test_a_drill_says_so_and_begins_with_its_fault(path: Path) -> None:
    fault = at(0.5, events.FaultInjected(fault="a quarter fails", target="messenger"))
    early = at(0, events.FaultInjected(fault="answers again", target="messenger"))
    public = replace(PUBLIC, drill="messenger-2011")
    told = gather(write(path, [early, fault, DOWN, UP], samples(), public), None, BEGIN + 5 * 3600)
    assert figures(told)["detected"].after_s == 30.0
    assert figures(told)["onset"].words == "the drill's first fault"
    assert told.timeline[0].kind == "fault"
    assert markdown(told).startswith("# DRILL: Incident i3 at Example: Messenger\n")
    assert '<p class="drill">DRILL</p>' in html(told)
    assert "<title>DRILL: " in html(told)


def test_the_first_sign_is_known_to_the_minute_once_samples_are_rolled_up(path: Path) -> None:
    write(path, night(), samples())
    store = Store(path)
    list(store.upkeep(BEGIN + 3 * DAY, words=True))
    store.close()
    told = gather(path, None, BEGIN + 3 * DAY)
    assert figures(told)["onset"].at == datetime.fromtimestamp(BEGIN, UTC)
    assert figures(told)["onset"].words == "the first minute with a sample that failed"
    assert told.reach[0].lowest == pytest.approx(0.6, abs=0.1)
    assert [(each.kind, each.seconds) for each in told.unseen] == [("blind", 180.0), ("silent", 180.0)]
    phone = told.money[0]
    assert (phone.measured, phone.balance_after) == (False, None)
    assert phone.spent == pytest.approx(3.0 * 94 / 60)
    assert "4.70 EUR (estimate)" in markdown(told)


def test_ninety_days_later_only_the_journal_speaks(path: Path) -> None:
    told = gather(write(path, night()), None, BEGIN + 200 * DAY)
    assert figures(told)["onset"].at is None
    assert told.reach[0].points[0].uncertain
    assert told.reach[0].lowest == pytest.approx(0.6)
    assert "the time to detect it cannot be told" in markdown(told)


def test_without_segments_reach_is_not_known(path: Path) -> None:
    told = gather(write(path, night(), samples(), business(CHANNELS)), None, BEGIN + 5 * 3600)
    assert [(each.people, each.before, each.lowest, each.lost_person_minutes) for each in told.reach] == [
        (0, None, None, None),
        (0, None, None, None),
    ]
    assert "no segment of this audience has people" in html(told)
    assert "| customers | 0 | – | – | – | – | – | – |" in markdown(told)


def test_a_backup_that_stood_in_already_is_no_activation_of_this_incident(path: Path) -> None:
    before = at(-30, events.Activated(channel="phone", balance=30.0))
    told = gather(
        write(path, [before, DOWN, at(5, state("phone", "up", "down", "dead"))], beat=BEGIN + 61 * MINUTE),
        None,
        BEGIN + 61 * MINUTE,
    )
    assert figures(told)["backup-live"].words == "Phone stood in already"
    assert (told.money[0].active_s, told.money[0].balance_before) == (3600.0, None)
    assert [trouble.words for trouble in told.troubles] == ["Phone was down while it stood in: dead"]


def test_words_that_stood_already_are_told_as_such(path: Path) -> None:
    story = [at(-40, made(0, "update", BEGIN - 40 * MINUTE)), DOWN, UP]
    told = gather(write(path, story), None, BEGIN + 5 * 3600)
    assert figures(told)["announced"].words == "an earlier announcement still stood"
    (standing,) = told.announcements
    assert (standing.open, standing.parts) == (True, ())
    assert "It stood since before this incident" in markdown(told)
    assert kinds(told) == ["silence", "left-open"]


def test_words_that_arrived_nowhere_are_not_out(path: Path) -> None:
    story = [
        DOWN,
        at(2, made(0, "update", BEGIN)),
        at(3, ended(0, "page", "failed", "full")),
        at(4, ended(0, "blog", "unknown")),
    ]
    told = gather(write(path, story, beat=BEGIN + 20 * MINUTE), None, BEGIN + 20 * MINUTE)
    assert figures(told)["announced"].words == "announced, but known to have arrived nowhere"
    assert [each.words for each in told.troubles] == [
        "Announcement a1 at Page failed: full",
        "Announcement a1 at Blog is not known to have arrived",
    ]


def test_words_that_were_taken_back_stand_no_longer_and_what_stayed_is_told(path: Path) -> None:
    back: dict[str, Any] = {"announcement": "a1", "part": 0, "do": "retract"}
    story = [
        DOWN,
        at(2, made(0, "update", BEGIN)),
        at(3, ended(0, "page", "sent")),
        at(3, ended(0, "blog", "unknown", "no answer")),
        at(4, events.DeliveryEnded(announcement="a1", part=0, outlet="blog", state="unknown", do="look")),
        at(10, events.AnnouncementRetracted(announcement="a1", note="wrong")),
        at(11, events.DeliveryEnded(outlet="page", state="retracted", **back)),
        at(12, events.DeliveryEnded(outlet="blog", state="failed", detail="refused", **back)),
        UP,
    ]
    told = gather(write(path, story), None, BEGIN + 5 * 3600)
    (gone,) = told.announcements
    assert (gone.open, gone.longest_gap_s) == (False, 480.0)
    assert [each.state for each in gone.parts[0].outlets] == ["retracted", "unknown"]
    assert [each.words for each in told.troubles] == [
        "Announcement a1 at Blog is not known to have arrived: no answer",
        "Announcement a1 at Blog was not taken back: refused",
    ]
    assert "announcement a1 is taken back: wrong" in markdown(told)


def test_a_silence_of_half_an_hour_is_none_and_a_second_more_is_one(path: Path) -> None:
    story = [
        DOWN,
        at(2, made(0, "update", BEGIN)),
        at(32, made(1, "update", BEGIN)),
        at(62 + 1 / 60, made(2, "update", BEGIN)),
    ]
    told = gather(write(path, story, beat=BEGIN + 70 * MINUTE), None, BEGIN + 70 * MINUTE)
    assert [(gap.seconds, gap.begin) for gap in told.gaps] == [
        (1801.0, datetime.fromtimestamp(BEGIN + 32 * MINUTE, UTC))
    ]
    assert told.announcements[0].longest_gap_s == 1801.0


def run_event(kind: type[Event], step: str, **more: Any) -> Event:
    return kind(run="r1", step=step, attempt=1, **more)


def test_what_went_wrong_is_told_without_names(path: Path) -> None:
    story = [
        at(0, state("webchat", "up", "down", "dead")),
        DOWN,
        at(2, events.AlertEnded(incident="i2", link="phone", what="opened", outcome="failed", detail="gone")),
        at(2, events.AlertEnded(incident="i2", link="mail", what="opened", outcome="sent")),
        at(2, events.HeartbeatChanged(heard=False, why="no route")),
        at(3, run_event(events.StepAsked, "a", why="unsure", question="Did it?", answers=("done",)), "daemon"),
        at(4, run_event(events.StepAnswered, "b", answer="break-glass", note="nobody else is awake"), "zoe"),
        at(5, run_event(events.StepEnded, "c", outcome="skipped", detail="its condition did not hold")),
        at(6, events.Activated(channel="webchat"), "zoe"),
        at(6, events.Proved(channel="jabber", outcome="failed", detail="no login", checks={})),
        at(7, events.RunEnded(run="r1", state="aborted"), "zoe"),
        at(8, events.DaemonStopped(reason="update")),
        at(9, START),
    ]  # fmt: skip
    told = gather(write(path, story, beat=BEGIN + 10 * MINUTE), None, BEGIN + 10 * MINUTE)
    assert [(each.kind, each.words) for each in told.troubles] == [
        ("alert-failed", "The alert to phone did not arrive: gone"),
        ("heartbeat", "The watcher outside did not hear from us: no route"),
        ("step-unsure", "Nobody could tell whether step a of r1 had happened: Did it?"),
        ("break-glass", "Step b of r1 was done without its second person"),
        ("backup-bad", "Webchat was activated while it was down"),
        ("proof-failed", "The proof of Jabber failed: no login"),
        ("run-aborted", "Run r1 was aborted"),
        ("stopped", "Nobody watched for 1 min: the daemon was stopped: update"),
        ("daemon", "The daemon was started anew"),
    ]
    assert figures(told)["alerted"].after_s == 60.0


def test_a_question_that_is_asked_again_after_a_restart_is_one(path: Path) -> None:
    ask = asked("sure", 1, "manual", "Sure?", "done")
    reply = run_event(events.StepAnswered, "sure", answer="done")
    again = asked("sure", 1, "failed", "What now?", "retry")
    told = gather(
        write(path, [DOWN, at(2, ask), at(3, START), at(3, ask), at(5, reply), at(6, again)]), None, BEGIN + 600
    )
    assert [(each.question, each.waited_s) for each in told.questions] == [("Sure?", 180.0), ("What now?", None)]


def test_damaged_entries_are_told_and_change_nothing_else(path: Path) -> None:
    write(path, [DOWN, at(2, events.Acked(incident="i1")), at(3, events.ConfigLoaded(digest="d")), UP])
    import sqlite3

    with sqlite3.connect(path) as db:
        db.execute("UPDATE journal SET document='{\"inc' WHERE seq=2")
        db.execute("UPDATE journal SET at=9000000000000000000 WHERE seq=3")
    db.close()
    told = gather(path, None, BEGIN + 5 * 3600)
    assert figures(told)["acknowledged"].at is None
    assert [line.words for line in told.timeline if "damaged" in line.words] == ['a damaged entry: {"inc']
    assert any(limit.startswith("1 entries of the journal could not be read") for limit in told.limits)


def test_the_night_in_which_clocks_go_back_has_two_hours_of_one_name(path: Path) -> None:
    begin = 1_792_887_000.0  # 02:10 CEST on 25 October 2026; an hour later it is 02:10 CET
    told = gather(write(path, night(begin), samples(begin)), None, begin + 9 * 3600)
    text = markdown(told)
    assert "- **Began:** 2026-10-25 02:11:00 CEST (00:11:00 UTC)" in text
    assert "- **Ended:** 2026-10-25 02:51:00 CET (01:51:00 UTC)" in text
    assert "- **Length:** 1 h 40 min" in text
    assert [line.local.isoformat() for line in told.timeline][-1] == "2026-10-25T02:51:00+01:00"
    assert "02:51:00 CET" in html(told)


def test_a_clock_that_was_set_back_leaves_the_timeline_in_the_order_of_the_journal(path: Path) -> None:
    story = [DOWN, at(-20, events.Acked(incident="i1"), "alice"), at(5, state("mail", "up", "slow"))]
    told = gather(write(path, story, beat=BEGIN + 600), None, BEGIN + 600)
    assert [line.kind for line in told.timeline] == ["state", "ack", "state"]
    assert figures(told)["acknowledged"].words == "before the detection"


def test_a_zone_this_machine_does_not_know_is_told_in_utc() -> None:
    assert zone_or_utc("Mars/Olympus") is UTC
    assert (
        formats.local(datetime(2026, 1, 1, tzinfo=UTC), zone_or_utc("America/Sao_Paulo"))
        == "2025-12-31 21:00:00 UTC-03"
    )


def test_a_check_that_watches_rarely_has_no_silences(path: Path) -> None:
    channels = (CHANNELS[0],)
    rare = business(channels, [Segment(id="a", audience="customers", people=1, uses=("messenger",))])
    checks = tuple(replace(check, every=600.0) for check in rare.channels[0].checks)
    public = replace(rare, channels=(replace(rare.channels[0], checks=checks),))
    seen: list[Observation] = [sample("messenger.port", BEGIN + n * 600.0, Outcome.FAIL) for n in range(6)]
    told = gather(write(path, [DOWN], seen, public), None, BEGIN + 3000)
    assert told.unseen == ()
