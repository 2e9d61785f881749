"""Every kind of journal entry has words of its own."""

import typing

import msgspec
import pytest
from outagetui.board.narrative import tell
from outagetui.core.drilled_book import DrilledBook
from outagetui.core.model import Entry
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.facts.network_path import NetworkPath

TEXTS = {"en": ("Use the chat", "Body")}
STORY: list[tuple[Event, str]] = [
    (
        events.DaemonStarted(version="1.2", pid=7, vantage="vps", digest="d"),
        "daemon 1.2 started at vantage vps, process 7",
    ),
    (events.DaemonStopped(reason="signal SIGTERM"), "daemon stopped: signal SIGTERM"),
    (events.ConfigLoaded(digest="0123456789"), "configuration loaded (01234567)"),
    (events.StateChanged(id="jabber", was="up", now="down", why="3 of 3 failed"), "jabber up → down: 3 of 3 failed"),
    (events.StateChanged(id="jabber", was="down", now="up", why=""), "jabber down → up"),
    (events.StateChanged(id="jabber", was="up", now="up", why="x", local="vps"), "jabber up → up, local to vps: x"),
    (events.BlindChanged(blind=True, why="no canary answers"), "blind: no canary answers"),
    (events.BlindChanged(blind=False, why="a canary answers again"), "no longer blind: a canary answers again"),
    (events.FaultInjected(fault="every answer fails", target="messenger"), "drill: messenger every answer fails"),
    (
        events.DrillEnded(
            scenario="messenger-2011",
            books=(DrilledBook(id="switch", digest="d", state="done", seconds=41.7),),
            score=93,
        ),
        "drill messenger-2011: switch done in 42 s, score 93",
    ),
    (events.DrillEnded(scenario="phone", books=()), "drill phone: no playbook was run"),
    (events.Acked(incident="i3"), "took incident i3"),
    (events.Acked(incident="i3", note="on it"), "took incident i3: on it"),
    (events.Muted(id="jabber", until=9e9, reason="update"), "muted jabber: update"),
    (events.Muted(id="jabber", until=0.0, reason=""), "unmuted jabber"),
    (
        events.PathTraced(channel="jabber", path=NetworkPath(host="example.net", trouble="no such name")),
        "traced jabber: No way to example.net could be looked at: no such name.",
    ),
    (
        events.PathTraced(path=NetworkPath(host="example.net", stopped="silent")),
        "traced: Nobody on the way to example.net answers, not even the first router.",
    ),
    (events.Activated(channel="jabber"), "activated jabber by hand"),
    (events.Activated(channel="jabber", run="r1"), "activated jabber (r1)"),
    (events.Deactivated(channel="jabber"), "deactivated jabber by hand"),
    (events.Deactivated(channel="jabber", run="r1"), "deactivated jabber (r1)"),
    (
        events.RunStarted(run="r1", playbook="switch", name="Switch over", digest="d", steps=()),
        "run r1 of switch started: Switch over",
    ),
    (
        events.RunStarted(run="r2", playbook="switch", name="Switch over", digest="d", steps=(), stands_down="r1"),
        "run r2 stands down run r1 (Switch over)",
    ),
    (events.RunEnded(run="r1", state="done"), "run r1 done"),
    (
        events.StepAsked(run="r1", step="tell", attempt=1, why="confirm", question="Send it?", answers=("yes",)),
        "r1 tell asks: Send it?",
    ),
    (events.StepAnswered(run="r1", step="tell", attempt=1, answer="yes"), "r1 tell answered yes"),
    (events.StepAnswered(run="r1", step="tell", attempt=1, answer="done", note="ok"), "r1 tell answered done: ok"),
    (events.StepIntended(run="r1", step="tell", attempt=1, what="announce"), "r1 tell: announce"),
    (events.StepEnded(run="r1", step="tell", attempt=1, outcome="done", detail=""), "r1 tell done"),
    (events.StepEnded(run="r1", step="tell", attempt=1, outcome="failed", detail="no"), "r1 tell failed: no"),
    (
        events.AnnouncementMade(
            announcement="a1", part=0, kind="update", audience="customers", texts=TEXTS, since=1.0,
            next_update=None, accounts=(), outlets=("page", "blog"),
        ),
        "announcement a1 update for page, blog: Use the chat",
    ),
    (events.DeliveryIntended(announcement="a1", part=0, outlet="page", key="k"), "announcement a1: sending to page"),
    (
        events.DeliveryEnded(announcement="a1", part=0, outlet="page", state="sent", url="https://x/"),
        "announcement a1: page sent https://x/",
    ),
    (
        events.DeliveryEdited(announcement="a1", part=0, outlet="page", title="In short", body="Call us."),
        "announcement a1: own words for page: In short",
    ),
    (
        events.DeliveryOrdered(announcement="a1", part=0, outlet="page"),
        "announcement a1: page is to be tried once more",
    ),
    (
        events.DeliveryOrdered(announcement="a1", part=0, outlet="page", do="retract"),
        "announcement a1: page is to be tried once more to take it back",
    ),
    (events.AnnouncementRetracted(announcement="a1", note="wrong"), "announcement a1 is taken back: wrong"),
    (
        events.DeliveryIntended(announcement="a1", part=0, outlet="page", key="k", do="retract"),
        "announcement a1: taking it back from page",
    ),
    (
        events.DeliveryEnded(announcement="a1", part=0, outlet="page", state="failed", detail="no", do="retract"),
        "announcement a1: page not taken back: no",
    ),
]  # fmt: skip


def entry(event: Event) -> Entry:
    return Entry(5, 1000.0, "alice", events.kind_of(event), events.encode(event), "", "")


@pytest.mark.parametrize(("event", "words"), STORY, ids=[words for _, words in STORY])
def test_an_entry_reads_as(event: Event, words: str) -> None:
    row = tell(entry(event))
    assert row.text == words
    assert (row.seq, row.at, row.actor, row.kind) == (5, 1000.0, "alice", events.kind_of(event))


def filled(kind: type[Event]) -> Event:
    """Return an event with something in every field that must be given."""
    values: dict[str, object] = {}
    hints = typing.get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        if field.required:
            origin = typing.get_origin(hints[field.name]) or hints[field.name]
            known = {
                int: 1,
                float: 1.0,
                bool: True,
                str: "word",
                tuple: (),
                NetworkPath: NetworkPath(host="example.net"),
                dict: TEXTS if field.name == "texts" else {},
            }
            values[field.name] = known.get(origin)
    return kind(**values)


@pytest.mark.parametrize("kind", events.KINDS)
def test_every_kind_has_words_and_reads_back(kind: str) -> None:
    event = filled(events.KINDS[kind])
    assert events.decode(kind, events.encode(event)) == event
    told = tell(entry(event)).text
    assert told
    assert type(event).__name__ not in told


@pytest.mark.parametrize(("event", "words"), STORY, ids=[words for _, words in STORY])
def test_every_entry_survives_its_document(event: Event, words: str) -> None:
    assert events.decode(events.kind_of(event), events.encode(event)) == event
    assert events.encode(event) == events.encode(event)


def test_no_entry_can_act_on_a_terminal() -> None:
    hostile = "\x1b[2J\u202e\x07"
    row = tell(entry(events.StateChanged(id=hostile, was="up", now="down", why=hostile)))
    assert not set(hostile) & set(row.text) - set("[2J")
    assert tell(Entry(1, 1.0, hostile, "hologram", hostile, "", "")).text.startswith("an entry of a newer version: ")
    assert "\x1b" not in tell(Entry(1, 1.0, hostile, "hologram", hostile, "", "")).actor


def test_a_damaged_entry_is_told_as_such() -> None:
    assert tell(Entry(1, 1.0, "x", "state", '{"id":', "", "")).text == 'a damaged entry: {"id":'


def test_documents_are_canonical() -> None:
    event = events.StateChanged(id="ü", was="up", now="down", why='"')
    assert events.encode(event) == '{"id":"ü","local":"","now":"down","was":"up","why":"\\""}'
