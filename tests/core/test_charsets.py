"""Charsets of the web: what is said where, in which order it counts, and that nothing else is ever decoded by."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.charsets import CharsetError, codec_of, decode

HTML = "text/html"


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf-8"),
        (" UTF8 ", "utf-8"),
        ("latin1", "cp1252"),
        ("ISO-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("windows-1251", "cp1251"),
        ("gb2312", "gb18030"),
        ("Shift_JIS", "cp932"),
        ("ks_c_5601-1987", "cp949"),
        ("unicode", "utf-16-le"),
        ("koi8-r", "koi8-r"),
        *((label, None) for label in ("punycode", "idna", "rot13", "hex", "zlib", "utf-7", "utf-32", "unicode_escape")),
        *((label, None) for label in ("undefined", "mbcs", "cp037", "base64", "", "x" * 1000, "utf-8\0", "utf_8_sig")),
    ],
)
def test_a_label_means_an_encoding_of_the_web_or_none(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize(
    "label", ["replacement", "hz-gb-2312", "ISO-2022-KR", "iso-2022-cn", "iso-2022-cn-ext", "csiso2022kr"]
)
def test_what_browsers_refuse_is_refused(label: str) -> None:
    with pytest.raises(CharsetError):
        decode(b"hello", f"text/html; charset={label}")
    with pytest.raises(CharsetError):
        decode(f"<meta charset={label}>hello".encode())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("\ufeff€".encode(), "text/html; charset=iso-8859-1"),
        ("\ufeff€".encode("utf-16-le"), "text/html; charset=utf-8"),
        ("\ufeff€".encode("utf-16-be"), ""),
        ("€".encode(), "text/html; charset=utf-8"),
        ("€".encode(), 'text/html; charset="UTF-8"'),
        ("€".encode(), "text/html;charset='utf-8'; x=y"),
        ("€".encode(), "TEXT/HTML; CHARSET = UTF-8"),
        ("€".encode("iso-8859-15"), "text/plain; charset=iso-8859-15"),
        ("€".encode("cp1252"), "text/plain; charset=us-ascii"),
        ("€".encode(), ""),
        ("€".encode(), "text/plain; charset=nonsense"),
        ("€".encode(), "text/plain; charset=punycode"),
        ("€".encode("cp1252"), "text/plain"),
        ("€".encode("iso-8859-15"), "text/plain; charset=nonsense, text/plain; charset=iso-8859-15"),
        ("€".encode("iso-8859-15"), "text/plain; charset=utf-8, text/plain; charset=iso-8859-15"),
    ],
)
def test_mark_header_and_what_can_be(body: bytes, content_type: str) -> None:
    assert decode(body, content_type) == "€"


@pytest.mark.parametrize(
    "page",
    [
        "<meta charset=iso-8859-15>",
        "<META CHARSET='ISO-8859-15'>",
        '<meta  foo bar="x>y"  charset = "iso-8859-15" />',
        '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15">',
        "<meta content='text/html;charset=iso-8859-15' http-equiv=content-type>",
        "<!-- <meta charset=utf-8> --><meta charset=iso-8859-15>",
        "<!--><meta charset=iso-8859-15>",
        "<!doctype html><html lang='a<meta charset=utf-8>'><meta charset=iso-8859-15>",
        "<a title='<meta charset=utf-8>'><meta/charset=iso-8859-15>",
        "<metaphor charset=utf-8><meta charset=iso-8859-15>",
        "<meta name=x><meta charset=nonsense><meta charset=iso-8859-15>",
        "<?xml version='1.0' encoding='iso-8859-15'?>",
        '<?xml version="1.0" encoding="iso-8859-15" standalone="yes"?><meta charset=utf-8>',
        "</p charset=utf-8><meta charset=iso-8859-15>",
        "<? <meta charset=utf-8 ?><meta charset=iso-8859-15>",
    ],
)
def test_a_page_names_its_own(page: str) -> None:
    assert decode(f"{page}€".encode("iso-8859-15"), HTML)[-1] == "€"


@pytest.mark.parametrize(
    ("page", "content_type"),
    [
        ("<meta charset=iso-8859-15>", "text/plain"),
        ("<meta charset=iso-8859-15>", "application/json"),
        ("<meta charset=iso-8859-15>", "text/html; charset=utf-8"),
        ("<!-- <meta charset=iso-8859-15>", HTML),
        (" " * 1024 + "<meta charset=iso-8859-15>", HTML),
        ("<meta content='text/html; charset=iso-8859-15'>", HTML),
        ("<meta charset=utf-16>", HTML),
    ],
)
def test_what_a_page_says_elsewhere_or_impossibly_does_not_count(page: str, content_type: str) -> None:
    assert decode(f"{page}€".encode(), content_type)[-1] == "€"


def test_utf_16_without_a_mark_is_told_by_its_declaration() -> None:
    for codec in ("utf-16-le", "utf-16-be"):
        assert decode("<?xml version='1.0'?>€".encode(codec), "text/xml")[-1] == "€"


def test_strictly_nothing_is_replaced() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xff", errors="strict")
    assert decode(b"\xff") == "ÿ"
    assert decode(b"\xff", "text/plain; charset=utf-8") == "\ufffd"


def test_half_a_character_at_the_end_of_a_cut_body_is_left_out() -> None:
    assert decode("€€".encode()[:-1], whole=False) == "€"
    assert decode("日本".encode("cp932")[:-1], "text/html; charset=shift_jis", whole=False) == "日"


def test_unassigned_bytes_stay_controls_as_in_browsers() -> None:
    assert decode(b"\x81\x80", "text/html; charset=windows-1252") == "\x81€"
    assert decode(b"\xff", "text/html; charset=x-user-defined") == "\uf7ff"


@given(st.binary(max_size=3000), st.sampled_from(["", HTML, "text/html; charset=euc-jp", "text/xml", "a;charset="]))
def test_noise_is_always_read(body: bytes, content_type: str) -> None:
    try:
        assert isinstance(decode(body, content_type), str)
    except CharsetError:
        assert b"charset" in body.lower() or b"encoding" in body.lower()


@pytest.mark.parametrize(
    "label", ["utf-8", "utf-16", "windows-1253", "gb18030", "euc-jp", "iso-2022-jp", "big5", "euc-kr"]
)
@pytest.mark.parametrize("noise", [b"\xff", b"\x81", b"\x00\xd8", b"\x1b$B", b"a"])
def test_no_bytes_of_any_encoding_take_long(label: str, noise: bytes) -> None:
    began = time.process_time()
    decode(noise * ((1 << 20) // len(noise)), f"text/html; charset={label}")
    assert time.process_time() - began < 1


def test_markup_without_end_takes_no_time() -> None:
    for piece in (b"<meta ", b"<!--", b"<a b='", b"<a =", b"<meta charset=", b"<?xml ", b"<!", b"a='b "):
        began = time.process_time()
        decode(piece * 100_000, HTML)
        assert time.process_time() - began < 0.5
