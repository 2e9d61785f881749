"""What the daemon keeps of each check between samples, and the public copy of the configuration that screens read."""

import re

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.bounds import Finite, Instant, Number
from outagetui.core.copies import copied
from outagetui.core.model import (
    PASSED,
    Channel,
    ChannelFacts,
    Condition,
    Config,
    Cost,
    Operator,
    Outcome,
    Outlet,
    OutletFacts,
    Sample,
    Segment,
    State,
    Thresholds,
)
from outagetui.facts import verdict
from outagetui.facts.common_fate import Fate
from outagetui.facts.verdict import Track

SPARK = 40
_USER = re.compile(r"^([/\\]*)[^/\\]*@")


# There are as many of these as checks, without cycles: the collector of those would go through all of them for nothing.
class Live(Struct, frozen=True, array_like=True, gc=False):
    """One check from one vantage: its verdict now, its last sample, the last latencies (ms, None for a failure).

    `blame` is the sample that explains a state that is not well.
    """

    check: str
    vantage: str
    state: State
    since: Instant | None
    why: str
    share: Finite
    at: Instant | None
    sample: Sample | None
    spark: tuple[Finite | None, ...]
    track: Track
    blame: Sample | None = None


def renewed(row: Live, sample: Sample, at: float) -> Live:
    """Return `row`, which was written before, after one more look at what stands as it stood then."""
    passed = sample.outcome in PASSED
    track = row.track if sample.outcome is Outcome.UNKNOWN else replace(row.track, last=at)
    return replace(
        row,
        at=at,
        sample=sample,
        spark=(*row.spark, sample.latency_ms if passed else None)[-SPARK:],
        track=track,
        why=verdict.why(track, row.state, sample) if row.state is State.UP else row.why,
    )


class PublicCheck(Struct, frozen=True, kw_only=True, gc=False):
    """What people may see of a check: no options, and a target without user, query or fragment."""

    id: str
    probe: str
    target: str
    every: Finite
    expect: str
    depends_on: tuple[str, ...] = ()


class PublicChannel(ChannelFacts, frozen=True, kw_only=True):
    """A channel as the screens know it."""

    cost: Cost | None
    prove_every: Finite | None
    checks: tuple[PublicCheck, ...]


class PublicOutlet(OutletFacts, frozen=True, kw_only=True):
    """An outlet as the screens know it."""

    checks: tuple[PublicCheck, ...]
    publishes: bool = True


class PublicPlaybook(Struct, frozen=True, kw_only=True):
    """A playbook as the screens know it: `steps` says in words what each would do, `activates` names backups."""

    id: str
    name: str
    summary: str
    suggest: tuple[Condition, ...]
    steps: tuple[str, ...]
    activates: tuple[str, ...]
    tells: tuple[str, ...] = ()  # audiences
    digest: str = ""  # of what a run of it would do now


class PublicAlert(Struct, frozen=True, kw_only=True):
    """A link of the alert chain as people may see it: not where it leads."""

    name: str
    after: Finite
    test_every: Finite | None
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
    reach: dict[str, Thresholds] = {}

    def limits(self, audience: str) -> Thresholds:
        """Return what the reach of an audience means."""
        return self.reach.get(audience) or Thresholds()


class Beat(Struct, frozen=True):
    """The daemon's sign of life: when (epoch seconds), whether blind (why, or empty), and its own trouble in words."""

    pid: Number
    at: Instant
    blind: str = ""
    trouble: str = ""
    progress: dict[str, str] = {}  # how far the waits have come, by "run/step"


def live_of(packed: bytes) -> Live | None:
    """Return the live row that `packed` holds; None for a damaged one: its check was not looked at yet."""
    try:
        return msgspec.msgpack.decode(packed, type=Live)
    except (msgspec.MsgspecError, TypeError, ValueError):
        return None


def public_target(target: str) -> str:
    """Return `target` without user, password, query and fragment, which may hold secrets."""
    scheme, colon, rest = re.split(r"[?#]", target, maxsplit=1)[0].partition(":")
    return scheme + colon + _USER.sub(r"\1", rest)


def _checks(owner: Channel | Outlet) -> tuple[PublicCheck, ...]:
    return tuple(copied(PublicCheck, check, target=public_target(check.target)) for check in owner.checks)


def _outlet(outlet: Outlet) -> PublicOutlet:
    from outagetui.core.outlet_options import publishes  # the daemon says it, and readers start without all kinds

    return copied(PublicOutlet, outlet, checks=_checks(outlet), publishes=publishes(outlet.kind, outlet.options))


def public(config: Config, playbooks: tuple[PublicPlaybook, ...], drill: str, fates: tuple[Fate, ...] = ()) -> Public:
    """Return what screens may know of `config`; `playbooks` come planned and `fates` found: only the daemon can."""
    return copied(
        Public,
        config,
        drill=drill,
        channels=tuple(copied(PublicChannel, channel, checks=_checks(channel)) for channel in config.channels),
        outlets=tuple(_outlet(outlet) for outlet in config.outlets),
        playbooks=playbooks,
        fates=fates,
        alerts=tuple(copied(PublicAlert, each) for each in config.alerts),
    )


def pack(value: Live | Public | Beat) -> bytes:
    """Return the bytes that the store keeps for `value`."""
    return msgspec.msgpack.encode(value)
