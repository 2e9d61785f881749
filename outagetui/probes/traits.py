"""What a channel hangs on, found by looking: hosts, networks, name servers, certificate issuers.

What cannot be found is left out: common fate is a hint, and a silent resolver must not invent or hide one.
"""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import Iterable

from outagetui.core.hosts import address_of
from outagetui.core.model import Channel, Check, Outlet
from outagetui.facts.common_fate import Trait, declared
from outagetui.net.aside import loaded
from outagetui.net.certificate import chain
from outagetui.net.connect import dial, endpoint
from outagetui.net.trouble import Phases, Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols import dns_exchange
from outagetui.protocols.dns_records import RecordError, read_name

SECONDS = 5.0  # for each look-up
MOST_LABELS = 5  # how far up a name its zone is looked for


async def traits_of(owners: Iterable[Channel | Outlet], vantage: Vantage) -> dict[str, set[Trait]]:
    """Return what each channel or outlet hangs on, as its configuration and its checks' targets tell."""
    found: dict[str, set[Trait]] = {}
    looks: dict[object, asyncio.Task[set[Trait]]] = {}  # checks of one place share one

    def look(check: Check) -> "asyncio.Task[set[Trait]]":
        place = (*check.options.place(check.target), check.connect, getattr(check.options, "ca", None))
        if place not in looks:
            looks[place] = asyncio.ensure_future(_of_check(check, vantage))
        return looks[place]

    for owner in owners:
        looked = await asyncio.gather(*map(look, owner.checks))
        said = declared(owner) if isinstance(owner, Channel) else set()
        found[owner.id] = said.union(*looked)
    return found


async def _of_check(check: Check, vantage: Vantage) -> set[Trait]:
    name, port, tls = check.options.place(check.target)
    if not name:
        return set()
    looks = [_addresses(name, port, check, vantage), _name_servers(name)]
    if tls:
        looks.append(_issuer(name, port, check, vantage))
    return set().union(*await asyncio.gather(*looks))


async def _addresses(name: str, port: int, check: Check, vantage: Vantage) -> set[Trait]:
    found: set[Trait] = set()
    with contextlib.suppress(Trouble, OSError, TimeoutError):
        host, dialled = endpoint(check.connect, port) if check.connect else (name, port)
        for address in await vantage.resolve(host, dialled, deadline=_deadline()):
            ip = ipaddress.ip_address(address.host.partition("%")[0])
            prefix = 24 if ip.version == 4 else 48
            found.add(Trait("host", str(ip)))
            found.add(Trait("network", str(ipaddress.ip_network((ip, prefix), strict=False))))
    return found


async def _name_servers(name: str) -> set[Trait]:
    """Return the name servers of the zone that holds `name`."""
    if address_of(name) is not None:
        return set()
    await loaded(*dns_exchange.LIBRARY)
    import dns.exception
    import dns.rdatatype

    with contextlib.suppress(Trouble, OSError, TimeoutError, RecordError, dns.exception.DNSException):
        zone = read_name(name)
        deadline = _deadline()
        for _ in range(MOST_LABELS):
            if len(zone) < 3:
                break
            reply = await dns_exchange.ask_system(dns_exchange.Question(zone, dns.rdatatype.NS), deadline)
            servers, _ = dns_exchange.records(reply, zone, dns.rdatatype.NS)
            if servers:
                return {Trait("name server", str(server).rstrip(".").lower()) for server in servers}
            zone = zone.parent()
    return set()


async def _issuer(name: str, port: int, check: Check, vantage: Vantage) -> set[Trait]:
    deadline = _deadline()
    with contextlib.suppress(Trouble, OSError, TimeoutError, ssl.SSLError):
        async with asyncio.timeout_at(deadline):
            with await dial(vantage, name, port, Phases(), deadline=deadline, connect=check.connect) as stream:
                await stream.start_tls(await vantage.tls_context(getattr(check.options, "ca", None)), name)
                return {Trait("certificate issuer", certificate.issuer) for certificate in chain(stream)[:1]}
    return set()


def _deadline() -> float:
    return asyncio.get_running_loop().time() + SECONDS
