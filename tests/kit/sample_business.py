"""A small business as the screens know it, and rows to fill its store."""

from collections.abc import Iterable
from typing import Any

from outagetui.core.model import Audience, Channel, Check, Condition, Config, Outcome, Outlet, Sample, Segment, State
from outagetui.core.probe_options import TcpOptions
from outagetui.facts.live import Live, Public, PublicPlaybook, public
from outagetui.facts.verdict import Track, add

PASS = Sample(Outcome.PASS, latency_ms=10.0)
FAIL = Sample(Outcome.FAIL, "timeout", "no answer in time")


def check(name: str) -> Check:
    return Check(id=name, probe="tcp", target=f"tcp://{name}:1", options=TcpOptions(), every=10.0)


def channel(
    name: str,
    role: str = "primary",
    audience: Audience = "customers",
    checks: Iterable[str] = ("port",),
    **more: Any,
) -> Channel:
    return Channel(
        id=name,
        name=name.title(),
        audience=audience,
        role=role,  # type: ignore[arg-type]
        address=f"{name}.example",
        checks=tuple(check(f"{name}.{each}") for each in checks),
        **more,
    )


def outlet(name: str, audience: Audience = "customers", checks: Iterable[str] = ("site",)) -> Outlet:
    return Outlet(
        id=name,
        name=name.title(),
        kind="page",
        audience=audience,
        url=f"https://{name}.example/",
        checks=tuple(check(f"{name}.{each}") for each in checks),
    )


def playbook(name: str, *activates: str, when: tuple[Condition, ...] = ()) -> PublicPlaybook:
    return PublicPlaybook(
        id=name, name=name.title(), summary="", suggest=when, steps=("activate",), activates=activates
    )


def business(
    channels: Iterable[Channel],
    segments: Iterable[Segment] = (),
    outlets: Iterable[Outlet] = (),
    playbooks: Iterable[PublicPlaybook] = (),
) -> Public:
    """Return the screens' copy of such a configuration."""
    config = Config(
        directory="/nowhere",
        business="Example",
        vantage="here",
        timezone="UTC",
        store="/nowhere/store.db",
        channels=tuple(channels),
        outlets=tuple(outlets),
        segments=tuple(segments),
    )
    return public(config, tuple(playbooks), "")


BAD = (State.PARTIAL, State.DOWN)
CHANNELS = (
    channel("messenger"),
    channel("mail"),
    channel("webchat", "backup", backs_up=("messenger",)),
    channel("team", audience="staff"),
    channel("jabber", "backup", "staff", backs_up=("team",)),
)
SEGMENTS = (
    Segment(id="chatters", audience="customers", people=600, uses=("messenger", "webchat")),
    Segment(id="writers", audience="customers", people=400, uses=("mail",)),
    Segment(id="office", audience="staff", people=12, uses=("team", "jabber")),
)
SWITCH = playbook("switch", "webchat", "jabber", when=(Condition(channels=("messenger",), state=BAD, lasting=30.0),))
PUBLIC = business(CHANNELS, SEGMENTS, [outlet("page")], [SWITCH])


def track(sequence: str, begin: float, step: float = 1.0) -> Track:
    """Return the verdict after `sequence`: `.` passes, `x` fails."""
    told = Track()
    for number, letter in enumerate(sequence):
        told = add(told, check("a.b"), FAIL if letter == "x" else PASS, begin + number * step)
    return told


def live_row(name: str, state: State = State.UP, since: float = 1000.0, sequence: str | None = None) -> Live:
    """Return the live row of a check, in `state` from `since` on."""
    played = sequence or {State.UP: "..", State.DOWN: ".xxx", State.PARTIAL: ".x..x..x..xx"}[state]
    told = track(played, since - played.find("x") if "x" in played else since)
    return Live(
        check=name,
        vantage="here",
        state=told.state,
        since=told.since,
        why="" if told.state is State.UP else f"{told.state.value} for a reason",
        share=0.0,
        at=told.last,
        sample=PASS if played.endswith(".") else FAIL,
        spark=(10.0,),
        track=told,
    )
