"""What the daemon keeps of each check between samples, and the public copy of the configuration that screens read."""

import msgspec
from msgspec import Struct

from outagetui.core.model import (
    Audience,
    Channel,
    Check,
    Condition,
    Config,
    Cost,
    Operator,
    Outlet,
    Sample,
    Segment,
    State,
)
from outagetui.core.outlet_options import publishes
from outagetui.facts.common_fate import Fate
from outagetui.facts.verdict import Track

SPARK = 40


class Live(Struct, frozen=True, array_like=True):
    """One check from one vantage: its verdict now, its last sample, the last latencies (ms, None for a failure)."""

    check: str
    vantage: str
    state: State
    since: float | None
    why: str
    share: float
    at: float | None
    sample: Sample | None
    spark: tuple[float | None, ...]
    track: Track


class PublicCheck(Struct, frozen=True, kw_only=True):
    """What people may see of a check: no options, and a target without user, query or fragment."""

    id: str
    probe: str
    target: str
    every: float
    expect: str
    depends_on: tuple[str, ...] = ()


class PublicChannel(Struct, frozen=True, kw_only=True):
    """A channel as the screens know it."""

    id: str
    name: str
    audience: Audience
    role: str
    carries: tuple[str, ...]
    credentials: str
    backs_up: tuple[str, ...]
    address: str
    instructions: str
    depends_on: tuple[str, ...]
    cost: Cost | None
    prove_every: float | None
    checks: tuple[PublicCheck, ...]


class PublicOutlet(Struct, frozen=True, kw_only=True):
    """An outlet as the screens know it."""

    id: str
    name: str
    kind: str
    audience: Audience
    url: str
    checks: tuple[PublicCheck, ...]
    language: str = ""
    publishes: bool = True


class PublicPlaybook(Struct, frozen=True, kw_only=True):
    """A playbook as the screens know it: `steps` says in words what each would do, `activates` names backups."""

    id: str
    name: str
    summary: str
    suggest: tuple[Condition, ...]
    steps: tuple[str, ...]
    activates: tuple[str, ...]
    digest: str = ""  # of what a run of it would do now


class PublicAlert(Struct, frozen=True, kw_only=True):
    """A link of the alert chain as people may see it: not where it leads."""

    name: str
    after: float
    test_every: float | None
    through: tuple[str, ...]


class Public(Struct, frozen=True, kw_only=True):
    """The configuration without anything secret: the copy that the daemon writes into the store."""

    business: str
    vantage: str
    timezone: str
    drill: str
    operators: tuple[Operator, ...]
    channels: tuple[PublicChannel, ...]
    outlets: tuple[PublicOutlet, ...]
    segments: tuple[Segment, ...]
    playbooks: tuple[PublicPlaybook, ...]
    fates: tuple[Fate, ...] = ()
    alerts: tuple[PublicAlert, ...] = ()
    kinds: tuple[str, ...] = ()  # of announcements that there are words for


class Beat(Struct, frozen=True):
    """The daemon's sign of life: when (epoch seconds), whether blind (why, or empty), and its own trouble in words."""

    pid: int
    at: float
    blind: str = ""
    trouble: str = ""
    progress: dict[str, str] = {}  # how far the waits have come, by "run/step"


def public_target(target: str) -> str:
    """Return `target` without user, password, query and fragment, which may hold secrets."""
    from urllib.parse import urlsplit, urlunsplit  # only the daemon needs it; readers of the store start without

    parts = urlsplit(target)
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.netloc else parts.path.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, path, "", ""))


def _check(check: Check) -> PublicCheck:
    return PublicCheck(
        id=check.id,
        probe=check.probe,
        target=public_target(check.target),
        every=check.every,
        expect=check.expect,
        depends_on=check.depends_on,
    )


def _channel(channel: Channel) -> PublicChannel:
    return PublicChannel(
        id=channel.id,
        name=channel.name,
        audience=channel.audience,
        role=channel.role,
        carries=channel.carries,
        credentials=channel.credentials,
        backs_up=channel.backs_up,
        address=channel.address,
        instructions=channel.instructions,
        depends_on=channel.depends_on,
        cost=channel.cost,
        prove_every=channel.prove_every,
        checks=tuple(_check(check) for check in channel.checks),
    )


def _outlet(outlet: Outlet) -> PublicOutlet:
    return PublicOutlet(
        id=outlet.id,
        name=outlet.name,
        kind=outlet.kind,
        audience=outlet.audience,
        url=outlet.url,
        checks=tuple(_check(check) for check in outlet.checks),
        language=outlet.language,
        publishes=publishes(outlet.kind, outlet.options),
    )


def public(config: Config, playbooks: tuple[PublicPlaybook, ...], drill: str, fates: tuple[Fate, ...] = ()) -> Public:
    """Return what screens may know of `config`; `playbooks` come planned and `fates` found: only the daemon can."""
    return Public(
        business=config.business,
        vantage=config.vantage,
        timezone=config.timezone,
        drill=drill,
        operators=config.operators,
        channels=tuple(_channel(channel) for channel in config.channels),
        outlets=tuple(_outlet(outlet) for outlet in config.outlets),
        segments=config.segments,
        playbooks=playbooks,
        fates=fates,
        alerts=tuple(
            PublicAlert(name=each.name, after=each.after, test_every=each.test_every, through=each.through)
            for each in config.alerts
        ),
    )


def pack(value: Live | Public | Beat) -> bytes:
    """Return the bytes that the store keeps for `value`."""
    return msgspec.msgpack.encode(value)
