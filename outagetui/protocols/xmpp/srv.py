"""The servers that a domain names for its clients in SRV records (RFC 6120 section 3.2, XEP-0368), in their order."""

import asyncio
import random
from typing import NamedTuple

from outagetui.core.hosts import address_of, is_localhost
from outagetui.core.model import Outcome
from outagetui.core.text import in_quotes
from outagetui.net.aside import loaded
from outagetui.net.connect import endpoint
from outagetui.net.trouble import Trouble, fail
from outagetui.protocols.dns_exchange import LIBRARY, Question, ask_system, records
from outagetui.protocols.dns_records import RecordError, read_name
from outagetui.protocols.xmpp.account import Account

PORT, DIRECT_PORT = 5222, 5223
DIRECT, STARTTLS = "_xmpps-client", "_xmpp-client"
_NXDOMAIN = 3


class Way(NamedTuple):
    """One server of a domain; `direct` speaks TLS at once, and is told by `alpn` that we want XMPP there."""

    host: str
    port: int
    direct: bool
    alpn: bool = True


async def ways_of(account: Account, deadline: float) -> list[Way]:
    """Return the ways to the account's server, at least one, the best first. Raises `Trouble`."""
    usual = DIRECT_PORT if account.direct_tls else PORT
    itself = Way(account.host, usual, account.direct_tls)
    if account.connect:
        return [Way(*endpoint(account.connect, usual), account.direct_tls)]
    if address_of(account.host) is not None or is_localhost(account.host):  # which no name server knows of
        return [itself]
    return await _looked_up(account, deadline) or [itself]


async def _looked_up(account: Account, deadline: float) -> list[Way]:
    """Return the servers that SRV records name, best first, both services mixed by priority as XEP-0368 wants it."""
    await loaded(*LIBRARY)
    services = [DIRECT] if account.direct_tls else [DIRECT, STARTTLS]
    # Half of the time, so that a resolver that is silent is told from a server that is.
    now = asyncio.get_running_loop().time()
    limit = now + (deadline - now) / 2
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_ask(service, account.host, limit)) for service in services]
    found: list[tuple[int, float, Way]] = []
    troubles: list[Trouble] = []
    declined: set[str] = set()
    for service, task in zip(services, asked, strict=True):
        result = task.result()
        if isinstance(result, Trouble):
            troubles.append(result)
            continue
        for priority, weight, host, port in result:
            if host == ".":  # RFC 2782: decidedly not available at this domain
                declined.add(service)
                continue
            # Smallest first of such draws chooses each with a chance in proportion to its weight.
            draw = random.expovariate(1.0) / (weight or 0.01)
            found.append((priority, draw, Way(host.rstrip("."), port, service == DIRECT)))
    if troubles and not found:
        raise troubles[0]
    # Without direct TLS alone a domain may still serve its clients at the usual port.
    if services[-1] in declined and not found:
        fail("xmpp.not-offered", f"the SRV records of {account.domain} say that it has no XMPP service")
    return [way for _, _, way in sorted(found)]


async def _ask(service: str, domain: str, deadline: float) -> list[tuple[int, int, str, int]] | Trouble:
    """Return priority, weight, host and port of each record; a trouble as a value, not to end the sister question."""
    import dns.rdatatype

    try:
        name = read_name(f"{service}._tcp.{domain}")
    except RecordError:
        return Trouble(Outcome.UNKNOWN, "target.invalid", f"{in_quotes(domain)} is not a host name")
    try:
        reply = await ask_system(Question(name, dns.rdatatype.SRV), deadline)
    except Trouble as trouble:
        return trouble
    if reply.code not in (0, _NXDOMAIN):
        return Trouble(Outcome.FAIL, "dns.servfail", f"{name}: the name servers do not answer properly")
    found, _ = records(reply, name, dns.rdatatype.SRV)
    return [(each.priority, each.weight, each.target.to_text(), each.port) for each in found]  # type: ignore[attr-defined]
