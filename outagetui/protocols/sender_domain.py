"""What receivers find in the DNS of whoever sends as a domain: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489).

The rules of the large mailbox providers are those of support.google.com/mail/answer/81126, senders.yahooinc.com and
learn.microsoft.com (Outlook.com): everybody needs SPF or DKIM, whoever sends to many needs both, DMARC, and a link that
leaves the list at one click.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from outagetui.core.text import clean
from outagetui.protocols import spf
from outagetui.protocols.spf import Address, Ask, PermError

MANY: Final = 5000  # letters a day to one provider, from which its rules for many hold
_SHORT_KEY: Final = 160  # bytes of a public RSA key of less than 1024 bits


class Sender(Struct, frozen=True, kw_only=True):
    """Who sends: the domain of From and envelope, the server that is handed the letters and its addresses.

    `selector` names the key that this server signs with, where that is known; `one_click`: letters hold a link for it.
    """

    domain: str
    server: str = ""
    addresses: tuple[Address, ...] = ()
    selector: str = ""
    one_click: bool = False


async def judge(sender: Sender, ask: Ask) -> list[str]:
    """Return what is wrong or weak, a line each, and last what large providers do. Raises Trouble without a DNS."""
    spf_ok, lines = await _spf(sender, ask)
    dkim_ok, said = await _dkim(sender, ask)
    dmarc_ok, more = await _dmarc(sender.domain, ask)
    return [*lines, *said, *more, _verdict(sender, spf_ok, dkim_ok, dmarc_ok)]


def _verdict(sender: Sender, spf_ok: bool, dkim_ok: bool | None, dmarc_ok: bool) -> str:
    who = "Gmail, Yahoo and Outlook"
    if not spf_ok and not dkim_ok:
        hope = " unless the server signs with DKIM (say which key: dkim)" if dkim_ok is None else ""
        return f"{who} will refuse these letters or take them for spam{hope}"
    missing = [
        *([] if spf_ok else ["SPF"]),
        *([] if dkim_ok else ["DKIM" if dkim_ok is False else "DKIM (not looked at: say which key with dkim)"]),
        *([] if dmarc_ok else ["DMARC"]),
        *([] if sender.one_click else ["a link of https:// in unsubscribe"]),
    ]
    if not missing:
        return ""
    return f"{who} will take these letters while they are few; from {MANY} a day on they want also {', '.join(missing)}"


async def _spf(sender: Sender, ask: Ask) -> tuple[bool, list[str]]:
    domain = sender.domain
    try:
        found = await spf.look_up(domain, ask, sender.addresses)
    except PermError as error:
        return False, [f"the SPF record of {domain} cannot be used (permerror): {clean(error, 160)}"]
    if not found.record:
        return False, [f"{domain} has no SPF record"]
    if found.rest == "pass":
        return False, [f"the SPF record of {domain} lets everybody send (+all), so it counts for nothing"]
    lines = [] if found.rest != "neutral" else [f"the SPF record of {domain} refuses nobody: end it with ~all or -all"]
    strange = [address for address, result in found.passes.items() if result != "pass"]
    if strange:
        lines.append(
            f"the SPF record of {domain} does not let {sender.server} send ({', '.join(strange)}); "
            "that is right only if it sends by another address"
        )
    return not strange or len(strange) < len(found.passes), lines


async def _dmarc(domain: str, ask: Ask) -> tuple[bool, list[str]]:
    for place in _upwards(domain):
        records = [each for each in await ask(f"_dmarc.{place}", "TXT") if _tags(each).get("v") == "DMARC1"]
        if len(records) > 1:
            return False, [f"_dmarc.{place} has {len(records)} DMARC records, so none counts"]
        if not records:
            continue
        tags = _tags(records[0])
        policy = tags.get("sp", tags.get("p", "")) if place != domain else tags.get("p", "")
        if policy not in ("none", "quarantine", "reject"):
            return False, [f"the DMARC record of {place} has no policy that counts (p=)"]
        lines = []
        if policy == "none":
            lines.append(f"the DMARC record of {place} only watches (p=none): others can send in your name")
        return True, lines
    return False, [f"{domain} has no DMARC record"]


async def _dkim(sender: Sender, ask: Ask) -> tuple[bool | None, list[str]]:
    if not sender.selector:
        return None, []
    name = f"{sender.selector}._domainkey.{sender.domain}"
    records = [
        each for each in await ask(name, "TXT") if _tags(each).get("v", "DKIM1") == "DKIM1" and "p" in _tags(each)
    ]
    if not records:
        return False, [f"there is no DKIM key at {name}"]
    if len(records) > 1:
        return False, [f"there are {len(records)} DKIM keys at {name}; receivers may take either"]
    tags = _tags(records[0])
    try:
        key = base64.b64decode("".join(tags["p"].split()), validate=True)
    except binascii.Error:
        return False, [f"the DKIM key at {name} is no base64"]
    if not key:
        return False, [f"the DKIM key at {name} was withdrawn (p is empty)"]
    kind = tags.get("k", "rsa").lower()
    if kind == "rsa" and len(key) < _SHORT_KEY:
        return False, [f"the DKIM key at {name} has less than 1024 bits, so it counts for nothing"]
    if "y" in tags.get("t", "").split(":"):
        return True, [f"the DKIM key at {name} is marked as being tested (t=y)"]
    return True, [] if kind == "rsa" else [
        f"the DKIM key at {name} is {clean(kind, 20)}, which not every receiver reads"
    ]


def _upwards(domain: str) -> Iterable[str]:
    """Yield the domain and those above it, as receivers walk to the one that speaks for an organisation."""
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]


def _tags(record: str) -> dict[str, str]:
    """Return the tags of a record (RFC 6376 section 3.2), names in lower case."""
    pairs = (piece.partition("=") for piece in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
