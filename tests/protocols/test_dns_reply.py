"""A reply of the DNS is read in one pass: the same as dnspython reads, and no more of it than was asked for."""

import struct
from collections.abc import Iterable
from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.protocols.dns_reply import HEADER, Reply

NAME, A = dns.name.from_text("www.a.test"), dns.rdatatype.A
NAMES = ["www.a.test.", "WWW.A.test.", "b.test.", "c.b.test.", "."]
RECORDS = [
    *(("A", f"192.0.2.{number}") for number in range(3)),
    *(("CNAME", name) for name in NAMES),
    *(("MX", f"{number} mail.b.test.") for number in range(2)),
    ("TXT", '"one" "two"'),
]


def wire(answer: Iterable[tuple[str, str, str]], **more: Any) -> bytes:
    message = dns.message.make_response(dns.message.make_query(NAME, A))
    for owner, kind, text in answer:
        message.answer.append(dns.rrset.from_text(owner, 30, "IN", kind, text))
    for name, value in more.items():
        setattr(message, name, value)
    return message.to_wire()


def read(data: bytes, kind: dns.rdatatype.RdataType = A) -> Reply:
    return Reply.read(data, HEADER + len(NAME.to_wire() or b"") + 4, NAME, kind)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(RECORDS)), max_size=8), st.sampled_from([A, 255]))
def test_it_holds_what_dnspython_reads(rows: list[tuple[str, tuple[str, str]]], asked: int) -> None:
    kind = dns.rdatatype.RdataType.make(asked)
    data = wire([(owner, *record) for owner, record in rows])
    theirs = dns.message.from_wire(data)
    reply = read(data, kind)
    for name in map(dns.name.from_text, NAMES):
        for wanted in {A, dns.rdatatype.CNAME} if asked == A else set(dns.rdatatype.RdataType):
            if wanted != dns.rdatatype.ANY:
                held = [one for each in theirs.answer if (each.name, each.rdtype) == (name, wanted) for one in each]
                assert reply.held(name, wanted) == held


def test_only_what_was_asked_for_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    from_wire = dns.rdata.from_wire

    def counted(*given: Any) -> dns.rdata.Rdata:
        reads.append(given[1])
        return from_wire(*given)

    monkeypatch.setattr(dns.rdata, "from_wire", counted)
    glue = [dns.rrset.from_text(f"ns{number}.a.test.", 30, "IN", "A", "192.0.2.1") for number in range(9)]
    servers = [dns.rrset.from_text("a.test.", 30, "IN", "NS", "ns1.a.test.", "ns2.a.test.")]
    data = wire([("www.a.test.", "A", "192.0.2.7"), ("www.a.test.", "TXT", "x")], authority=servers, additional=glue)
    reply = read(data)
    assert [each.to_text() for each in reply.held(NAME, A)] == ["192.0.2.7"]
    assert reads == [A]
    assert reply.named() == ["ns1.a.test.", "ns2.a.test."]


def test_more_bits_of_the_code_stand_in_opt() -> None:
    message = dns.message.make_response(dns.message.make_query(NAME, A))
    message.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.NOT_READY, "soon")])
    message.set_rcode(dns.rcode.BADVERS)
    reply = read(message.to_wire())
    assert (reply.code, reply.code_name, reply.reasons()) == (16, "BADVERS", "not ready: soon")


@pytest.mark.parametrize(
    "more",
    [
        b"\xc0\x2c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1",  # the owner's name points to itself
        b"\xff\xff\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1",  # and forward
        b"\xc0\x0c\0\1\0\1\0\0\0\0\0\5\xc0\0\2\1",  # longer than the message
        b"\xc0\x0c\0\1\0\1\0\0\0\0\0\3\xc0\0\2",  # no address
        b"\x80\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1",
        b"\xc0\x0c\0\x29\0\1\0\0\0\0\0\0",  # OPT in the answer
        b"",
    ],
)
def test_what_cannot_be_read_is_no_reply(more: bytes) -> None:
    data = bytearray(wire([]))
    data[7] = 1
    with pytest.raises((dns.exception.DNSException, ValueError, IndexError, struct.error)):
        read(bytes(data) + more)
