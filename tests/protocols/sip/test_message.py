"""Reading messages: what RFC 4475 torments parsers with, and bytes nobody meant."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.protocols.sip.message import Framer, compose, elements, parameters, parse, uri_of
from tests.kit.sip_messages import PLAIN, TORTURE


def test_a_reply_is_read() -> None:
    found = parse(PLAIN)
    assert found is not None
    assert (found.code, found.phrase, found.method, found.seq) == (200, "OK", "OPTIONS", 1)
    assert (found.branch, found.vias, found.call_id) == ("z9hG4bKx", 1, "c")
    assert (found.from_tag, found.to_tag) == ("1", "2")


def test_compact_forms_folded_lines_and_odd_spaces_are_read() -> None:
    found = parse(
        b"SIP/2.0 180 \r\nv : SIP / 2.0\r\n / UDP   [2001:db8::1]:5060 ;received=2001:db8::9; BRANCH = z9hG4bK\r\n"
        b'f: "Quoted, \\"comma\\" <tag=no>" <sip:a@h;x=y>;tag=1\r\nt: sip:b@h;tag=2\r\n'
        b"i: c\r\ncseq: 0009\r\n INVITE\r\nl: 0\r\n\r\n"
    )
    assert found is not None
    assert (found.code, found.branch, found.seq, found.method) == (180, "z9hG4bK", 9, "INVITE")
    assert (found.from_tag, found.to_tag) == ("1", "2")


def test_contacts_are_told_apart_also_with_quotes_and_brackets() -> None:
    found = parse(
        PLAIN[:-2]
        + b'Contact: "A, B" <sip:a@h;p=1,2>;+sip.instance="<urn:uuid:1>", <sip:b@h>;expires=3\r\nm: sip:c@h\r\n\r\n'
    )
    assert found is not None
    first, second, third = found.every("contact")
    assert first.endswith('"<urn:uuid:1>"')
    assert (uri_of(second), parameters(second)) == ("sip:b@h", {"expires": "3"})
    assert third == "sip:c@h"


@pytest.mark.parametrize("data", TORTURE)
def test_what_is_malformed_is_nothing(data: bytes) -> None:
    assert parse(data) is None


@pytest.mark.parametrize(
    "value",
    [
        b"<sip:" + b"a-" * 2000 + b"@h>",
        b"<sip:a@" + b"a." * 2000 + b"!>",
        b"<sip:a@" + b"1-" * 1500 + b">",
        b'"' * 3900,
        b"\\" * 3900,
        b"<" * 3900,
        b"<sip:a@[" + b"1:" * 1900 + b"]>",
        b"<sip:a@h>" + b";a=b" * 900 + b"\\",
        b"<sip:a@h" + b";a" * 1900 + b"\xff>",
        b", " * 1900,
        b'"\\' * 2000,
        b'"a"<' * 1000,
        b';a="' * 1000,
        b"Digest " * 580,
    ],
)
def test_a_value_made_to_cost_time_costs_little(value: bytes) -> None:
    begun = time.process_time()
    found = parse(PLAIN[:-2] + b"".join(b"Contact: " + value + b"\r\n" for _ in range(7)) + b"\r\n")
    if found is not None:
        for each in found.every("contact"):
            uri_of(each), parameters(each)
    parse(PLAIN[:-2] + b"".join(b"Via: " + value + b"\r\n" for _ in range(7)) + b"\r\n")
    parse(PLAIN.replace(b"<sip:b@h>", value))
    assert time.process_time() - begun < 0.1


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    parse(data)
    parse(PLAIN[:-2] + data + b"\r\n\r\n")


@given(st.integers(0, len(PLAIN) - 1), st.binary(max_size=8))
def test_a_reply_with_a_hole_in_it_is_read_or_refused(at: int, hole: bytes) -> None:
    parse(PLAIN[:at] + hole + PLAIN[at + len(hole) :])


@given(st.text(max_size=300))
def test_splitting_loses_nothing_but_commas_and_space(text: str) -> None:
    joined = "".join(elements(text))
    assert "".join(joined.split()) == "".join(text.replace(",", "").split()) or '"' in text or "<" in text


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 50))
def test_a_stream_is_cut_at_its_messages_however_it_arrives(bodies: list[bytes], size: int) -> None:
    messages = [compose("SIP/2.0 200 OK", [("Call-ID", str(number))], body) for number, body in enumerate(bodies)]
    stream = b"\r\n\r\n".join(messages) + b"\r\n"
    framer = Framer()
    found = [each for at in range(0, len(stream), size) for each in framer.feed(stream[at : at + size])]
    assert found == messages


@pytest.mark.parametrize(
    "data",
    [
        b"SIP/2.0 200 OK\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: 99999\r\n\r\n",
        b"x" * 70000,
        b"a: b\r\nl: x\r\n\r\n",
    ],
)
def test_a_stream_that_cannot_be_cut_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="message"):
        Framer().feed(data)
