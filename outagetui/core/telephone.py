"""Telephone numbers as people write them, and as anybody can dial them (ITU-T E.123, E.164; RFC 3966). Pure."""

import re
from urllib.parse import unquote

from msgspec import Struct

_GAP = " \t\u00a0\u2000-\u200b\u202f/.\\-\u2010-\u2013·"
_BODY = re.compile(rf"\+[{_GAP}]*[0-9][0-9A-Z()\[\]{_GAP}]*")
_EXTENSION = re.compile(
    r"(?:\s*;\s*ext\s*=|\s*,?\s*\b(?:ext(?:ension|n)?|durchwahl|dw|nst|poste|anexo|int(?:erno?)?)\b\.?:?|\s*(?<![A-Za-z])x|\s*#)"
    r"\s*([0-9]{1,10})\s*",
    re.IGNORECASE,
)
# What stands around a number for people: the code in brackets, whose number it is, and a remark behind it.
_CODE = re.compile(
    rf"[(\[][{_GAP}]*(\+(?:[^()\[\]]|\([^()\[\]]*\)|\[[^()\[\]]*\])*?)[{_GAP}]*[)\]][{_GAP}]*(.*)", re.DOTALL
)
_LABEL = re.compile(r"[^\W\d][^\d+:;@]{0,60}[:.]\s+(?=[(\[]?\+)")
_REMARK = re.compile(r"\s*(?:\([^()\d]*[^\W\d_]{2}[^()\d]*\)|\[[^\[\]\d]*[^\W\d_]{2}[^\[\]\d]*\])")
# Behind the country's code: what is dialled within the country only, in brackets, alone or before the area's code.
_NATIONAL = re.compile(
    rf"(\+[{_GAP}]*([0-9]{{1,3}}))([{_GAP}]*)[(\[][{_GAP}]*([0-9](?:[{_GAP}]*[0-9]){{0,4}})[{_GAP}]*[)\]]([{_GAP}]*)"
)
_KEEPS_ZERO = frozenset(
    ["39", "378", "379", "225", "226", "229", "241", "242"]
)  # where numbers themselves begin with it
_TRUNK = {"7": "8", "36": "06", "52": "01", "370": "8", "375": "8"}  # where it is another than 0
# Where no number begins with 0, and 0 is what is dialled before one within the country (ITU-T E.164 Annex).
_ZERO = (
    *("20", "27", "31", "32", "33", "40", "41", "43", "44", "46", "48", "49", "51", "54", "55", "58", "60", "61", "62"),
    *("63", "64", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98", "211", "212", "213", "218"),
    *("233", "234", "243", "249", "250", "251", "254", "255", "256", "260", "261", "263", "264", "353", "355", "358"),
    *("359", "370", "373", "374", "380", "381", "382", "383", "385", "386", "387", "389", "421", "593", "595", "598"),
    *("850", "855", "856", "880", "886", "961", "962", "963", "964", "966", "967", "970", "971", "972", "976", "994"),
    *("995", "996"),
)
_BARE = re.compile(
    rf"(\+[{_GAP}]*)(?:(36)([{_GAP}]*)06|(52)([{_GAP}]*)01|({'|'.join(_ZERO)})([{_GAP}]*)0)[{_GAP}]*(?=[0-9(\[])"
)
# A digit in which no number of these countries begins (E.164; that of North America begins with 2 to 9).
_UNDIALABLE = re.compile(rf"0|1[01]|(?:36|52|{'|'.join(_ZERO)})0")
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
    zero of `+49 (0)30 …` and `+49 030 …`, is left out; where it belongs to the number, as in Italy, it stays. A name
    before the number and a remark in brackets behind it, without digits, are kept for people.
    """
    plain = text.strip()
    if plain[:4].lower() == "tel:":
        plain = unquote(plain[4:]).strip()
    label = found[0] if (found := _LABEL.match(plain)) else ""
    plain = plain[len(label) :]
    if found := _CODE.fullmatch(plain):
        plain = f"{found[1]} {found[2]}".strip()
    extension, behind = "", ""
    if found := re.search(rf"{_REMARK.pattern}$", plain):
        plain, behind = plain[: found.start()], found[0]
    if found := _EXTENSION.search(plain):
        if found.end() != len(plain):
            return None
        plain, extension, behind = plain[: found.start()], found[1], plain[found.start() :] + behind
    if not _BODY.fullmatch(plain):
        return None
    shown = _BARE.sub(_without_zero, _NATIONAL.sub(_abroad, plain, count=1), count=1)
    dialled = re.sub(r"[^0-9A-Z]+", "-", shown).strip("-").translate(_KEYS)
    digits = dialled.replace("-", "")
    if not _SHORTEST <= len(digits) <= _LONGEST or _UNDIALABLE.match(digits):
        return None
    ext = f";ext={extension}" if extension else ""
    return Telephone(f"tel:+{digits}{ext}", f"tel:+{dialled}{ext}", label + shown + behind)


def shown(address: str) -> str:
    """Return `address` as it is published: a telephone number without what is not dialled from everywhere."""
    number = read(address)
    if number is None:
        return address
    return f"tel:{number.shown}" if address.strip()[:4].lower() == "tel:" else number.shown


def _abroad(found: re.Match[str]) -> str:
    country, code, before, group, after = found.groups()
    trunk = _TRUNK.get(code, "0")
    if code in _KEEPS_ZERO:
        kept = group
    elif group in (trunk, "0"):
        return f"{country}{before or after or ' '}"
    elif group.startswith("0"):
        kept = f"({re.sub(rf'{trunk}[{_GAP}]*|0[{_GAP}]*', '', group, count=1)})"
    else:
        return found[0]
    return f"{country}{before or ' '}{kept}{after if kept[0] == '(' or group != '0' else ''}"


def _without_zero(found: re.Match[str]) -> str:
    return "".join(each for each in found.groups() if each)
