"""The one way in for outside text: nothing that passes `clean` can act on a terminal or become markup."""

import re
import unicodedata
from collections.abc import Callable, Iterable

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MARKS_PER_BASE = 4  # no script puts more on a letter
_MEANINGLESS = REPLACEMENT + "\N{BRAILLE PATTERN BLANK}"

# C0, DEL and C1 controls, soft hyphen, bidirectional controls, zero-width characters and fillers, line and paragraph
# separators, byte-order mark, interlinear annotation, invisible format controls of notations, surrogates and tags: a
# filter of characters, because a pattern for whole escape sequences is defeated by an unterminated one (CWE-150).
_FORBIDDEN = [
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    0x034F,
    0x061C,
    *range(0x115F, 0x1161),
    *range(0x17B4, 0x17B6),
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0x3164,
    *range(0xD800, 0xE000),
    0xFEFF,
    0xFFA0,
    *range(0xFFF0, 0xFFFC),
    *range(0x13430, 0x13440),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE0100),
]
# Selectors of a glyph's variant have no width, but terminals and libraries disagree on that of the glyph they change.
_DROPPED = [*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
_SPACES = (0x09, 0x0A, 0x0D, 0x85)
_TABLE: dict[int, str] = (
    dict.fromkeys(_FORBIDDEN, REPLACEMENT) | dict.fromkeys(_DROPPED, "") | dict.fromkeys(_SPACES, " ")
)
_DRAWN = {code: char for code, char in _TABLE.items() if code not in (0x09, 0x0A)}
NOT_DRAWN = frozenset(_DRAWN)  # what `drawable` replaces
_PILED = re.compile(
    rf"[^\w\s]{{{MARKS_PER_BASE + 1}}}"
)  # no mark is a word's character: a quick look before a slow one
_LINES = {code: char for code, char in _TABLE.items() if code != 0x0A}


def clean(text: object, limit: int = 300) -> str:
    """Return `text` as one line that is safe to draw: no controls, no bidi or zero-width characters.

    At most `limit` characters stay; a cut ends in an ellipsis. Combining marks are kept to four a base.
    """
    return _clean(text, limit, _TABLE)


def in_quotes(text: object, limit: int = 80) -> str:
    """Return what somebody said, of text or bytes, cleaned and between quotation marks; a cut ends in an ellipsis.

    What no font is sure to have is replaced too: here the words are evidence, and not to be read.
    """
    shown = "".join(char if char.isprintable() else REPLACEMENT for char in clean(text, limit))
    return f"'{shown}'"


def drawable(text: str) -> str:
    """Return `text`, of any length, with line feeds and tabs and nothing else that `clean` keeps away."""
    safe = text.translate(_DRAWN)
    return safe if safe.isascii() else few_marks(safe)


def clean_without(text: str, hide: Callable[[str], str], limit: int) -> str:
    """Return one short line, from which `hide` takes secrets before it is cut: half of one would stay."""
    line = " ".join(hide(text).split())
    return clean(hide(clean(line, len(line) + 1)), limit)


def clean_lines(text: object, limit: int = 4000) -> str:
    """As `clean`, keeping line feeds, for text that is shown as a paragraph."""
    return _clean(str(text).replace("\r\n", "\n"), limit, _LINES)


def _clean(text: object, limit: int, table: dict[int, str]) -> str:
    raw = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    cut = len(raw) > limit
    safe = raw[:limit]
    if not (safe.isascii() and safe.isprintable()):  # most words hold nothing to be looked at
        safe = safe.translate(table)
        if not safe.isascii():
            safe = few_marks(unicodedata.normalize("NFC", safe))
    cut = cut or len(safe) > limit  # a few characters have only decompositions, which are longer
    return (safe[: limit - 1] + "…" if cut else safe).strip(" ")


def few_marks(text: str) -> str:
    """Return `text` with at most four combining marks a base."""
    if not _PILED.search(text):
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if run <= MARKS_PER_BASE:
            kept.append(char)
    return "".join(kept)


def readable(text: str) -> str:
    """Return what of `text` somebody can read: letters, digits, signs, and single blanks between them."""
    kept = (char for char in text if unicodedata.category(char)[0] in "LNPS" or char == " ")
    return " ".join("".join(char for char in kept if char not in _MEANINGLESS).split())


def listed(things: Iterable[str]) -> str:
    """Join words as people do: `a`, `a and b`, `a, b and c`; nothing for none."""
    *most, last = [*things] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def listing(words: Iterable[str], limit: int = 24) -> str:
    """Return `words` as a readable list, cut when it is long."""
    names = list(words)
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` for the known word that is most like `word`, or nothing."""
    import difflib  # 4 ms that only a faulty word pays for

    close = difflib.get_close_matches(word[:80], list(known), n=1, cutoff=0.6)
    return f' (did you mean "{close[0]}"?)' if close else ""
