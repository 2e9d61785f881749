"""The routers that answer on the way to a host, where that way ends, and whose that place is. Pure.

Judged is by addresses alone: nobody outside is asked whose they are. So it says no more than addresses can tell.
"""

import ipaddress
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from outagetui.core.bounds import Finite, Number
from outagetui.core.text import clean

SHARED = ipaddress.ip_network("100.64.0.0/10")  # between a provider and its customers (RFC 6598)
INNER = tuple(  # of private networks and single links (RFC 1918, RFC 3927, RFC 4193, RFC 4291)
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)
NEAR = {4: 24, 6: 48}  # length of the prefix that hosts of one site usually share
ALIKE = {4: 16, 6: 32}  # and routers of one provider
IP = ipaddress.IPv4Address | ipaddress.IPv6Address


class Hop(Struct, frozen=True):
    """A router or host that answered: `distance` counts from 1, `ms` is the round trip, `name` what is known here."""

    distance: Number
    address: str
    ms: Finite | None = None
    name: str = ""


class Stopped(StrEnum):
    """Why no further hop was asked."""

    REACHED = "reached"
    SILENT = "silent"  # several in a row did not answer
    REPEATS = "repeats"  # a router answered for a second distance
    FAR = "far"  # as many hops as are asked at most
    LATE = "late"  # the time was over
    TROUBLE = "trouble"  # nothing could be sent at all, see `trouble`


class NetworkPath(Struct, frozen=True, kw_only=True):
    """The way from `source`, our own address, to `host`; routers that do not answer are left out of `hops`."""

    host: str
    address: str = ""
    source: str = ""
    hops: tuple[Hop, ...] = ()
    stopped: str = Stopped.TROUBLE
    trouble: str = ""

    @property
    def reached(self) -> bool:
        """Whether the host itself answered."""
        return self.stopped == Stopped.REACHED

    @property
    def label(self) -> str:
        """The host, with its address where that is another."""
        return clean(self.host if self.address in ("", self.host) else f"{self.host} ({self.address})", 120)


class Zone(StrEnum):
    """Whose a hop is, as far as its address tells."""

    MACHINE = "this machine"
    OURS = "our network"
    PROVIDER = "our provider"
    BETWEEN = "between the providers"
    THEIRS = "their network"


class End(StrEnum):
    """Where a way ends."""

    REACHED = "reached"
    OURS = "ours"
    PROVIDER = "provider"
    BETWEEN = "between"
    THEIRS = "theirs"
    UNCLEAR = "unclear"


_ENDS = {
    Zone.MACHINE: End.OURS,
    Zone.OURS: End.OURS,
    Zone.PROVIDER: End.PROVIDER,
    Zone.BETWEEN: End.BETWEEN,
    Zone.THEIRS: End.THEIRS,
}
_STOPPED = {
    Stopped.SILENT: "behind it nobody answers (a fault there, or a firewall that keeps silent)",
    Stopped.REPEATS: "it answers, and hands nothing on (no way, or a circle)",
    Stopped.FAR: "as far as is looked",
    Stopped.LATE: "the time to look was over",
}


def parsed(text: str) -> IP | None:
    """Return the address without its scope; None for what is none."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def zones(path: NetworkPath) -> tuple[Zone, ...]:
    """Return whose each hop is: private ones at the beginning are ours, the first public ones our provider's."""
    own, target = parsed(path.source), parsed(path.address)
    found: list[Zone] = []
    provider: IP | None = None
    left = False  # whether the way has left our own network
    for hop in path.hops:
        address = parsed(hop.address)
        if address is None:
            zone = found[-1] if found else Zone.OURS
        elif address == own or address.is_loopback:
            zone = Zone.MACHINE
        elif _shared(address):
            zone, left = Zone.PROVIDER if provider is None else Zone.BETWEEN, True
        elif not left and (_inner(address) or _alike(address, own, NEAR)):
            zone = Zone.OURS
        elif _inner(address):
            zone = found[-1]  # a private address within somebody's network does not say whose
        elif _alike(address, target, NEAR):
            zone, left = Zone.THEIRS, True
        elif provider is None or _alike(address, provider, ALIKE):
            zone, left, provider = Zone.PROVIDER, True, provider or address
        else:
            zone = Zone.BETWEEN
        found.append(zone)
    return tuple(found)


def _shared(address: IP) -> bool:
    return address.version == 4 and address in SHARED


def _inner(address: IP) -> bool:
    return any(address.version == network.version and address in network for network in INNER)


def _alike(one: IP, other: IP | None, prefixes: dict[int, int]) -> bool:
    if other is None or one.version != other.version or _inner(one) != _inner(other):
        return False
    shift = one.max_prefixlen - prefixes[one.version]
    return int(one) >> shift == int(other) >> shift


def end_of(path: NetworkPath, canary: NetworkPath | None = None) -> End:
    """Return where the way ends. That of the `canary` beside it tells whether our own network hands packets on."""
    if path.reached:
        return End.REACHED
    if not path.hops:
        return End.UNCLEAR
    end = _ENDS[zones(path)[-1]]
    return End.UNCLEAR if end is End.OURS and canary is not None and _outside(canary) else end


def _outside(canary: NetworkPath) -> bool:
    """Whether a way arrives beyond our own network, which shows that our uplink works."""
    return canary.reached and bool(canary.hops) and _ENDS[zones(canary)[-1]] is not End.OURS


def told(path: NetworkPath, canary: NetworkPath | None = None) -> str:
    """Return in words where the way ends, and what that of the canary says beside it."""
    return " ".join(filter(None, (sentence(path), _beside(path, canary))))


def sentence(path: NetworkPath) -> str:
    """Return in words how far packets come on one way."""
    if path.stopped == Stopped.TROUBLE:
        return f"No way to {path.label} could be looked at: {clean(path.trouble)}."
    if not path.hops:
        return f"Nobody on the way to {path.label} answers, not even the first router."
    last = path.hops[-1]
    if path.reached:
        count = f"{last.distance} hops" if last.distance > 1 else "1 hop"
        return f"The way to {path.label} arrives: {count}{_took(last)}."
    where = f"hop {last.distance}, {named(last)} ({zones(path)[-1].value})"
    why = _STOPPED.get(Stopped(path.stopped), "") if path.stopped in set(Stopped) else clean(path.stopped, 40)
    return f"The way to {path.label} ends at {where}: {why}."


def _beside(path: NetworkPath, canary: NetworkPath | None) -> str:
    if path.stopped == Stopped.TROUBLE:
        return ""
    if path.reached:
        return "Packets get there: look at the service itself, or at a firewall before its port."
    if canary is None:
        return ""
    if canary.stopped == Stopped.TROUBLE:
        return sentence(canary)
    if not canary.reached:
        return f"{_of_canary(sentence(canary))} Look at our own uplink first."
    if not _outside(canary):
        return f"The canary {canary.label} is reached, and is in our own network: it says nothing of our uplink."
    end = path.hops[-1].address if path.hops else ""
    if end and any(hop.address == end for hop in canary.hops):
        return f"The canary {canary.label} is reached, through that same hop: our uplink works."
    return f"The canary {canary.label} is reached: our uplink works."


def _of_canary(words: str) -> str:
    return words.replace("he way to ", "he way to the canary ", 1)


def named(hop: Hop) -> str:
    """Return a hop's address with the name that is known of it."""
    return clean(f"{hop.name} {hop.address}" if hop.name else hop.address, 100)


def _took(hop: Hop) -> str:
    return "" if hop.ms is None else f", {hop.ms:.1f} ms"


def hop_lines(path: NetworkPath) -> Iterator[str]:
    """Yield a line for each hop: distance, whose it is, address, round trip; `*` for those that did not answer."""
    before = 0
    for hop, zone in zip(path.hops, zones(path), strict=True):
        if hop.distance > before + 1:
            gap = f"{before + 1}" if hop.distance == before + 2 else f"{before + 1}-{hop.distance - 1}"
            yield f"{gap:>5}  *  no answer"
        took = "" if hop.ms is None else f"  {hop.ms:.1f} ms"
        yield f"{hop.distance:5}  {named(hop)}{took}  ({zone.value})"
        before = hop.distance
    if not path.reached and path.stopped != Stopped.TROUBLE:
        yield f"{before + 1:>4}+  *  {'nobody answers' if path.stopped == Stopped.SILENT else 'not looked at'}"
