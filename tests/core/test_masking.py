"""No secret is read in words from outside, however it comes back."""

import base64
import json
import sys
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.masking import HIDDEN, hide_secrets, shapes, together
from outagetui.core.text import clean

SECRETS = ["pencil-pencil", 'a"b\\c/d&e<f> g', "pässwörd ☃ 42", "Xy7!", "0123456789abcdef" * 4, "tr%41p+per"]


def hidden(text: str, *secrets: str) -> str:
    return hide_secrets(text, together(shapes(secret) for secret in secrets))


def numbered(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def python_bytes(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "coded",
    [
        str,
        quote,
        lambda text: quote(text, safe=""),
        quote_plus,
        percent,
        lambda text: percent(text).upper(),
        lambda text: quote(quote(text, safe=""), safe=""),
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        lambda text: json.dumps(text, ensure_ascii=False),
        escape,
        lambda text: escape(text, {'"': "&quot;", "'": "&apos;"}),
        numbered,
        python_bytes,
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
        lambda text: quote(base64.b64encode(b"\0watch\0" + text.encode()).decode(), safe=""),
        clean,
    ],
)
def test_a_secret_is_hidden_in_every_usual_form(secret: str, coded: object) -> None:
    assert callable(coded)
    written = coded(secret)
    said = hidden(f"451 you said {written} and that is wrong", secret)
    assert written not in said
    assert HIDDEN in said
    assert said.startswith("451 you said ")
    assert said.endswith(" and that is wrong")


@given(
    st.binary(max_size=40),
    st.text(min_size=6, max_size=20).filter(lambda text: len(text.strip()) > 5),
    st.binary(max_size=40),
)
def test_a_secret_is_hidden_at_any_alignment_of_base64(before: bytes, secret: str, after: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        try:
            blob = encode(before + secret.encode() + after).decode()
        except UnicodeEncodeError:
            return
        assert hidden(f"AUTH PLAIN {blob}; no", secret) == f"AUTH PLAIN {HIDDEN}; no"


@pytest.mark.parametrize("secret", SECRETS)
def test_half_a_secret_before_a_cut_is_hidden_too(secret: str) -> None:
    for length in range(4, len(secret)):
        assert hidden(f"PASS :{secret[:length]}… no", secret).startswith(f"PASS :{HIDDEN}")
    blob = base64.b64encode(b"watch:" + secret.encode()).decode()
    for length in range(15, len(blob)):
        assert blob[8:15] not in hidden(f"Basic realm, {blob[:length]}…", secret)


def test_the_longer_of_two_secrets_leaves_nothing_behind() -> None:
    assert hidden("pencil and pencil-pencil", "pencil", "pencil-pencil") == f"{HIDDEN} and {HIDDEN}"
    assert hidden("abcdefgh", "abcdef", "cdefgh") == HIDDEN


def test_a_short_secret_is_hidden_where_it_stands_alone() -> None:
    assert hidden("PASS :abc is not abcdef", "abc") == f"PASS :{HIDDEN} is not abcdef"
    assert hidden("1 of 3 in 5 ms", "", "1") == "1 of 3 in 5 ms"


@pytest.mark.parametrize(
    "line",
    [
        'Authorization: Digest username="watch", response="{}"'.format("a1" * 16),
        "Authorization: Bearer {}".format("eyJhbGciOi.eyJzdWIi"),
        "Proxy-Authorization: Basic d2F0Y2g6cGVuY2ls",
        '{{"access_token": "{}"}}'.format("syt_d2F0Y2g_AbCdEfGhIjKl_0abc"),
        "unknown token syt_d2F0Y2g_AbCdEfGhIjKl_0abc",
        "refresh_token=x9x9x9x9&x=1",
    ],
)
def test_what_is_a_credential_by_its_form_is_hidden(line: str) -> None:
    said = hidden(line)
    assert HIDDEN in said
    for part in ("a1a1", "eyJhbGci", "d2F0Y2g", "AbCd", "x9x9"):
        assert part not in said


@pytest.mark.parametrize(
    "line",
    [
        "Basic authentication is required",
        "bearer authentication failed: no token",
        "535 5.7.8 Error: authentication failed: response expected",
        "401 Unauthorized, realm example.net",
        "50% of 3 answered = 2 &amp; more",
        "it = 3D",
    ],
)
def test_other_words_stay(line: str) -> None:
    assert hidden(line, "pencil-pencil") == line


def test_hiding_in_long_text_looks_at_each_place_for_all_secrets_together() -> None:
    def calls(secrets: int, words: int) -> int:
        many, made = together(shapes(f"secret-number-{each}") for each in range(secrets)), 0

        def count(*_: object) -> None:
            nonlocal made
            made += 1

        sys.setprofile(count)
        try:
            hide_secrets("%41\\u0041…secr" * words, many)
        finally:
            sys.setprofile(None)
        return made

    few = calls(1, 500)
    assert calls(1, 5000) < 11 * few
    assert calls(200, 500) < few + 200 * 200
