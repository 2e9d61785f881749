"""A small business as the screens know it, and rows to fill its store."""

from collections.abc import Iterable

from outagetui.live import Live, Public, PublicChannel, PublicCheck, PublicOutlet, PublicPlaybook
from outagetui.model import Audience, Check, Condition, Outcome, Sample, Segment, State
from outagetui.options import TcpOptions
from outagetui.verdict import Track, add

PASS = Sample(Outcome.PASS, latency_ms=10.0)
FAIL = Sample(Outcome.FAIL, "timeout", "no answer in time")


def channel(
    name: str,
    role: str = "primary",
    audience: Audience = "customers",
    checks: Iterable[str] = ("port",),
    depends_on: tuple[str, ...] = (),
    backs_up: tuple[str, ...] = (),
) -> PublicChannel:
    return PublicChannel(
        id=name,
        name=name.title(),
        audience=audience,
        role=role,
        carries=("text",),
        credentials="",
        backs_up=backs_up,
        address=f"{name}.example",
        instructions="",
        depends_on=depends_on,
        cost="",
        prove_every=None,
        checks=tuple(public_check(f"{name}.{each}") for each in checks),
    )


def public_check(name: str) -> PublicCheck:
    return PublicCheck(id=name, probe="tcp", target=f"tcp://{name}:1", every=10.0, expect="up")


def outlet(name: str, audience: Audience = "customers", checks: Iterable[str] = ("site",)) -> PublicOutlet:
    return PublicOutlet(
        id=name,
        name=name.title(),
        kind="page",
        audience=audience,
        url=f"https://{name}.example/",
        checks=tuple(public_check(f"{name}.{each}") for each in checks),
    )


def playbook(name: str, *activates: str, when: tuple[Condition, ...] = ()) -> PublicPlaybook:
    return PublicPlaybook(
        id=name, name=name.title(), summary="", suggest=when, steps=("activate",), activates=activates
    )


PUBLIC = Public(
    business="Example",
    vantage="here",
    timezone="UTC",
    drill="",
    operators=(),
    channels=(
        channel("messenger"),
        channel("mail"),
        channel("webchat", "backup", backs_up=("messenger",)),
        channel("team", audience="staff"),
        channel("jabber", "backup", "staff", backs_up=("team",)),
    ),
    outlets=(outlet("page"),),
    segments=(
        Segment(id="chatters", audience="customers", people=600, uses=("messenger", "webchat")),
        Segment(id="writers", audience="customers", people=400, uses=("mail",)),
        Segment(id="office", audience="staff", people=12, uses=("team", "jabber")),
    ),
    playbooks=(
        playbook(
            "switch",
            "webchat",
            "jabber",
            when=(Condition(channel="messenger", state=(State.PARTIAL, State.DOWN), lasting=30.0),),
        ),
    ),
)


def track(sequence: str, begin: float, step: float = 1.0) -> Track:
    """Return the verdict after `sequence`: `.` passes, `x` fails."""
    check = Check(id="a.b", probe="tcp", target="x", options=TcpOptions(), every=10.0)
    told = Track()
    for number, letter in enumerate(sequence):
        told = add(told, check, FAIL if letter == "x" else PASS, begin + number * step)
    return told


def live_row(check: str, state: State = State.UP, since: float = 1000.0, sequence: str | None = None) -> Live:
    """Return the live row of `check`, in `state` from `since` on."""
    played = sequence or {State.UP: "..", State.DOWN: ".xxx", State.PARTIAL: ".x..x..x..xx"}[state]
    told = track(played, since - played.find("x") if "x" in played else since)
    return Live(
        check=check,
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
