"""Where a hop is (RFC 3263, without NAPTR): SRV records where no port is given, then the name's addresses."""

import random
import socket
from collections.abc import AsyncIterator

from msgspec import Struct

from outagetui.core.hosts import address_of, is_localhost
from outagetui.core.sip_uri import PORTS, Hop, SipUri, read_hop, read_uri
from outagetui.core.text import in_quotes
from outagetui.net.resolve import Address
from outagetui.net.trouble import fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.dns_exchange import Question, ask_system, records
from outagetui.protocols.dns_records import read_name

_SERVICES = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
_TARGETS_LIMIT = 8  # SRV targets that are tried


class Spot(Struct, frozen=True):
    """One address to try; `name` is what a certificate must hold."""

    transport: str
    address: Address
    name: str


def target_uri(text: str) -> SipUri:
    """Read a check's target; a wrong one is unknown `target.invalid`."""
    return read_uri(text) or unknown("target.invalid", f"{text}: expected sip:user@host:port;transport=udp")


def proxy_hop(text: str) -> Hop:
    """Read the option `proxy`; a wrong one is unknown `option.invalid`."""
    return read_hop(text) or unknown(
        "option.invalid", f"proxy {in_quotes(text)}: expected host:port;transport=udp, tcp or tls"
    )


async def locate(vantage: Vantage, hop: Hop, deadline: float) -> list[Spot]:
    """Return the addresses of `hop`, best first. Raises `Trouble` as `Vantage.resolve`, and `dns.no-service`."""
    if hop.port is not None or address_of(hop.host) is not None or is_localhost(hop.host):
        transport = hop.transport or "udp"
        return await _addresses(vantage, transport, hop.host, hop.port or PORTS[transport], hop.host, deadline)
    async for transport, targets in _services(hop, deadline):
        spots = []
        for host, port in targets[:_TARGETS_LIMIT]:
            # The name to prove is the one asked for, not what an unsigned record led to (RFC 5922 section 4).
            spots += await _addresses(vantage, transport, host, port, hop.host, deadline)
        return spots
    transport = hop.transport or "udp"
    return await _addresses(vantage, transport, hop.host, PORTS[transport], hop.host, deadline)


async def _addresses(vantage: Vantage, transport: str, host: str, port: int, name: str, deadline: float) -> list[Spot]:
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    found = await vantage.resolve(host, port, type=kind, deadline=deadline)
    return [Spot(transport, address, name) for address in found]


async def _services(hop: Hop, deadline: float) -> AsyncIterator[tuple[str, list[tuple[str, int]]]]:
    """Yield the targets of each transport that has SRV records."""
    import dns.name
    import dns.rdatatype

    for transport in (hop.transport,) if hop.transport else _SERVICES:
        name = read_name(f"{_SERVICES[transport]}.{hop.host}")
        reply = await ask_system(Question(name, dns.rdatatype.SRV), deadline)
        found, _ = records(reply, name, dns.rdatatype.SRV)
        if len(found) == 1 and found[0].target == dns.name.root:  # type: ignore[attr-defined]
            fail("dns.no-service", f"{name}: the domain says that it has no such service")
        if found:
            rows = [(each.priority, each.weight, str(each.target), each.port) for each in found]  # type: ignore[attr-defined]
            yield transport, order(rows)


def order(rows: list[tuple[int, int, str, int]]) -> list[tuple[str, int]]:
    """Return targets by priority, within one drawn by weight (RFC 2782); rows: priority, weight, target, port."""
    ordered = []
    for priority in sorted({row[0] for row in rows}):
        left = [row for row in rows if row[0] == priority]
        while left:
            drawn = random.choices(left, [row[1] + 0.01 for row in left])[0]  # noqa: S311 a balance, no secret
            left.remove(drawn)
            ordered.append((drawn[2].rstrip("."), drawn[3]))
    return ordered
