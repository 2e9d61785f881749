"""What came of a drill, from made-up journals: also of those that went badly."""

import pytest
from outagetui.cli.drill import lines
from outagetui.core.model import Entry
from outagetui.drill.result import Marks, reach_story, result, score
from outagetui.facts import events
from outagetui.facts.events import Event

PRIMARIES = frozenset({"messenger", "team"})
BEGIN = 1000.0


def journal(*told: tuple[float, Event]) -> list[Entry]:
    return [
        Entry(number + 1, BEGIN + at, "x", events.kind_of(event), events.encode(event), "", "")
        for number, (at, event) in enumerate(told)
    ]


def fault(at: float, words: str = "every answer fails") -> tuple[float, Event]:
    return at, events.FaultInjected(fault=words, target="messenger")


def state(at: float, name: str, now: str) -> tuple[float, Event]:
    return at, events.StateChanged(id=name, was="x", now=now, why="")


def made(
    at: float, name: str, kind: str, part: int = 0, *, due: float | None = None, names: tuple[str, ...] = ()
) -> tuple[float, Event]:
    return at, events.AnnouncementMade(
        announcement=name, part=part, kind=kind, audience="customers", texts={"en": ("t", "b")}, since=0.0,
        next_update=None if due is None else BEGIN + due, accounts=tuple((each, "") for each in names),
        outlets=("page", "blog"),
    )  # fmt: skip


def sent(at: float, name: str, state: str = "sent", part: int = 0) -> tuple[float, Event]:
    return at, events.DeliveryEnded(announcement=name, part=part, outlet="page", state=state)


GOOD = (
    fault(0.0, "a quarter of the answers fail"),
    state(9.0, "messenger", "partial"),
    (9.5, events.Acked(incident="i2")),
    (11.0, events.Activated(channel="webchat")),
    made(12.0, "a1", "backup-active"),
    sent(12.2, "a1"),
    fault(24.0),
    state(28.0, "messenger", "down"),
    state(28.5, "team", "down"),
    fault(30.0, "answers again"),
    state(36.0, "messenger", "slow"),
    state(37.0, "team", "up"),
    made(38.0, "a1", "resolved", part=1),
    sent(38.1, "a1", part=1),
)
SEEN = [
    (BEGIN - 1.0, {"customers": 1.0}),
    (BEGIN + 10.0, {"customers": 0.8}),
    (BEGIN + 11.5, {"customers": 0.85}),
    (BEGIN + 13.0, {"customers": 0.95}),
    (BEGIN + 28.0, {"customers": 0.91}),
    (BEGIN + 37.0, {"customers": 1.0}),
]


def seconds(document: dict[str, object]) -> list[object]:
    return [document[f"{name}_s"] for name in ("detected", "activated", "announced", "recovered")]


def test_a_good_drill() -> None:
    document = result("messenger-2011", journal(*GOOD), PRIMARIES, SEEN, "/page/index.html")
    assert seconds(document) == [9.0, 11.0, 12.2, 37.0]
    assert document["reach"] == {"customers": {"before": 1.0, "during": 0.8, "after": 0.91}}
    assert document["page"] == "/page/index.html"
    assert [row["t"] for row in document["timeline"]][:3] == [0.0, 9.0, 9.5]
    assert document["score"] == 99  # all but a tenth of the people
    (row,) = [each for each in document["outlets"]["page"]["parts"] if each["part"] == 1]
    assert row == {
        "announcement": "a1",
        "part": 1,
        "t": 38.1,
        "kind": "resolved",
        "state": "sent",
        "detail": "",
        "url": "",
    }


def test_seconds_count_from_the_first_fault() -> None:
    early = journal(state(-5.0, "messenger", "up"), *GOOD)
    assert seconds(result("x", early, PRIMARIES, SEEN, ""))[0] == 9.0


def test_a_missed_outage_has_no_seconds_and_hardly_a_score() -> None:
    document = result("x", journal(fault(0.0), fault(30.0, "answers again")), PRIMARIES, SEEN[:2], "")
    assert seconds(document) == [None, None, None, None]
    assert document["score"] == 0
    assert document["reach"]["customers"] == {"before": 1.0, "during": 0.8, "after": None}


def test_a_drill_without_a_fault_says_nothing() -> None:
    document = result("x", journal(state(5.0, "messenger", "down")), PRIMARIES, SEEN, "")
    assert seconds(document) == [None, None, None, None]
    assert document["reach"]["customers"]["during"] is None
    assert document["timeline"][0]["t"] == 0.0


def test_no_journal_at_all_is_an_empty_document() -> None:
    document = result("x", [], PRIMARIES, [], "")
    assert (document["timeline"], document["reach"], document["score"]) == ([], {}, 0)


def test_backups_and_outlets_that_fail_are_no_detection() -> None:
    assert Marks(journal(fault(0.0), state(3.0, "webchat", "down")), PRIMARIES).detected is None


def test_what_was_red_before_the_fault_is_no_detection() -> None:
    assert Marks(journal(state(-3.0, "messenger", "down"), fault(0.0)), PRIMARIES).detected is None


def test_an_announcement_counts_when_an_outlet_has_it_not_when_it_is_written() -> None:
    told = (fault(0.0), made(5.0, "a1", "backup-active"))
    assert Marks(journal(*told, sent(6.0, "a1", "failed")), PRIMARIES).announced is None
    assert Marks(journal(*told, sent(6.0, "a1", "failed"), sent(8.0, "a1", "seen")), PRIMARIES).announced == BEGIN + 8.0
    assert Marks(journal(*told, sent(6.0, "stranger")), PRIMARIES).announced is None


def test_another_kind_of_announcement_does_not_tell_people_where_to_go() -> None:
    assert Marks(journal(fault(0.0), made(5.0, "a1", "outage"), sent(6.0, "a1")), PRIMARIES).announced is None


@pytest.mark.parametrize("last", ["down", "partial"])
def test_a_relapse_is_no_recovery(last: str) -> None:
    assert Marks(journal(*GOOD, state(40.0, "team", last)), PRIMARIES).recovered is None
    again = Marks(journal(*GOOD, state(40.0, "team", last), state(50.0, "team", "up")), PRIMARIES)
    assert again.recovered == BEGIN + 50.0


def test_green_before_the_fault_is_cured_is_no_recovery() -> None:
    told = (fault(0.0), state(9.0, "messenger", "down"), state(20.0, "messenger", "up"))
    assert Marks(journal(*told), PRIMARIES).recovered is None
    assert Marks(journal(*told, fault(30.0, "answers again")), PRIMARIES).recovered is None


def test_reach_after_is_the_worst_while_people_depend_on_the_backup() -> None:
    marks = Marks(journal(*GOOD), PRIMARIES)
    assert reach_story(marks, SEEN)["customers"]["after"] == 0.91
    assert reach_story(marks, SEEN[:3])["customers"]["after"] is None


@pytest.mark.parametrize(("detected", "points"), [(9.0, 100), (20.0, 100), (60.0, 90), (100.0, 80), (500.0, 80)])
def test_the_score_fades_with_the_time_a_part_took(detected: float, points: int) -> None:
    marks = Marks(journal(*GOOD), PRIMARIES)
    marks.detected = BEGIN + detected
    assert score(marks, {"customers": {"before": 1.0, "during": 0.5, "after": 1.0}}) == points


def test_damaged_and_unknown_entries_are_told_and_passed_over() -> None:
    entries = [*journal(*GOOD), Entry(99, BEGIN + 50.0, "x", "hologram", "{}", "", "")]
    document = result("x", entries, PRIMARIES, SEEN, "")
    assert seconds(document) == [9.0, 11.0, 12.2, 37.0]
    assert document["timeline"][-1]["kind"] == "hologram"


FULL: dict[str, dict[str, float | None]] = {"customers": {"before": 1.0, "during": 0.5, "after": 1.0}}


@pytest.mark.parametrize(
    ("updates", "points"),
    [
        ([made(20.0, "a1", "update", 1, due=29.0), made(28.0, "a1", "update", 2, due=39.0)], 100),
        ([made(20.0, "a1", "update", 1, due=29.0), made(30.0, "a1", "update", 2, due=39.0)], 98),  # one of four late
        ([], 95),  # one of two
    ],
)
def test_the_score_counts_the_parts_that_came_as_promised(updates: list[tuple[float, Event]], points: int) -> None:
    head = [row if row[0] != 12.0 else made(12.0, "a1", "backup-active", due=21.0) for row in GOOD[:-2]]
    tail = (made(38.0, "a1", "resolved", part=3), sent(38.1, "a1", part=3))
    marks = Marks(journal(*sorted((*head, *updates, *tail), key=lambda row: row[0])), PRIMARIES)
    assert score(marks, FULL) == points


def test_what_is_open_and_overdue_at_the_end_is_late() -> None:
    told = (fault(0.0), made(12.0, "a1", "backup-active", due=21.0), sent(12.2, "a1"))
    assert Marks(journal(*told, state(20.0, "x", "up")), PRIMARIES).late == 0
    assert Marks(journal(*told, state(22.0, "x", "up")), PRIMARIES).late == 1


def test_an_announcement_that_names_a_backup_that_is_down_costs_points() -> None:
    told = [row if row[0] != 12.0 else made(12.0, "a1", "backup-active", names=("Web chat", "Mail")) for row in GOOD]
    names = {"Web chat": "webchat", "Mail": "mail"}
    down = sorted([*told, state(5.0, "mail", "down")], key=lambda row: row[0])
    mended = sorted([*down, state(11.5, "mail", "up")], key=lambda row: row[0])
    assert score(Marks(journal(*mended), PRIMARIES, names), FULL) == 100
    assert Marks(journal(*down), PRIMARIES, names).untrue == 1
    assert score(Marks(journal(*down), PRIMARIES, names), FULL) == 98  # half of a half of ten


def test_an_all_clear_before_the_recovery_is_not_true() -> None:
    early = [row if row[0] != 37.0 else state(39.0, "team", "up") for row in GOOD]
    marks = Marks(journal(*sorted(early, key=lambda row: row[0])), PRIMARIES)
    assert score(marks, FULL) == 95


def test_every_outlet_tells_what_became_of_each_part_the_last_word_of_each() -> None:
    seen = (12.5, events.DeliveryEnded(announcement="a1", part=0, outlet="page", state="seen", url="http://x/"))
    skipped = (12.6, events.DeliveryEnded(announcement="a1", part=0, outlet="blog", state="skipped", detail="is down"))
    outlets = Marks(journal(*GOOD[:6], seen, skipped), PRIMARIES).outlets
    assert [(row["kind"], row["state"], row["t"]) for row in outlets["page"]] == [("backup-active", "seen", 12.5)]
    assert [(row["state"], row["detail"]) for row in outlets["blog"]] == [("skipped", "is down")]
    assert Marks(journal(*GOOD[:5]), PRIMARIES).outlets == {"page": [], "blog": []}


def test_its_words_never_call_a_reach_whole_while_somebody_is_missing() -> None:
    document = result("messenger-2011", journal(*GOOD), PRIMARIES, SEEN, "/page/index.html")
    document |= {"reach": {"customers": {"before": 1.0, "during": 0.004, "after": 0.996}}, "outlets": {}}
    assert "reach customers: before 100 %, during 1 %, after 99 %" in lines(document)
