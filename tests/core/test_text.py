"""The one door for outside text: which characters cannot pass."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.text import MARKS_PER_BASE, REPLACEMENT, clean, clean_lines, drawable, few_marks

FORBIDDEN = [
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    0x61C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0100),
]
VISIBLE_FORMAT = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}  # number signs are drawn


def safe(text: str, *, lines: bool = False) -> bool:
    for char in text:
        code = ord(char)
        if lines and char == "\n":
            continue
        if code in FORBIDDEN or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            return False
        if unicodedata.category(char) == "Cf" and code not in VISIBLE_FORMAT:
            return False
        if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
            return False
    return True


@pytest.mark.parametrize("code", FORBIDDEN, ids=hex)
def test_no_forbidden_character_passes(code: int) -> None:
    for told in (clean(f"a{chr(code)}b"), clean_lines(f"a{chr(code)}b")):
        assert safe(told, lines=True)
        assert told[0] + told[-1] == "ab"
        assert len(told) == 3  # replaced, so that one sees there was something
    assert "\n" not in clean(f"a{chr(code)}b")


def test_no_character_of_all_unicode_passes_that_moves_or_hides() -> None:
    """Every code point once, surrogates too."""
    for begin in range(0, 0x110000, 0x1000):
        block = "".join(map(chr, range(begin, begin + 0x1000)))
        assert safe(clean(block, 100_000))


@pytest.mark.parametrize(
    ("hostile", "told"),
    [
        ("\x1b[2J\x1b[Hgone", f"{REPLACEMENT}[2J{REPLACEMENT}[Hgone"),
        ("\x1b]52;c;cm0gLXJm\x07", f"{REPLACEMENT}]52;c;cm0gLXJm{REPLACEMENT}"),
        ("\x1b]0;unterminated", f"{REPLACEMENT}]0;unterminated"),
        ("\x9b31mred", f"{REPLACEMENT}31mred"),
        ("\x9d52;c;x\x9c", f"{REPLACEMENT}52;c;x{REPLACEMENT}"),
        ("a\rb\nc\td\x85e", "a b c d e"),
        ("invoice\u202efdp.exe", f"invoice{REPLACEMENT}fdp.exe"),
        ("pay\u200bpal", f"pay{REPLACEMENT}pal"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),  # text stays text; it is never given to a markup parser
        ("\udcff", REPLACEMENT),
        ("warning \u26a0\ufe0f", "warning \u26a0"),
        ("  spaced  ", "spaced"),
    ],
)
def test_terminal_sequences_lose_their_teeth(hostile: str, told: str) -> None:
    assert clean(hostile) == told


def test_bytes_are_read_as_utf_8_with_what_is_not_replaced() -> None:
    assert clean(b"gr\xc3\xbc\xc3\x9fe \xff\x1b") == f"grüße {REPLACEMENT}{REPLACEMENT}"


def test_anything_can_be_cleaned() -> None:
    assert clean(None) == "None"
    assert clean(ValueError("a\nb")) == "a b"
    assert clean(12) == "12"


def test_honest_text_of_any_script_passes_unchanged() -> None:
    for text in ("Grüße", "Ελληνικά", "日本語", "한국어", "עברית", "हिन्दी", "ภาษาไทย", "🦊", "½ · × – …"):
        assert clean(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u0489", "\u0e31", "\u0336"])
def test_marks_do_not_pile_up_whatever_their_class(mark: str) -> None:
    told = clean("a" + mark * 100 + "b" + mark * 100)
    for run in told.split("b"):
        assert sum(unicodedata.category(char) in ("Mn", "Me") for char in run) <= MARKS_PER_BASE


def test_no_mark_passes_the_quick_look() -> None:
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) in ("Mn", "Me"):
            assert few_marks("a" + chr(code) * 40) == "a" + chr(code) * MARKS_PER_BASE


def test_marks_do_not_pile_up_in_documents_either() -> None:
    piled = "Z" + "\u0301\u0316" * 20
    for passed in (drawable(f"{piled}\n{piled}"), clean_lines(f"{piled}\n{piled}")):
        assert sum(unicodedata.category(char) in ("Mn", "Me") for char in passed) <= 2 * MARKS_PER_BASE


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 301) == "x" * 299 + "…"
    assert clean("x" * 300) == "x" * 300
    assert clean("abcdef", 3) == "ab…"
    assert len(clean("\u0958" * 300)) <= 300  # a letter that only has a longer form


def test_lines_are_kept_where_a_paragraph_is_shown() -> None:
    assert clean_lines("a\r\nb\nc\rd") == "a\nb\nc d"


odd = st.text(st.characters(categories=("C", "M", "Z", "L")))
text_or_bytes = st.one_of(st.text(st.characters()), odd, st.binary())


@settings(max_examples=300)
@given(text_or_bytes, st.integers(1, 80))
def test_whatever_comes_out_is_safe_short_and_stable(text: str | bytes, limit: int) -> None:
    told = clean(text, limit)
    assert safe(told)
    assert len(told) <= limit
    assert clean(told, limit) == told
    told = clean_lines(text, limit)
    assert safe(told, lines=True)
    assert len(told) <= limit
    assert clean_lines(told, limit) == told


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=300))
def test_plain_text_is_left_alone(text: str) -> None:
    assert clean(text) == text.strip(" ")
