"""Text for customers: it keeps what their script is written with, and nothing else that is unseen."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.announce.draft import own_words
from outagetui.core.model import Template
from outagetui.core.text import REPLACEMENT, clean
from outagetui.wording.compose import Account, Facts, compose
from outagetui.wording.published import published, published_lines

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
WRITTEN = [
    "می\u200cخواهم",
    "PDF\u200cها",
    "क्\u200dष",
    "क्\u200cष",
    "র\u200d্য",
    FAMILY,
    SCOTLAND,
    "\N{WARNING SIGN}\ufe0f now",
    "\N{HEAVY BLACK HEART}\ufe0f\u200d\N{FIRE}",
    "\N{WOMAN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}\u200d\N{PERSONAL COMPUTER}",
    "1\ufe0f\u20e3",
    "Grüße, 日本語",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_a_script_or_an_emoji_is_written_with_stays(text: str) -> None:
    assert published(text) == unicodedata.normalize("NFC", text)
    assert published_lines(f"{text}\n{text}") == unicodedata.normalize("NFC", f"{text}\n{text}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Störungs\u00admeldung", "Störungsmeldung"),
        ("pay\u200bpal\u2060\ufeff", "paypal"),
        ("a\u200cb, @every\u200done", "ab, @everyone"),
        ("@\u200cه", "@ه"),
        ("invoice\u202efdp.exe\u2066\u200f", "invoicefdp.exe"),
        ("می\u200c\u200cخواهم", "میخواهم"),
        ("می\u200c", "می"),
        ("a\U000e0061\U000e0062", "ab"[:1]),
        ("\x1b[2Jgone\x9b", f"{REPLACEMENT}[2Jgone{REPLACEMENT}"),
        ("a\u2028b\tc\nd", "a b c d"),
        ("\udcff", REPLACEMENT),
        ("#\ufe0fsale", "#sale"),
    ],
)
def test_what_is_unseen_for_no_reason_is_left_out(text: str, told: str) -> None:
    assert published(text) == told


def test_the_door_to_the_terminal_stays_as_narrow_as_it_was() -> None:
    assert clean("می\u200cخواهم") == f"می{REPLACEMENT}خواهم"


def test_a_cut_leaves_no_joiner_at_its_end() -> None:
    assert published("می\u200cخواهم", 4) == "می…"


@settings(max_examples=300)
@given(
    st.text(st.characters(categories=("C", "M", "Z", "L", "S"))) | st.lists(st.sampled_from(WRITTEN)).map("".join),
    st.integers(1, 60),
)
def test_whatever_comes_out_is_short_stable_and_moves_nothing(text: str, limit: int) -> None:
    told = published(text, limit)
    assert len(told) <= limit
    assert published(told, limit) == told
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in told)
    assert not any(
        unicodedata.bidirectional(char) in ("LRE", "RLO", "LRO", "RLE", "PDF", "RLI", "LRI") for char in told
    )
    told = published_lines(text, limit)
    assert published_lines(told, limit) == told


def test_customers_get_the_words_as_they_were_written() -> None:
    facts = Facts(
        business="می\u200cخواهم",
        audience="customers",
        kind="update",
        since=0,
        now=0,
        accounts=(Account("a", "کتاب\u200cها", "https://a.example.net/"),),
        note=f"Störungs\u00admeldung {FAMILY}",
    )
    text = compose(Template(kind="update", language="fa", title="{business}", body="{note}\n{accounts}"), facts)
    assert text.title == "می\u200cخواهم"
    assert text.body == f"Störungsmeldung {FAMILY}\n- کتاب\u200cها: https://a.example.net/"
    assert own_words("می\u200cخواهم", FAMILY) == ("می\u200cخواهم", FAMILY)


def test_marks_do_not_pile_up_on_a_page() -> None:
    told = published("Z" + "\u0301\u0316" * 20 + "a\u0301")
    assert len(told) == len("Z") + 4 + len("á")
    assert published("Việt Nam, שָׁלוֹם, ปี่, हिन्दी") == unicodedata.normalize("NFC", "Việt Nam, שָׁלוֹם, ปี่, हिन्दी")
