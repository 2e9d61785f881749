"""The way in for text that is published: it keeps what scripts and emoji are written with. Not for a terminal."""

import unicodedata

import regex

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
)
# The rest of what nobody sees: soft hyphens, bidirectional controls, fillers, selectors, tags. It is left out, and does
# not become a sign of its own, since customers read this.
_UNSEEN = (
    r"[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164"
    r"\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB\U00013430-\U0001343F\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A"
    r"\U000E0000-\U000E0FFF]"
)
_HIDDEN = regex.compile(rf"(?P<kept>{_KEPT})|{_UNSEEN}")
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


def _publish(text: str, limit: int, table: dict[int, str]) -> str:
    cut = len(text) > limit
    safe = text[:limit].translate(table)
    if not safe.isascii():
        safe = few_marks(unicodedata.normalize("NFC", _seen(safe)))
    cut = cut or len(safe) > limit
    return (_seen(safe[: limit - 1]) + "…" if cut else safe).strip(" ")


def _seen(text: str) -> str:
    return _HIDDEN.sub(lambda match: match["kept"] or "", text)
