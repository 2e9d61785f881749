"""Journals of all kinds of entry in any order, for laws that hold whatever happened."""

from hypothesis import strategies as st
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.model import Entry, State
from outagetui.facts import events
from outagetui.facts.events import Event, StepPlan
from outagetui.facts.network_path import Hop, NetworkPath

PRIMARIES = frozenset({"messenger", "mail"})
CHANNELS = (*sorted(PRIMARIES), "webchat", "jabber")
OUTLETS = ("page", "blog")
WAY = NetworkPath(host="example.org", hops=(Hop(1, "192.0.2.1", 0.5),))
PLANS = (
    StepPlan(id="s1", do="manual", options={"deep": [1, {"x": None}, 2.5]}, answers=(("a", "A"),)),
    StepPlan(id="s2", do="announce", undo={"do": "note"}),
)

channel, outlet, run, made = (st.sampled_from(each) for each in (CHANNELS, OUTLETS, ("r1", "r2"), ("a1", "a2", "a3")))
state = st.sampled_from([each.value for each in State])
step = st.sampled_from(["s1", "s2", "s9"])
kind = st.sampled_from(ANNOUNCEMENT_KINDS)
moment = st.floats(1.0, 9e8)
delivered = st.sampled_from(["sent", "seen", "failed", "unknown", "skipped", "retracted"])
link = st.sampled_from(["mail", "sms"])
incident = st.sampled_from(["", "i1", "i2", "b3"])
flag = st.booleans()


def _of(event: type[Event], **fields: st.SearchStrategy[object]) -> st.SearchStrategy[Event]:
    return st.builds(event, **fields)


ANY_EVENT = st.one_of(
    _of(events.StateChanged, id=channel, was=state, now=state, why=st.just("x"), local=st.sampled_from(["", "here"])),
    _of(events.StateChanged, id=channel, was=state, now=state, why=st.just("y")),
    _of(events.BlindChanged, blind=flag, why=st.just("z")),
    _of(events.Activated, channel=channel, balance=st.none() | st.just(2.5)),
    _of(events.Deactivated, channel=channel),
    _of(events.Told, channel=channel, audience=st.sampled_from(["customers", "staff"])),
    _of(
        events.Proved,
        channel=channel,
        outcome=st.sampled_from(["passed", "failed", "unknown"]),
        detail=st.just("d"),
        checks=st.just({"a.b": "pass"}),
    ),
    _of(events.PathTraced, channel=channel, path=st.just(WAY), canary=st.none() | st.just(WAY)),
    _of(events.Muted, id=channel, until=moment, reason=st.just("r")),
    _of(events.Acked, incident=incident),
    _of(
        events.RunStarted,
        run=run,
        playbook=st.just("p"),
        name=st.just("P"),
        digest=st.just("d"),
        steps=st.just(PLANS),
        primaries=st.just({"mail": "Mail"}),
    ),
    _of(events.RunTaken, run=run),
    _of(events.RunEnded, run=run, state=st.sampled_from(["done", "failed", "aborted"])),
    _of(
        events.StepAsked,
        run=run,
        step=step,
        attempt=st.integers(1, 3),
        why=st.sampled_from(["manual", "unsure", "approve"]),
        question=st.just("?"),
        answers=st.just(("yes", "no")),
    ),
    _of(
        events.StepAnswered,
        run=run,
        step=step,
        attempt=st.integers(1, 3),
        answer=st.sampled_from(["yes", "again", "words", "break-glass"]),
        note=st.just("n"),
    ),
    _of(events.StepIntended, run=run, step=step, attempt=st.integers(1, 3), what=st.just("w")),
    _of(
        events.StepEnded,
        run=run,
        step=step,
        attempt=st.integers(1, 3),
        outcome=st.sampled_from(["done", "failed", "undone"]),
        detail=st.just("d"),
        partly=flag,
    ),
    _of(
        events.AnnouncementMade,
        announcement=made,
        part=st.integers(1, 3),
        kind=kind,
        audience=st.just("customers"),
        texts=st.just({"en": ("T", "B"), "de": ("T", "Ü")}),
        since=moment,
        next_update=st.none() | moment,
        accounts=st.just((("Chat", "xmpp:a@b"),)),
        outlets=st.just(OUTLETS),
        channels=st.just(()) | st.just(("webchat",)),
        dead=st.just(()) | st.just(("webchat", "jabber")),
    ),
    _of(events.AnnouncementRetracted, announcement=made),
    _of(
        events.DeliveryEdited,
        announcement=made,
        part=st.integers(1, 3),
        outlet=outlet,
        title=st.just("t"),
        body=st.just("b"),
    ),
    _of(events.DeliveryOrdered, announcement=made, part=st.integers(1, 3), outlet=outlet),
    _of(events.DeliveryIntended, announcement=made, part=st.integers(1, 3), outlet=outlet, key=st.just("k")),
    _of(
        events.DeliveryEnded,
        announcement=made,
        part=st.integers(1, 3),
        outlet=outlet,
        state=delivered,
        do=st.sampled_from(["publish", "retract", "look"]),
        until=st.none() | moment,
    ),
    _of(
        events.AlertIntended,
        incident=incident,
        link=link,
        what=st.sampled_from(["opened", "acked", "recovered"]),
        title=st.just("t"),
        channels=st.just(("mail",)),
    ),
    _of(
        events.AlertEnded,
        incident=incident,
        link=link,
        what=st.sampled_from(["opened", "acked", "recovered", "test"]),
        outcome=st.sampled_from(["sent", "failed", "skipped"]),
    ),
    _of(events.HeartbeatChanged, heard=flag, why=st.just("h")),
    _of(events.DrillEnded, scenario=st.just("s"), books=st.just(()), score=st.none() | st.just(80)),
)


@st.composite
def any_journal(draw: st.DrawFn) -> list[Entry]:
    """Entries whose clock may be set back, and may stand still for an hour."""
    at, told = 1e6, []
    for number, event in enumerate(draw(st.lists(ANY_EVENT, max_size=60)), 1):
        at += draw(st.sampled_from([0.0, 1.0, 60.0, 3600.0, -30.0]))
        actor = draw(st.sampled_from(["alice", "bob", "outagetui"]))
        told.append(Entry(number, at, actor, events.kind_of(event), events.encode(event), "", f"{number:064x}"))
    return told
