"""`dns`: what a name server, or this machine's resolver, answers for a name."""

import asyncio
import contextlib
import importlib
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from outagetui.core.hosts import address_of, read_host
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import DnsOptions
from outagetui.core.targets import DNS
from outagetui.core.text import in_quotes
from outagetui.net.connect import endpoint
from outagetui.net.resolve import Address
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.dns_exchange import LIBRARY, Question, ask, ask_system, records
from outagetui.protocols.dns_records import RecordError, in_dns, read_name
from outagetui.protocols.dns_reply import Reply
from outagetui.protocols.dns_serials import compare

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType

PORT = 53
# Loaded with this module, and so beside the loop, instead of when the first answer comes.
for _library in LIBRARY:
    importlib.import_module(_library)
# Silence is judged this long before the deadline (seconds, share of the time left): one silent server of many is
# not yet the time-out of the whole probe.
_MARGIN, _SHARE = 0.1, 0.1
_REASONS_WITHIN = 1.0  # seconds in which a server may say why it refuses or fails; the verdict stands without
_CODES = {"NXDOMAIN": "dns.nxdomain", "SERVFAIL": "dns.servfail", "REFUSED": "dns.refused"}

_endpoint = lru_cache(4096)(endpoint)  # a check asks the same server each time

Asker = Callable[[Question], Awaitable[Reply]]


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Ask once and judge rcode and records, or with `serials` every name server of the zone."""
    options = check.own(DnsOptions)
    server, text = DNS.split(check.target)
    server = check.connect or server
    kind = _kind(options.type)
    name = _name(text, options.type)
    phases = Phases()
    now = asyncio.get_running_loop().time()
    until = deadline - min(_MARGIN, (deadline - now) * _SHARE)
    async with phases.within(deadline):
        asker, port = partial(ask_system, deadline=until), PORT
        if server:
            host, port = _endpoint(server, PORT)
            phases.enter("resolve")
            addresses = await vantage.resolve(host, port, deadline=deadline)
            asker = partial(_ask_any, addresses, deadline=until)
        phases.enter("query")
        words = ""
        if options.answer is not None or not options.serials:
            reply = await asker(Question(name, kind))
            why = await _why(reply, Question(name, kind, reasons=True), options, asker, until)
            words = _judge(reply, name, kind, options, why, chosen=bool(server))
        if options.serials:
            outcome, code, words = await compare(name, asker, port, vantage, until)
            phases.stop()
            return phases.sample(words, outcome, code)
        phases.stop()
        return phases.sample(words)


async def _ask_any(addresses: list[Address], question: Question, *, deadline: float) -> Reply:
    """Ask the addresses of one server's name in turn until one replies; each gets its share of the time."""
    loop = asyncio.get_running_loop()
    troubles: list[Trouble] = []
    for left, address in enumerate(addresses, -len(addresses)):
        try:
            return await ask(address, question, loop.time() + (deadline - loop.time()) / -left)
        except Trouble as trouble:
            troubles.append(trouble)
    raise min(troubles, key=lambda trouble: trouble.outcome is Outcome.UNKNOWN)


async def _why(reply: Reply, question: Question, options: DnsOptions, asker: Asker, deadline: float) -> str:
    """Return the reasons that a server gives for another code than the wanted one, in words behind that; or nothing."""
    import dns.rcode

    if reply.code == dns.rcode.from_text(options.rcode):
        return ""
    now = asyncio.get_running_loop().time()
    with contextlib.suppress(Trouble, TimeoutError):
        async with asyncio.timeout(min(_REASONS_WITHIN, (deadline - now) / 2)):
            again = await asker(question)
            if again.code == reply.code and (said := again.reasons()):
                return f" ({said})"
    return ""


def _kind(text: str) -> "RdataType":
    import dns.rdatatype

    kind = dns.rdatatype.from_text(text)
    if dns.rdatatype.is_metatype(kind) and kind != dns.rdatatype.ANY:
        unknown("option.invalid", f"type: {text} cannot be asked for here")
    return kind


def _name(text: str, kind: str) -> "Name":
    """Return the absolute name; an address asked for its PTR means its name in the reverse tree."""
    import dns.reversename

    with contextlib.suppress(ValueError):
        if kind.upper() == "PTR" and (address := address_of(read_host(text))) is not None:
            return dns.reversename.from_address(str(address))
    if ":" in text and address_of(text) is not None:
        unknown("target.invalid", f"{text} is an address, whose name is asked for with type PTR")
    try:
        return read_name(text)
    except RecordError as error:
        unknown("target.invalid", str(error))


def _judge(reply: Reply, name: "Name", kind: "RdataType", options: DnsOptions, why: str, *, chosen: bool) -> str:
    """Return words for a reply that is as wanted; raises `Trouble` for any other."""
    import dns.rcode

    wanted = dns.rcode.from_text(options.rcode)
    expected = None if options.answer is None else {_expected(text, kind) for text in options.answer}
    found, alias = records(reply, name, kind)
    shown = ", ".join(sorted(_shown(one, kind) for one in found)[:8])
    if reply.code != wanted:
        if wanted != dns.rcode.NOERROR and reply.code == dns.rcode.NOERROR:
            fail("dns.rcode", f"expected {options.rcode}, the answer is {shown or 'empty'}")
        words = f"{name}: {reply.code_name}{why}" + (f", expected {options.rcode}" if wanted else "")
        if reply.code == dns.rcode.REFUSED and not chosen:
            unknown("dns.refused", f"{words}: our own resolver refuses us")
        fail(_CODES.get(reply.code_name, f"dns.{reply.code_name.lower()}"), words)
    if expected is not None:
        if {_canonical(one) for one in found} != expected:
            fail("dns.answer", f"expected {', '.join(options.answer or ()) or 'nothing'}; got {shown or 'nothing'}")
    elif wanted == dns.rcode.NOERROR:
        if not found:
            beyond = f" ({name} is an alias of {alias}, which this server does not answer for)" if alias else ""
            fail("dns.no-answer", f"{name}: no {options.type} record{beyond or _referral(reply)}")
        if all(_declines(one) for one in found):
            fail("dns.no-service", f"{shown}: the name says that this service is not available")
        if all(_leads_nowhere(one) for one in found):
            fail("dns.no-service", f"{shown}: no address of a host, but what filters answer for a name that they block")
    return f"{options.type} {shown}" if shown else reply.code_name


def _expected(text: str, kind: "RdataType") -> tuple[object, ...]:
    """Return an expected record in the form records are compared in; names without a final dot are absolute too."""
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdatatype

    if kind == dns.rdatatype.ANY:
        unknown("option.invalid", "answer: which records are expected can be said of one type only, not of ANY")
    if kind in (dns.rdatatype.TXT, dns.rdatatype.SPF) and not text.startswith('"'):
        return (text.encode(),)
    try:
        return _canonical(dns.rdata.from_text("IN", kind, in_dns(text), origin=dns.name.root, relativize=False))
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        unknown("option.invalid", f"answer: {in_quotes(text)} is not a {dns.rdatatype.to_text(kind)} record: {error}")


def _canonical(record: "Rdata") -> tuple[object, ...]:
    """Return what makes two records the same: TXT by its joined strings, others by their canonical wire form.

    Beyond that form letters' case makes no difference in the target of SVCB and HTTPS (RFC 9460), flags and services of
    NAPTR (RFC 3403), and the tag of CAA (RFC 8659).
    """
    import dns.rdatatype

    kind: Any = record
    if record.rdtype in (dns.rdatatype.TXT, dns.rdatatype.SPF):
        return (b"".join(kind.strings),)
    if record.rdtype in (dns.rdatatype.SVCB, dns.rdatatype.HTTPS):
        record = record.replace(target=kind.target.canonicalize())
    elif record.rdtype == dns.rdatatype.NAPTR:
        replacement = kind.replacement.canonicalize()
        record = record.replace(flags=kind.flags.lower(), service=kind.service.lower(), replacement=replacement)
    elif record.rdtype == dns.rdatatype.CAA:
        record = record.replace(tag=kind.tag.lower())
    return (record.to_digestable(),)


def _shown(record: "Rdata", asked: "RdataType") -> str:
    import dns.rdatatype

    kind = f"{dns.rdatatype.to_text(record.rdtype)} " if asked == dns.rdatatype.ANY else ""
    return f"{kind}{record}"


def _referral(reply: Reply) -> str:
    """Return words for an answer that only names the servers to ask instead (RFC 1034 section 4.3.1)."""
    named = reply.named()
    if not named or reply.authoritative:
        return ""
    return f" (this server does not answer for it, and names {', '.join(named[:4])})"


def _leads_nowhere(record: "Rdata") -> bool:
    """Tell whether an address is 0.0.0.0 or ::, where nobody can be reached (RFC 1122 section 3.2.1.3, RFC 4291)."""
    import dns.rdatatype

    nowhere = {dns.rdatatype.A: "0.0.0.0", dns.rdatatype.AAAA: "::"}  # noqa: S104 - not to listen on
    return record.rdtype in nowhere and record.address == nowhere[record.rdtype]  # type: ignore[attr-defined]


def _declines(record: "Rdata") -> bool:
    """Tell whether a record says that there is no service, by pointing to the root.

    So do SRV (RFC 2782), MX (RFC 7505), and SVCB and HTTPS as aliases (RFC 9460 section 2.5.1); where those describe a
    service (a priority above 0), the root means the name itself.
    """
    import dns.name
    import dns.rdatatype

    kind: Any = record
    if record.rdtype == dns.rdatatype.MX:
        return bool(kind.exchange == dns.name.root)
    if record.rdtype in (dns.rdatatype.SVCB, dns.rdatatype.HTTPS) and kind.priority:
        return False
    return bool(getattr(record, "target", None) == dns.name.root)
