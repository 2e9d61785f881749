"""vCard 4.0 (RFC 6350): one card a contact, with the address that its channel's programs can use."""

import re
import uuid
from collections.abc import Iterable
from urllib.parse import quote

from outagetui.core import telephone
from outagetui.core.addresses import Entry

LINE = 75  # octets, without the line end (section 3.2)
_SPACE = uuid.UUID("6f3f1c3e-5d0a-4c56-9c1f-8a6f0f2f4c11")
_ESCAPES = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", re.ASCII)


def write(entries: Iterable[Entry], service: str) -> str:
    """Return the cards of `entries`; `service` names the channel where an address is only a user's name there."""
    return "".join(_card(entry, service) for entry in entries)


def _card(entry: Entry, service: str) -> str:
    lines = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:individual",
        # The same contact keeps its id, so that importing again changes a card instead of adding one.
        f"UID:{uuid.uuid5(_SPACE, f'{entry.name} {entry.address}').urn}",
        f"FN:{_text(entry.name)}",
        f"CATEGORIES:{_text(entry.audience)}",
        _address(entry, service),
        "END:VCARD",
    ]
    return "".join(f"{fold(line)}\r\n" for line in lines)


def _address(entry: Entry, service: str) -> str:
    address = entry.address
    match entry.kind:
        case "xmpp":
            return f"IMPP:xmpp:{quote(address, safe='@/.-_~!$&()*+=:')}"
        case "sip":
            return f"IMPP:{address if address.startswith('sips:') else 'sip:' + address}"
        case "mail":
            return f"EMAIL:{_text(address)}"
        case "phone":
            # A number that is not international has no URI of its own (RFC 3966 section 5.1.4).
            number = telephone.read(address)
            return f"TEL;VALUE=uri:{number.grouped}" if number else f"TEL:{_text(address)}"
    if _SCHEME.fullmatch(address) and not any(char in address for char in ",;\\"):
        return f"IMPP:{address}"
    # A bare user name (RFC 9554 section 3.5). A parameter's value knows no escapes: quotes are left out of it.
    return f'SOCIALPROFILE;SERVICE-TYPE="{service.replace(chr(34), "")}";VALUE=text:{_text(address)}'


def _text(text: str) -> str:
    return text.translate(_ESCAPES)


def fold(line: str) -> str:
    """Return `line` in pieces of at most 75 octets, joined by a line end and a space; no character is cut."""
    pieces = [""]
    room = LINE
    for char in line:
        size = len(char.encode())
        if size > room:
            pieces.append("")
            room = LINE - 1  # the space counts
        pieces[-1] += char
        room -= size
    return "\r\n ".join(pieces)
