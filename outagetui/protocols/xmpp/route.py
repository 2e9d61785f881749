"""The way to a domain's XMPP server: SRV records (RFC 6120 section 3.2, XEP-0368), a connection, TLS always.

Codes: those of names, connections and TLS; `xmpp.no-tls` when the server does not offer STARTTLS, `xmpp.not-offered`
when the domain's records say that there is no such service.
"""

import asyncio
import ipaddress
import random
from typing import TYPE_CHECKING, NamedTuple

from outagetui.core.model import Outcome
from outagetui.core.text import quoted
from outagetui.net.connect import dial, endpoint
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail
from outagetui.net.vantage import Vantage
from outagetui.protocols.dns_exchange import Question, ask_system, records
from outagetui.protocols.starttls import agree
from outagetui.protocols.xmpp.account import Account
from outagetui.protocols.xmpp.conditions import stream_ended

if TYPE_CHECKING:
    from dns.message import Message

PORT, DIRECT_PORT = 5222, 5223
WAYS = 4  # of a domain that are tried
_NXDOMAIN = 3
_OWN_CODES = ("xmpp.protocol", "xmpp.closed")


class Way(NamedTuple):
    """One server of a domain; `direct` speaks TLS at once."""

    host: str
    port: int
    direct: bool


async def open_stream(account: Account, vantage: Vantage, phases: Phases, deadline: float) -> Stream:
    """Return a connection under TLS to the account's server, the first that works; phases resolve, connect, tls."""
    context = vantage.tls_context(account.ca)
    phases.enter("resolve")
    ways = (await _ways(account, deadline))[:WAYS]
    loop = asyncio.get_running_loop()
    troubles: list[Trouble] = []
    for left, way in enumerate(ways, -len(ways)):
        share = loop.time() + (deadline - loop.time()) / -left
        try:
            async with asyncio.timeout_at(share if left < -1 else None):
                stream = await dial(vantage, way.host, way.port, phases, deadline=share)
        except Trouble as trouble:
            troubles.append(trouble)
            continue
        except TimeoutError:
            troubles.append(Trouble(Outcome.FAIL, "timeout", f"{way.host}:{way.port}: no answer in time"))
            continue
        try:
            phases.enter("tls")
            if not way.direct:
                await _starttls(stream, account.domain)
            await secure(stream, context, account.domain, phases)
        except BaseException:
            stream.close()
            raise
        return stream
    # The far side's word says more than what we lack ourselves, such as IPv6.
    raise min(troubles, key=lambda trouble: trouble.outcome is Outcome.UNKNOWN)


async def _starttls(stream: Stream, domain: str) -> None:
    try:
        await agree(stream, "xmpp", domain)
    except Trouble as trouble:
        if trouble.code == "tls.starttls-missing":
            fail("xmpp.no-tls", f"{domain}: the server does not offer STARTTLS, so nothing was sent to it")
        if trouble.code.startswith("xmpp.") and trouble.code not in _OWN_CODES:
            raise stream_ended(trouble.code.partition(".")[2]) from trouble
        raise


async def _ways(account: Account, deadline: float) -> list[Way]:
    usual = DIRECT_PORT if account.direct_tls else PORT
    if account.connect:
        return [Way(*endpoint(account.connect, usual), account.direct_tls)]
    if _has_no_records(account.domain):
        return [Way(account.domain, usual, account.direct_tls)]
    return await _looked_up(account, deadline) or [Way(account.domain, usual, account.direct_tls)]


def _has_no_records(domain: str) -> bool:
    """Tell whether a domain is an address or this machine, which no name server knows of."""
    try:
        ipaddress.ip_address(domain.strip("[]"))
    except ValueError:
        return domain == "localhost" or domain.endswith(".localhost")
    return True


async def _looked_up(account: Account, deadline: float) -> list[Way]:
    """Return the servers that SRV records name, best first, both services mixed by priority as XEP-0368 wants it."""
    services = ["_xmpps-client"] if account.direct_tls else ["_xmpps-client", "_xmpp-client"]
    # Half of the time, so that a resolver that is silent is told from a server that is.
    now = asyncio.get_running_loop().time()
    limit = now + (deadline - now) / 2
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_ask(service, account.domain, limit)) for service in services]
    found: list[tuple[int, float, Way]] = []
    troubles: list[Trouble] = []
    declined = False
    for service, task in zip(services, asked, strict=True):
        result = task.result()
        if isinstance(result, Trouble):
            troubles.append(result)
            continue
        for priority, weight, host, port in result:
            if host == ".":  # RFC 2782: decidedly not available at this domain
                declined = True
                continue
            # Smallest first of such draws chooses each with a chance in proportion to its weight.
            draw = random.expovariate(1.0) / (weight or 0.01)
            found.append((priority, draw, Way(host.rstrip("."), port, service == "_xmpps-client")))
    if troubles and not found:
        raise troubles[0]
    if declined and not found:
        fail("xmpp.not-offered", f"the SRV records of {account.domain} say that it has no XMPP service")
    return [way for _, _, way in sorted(found)]


async def _ask(service: str, domain: str, deadline: float) -> list[tuple[int, int, str, int]] | Trouble:
    """Return priority, weight, host and port of each record; a trouble as a value, not to end the sister question."""
    import dns.exception
    import dns.name
    import dns.rdatatype

    try:
        name = dns.name.from_text(f"{service}._tcp.{domain}")
    except (dns.exception.DNSException, UnicodeError):
        return Trouble(Outcome.UNKNOWN, "target.invalid", f"{quoted(domain)} is not a host name")
    try:
        reply: Message = await ask_system(Question(name, dns.rdatatype.SRV), deadline)
    except Trouble as trouble:
        return trouble
    if reply.rcode() not in (0, _NXDOMAIN):
        return Trouble(Outcome.FAIL, "dns.servfail", f"{name}: the name servers do not answer properly")
    found, _ = records(reply, name, dns.rdatatype.SRV)
    return [(each.priority, each.weight, each.target.to_text(), each.port) for each in found]  # type: ignore[attr-defined]
