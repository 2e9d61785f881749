"""The way in for text that is published: it keeps what scripts and emoji are written with. Not for a terminal."""

import re
import unicodedata
from collections.abc import Iterator

from outagetui.core.expression import Expression
from outagetui.core.text import REPLACEMENT, few_marks

_LETTER = r"[\p{L}\p{M}\p{N}]"
_JOINING = r"[\p{Jt=D}\p{Jt=R}\p{Jt=L}]"  # letters whose form depends on their neighbours, such as the Arabic ones
_FORMS = "\ufe0e\ufe0f"
# A joiner counts where Unicode gives it a meaning (UAX 31): beside a joining letter, at a virama, within an emoji.
_KEPT = (
    r"\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{3,6}\U000E007F"  # the flag of a part of a country
    rf"|(?<={_LETTER})[\u200C\u200D](?={_JOINING})"
    rf"|(?<={_JOINING}\p{{M}}*)[\u200C\u200D](?={_LETTER})"
    r"|(?<=\p{ccc=9})[\u200C\u200D]|(?<=\p{L})[\u200C\u200D](?=\p{ccc=9})"
    rf"|(?<=\p{{Extended_Pictographic}}[{_FORMS}\p{{Emoji_Modifier}}]?)\u200D(?=\p{{Extended_Pictographic}})"
    rf"|(?<=\p{{Extended_Pictographic}})[{_FORMS}]|(?<=[0-9#*])\uFE0F(?=\u20E3)"
    r"|(?<=\p{Han})[\uFE00-\uFE02\U000E0100-\U000E01EF]|(?<=\p{Mongolian}\p{M}*)[\u180B-\u180D\u180F]"  # a glyph's form
)
# The rest of what nobody sees: soft hyphens, bidirectional controls, fillers, selectors, tags. It is left out, and does
# not become a sign of its own, since customers read this.
_UNSEEN = (
    r"[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164"
    r"\uFE00-\uFE0F\uFEFF\uFFA0\uFDD0-\uFDEF\uFFF0-\uFFFB\uFFFE\uFFFF\U00013430-\U0001343F"
    r"\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]"
)
# Where none of these is, which is nearly everywhere, nothing has to be judged by what stands beside it.
_MAY_BE_UNSEEN = re.compile(rf"{_UNSEEN}|[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_HIDDEN = Expression(rf"(?P<kept>{_KEPT})|{_UNSEEN}")
_HIDDEN_OR_CONTROL = Expression(rf"(?P<kept>{_KEPT})|{_UNSEEN}|[\p{{Cc}}\p{{Cs}}\p{{Zl}}\p{{Zp}}]")
_PRINTED = Expression(rf"(?P<kept>{_KEPT}|\r\n|[\t\n])|{_UNSEEN}|[\p{{Cc}}\p{{Cs}}\p{{Zl}}\p{{Zp}}]")
_CONTROLS = {  # Unicode gives these no name of their own, only aliases
    0x00: "NULL", 0x07: "BELL", 0x08: "BACKSPACE", 0x09: "TABULATION", 0x0A: "LINE FEED", 0x0D: "CARRIAGE RETURN",
    0x1B: "ESCAPE", 0x7F: "DELETE", 0x85: "NEXT LINE", 0x90: "DEVICE CONTROL STRING",
    0x9B: "CONTROL SEQUENCE INTRODUCER", 0x9D: "OPERATING SYSTEM COMMAND",
}  # fmt: skip
_TABLE: dict[int, str] = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)), REPLACEMENT)
_TABLE |= dict.fromkeys((0x09, 0x0A, 0x0D, 0x85, 0x2028, 0x2029), " ")
_LINES = {code: char for code, char in _TABLE.items() if code != 0x0A}


def published(text: str, limit: int = 300) -> str:
    """Return `text` as one line to publish: no controls, nothing unseen but what its script or emoji is written with.

    At most `limit` characters stay; a cut ends in an ellipsis. It is not for a terminal: that takes `text.clean`.
    """
    return _publish(text, limit, _TABLE)


def published_lines(text: str, limit: int = 4000) -> str:
    """As `published`, keeping line feeds."""
    return _publish(text.replace("\r\n", "\n"), limit, _LINES)


def unseen(text: str) -> Iterator[str]:
    """Yield the characters of `text` that nobody sees or that act: controls, bidirectional ones, the rest of `_UNSEEN`.

    What a script or an emoji is written with (UAX 31, UTS 51) is none of them.
    """
    if _MAY_BE_UNSEEN.search(text):
        yield from (match[0] for match in _HIDDEN_OR_CONTROL.finditer(text) if not match["kept"])


def printable(text: str) -> str:
    """Return a document of any length with line ends and tabs, and a sign for every other character of `unseen`."""
    return _PRINTED.sub(lambda match: match["kept"] or (" " if match[0] == "\r" else REPLACEMENT), text)


def character(char: str) -> str:
    """Return `char` by its number and name, as in `U+202E RIGHT-TO-LEFT OVERRIDE`."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # what Python makes of a byte that is not UTF-8 (PEP 383)
        return f"the byte 0x{code - 0xDC00:02X}, which is not UTF-8"
    other = {"Cc": "CONTROL", "Cs": "SURROGATE"}.get(unicodedata.category(char), "UNASSIGNED")
    return f"U+{code:04X} {_CONTROLS.get(code) or unicodedata.name(char, other)}"


def _publish(text: str, limit: int, table: dict[int, str]) -> str:
    cut = len(text) > limit
    safe = text[:limit].translate(table)
    if not safe.isascii():
        safe = few_marks(unicodedata.normalize("NFC", _seen(safe)))
    cut = cut or len(safe) > limit
    return (_seen(safe[: limit - 1]) + "…" if cut else safe).strip(" ")


def _seen(text: str) -> str:
    return _HIDDEN.sub(lambda match: match["kept"] or "", text) if _MAY_BE_UNSEEN.search(text) else text
