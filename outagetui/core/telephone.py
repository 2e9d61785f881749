"""Telephone numbers as people write them, and as anybody can dial them (ITU-T E.123, E.164; RFC 3966). Pure."""

import re
from urllib.parse import unquote

from msgspec import Struct

_GAP = " \t\u00a0\u2000-\u200b\u202f/.\\-\u2010-\u2013·"
_BODY = re.compile(rf"\+[{_GAP}]*[0-9][0-9A-Z()\[\]{_GAP}]*")
_EXTENSION = re.compile(
    r"(?:\s*;\s*ext\s*=|\s*,?\s*\b(?:ext(?:ension|n)?|durchwahl|dw|nst|poste|anexo|interno?)\b\.?:?|\s*(?<![A-Za-z])x|\s*#)"
    r"\s*([0-9]{1,10})\s*",
    re.IGNORECASE,
)
# Behind the country's code: what is dialled within the country only, in brackets, alone or before the area's code.
_NATIONAL = re.compile(rf"(\+[{_GAP}]*([0-9]{{1,3}}))([{_GAP}]*)[(\[][{_GAP}]*([0-9]{{1,5}})[{_GAP}]*[)\]]([{_GAP}]*)")
_KEEPS_ZERO = frozenset(["39", "378", "379", "225", "241", "242"])  # where numbers themselves begin with it
_TRUNK = {"7": "8", "36": "06", "52": "01", "370": "8", "375": "8"}  # where it is another than 0
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")  # ITU-T E.161
_SHORTEST, _LONGEST = 6, 15


class Telephone(Struct, frozen=True):
    """An international number: the `uri` that dials it, the same with its groups told apart, and as people read it."""

    uri: str
    grouped: str
    shown: str


def read(text: str) -> Telephone | None:
    """Return the number in `text`, a URI or as people write it; None for what is no international number.

    National numbers have no URI that means the same everywhere. What is dialled within a country only, such as the
    zero of `+49 (0)30 …`, is left out; where it belongs to the number, as in Italy, it stays.
    """
    plain = text.strip()
    if plain[:4].lower() == "tel:":
        plain = unquote(plain[4:])
    extension, behind = "", ""
    if found := _EXTENSION.search(plain):
        if found.end() != len(plain):
            return None
        plain, extension, behind = plain[: found.start()], found[1], plain[found.start() :]
    if not _BODY.fullmatch(plain):
        return None
    shown = _NATIONAL.sub(_abroad, plain, count=1)
    dialled = re.sub(r"[^0-9A-Z]+", "-", shown).strip("-").translate(_KEYS)
    digits = dialled.replace("-", "")
    if not _SHORTEST <= len(digits) <= _LONGEST:
        return None
    ext = f";ext={extension}" if extension else ""
    return Telephone(f"tel:+{digits}{ext}", f"tel:+{dialled}{ext}", shown + behind)


def shown(address: str) -> str:
    """Return `address` as it is published: a telephone number without what is not dialled from everywhere."""
    number = read(address)
    if number is None:
        return address
    return f"tel:{number.shown}" if address.strip()[:4].lower() == "tel:" else number.shown


def _abroad(found: re.Match[str]) -> str:
    country, code, before, group, after = found.groups()
    if code in _KEEPS_ZERO:
        kept = group
    elif group == _TRUNK.get(code, "0"):
        return f"{country}{before or after or ' '}"
    elif group.startswith("0") and code not in _TRUNK:
        kept = f"({group[1:]})"
    else:
        return found[0]
    return f"{country}{before or ' '}{kept}{after if kept[0] == '(' or group != '0' else ''}"
