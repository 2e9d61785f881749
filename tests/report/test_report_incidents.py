"""Which incidents a journal tells, where each ends, and what belongs to it."""

import pytest
from outagetui.core.model import Entry
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.report.incidents import Incident, entries_of, find, readable
from tests.report.story import BEGIN, MINUTE, ended, made, night, state

PRIMARIES = ("messenger", "mail", "team")
HOUR = 3600.0
Story = list[tuple[float, str, Event]]


def journal(*stories: Story) -> list[Entry]:
    told = [each for story in stories for each in story]
    return [
        Entry(number, at, actor, events.kind_of(event), events.encode(event), "", "")
        for number, (at, actor, event) in enumerate(told, 1)
    ]


def outage(begin: float, minutes: float = 10.0, name: str = "messenger") -> Story:
    return [
        (begin, "daemon", state(name, "up", "down")),
        (begin + minutes * MINUTE, "daemon", state(name, "down", "up")),
    ]


def ids(incidents: list[Incident]) -> list[str]:
    return [incident.id for incident in incidents]


def test_a_stood_down_incident_ends_with_the_last_thing_taken_back() -> None:
    (incident,) = find(journal(night()), PRIMARIES, BEGIN + 9 * HOUR)
    assert (incident.since, incident.closed, incident.ending) == (BEGIN + MINUTE, BEGIN + 101 * MINUTE, "stood-down")
    assert incident.recovered == BEGIN + 80 * MINUTE
    assert incident.channels == ("messenger",)


def test_an_incident_without_backups_ends_after_thirty_quiet_minutes() -> None:
    entries = journal(outage(BEGIN))
    (early,) = find(entries, PRIMARIES, BEGIN + 20 * MINUTE)
    assert (early.closed, early.ending, early.recovered) == (None, "", BEGIN + 10 * MINUTE)
    (late,) = find(entries, PRIMARIES, BEGIN + 9 * HOUR)
    assert (late.closed, late.ending) == (BEGIN + 40 * MINUTE, "quiet")


def test_what_comes_after_the_end_does_not_move_it() -> None:
    entries = journal(outage(BEGIN), [(BEGIN + 2 * HOUR, "daemon", state("mail", "up", "unknown"))])
    (incident,) = find(entries, PRIMARIES, BEGIN + 9 * HOUR)
    assert (incident.recovered, incident.closed, incident.last) == (BEGIN + 10 * MINUTE, BEGIN + 40 * MINUTE, 2)


def test_each_incident_has_its_own_entries() -> None:
    first, second = outage(BEGIN), outage(BEGIN + 5 * HOUR, name="mail")
    between: Story = [(BEGIN + 3 * HOUR, "alice", events.Muted(id="team", until=BEGIN + 4 * HOUR, reason="update"))]
    entries = journal(first, between, second, outage(BEGIN + 9 * HOUR))
    incidents = find(entries, PRIMARIES, BEGIN + 9.5 * HOUR)
    assert ids(incidents) == ["i1", "i4", "i6"]
    told = [[entry.seq for entry in entries_of(entries, each, each.since)] for each in incidents]
    assert told == [[1, 2], [4, 5], [6, 7]]
    assert incidents[2].closed is None


def test_the_first_sign_leads_in_and_the_one_before_does_not() -> None:
    entries = journal(
        outage(BEGIN),
        [(BEGIN + 2 * HOUR, "daemon", events.FaultInjected(fault="fails", target="mail"))],
        outage(BEGIN + 2 * HOUR + 30, name="mail"),
    )
    second = find(entries, PRIMARIES, BEGIN + 9 * HOUR)[1]
    assert [entry.seq for entry in entries_of(entries, second, BEGIN + 2 * HOUR)] == [3, 4, 5]
    assert [entry.seq for entry in entries_of(entries, second, BEGIN)] == [3, 4, 5]


def test_deliveries_that_end_later_still_belong_to_it() -> None:
    story = night()[:-3]  # the words that close it come last, and are under way when it ends
    closing = [
        (BEGIN + 101 * MINUTE, "bob", events.Deactivated(channel="webchat")),
        (BEGIN + 101 * MINUTE, "bob", events.Deactivated(channel="phone")),
        (BEGIN + 102 * MINUTE, "bob", made(2, "resolved", BEGIN + 102 * MINUTE)),
        (BEGIN + 103 * MINUTE, "daemon", ended(2, "page", "failed")),
        (BEGIN + 103 * MINUTE, "bob", events.Activated(channel="webchat")),
        (BEGIN + 104 * MINUTE, "daemon", ended(2, "blog", "sent")),
    ]
    story = [each for each in story if not isinstance(each[2], events.AnnouncementMade) or each[2].part < 2]
    entries = journal(story, closing)
    (incident,) = find(entries, PRIMARIES, BEGIN + 9 * HOUR)
    assert incident.closed == BEGIN + 102 * MINUTE
    kinds = [entry.kind for entry in entries_of(entries, incident, BEGIN)][-3:]
    assert kinds == ["announce", "announce.outcome", "announce.outcome"]


@pytest.mark.parametrize(
    "damaged",
    [
        Entry(99, 1e18, "x", "state", "{}", "", ""),
        Entry(99, BEGIN, "x", "state", events.encode(state("messenger", "up", "banana")), "", ""),
    ],
    ids=["a time that is none", "a state that is none"],
)
def test_what_cannot_be_read_is_left_out(damaged: Entry) -> None:
    good = journal(night())
    assert readable([*good, damaged]) == good


def test_damaged_and_unknown_documents_stay_to_be_told_as_such() -> None:
    strange = [Entry(98, BEGIN, "x", "state", '{"id":', "", ""), Entry(99, BEGIN, "x", "hologram", "{}", "", "")]
    assert readable(strange) == strange
    assert find([*journal(night()), *strange], PRIMARIES, BEGIN + HOUR)


def test_a_journal_without_trouble_has_no_incident() -> None:
    assert find([], PRIMARIES, BEGIN) == []
    assert find(journal(night()[:7]), PRIMARIES, BEGIN) == []
    assert find(journal(outage(BEGIN, name="webchat")), PRIMARIES, BEGIN) == []
