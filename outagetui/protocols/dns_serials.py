"""Whether all name servers of a zone serve the same version: SOA serials (RFC 1035), compared as RFC 1982 says."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from outagetui.core.model import Outcome
from outagetui.net.resolve import Address
from outagetui.net.trouble import Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.dns_exchange import Question, ask, records
from outagetui.protocols.dns_reply import Reply

if TYPE_CHECKING:
    from dns.name import Name

SERVERS = 16  # name servers of a zone that are asked
ADDRESSES = 32  # of all of them together
_SHARE = 0.45  # of the time left, at most, for finding the servers' addresses

Asker = Callable[[Question], Awaitable[Reply]]


class Finding(Struct, frozen=True):
    """What one address of one name server said: a serial, or the code and words of what is wrong there."""

    server: str
    address: str
    serial: int | None = None
    outcome: Outcome = Outcome.PASS
    code: str = ""
    words: str = ""

    def __str__(self) -> str:
        where = f"{self.server} {self.address}".strip()
        return f"{where}: {self.words or self.serial}"


def newer(one: int, other: int) -> bool:
    """Tell whether serial `one` is greater than `other` (RFC 1982 section 3.2); 2^31 apart, neither is."""
    return 0 < (one - other) % 2**32 < 2**31


async def compare(zone: "Name", asker: Asker, port: int, vantage: Vantage, deadline: float) -> tuple[Outcome, str, str]:
    """Return outcome, code and words for `zone`, whose servers are found by `asker` and asked at `port`.

    Raises `Trouble` when the zone's servers cannot be found.
    """
    import dns.rdatatype

    loop = asyncio.get_running_loop()
    reply = await asker(Question(zone, dns.rdatatype.NS))
    names = sorted({one.target for one in records(reply, zone, dns.rdatatype.NS)[0]})[:SERVERS]  # type: ignore[attr-defined]
    if not names:
        code = {2: "dns.servfail", 3: "dns.nxdomain", 5: "dns.refused"}.get(reply.code, "dns.no-answer")
        fail(code, f"{zone}: no name servers (is this the name of a zone?)")
    until = loop.time() + (deadline - loop.time()) * _SHARE
    found = await asyncio.gather(*(_addresses(name, asker, port, vantage, until) for name in names))
    waiting: list[Awaitable[Finding]] = []
    findings: list[Finding] = []
    for name, addresses in zip(names, found, strict=True):
        server = name.to_text(omit_final_dot=True)
        if isinstance(addresses, Finding):
            findings.append(addresses)
        else:
            waiting += [_serial(server, address, zone, deadline) for address in addresses]
    findings += await asyncio.gather(*waiting)
    return judge(findings)


def judge(findings: list[Finding]) -> tuple[Outcome, str, str]:
    """Return outcome, code and words: differing serials warn, so does a server that fails, all failing is a failure.

    Our own trouble, such as an IPv6 address where we have no IPv6, counts only when there is none of theirs.
    """
    ours = [one for one in findings if one.outcome is Outcome.UNKNOWN]
    theirs = [one for one in findings if one.outcome is not Outcome.UNKNOWN]
    if not theirs:
        unknown(ours[0].code, "; ".join(map(str, ours)))
    bad = [one for one in theirs if one.code]
    good = [one for one in theirs if not one.code]
    serials = [one.serial for one in good if one.serial is not None]
    newest = next((one for one in serials if not any(newer(other, one) for other in serials)), None)
    words = [f"{one} (behind)" if newest is not None and newer(newest, one.serial or 0) else str(one) for one in good]
    said = "; ".join([*map(str, bad), *words])
    if not good:
        codes = {one.code for one in bad}
        code = "dns.lame" if "dns.lame" in codes else bad[0].code if len(codes) == 1 else "dns.silent"
        return Outcome.FAIL, code, said
    if len(set(serials)) > 1:
        return Outcome.WARN, "dns.serials", "; ".join([*words, *map(str, bad)])
    if bad:
        return Outcome.WARN, "dns.lame" if any(one.code == "dns.lame" for one in bad) else "dns.silent", said
    return Outcome.PASS, "", f"serial {serials[0]} on {', '.join(f'{one.server} {one.address}' for one in good)}"


async def _addresses(
    server: "Name", asker: Asker, port: int, vantage: Vantage, deadline: float
) -> list[Address] | Finding:
    """Return every address of a name server, by the asker, else by this machine's resolver."""
    import dns.rdatatype

    found: list[Address] = []
    text = server.to_text(omit_final_dot=True)
    try:
        async with asyncio.timeout_at(deadline):
            for kind, family in ((dns.rdatatype.A, socket.AF_INET), (dns.rdatatype.AAAA, socket.AF_INET6)):
                reply = await asker(Question(server, kind))
                found += [Address(family, one.to_text(), port) for one in records(reply, server, kind)[0]]
    except (Trouble, TimeoutError):
        pass  # the server asked need not know the names of others
    if found:
        return found[: ADDRESSES // 2]
    try:
        return (await vantage.resolve(text, port, deadline=deadline))[: ADDRESSES // 2]
    except Trouble as trouble:
        return Finding(text, "", None, trouble.outcome, trouble.code, trouble.detail)


async def _serial(server: str, address: Address, zone: "Name", deadline: float) -> Finding:
    """Ask one server itself, without recursion; one that is not authoritative is lame."""
    import dns.rdatatype

    try:
        reply = await ask(address, Question(zone, dns.rdatatype.SOA, recurse=False), deadline)
    except Trouble as trouble:
        words = trouble.detail.removeprefix(f"{address}: ")
        return Finding(server, address.host, None, trouble.outcome, trouble.code, words)
    found, _ = records(reply, zone, dns.rdatatype.SOA)
    if reply.authoritative and found:
        return Finding(server, address.host, found[0].serial)  # type: ignore[attr-defined]
    said = reply.code_name if reply.code else "does not answer for the zone with authority"
    return Finding(server, address.host, None, Outcome.FAIL, "dns.lame", said)
