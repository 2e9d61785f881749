"""The reader of HTTP/1 answers: every odd answer, however its bytes are cut, and floods that end soon."""

import gc
import time
import weakref
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.protocols.http_parser import (
    HEADERS_LIMIT,
    LINES_LIMIT,
    AnswerParser,
    Head,
    NotHttpError,
    SpeaksHttp2Error,
)
from tests.kit.odd_answers import CHUNKED, LENGTH, ODD_ANSWERS, OK, PAGE, PROTOCOL, said

LIMIT = 1 << 20


def read(parts: Iterator[bytes] | list[bytes], method: str = "GET", limit: int = LIMIT) -> AnswerParser | str:
    """The parser after all parts and the end, or the words of its refusal."""
    parser = AnswerParser(method, limit)
    try:
        for part in parts:
            parser.feed(part)
            if parser.done:
                return parser
        parser.close()
    except NotHttpError as error:
        return str(error)
    return parser


def whole(answer: bytes, method: str = "GET", limit: int = LIMIT) -> AnswerParser:
    parser = read([answer], method, limit)
    assert isinstance(parser, AnswerParser)
    return parser


def result(parser: AnswerParser | str) -> object:
    return parser if isinstance(parser, str) else (parser.head, bytes(parser.body), parser.truncated, parser.codings)


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_cut_at_any_byte_the_answer_is_the_same(name: str) -> None:
    answer = ODD_ANSWERS[name].answer
    at_once = result(read([answer]))
    if len(answer) < 2000:
        assert result(read([answer[at : at + 1] for at in range(len(answer))])) == at_once
        for cut in range(len(answer)):
            assert result(read([answer[:cut], answer[cut:]])) == at_once
    else:
        assert result(read([answer[at : at + 7] for at in range(0, len(answer), 7)])) == at_once


PIECES = (
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 404",
    b"HTTP/1.1 100 C\r\n\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b"a: b\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 6\n",
    b"Transfer-Encoding: chunked\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"5;x\nhello\n",
    b"0\n\n",
    b"hello",
    b"\0",
    b"HTTP/",
    b"\x00\x00\x06\x04\x00\x00\x00\x00\x00",
    b" fold\r\n",
    b"ffff\r\n",
)
answers = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=4)), max_size=14).map(b"".join)


@given(answers, st.data(), st.sampled_from(["GET", "HEAD"]), st.sampled_from([3, 100, LIMIT]))
def test_anything_cut_anywhere_is_the_same(answer: bytes, data: st.DataObject, method: str, limit: int) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=6)))
    parts = [answer[start:end] for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    assert result(read(parts, method, limit)) == result(read([answer], method, limit))


@given(st.binary(max_size=300).map(lambda tail: OK + b"\r\n" + tail))
def test_noise_raises_nothing_else(answer: bytes) -> None:
    read([answer])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_head_alone_has_no_body(method: str) -> None:
    parser = whole(said(LENGTH), method)
    assert bytes(parser.body) == (b"" if method == "HEAD" else PAGE)


def test_header_lines_are_told_as_they_are_meant() -> None:
    lines = ("Server : x", "vary: a", "Vary: b", "VARY: a", "X:  folded\r\n   value\t", "none", ": empty", "Ü: ü")
    head = whole(said(*lines, LENGTH)).head
    assert head is not None
    assert head.headers() == {
        "server": "x",
        "vary": "a, b",
        "x": "folded value",
        "content-length": "18",
        "\xc3\x9c": "ü",
    }
    assert head.tokens("vary") == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("values", "location"),
    [
        ([b"/a"], "/a"),
        ([b"/a", b"/a"], "/a"),
        ([b""], ""),
        ([], ""),
        (["/ü".encode()], "/ü"),
        ([b"/\xfc?\xff"], "/%FC?%FF"),
    ],
)
def test_a_redirect_leads_to_one_place(values: list[bytes], location: str) -> None:
    assert Head(302, "1.1", tuple(("location", value) for value in values)).location() == location


def test_a_redirect_to_two_places_is_none() -> None:
    with pytest.raises(NotHttpError):
        Head(302, "1.1", (("location", b"/a"), ("location", b"/b"))).location()


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_body_up_to_the_limit_is_whole(size: int) -> None:
    for answer in (said(f"Content-Length: {size}", body=b"x" * size), said(body=b"x" * size)):
        parser = whole(answer, limit=100)
        assert (len(parser.body), parser.truncated) == (size, False)


@pytest.mark.parametrize("body", [b"x" * 101, b"x" * 5000])
def test_a_body_beyond_the_limit_is_cut(body: bytes) -> None:
    for answer in (
        said(f"Content-Length: {len(body)}", body=body),
        said(body=body),
        said(CHUNKED, body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)),
    ):
        parser = whole(answer, limit=100)
        assert (len(parser.body), parser.truncated, parser.done) == (100, True, True)


def test_the_frames_of_http_2_are_known_at_once() -> None:
    with pytest.raises(SpeaksHttp2Error):
        AnswerParser("GET", LIMIT).feed(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00")


def test_what_is_no_http_is_known_without_waiting() -> None:
    for greeting in (b"SSH-2.0-OpenSSH_9.2", b"220 mail.example ESMTP", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03"):
        with pytest.raises(NotHttpError):
            AnswerParser("GET", LIMIT).feed(greeting)


FLOODS = {
    "header lines": [OK + b"\r\n", b"a:\n" * 2700],
    "lines of nothing": [OK + b"\r\n", b"a\n" * 4000],
    "folds": [OK + b"\r\nX: y\r\n", b" z\n" * 2700],
    "carriage returns": [OK + b"\r\nX: y\r\n", b"\r" * 8000],
    "empty lines": [b"", b"\n" * 8000],
    "interim answers": [b"", b"HTTP/1.1 100 c\n\n" * 500],
    "a line without end": [OK + b"\r\nX: ", b"y" * 8000],
    "a status line without end": [b"HTTP/1.1 200 ", b"y" * 8000],
    "chunks of a byte": [OK + b"\n" + CHUNKED.encode() + b"\n\n", b"1\nx\n" * 2000],
    "chunks of many extensions": [OK + b"\n" + CHUNKED.encode() + b"\n\n", b"1;" + b"y" * 8000 + b"\nx\n"],
    "trailers": [OK + b"\n" + CHUNKED.encode() + b"\n\n0\n", b"X: y\n" * 1600],
    "noughts": [OK + b"\n" + CHUNKED.encode() + b"\n\n", b"0" * 8000],
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_soon_and_a_slice_of_it_takes_little(name: str) -> None:
    first, more = FLOODS[name]
    parser = AnswerParser("GET", LIMIT)
    parser.feed(first)
    fed, slowest, refused = 0, 0.0, False
    while not parser.done and not refused:
        began = time.process_time()
        try:
            parser.feed(more)
        except NotHttpError:
            refused = True
        slowest = max(slowest, time.process_time() - began)
        fed += len(more)
        assert fed < (2 * HEADERS_LIMIT if refused else 3 * LIMIT)
    assert refused or parser.truncated
    assert slowest < 0.05


@pytest.mark.parametrize("body", [b"x" * 1000, b"3e8\r\n" + b"x" * 1000 + b"\r\n"])
def test_a_body_is_freed_with_its_reader(body: bytes) -> None:
    parser = whole(said(body=body))
    gone = weakref.ref(parser)
    gc.disable()
    try:
        del parser
        assert gone() is None
    finally:
        gc.enable()


def test_many_lines_of_one_name_or_of_many_are_told_soon() -> None:
    for lines in ([f"a: {number}" for number in range(4900)], [f"a{number}: b" for number in range(4900)]):
        head = whole(said(*lines)).head
        assert head is not None
        began = time.process_time()
        assert len(", ".join(head.headers().values()).split(", ")) == 4900
        assert len(head.values("a")) + len(head.tokens("a")) in (0, 9800)
        assert time.process_time() - began < 0.05


def test_as_many_header_lines_as_there_may_be() -> None:
    lines = [f"X: {number}" for number in range(LINES_LIMIT)]
    assert isinstance(read([said(*lines)]), AnswerParser)
    assert read([said(*lines, "one: more")]) == f"more than {LINES_LIMIT} header lines"


def test_a_refusal_quotes_nothing_of_the_answer() -> None:
    for odd in ODD_ANSWERS.values():
        words = read([odd.answer])
        if odd.meant == PROTOCOL:
            assert isinstance(words, str)
            assert b"hello" not in words.encode()
            assert words.isprintable()
