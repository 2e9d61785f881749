"""The one door for outside text: nothing that passes `clean` can act on a terminal or become markup."""

import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MARKS_PER_BASE = 8

# C0, DEL and C1 controls, soft hyphen, bidirectional controls, zero-width characters, line and paragraph
# separators, byte-order mark, interlinear annotation, surrogates and tags: a filter of characters, because a
# pattern for whole escape sequences is defeated by an unterminated one (CWE-150).
_FORBIDDEN = [
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    0x061C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xD800, 0xE000),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
]
_TABLE: dict[int, str] = dict.fromkeys(_FORBIDDEN, REPLACEMENT) | {0x09: " ", 0x0A: " ", 0x0D: " ", 0x85: " "}
_LINES = {code: char for code, char in _TABLE.items() if code != 0x0A}


def clean(text: object, limit: int = 300) -> str:
    """Return `text` as one line that is safe to draw: no controls, no bidi or zero-width characters.

    At most `limit` characters stay; a cut ends in an ellipsis. Combining marks are kept to eight a base.
    """
    return _clean(text, limit, _TABLE)


def clean_lines(text: object, limit: int = 4000) -> str:
    """As `clean`, keeping line feeds, for text that is shown as a paragraph."""
    return _clean(str(text).replace("\r\n", "\n"), limit, _LINES)


def _clean(text: object, limit: int, table: dict[int, str]) -> str:
    raw = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    cut = len(raw) > limit
    safe = raw[:limit].translate(table)
    if not safe.isascii():
        safe = _few_marks(unicodedata.normalize("NFC", safe))
    return (safe[: limit - 1] + "…" if cut else safe).strip(" ")


def _few_marks(text: str) -> str:
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= MARKS_PER_BASE:
            kept.append(char)
    return "".join(kept)
