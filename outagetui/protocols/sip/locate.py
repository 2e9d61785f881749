"""Where a hop is (RFC 3263): NAPTR and SRV records where no port is given, then the addresses of what they name.

Every server that the records name is a way, best first; one whose name stands for nothing is passed over.
"""

import asyncio
import random
import socket
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from outagetui.core.hosts import address_of, is_localhost
from outagetui.core.model import Outcome
from outagetui.core.sip_uri import PORTS, Hop, SipUri, read_hop, read_uri
from outagetui.core.text import in_quotes
from outagetui.net.aside import loaded
from outagetui.net.resolve import Address
from outagetui.net.trouble import Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.dns_exchange import LIBRARY, Question, ask_system, records
from outagetui.protocols.dns_records import RecordError, read_name

if TYPE_CHECKING:
    from dns.rdata import Rdata

_SERVICES = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
_NAPTR = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
_TARGETS_LIMIT = 8  # servers that are tried
_RECORDS_LIMIT = 64  # records of one service that are put in order


class Spot(Struct, frozen=True):
    """One address to try; `name` is what a certificate must hold, `server` the name that led to the address."""

    transport: str
    address: Address
    name: str
    server: str = ""

    @property
    def words(self) -> str:
        """What people know it by."""
        return self.server if self.server and self.server != self.address.host else str(self.address)


class Ways(Struct, frozen=True):
    """The addresses of a hop, best first, and in words what its records name and nothing stands for."""

    spots: list[Spot]
    passed: tuple[str, ...] = ()


class _Server(Struct, frozen=True):
    transport: str
    host: str
    port: int


@lru_cache(4096)  # a check asks for the same each time
def target_uri(text: str) -> SipUri:
    """Read a check's target; a wrong one is unknown `target.invalid`."""
    return read_uri(text) or unknown("target.invalid", f"{text}: expected sip:user@host:port;transport=udp")


def proxy_hop(text: str) -> Hop:
    """Read the option `proxy`; a wrong one is unknown `option.invalid`."""
    return read_hop(text) or unknown(
        "option.invalid", f"proxy {in_quotes(text)}: expected host:port;transport=udp, tcp or tls"
    )


async def locate(vantage: Vantage, hop: Hop, deadline: float) -> Ways:
    """Return the ways to `hop`. Raises `Trouble` as `Vantage.resolve` when there is none, and `dns.no-service`."""
    transport = hop.transport or "udp"
    servers = [_Server(transport, hop.host, hop.port or PORTS[transport])]
    if hop.port is None and address_of(hop.host) is None and not is_localhost(hop.host):
        servers = (await _recorded(hop, deadline))[:_TARGETS_LIMIT] or servers
    now = asyncio.get_running_loop().time()
    # One name that nobody answers for must not take the time of the others.
    limit = deadline if len(servers) == 1 else now + (deadline - now) / 2
    if len(servers) == 1:
        found = [await _spots(vantage, servers[0], hop.host, limit)]
    else:
        found = await asyncio.gather(*(_spots(vantage, each, hop.host, limit) for each in servers))
    spots = [spot for each in found if not isinstance(each, Trouble) for spot in each]
    troubles = [each for each in found if isinstance(each, Trouble)]
    if not spots:
        raise next((each for each in troubles if each.outcome is Outcome.FAIL), troubles[0])
    return Ways(spots, tuple(trouble.detail for trouble in troubles))


async def _spots(vantage: Vantage, server: _Server, name: str, limit: float) -> list[Spot] | Trouble:
    kind = socket.SOCK_DGRAM if server.transport == "udp" else socket.SOCK_STREAM
    try:
        async with asyncio.timeout_at(limit):
            found = await vantage.resolve(server.host, server.port, type=kind, deadline=limit)
    except Trouble as trouble:
        if trouble.code == "target.invalid" and server.host != name:  # the records say so, and not our configuration
            return Trouble(Outcome.FAIL, "dns.nodata", trouble.detail)
        return trouble
    except TimeoutError:
        return Trouble(Outcome.FAIL, "timeout", f"{server.host}: the name was not found in time")
    # The name to prove is the one asked for, not what an unsigned record led to (RFC 5922 section 4).
    return [Spot(server.transport, address, name, server.host) for address in found]


async def _recorded(hop: Hop, deadline: float) -> list[_Server]:
    """Return what the records of a name say, in their order; empty when it has none."""
    await loaded(*LIBRARY)
    import dns.name
    import dns.rdatatype

    services = [hop.transport] if hop.transport else [*_SERVICES]
    names = {service: f"{_SERVICES[service]}.{hop.host}" for service in services}
    hosts: dict[str, str] = {}
    if hop.transport is None:
        rows = await _pointers(hop.host, deadline)
        rows.sort(key=lambda row: (row.order, row.preference))  # type: ignore[attr-defined]
        named = {_service(row): (row.flags.lower(), row.replacement.to_text()) for row in reversed(rows)}  # type: ignore[attr-defined]
        if rows:
            services = list(dict.fromkeys(_service(row) for row in rows))
            names = {service: name for service, (flags, name) in named.items() if flags == b"s"}
            hosts = {service: name for service, (flags, name) in named.items() if flags == b"a"}
    asked = await asyncio.gather(
        *(_ask(names[each], dns.rdatatype.SRV, deadline) for each in services if each in names)
    )
    answers = dict(zip([each for each in services if each in names], asked, strict=True))
    found: list[_Server] = []
    declined = False
    for service in services:
        if service in hosts:
            found.append(_Server(service, hosts[service].rstrip("."), PORTS[service]))
        rows = answers.get(service, [])
        some = [row for row in rows if row.target != dns.name.root and row.port]  # type: ignore[attr-defined]
        declined = declined or bool(rows and not some)
        table = [(each.priority, each.weight, str(each.target), each.port) for each in some[:_RECORDS_LIMIT]]  # type: ignore[attr-defined]
        found += [_Server(service, host, port) for host, port in order(table)]
    if declined and not found:
        fail("dns.no-service", f"{hop.host}: the domain says that it has no such service")
    return found


async def _pointers(host: str, deadline: float) -> "list[Rdata]":
    """Return the NAPTR records of `host` that mean a way to us; none where they cannot be asked for.

    Few domains have them, and some resolvers and firewalls swallow what they do not know.
    """
    import dns.rdatatype

    now = asyncio.get_running_loop().time()
    try:
        found = await _ask(host, dns.rdatatype.NAPTR, now + (deadline - now) / 4)
    except Trouble:
        return []
    return [each for each in found if _service(each)]


def _service(row: "Rdata") -> str:
    """Return the transport that a NAPTR record leads to (RFC 3263 section 4.1), or nothing."""
    service, flags = row.service.decode("ascii", "replace").upper(), row.flags.lower()  # type: ignore[attr-defined]
    return _NAPTR.get(service, "") if flags in (b"s", b"a") and not row.regexp else ""  # type: ignore[attr-defined]


async def _ask(name: str, kind: "int", deadline: float) -> "list[Rdata]":
    import dns.rdatatype

    try:
        asked = read_name(name)
    except RecordError as error:
        unknown("target.invalid", str(error))
    question = dns.rdatatype.RdataType.make(kind)
    found, _ = records(await ask_system(Question(asked, question), deadline), asked, question)
    return found


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
