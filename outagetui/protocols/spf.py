"""What a domain's SPF record says (RFC 7208), and whether it lets an address send; macros are not followed."""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from msgspec import Struct, field

LOOKUPS: Final = 10  # terms that ask the DNS, in a record and all that it includes (section 4.6.4)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Ask = Callable[[str, str], Awaitable[list[str]]]  # name and type (TXT, A, AAAA, MX) to values; none where nothing is
_TERM = re.compile(r"([+\-~?]?)([a-z0-9._-]+)(?:[:=]([^/\s]+))?(?:/(\d{1,3}))?(?://(\d{1,3}))?", re.IGNORECASE)
_IP = re.compile(r"([+\-~?]?)(ip4|ip6):(\S+)", re.IGNORECASE)
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "exists"})
_RESULTS = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class PermError(Exception):
    """The record cannot be used, so receivers take it for broken (`permerror`)."""


class Spf(Struct):
    """What was found: the record (empty without one), the terms that ask the DNS, the result for the rest of the world.

    `passes` are the results of the addresses that were asked about.
    """

    record: str = ""
    lookups: int = 0
    rest: str = "neutral"
    passes: dict[str, str] = field(default_factory=dict)


async def look_up(domain: str, ask: Ask, addresses: Iterable[Address] = ()) -> Spf:
    """Return what the SPF record of `domain` says. Raises PermError, and Trouble where the DNS does not answer."""
    found = Spf()
    found.record = await _record(domain, ask)
    if not found.record:
        return found
    found.rest = await _evaluate(found, domain, found.record, None, ask)
    whole = found.lookups
    for each in addresses:
        found.lookups = 0
        found.passes[str(each)] = await _evaluate(found, domain, found.record, each, ask)
    found.lookups = whole
    return found


async def _record(domain: str, ask: Ask) -> str:
    records = [each for each in await ask(domain, "TXT") if each.lower() == "v=spf1" or each.lower()[:7] == "v=spf1 "]
    if len(records) > 1:
        raise PermError(f"{domain} has {len(records)} SPF records; only one is allowed")
    return records[0] if records else ""


async def _evaluate(found: Spf, domain: str, record: str, address: Address | None, ask: Ask) -> str:
    """Return the result for `address`; for none that any term names where it is None, all of them looked at."""
    redirect = ""
    for term in record.split()[1:]:
        if numbers := _IP.fullmatch(term):
            if address is not None and address in _network(numbers[3], numbers[2]):
                return _RESULTS[numbers[1]]
            continue
        match = _TERM.fullmatch(term)
        name = match[2].lower() if match else ""
        if match is None or (name not in _MECHANISMS and "=" not in term):
            raise PermError(f"{domain}: not understood: {term[:60]}")
        if name == "redirect":
            redirect = match[3]
        if name not in _MECHANISMS:
            continue  # a modifier that is not known (section 6)
        if name == "all":
            return _RESULTS[match[1]]
        _count(found)
        if await _matches(found, name, match[3] or domain, (match[4], match[5]), address, ask):
            return _RESULTS[match[1]]
    if not redirect:
        return "neutral"
    _count(found)
    other = await _record(redirect, ask)
    if not other:
        raise PermError(f"{domain} redirects to {redirect}, which has no SPF record")
    return await _evaluate(found, redirect, other, address, ask)


def _count(found: Spf) -> None:
    found.lookups += 1
    if found.lookups > LOOKUPS:
        raise PermError(f"it needs more than {LOOKUPS} look-ups with all that it includes")


async def _matches(
    found: Spf, name: str, target: str, lengths: tuple[str | None, str | None], address: Address | None, ask: Ask
) -> bool:
    if "%" in target or name in ("ptr", "exists"):
        return False  # who sends, and with which name, is not known here
    if name == "include":
        record = await _record(target, ask)
        if not record:
            raise PermError(f"it includes {target}, which has no SPF record")
        return await _evaluate(found, target, record, address, ask) == "pass" and address is not None
    if address is None:
        return False
    names = [target]
    if name == "mx":
        names = [each.split()[-1].rstrip(".") for each in (await ask(target, "MX"))[:LOOKUPS]]
    four = address.version == 4
    length = lengths[0] if four else lengths[1]
    for each in names:
        for value in await ask(each, "A" if four else "AAAA"):
            if address in _network(f"{value}/{length}" if length else value, "ip4" if four else "ip6"):
                return True
    return False


def _network(text: str, kind: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise PermError(f"not an address: {text[:60]}") from error
    if network.version != (4 if kind.lower() == "ip4" else 6):
        raise PermError(f"not an address of that kind: {text[:60]}")
    return network
