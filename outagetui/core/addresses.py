"""Who is on a channel, and what kind of address they have there."""

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from outagetui.core import telephone
from outagetui.core.model import Audience, Channel, Contact
from outagetui.core.probe_kind import AddressKind as Kind

_SCHEMES: dict[str, Kind] = {"xmpp": "xmpp", "sip": "sip", "sips": "sip", "mailto": "mail", "tel": "phone"}
# A bare address (RFC 7622 section 3), less strict than the servers: they have the last word.
_BARE = re.compile(r"[^\s\"&'/:<>@\x00-\x1f\x7f]+@[^\s\"&'/<>@\x00-\x1f\x7f]+")
_NUMBER = re.compile(r"\+?[0-9][0-9 ()./-]{2,}", re.ASCII)


class Entry(NamedTuple):
    """One contact on one channel; `address` is without a scheme where `kind` says it."""

    name: str
    audience: Audience
    address: str
    kind: Kind


def on_channel(
    contacts: Iterable[Contact], channel: Channel, audience: Audience | None = None
) -> tuple[list[Entry], int]:
    """Return who has an address on `channel`, by name, and how many of `audience` (none: all) have not."""
    asked = [contact for contact in contacts if audience in (None, contact.audience)]
    usual = _kind_of(channel)
    entries = [
        Entry(contact.name, contact.audience, *_read(contact.addresses[channel.id], usual))
        for contact in asked
        if channel.id in contact.addresses
    ]
    return sorted(entries, key=lambda entry: (entry.name.casefold(), entry.address)), len(asked) - len(entries)


def _kind_of(channel: Channel) -> Kind:
    """Return what addresses on `channel` usually are, by its own address and its checks."""
    scheme = channel.address.partition(":")[0].lower()
    if scheme in _SCHEMES:
        return _SCHEMES[scheme]
    kinds = (check.options.people() for check in channel.checks)
    return next((kind for kind in kinds if kind != "other"), "other")


def _read(address: str, usual: Kind) -> tuple[str, Kind]:
    scheme, colon, rest = address.partition(":")
    if colon and scheme.lower() in _SCHEMES:
        kind = _SCHEMES[scheme.lower()]
        return (address if scheme.lower() == "sips" else unquote(rest.partition("?")[0])), kind
    if _NUMBER.fullmatch(address) or telephone.read(address):
        return address, "phone"
    if usual in ("xmpp", "sip", "mail") and "@" in address and not colon:
        return address, usual
    return address, "other"


def is_bare(address: str) -> bool:
    """Tell whether `address` looks like user@domain."""
    return _BARE.fullmatch(address) is not None and len(address.encode()) <= 2047


def whole_room(room: str, known: Iterable[str], channel: str) -> str:
    """Return the whole address of `room`; an empty string when it is a mere name and no host is known.

    The host is that of the first room in `known`, else of the room in the channel's own address, `xmpp:…?join`.
    """
    if "@" in room:
        return room if is_bare(room) else ""
    scheme, _, rest = channel.partition(":")
    address, _, action = rest.partition("?")
    joined = [unquote(address)] if scheme.lower() == "xmpp" and action.partition(";")[0] == "join" else []
    host = next((host for each in (*known, *joined) if (host := each.partition("@")[2])), "")
    found = f"{room}@{host}"
    return found if host and is_bare(found) else ""
