"""An incident in a real store: a messenger fails, a backup costs, words go out, and for a while nobody sees."""

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace
from outagetui.core.model import Cost, Observation, Outcome, Sample, Segment, State
from outagetui.facts import events
from outagetui.facts.events import Event, StepPlan
from outagetui.facts.live import Beat, Public
from outagetui.store.journal import Store
from tests.kit.sample_business import business, channel, outlet

BEGIN = 1_792_870_200.0  # Saturday, 24 October 2026, 21:30 in Berlin, some hours before clocks go back
MINUTE = 60.0
COST = Cost(per_minute=0.1, minutes_per_hour=30.0, balance="phone.balance")
CHANNELS = (
    channel("messenger"),
    channel("mail"),
    channel("webchat", "backup", backs_up=("messenger",)),
    channel("phone", "backup", backs_up=("messenger",), checks=("line", "balance"), cost=COST),
    channel("team", audience="staff"),
    channel("jabber", "backup", "staff", backs_up=("team",)),
)
SEGMENTS = (
    Segment(id="chatters", audience="customers", people=600, uses=("messenger", "webchat", "phone")),
    Segment(id="writers", audience="customers", people=400, uses=("mail",)),
    Segment(id="office", audience="staff", people=12, uses=("team", "jabber")),
)
PUBLIC = replace(business(CHANNELS, SEGMENTS, [outlet("page"), outlet("blog")]), timezone="Europe/Berlin")
PLANS = (
    StepPlan(id="sure", do="manual", say="Can two colleagues confirm it?"),
    StepPlan(id="room", do="xmpp.room", what="open a room"),
    StepPlan(id="switch", do="activate", what="activate Webchat and Phone"),
    StepPlan(id="tell", do="announce", what="tell customers"),
)
BODY = "Messenger is partly down since 21:31.\n\nPlease use:\n- Webchat: webchat.example\n- Phone: +49 30 901820\n"


def state(name: str, was: str, now: str, why: str = "") -> events.StateChanged:
    return events.StateChanged(id=name, was=was, now=now, why=why)


def made(part: int, kind: str, at: float, body: str = BODY, outlets: tuple[str, ...] = ("page", "blog")) -> Event:
    return events.AnnouncementMade(
        announcement="a1",
        part=part,
        kind=kind,
        audience="customers",
        texts={"en": (f"Messenger: {kind}", body)},
        since=BEGIN,
        next_update=None if kind == "resolved" else at + 1800.0,
        accounts=(("Webchat", "webchat.example"),),
        outlets=outlets,
        run="r1",
        step="tell",
    )


def ended(part: int, outlet: str, state: str, detail: str = "") -> events.DeliveryEnded:
    url = f"https://{outlet}.example/" if state == "sent" else ""
    return events.DeliveryEnded(announcement="a1", part=part, outlet=outlet, state=state, url=url, detail=detail)


def asked(step: str, attempt: int, why: str, question: str, *answers: str) -> events.StepAsked:
    return events.StepAsked(run="r1", step=step, attempt=attempt, why=why, question=question, answers=answers)


def answered(step: str, attempt: int, answer: str, note: str = "") -> events.StepAnswered:
    return events.StepAnswered(run="r1", step=step, attempt=attempt, answer=answer, note=note)


def step_ended(step: str, attempt: int, outcome: str, detail: str = "") -> events.StepEnded:
    return events.StepEnded(run="r1", step=step, attempt=attempt, outcome=outcome, detail=detail)


def night(begin: float = BEGIN) -> list[tuple[float, str, Event]]:
    """Return the whole incident as (at, actor, event)."""
    started = events.DaemonStarted(version="0.1.0", pid=100, vantage="here", digest="d")
    up = [state(each.id, "unknown", "up") for each in CHANNELS]
    told = "4 of 6 failed (likely 35-88 %), evidence 10.2/8: no answer in time"
    minutes: list[tuple[float, str, Event]] = [
        (-30, "daemon", started),
        *((-29, "daemon", each) for each in up),
        (1, "daemon", state("messenger", "up", "partial", told)),
        (3, "alice", events.Acked(incident="i8", note="looking")),
        (4, "alice", events.RunStarted(run="r1", playbook="switch", name="Switch over", digest="d", steps=PLANS)),
        (4, "daemon", asked("sure", 1, "manual", "Can two colleagues confirm it?", "done", "failed", "skip", "abort")),
        (6, "alice", answered("sure", 1, "done", "Ben and Cleo see it too.\nOn two networks.")),
        (6, "daemon", step_ended("sure", 1, "done")),
        (6, "daemon", events.StepIntended(run="r1", step="room", attempt=1, what="open a room")),
        (6.5, "daemon", step_ended("room", 1, "failed", "xmpp.timeout: no answer within 20 s")),
        (
            6.5,
            "daemon",
            asked("room", 1, "failed", "The room could not be opened. What now?", "retry", "skip", "abort"),
        ),
        (7, "alice", answered("room", 1, "skip")),
        (7, "daemon", step_ended("room", 1, "skipped")),
        (7, "daemon", events.StepIntended(run="r1", step="switch", attempt=1, what="activate Webchat and Phone")),
        (7, "daemon", events.Activated(channel="webchat", run="r1")),
        (7, "daemon", events.Activated(channel="phone", run="r1", balance=20.0)),
        (7, "daemon", step_ended("switch", 1, "done")),
        (7, "daemon", asked("tell", 1, "confirm", "Tell customers?", "yes", "skip", "abort")),
        (9, "alice", answered("tell", 1, "yes")),
        (9, "alice", made(0, "backup-active", begin + 9 * MINUTE)),
        (9, "daemon", events.DeliveryIntended(announcement="a1", part=0, outlet="page", key="k")),
        (9.1, "daemon", ended(0, "page", "sent")),
        (9.1, "daemon", events.DeliveryIntended(announcement="a1", part=0, outlet="blog", key="k")),
        (9.5, "daemon", ended(0, "blog", "failed", "http.503: no service")),
        (9.5, "daemon", step_ended("tell", 1, "done")),
        (9.5, "daemon", events.RunEnded(run="r1", state="done")),
        (20, "daemon", state("messenger", "partial", "down", "3 of 3 failed")),
        (30, "daemon", events.BlindChanged(blind=True, why="no canary answers")),
        (33, "daemon", events.BlindChanged(blind=False, why="a canary answers again")),
        (50, "daemon", events.DaemonStarted(version="0.1.0", pid=200, vantage="here", digest="d")),
        (55, "bob", made(1, "update", begin + 55 * MINUTE)),
        (55.1, "daemon", ended(1, "page", "sent")),
        (55.2, "daemon", ended(1, "blog", "sent")),
        (80, "daemon", state("messenger", "down", "up", "passes again")),
        (100, "bob", made(2, "resolved", begin + 100 * MINUTE, "Messenger works again.", ("page",))),
        (100.1, "daemon", ended(2, "page", "sent")),
        (101, "bob", events.Deactivated(channel="webchat")),
        (101, "bob", events.Deactivated(channel="phone")),
    ]
    return [(begin + at * MINUTE, actor, event) for at, actor, event in minutes]


def sample(check: str, at: float, outcome: Outcome, value: float | None = None) -> Observation:
    return Observation(check, "here", at, Sample(outcome, value=value))


def samples(begin: float = BEGIN) -> list[Observation]:
    """Return a sample every ten seconds, but for four minutes in which the daemon was gone."""
    seen: list[Observation] = []
    for number in range(-180, 620):
        at = begin + number * 10.0
        if 46 * MINUTE < at - begin < 50 * MINUTE:
            continue
        failed = number in (0, 2, 3, 5) or (5 < number < 120 and number % 4 == 0)
        down = 20 * MINUTE <= at - begin < 80 * MINUTE
        seen.append(sample("messenger.port", at, Outcome.FAIL if failed or down else Outcome.PASS))
        if number % 6 == 0 and number > 40:
            seen.append(sample("phone.balance", at, Outcome.PASS, round(20.0 - (number - 40) * 0.01, 2)))
    return seen


def write(
    path: Path,
    story: Iterable[tuple[float, str, Event]],
    seen: Iterable[Observation] = (),
    public: Public = PUBLIC,
    beat: float | None = None,
) -> Path:
    """Make a settled store of `story` at `path`."""
    store = Store(path)
    store.publish(public, [])
    for at, actor, event in story:
        store.append(at, actor, event)
    every = list(seen)
    last = every[-1].at if every else 0.0
    store.record(every, [], Beat(7, last if beat is None else beat))
    store.leave()
    store.close()
    return path


__all__ = ["BEGIN", "PUBLIC", "State", "night", "samples", "write"]
