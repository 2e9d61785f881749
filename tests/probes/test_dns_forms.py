"""`dns`: every form that an answer may have by the RFCs, and our own query, which is none."""

from collections.abc import Callable
from typing import Any, cast

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.core.targets import DNS
from outagetui.net.vantage import Vantage
from tests.kit.scripted_nameservers import nameserver, reply_to
from tests.kit.scripted_servers import look_at


async def ask(vantage: Vantage, target: str, timeout: float = 3.0, **options: Any) -> Sample:
    return await look_at(vantage, "dns", target, within=timeout, **options)


def rewritten(query: dns.message.Message, *records: str, change: Callable[[bytearray], None]) -> bytes:
    wire = bytearray(reply_to(query, *records).to_wire())
    change(wire)
    return bytes(wire)


def letters_in_another_case(wire: bytearray) -> None:
    wire[13:14] = wire[13:14].swapcase()


LEGAL: dict[str, Callable[[dns.message.Message], list[bytes]]] = {
    "bytes behind the message": lambda query: [reply_to(query, "a.test. A 192.0.2.1").to_wire() + b"\0more"],
    "letters in another case": lambda query: [rewritten(query, "A.tEST. A 192.0.2.1", change=letters_in_another_case)],
    "an EDNS record unasked": lambda query: [with_edns(reply_to(query, "a.test. A 192.0.2.1")).to_wire()],
    "a chain of aliases in any order": lambda query: [
        reply_to(query, "c.test. A 192.0.2.1", "b.test. CNAME C.test.", "a.test. CNAME B.TEST.").to_wire()
    ],
    "records of others beside": lambda query: [
        reply_to(query, "a.test. A 192.0.2.1", "other.test. A 192.0.2.66").to_wire()
    ],
}


def with_edns(reply: dns.message.Message) -> dns.message.Message:
    reply.use_edns(0, payload=1232)
    return reply


@pytest.mark.parametrize("form", LEGAL)
@pytest.mark.parametrize("by_tcp", [False, True])
async def test_every_legal_form_of_an_answer_is_understood(vantage: Vantage, form: str, by_tcp: bool) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        if by_tcp and not tcp:
            return [reply_to(query, flags=dns.flags.TC).to_wire() + b"cut"]
        return LEGAL[form](query)

    async with nameserver(answer) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", answer=("192.0.2.1",))
    assert sample.outcome is Outcome.PASS, sample


@pytest.mark.parametrize("by_tcp", [False, True])
async def test_our_own_query_sent_back_is_no_answer(vantage: Vantage, by_tcp: bool) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        if by_tcp and not tcp:
            return [reply_to(query, flags=dns.flags.TC).to_wire()]
        return [query.to_wire()]

    async with nameserver(answer) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", timeout=0.4, rcode="NOERROR", answer=())
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "dns.malformed" if by_tcp else "timeout")


@pytest.mark.parametrize(
    ("kind", "record", "code"),
    [
        ("HTTPS", '1 . alpn="h3,h2" ipv4hint=192.0.2.1', ""),
        ("HTTPS", "16 .", ""),
        ("HTTPS", "1 www.a.test. port=8443", ""),
        ("HTTPS", "0 www.a.test.", ""),
        ("HTTPS", "0 .", "dns.no-service"),
        ("SVCB", "1 . port=53", ""),
        ("SVCB", "0 .", "dns.no-service"),
        ("SRV", "0 0 0 .", "dns.no-service"),
        ("SRV", "0 0 5222 xmpp.a.test.", ""),
        ("MX", "0 .", "dns.no-service"),
        ("NS", "ns.a.test.", ""),
    ],
)
async def test_the_root_as_a_target_means_what_the_type_says(
    vantage: Vantage, kind: str, record: str, code: str
) -> None:
    async with nameserver(lambda query, tcp: [reply_to(query, f"a.test. {kind} {record}").to_wire()]) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", type=kind)
    assert (sample.outcome, sample.code) == (Outcome.FAIL if code else Outcome.PASS, code)


@pytest.mark.parametrize(
    ("kind", "record", "expected"),
    [
        ("HTTPS", '1 SVC.a.test. alpn="h2" port=8443', "1 svc.A.test port=8443 alpn=h2"),
        ("SVCB", "1 . port=53", "1 . port=53"),
        ("NAPTR", '10 10 "s" "SIP+D2U" "" _sip._udp.a.test.', '10 10 "S" "sip+d2u" "" _SIP._udp.a.test'),
        ("CAA", '0 ISSUE "ca.example"', '0 issue "ca.example"'),
        ("SRV", "1 2 3 Xmpp.A.test.", "1 2 3 xmpp.a.test"),
        ("CNAME", "B.test.", "b.TEST"),
        ("TXT", '"one " "two"', "one two"),
        ("AAAA", "2001:DB8::1", "2001:db8:0:0::1"),
    ],
)
async def test_the_same_record_written_otherwise_is_the_same(
    vantage: Vantage, kind: str, record: str, expected: str
) -> None:
    async with nameserver(lambda query, tcp: [reply_to(query, f"a.test. {kind} {record}").to_wire()]) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", type=kind, answer=(expected,))
    assert sample.outcome is Outcome.PASS, sample


async def test_any_record_will_do_where_any_is_asked_for(vantage: Vantage) -> None:
    replies = {
        "a.test.": ["a.test. A 192.0.2.1", "a.test. MX 5 mail.test."],
        "b.test.": ['b.test. HINFO "RFC8482" ""'],
        "c.test.": [],
    }

    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return [reply_to(query, *replies[query.question[0].name.to_text()]).to_wire()]

    async with nameserver(answer) as port:
        both = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", type="ANY")
        some = await ask(vantage, f"dns://127.0.0.1:{port}/b.test", type="ANY")
        none = await ask(vantage, f"dns://127.0.0.1:{port}/c.test", type="ANY")
        set_of = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", type="ANY", answer=("192.0.2.1",))
    assert (both.outcome, both.detail) == (Outcome.PASS, "ANY A 192.0.2.1, MX 5 mail.test.")
    assert some.outcome is Outcome.PASS
    assert (none.outcome, none.code) == (Outcome.FAIL, "dns.no-answer")
    assert (set_of.outcome, set_of.code) == (Outcome.UNKNOWN, "option.invalid")


@pytest.mark.parametrize(
    ("address", "owner"),
    [("192.0.2.1", "1.2.0.192.in-addr.arpa."), ("2001:db8::1", f"1.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa.")],
)
async def test_an_address_is_asked_for_its_name_in_the_reverse_tree(vantage: Vantage, address: str, owner: str) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return [reply_to(query, f"{owner} PTR www.example.").to_wire()]

    async with nameserver(answer) as port:
        target = f"dns://127.0.0.1:{port}/{address}"
        assert not DNS.trouble(target)
        sample = await ask(vantage, target, type="PTR", answer=("WWW.example",))
    assert sample.outcome is Outcome.PASS, sample


async def test_an_address_has_no_other_records(vantage: Vantage) -> None:
    sample = await ask(vantage, "dns://127.0.0.1/2001:db8::1")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "target.invalid")


def refusing(rcode: dns.rcode.Rcode, reason: int, text: str | None, *, by_edns: bool) -> Any:
    """Answer with `rcode`, and say why as BIND, Unbound and PowerDNS do: to those only who speak EDNS."""

    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        reply = dns.message.make_response(query)
        reply.set_rcode(rcode)
        if query.edns >= 0:
            if not by_edns:
                reply.set_rcode(dns.rcode.FORMERR)
                return [reply.to_wire()]
            reply.use_edns(0, options=[dns.edns.EDEOption(cast("dns.edns.EDECode", reason), text)])
        return [reply.to_wire()]

    return answer


@pytest.mark.parametrize(
    ("rcode", "reason", "text", "code", "said"),
    [
        (dns.rcode.SERVFAIL, 7, None, "dns.servfail", "SERVFAIL (signature expired)"),
        (dns.rcode.SERVFAIL, 6, "no RRSIG", "dns.servfail", "SERVFAIL (dnssec bogus: no RRSIG)"),
        (dns.rcode.SERVFAIL, 22, "", "dns.servfail", "SERVFAIL (no reachable authority)"),
        (dns.rcode.REFUSED, 20, None, "dns.refused", "REFUSED (not authoritative)"),
        (dns.rcode.NXDOMAIN, 15, "by \x1b[1mpolicy", "dns.nxdomain", "NXDOMAIN (blocked: by "),
        (dns.rcode.SERVFAIL, 999, None, "dns.servfail", "SERVFAIL (reason 999)"),
    ],
)
async def test_a_server_is_asked_why_it_fails(
    vantage: Vantage, rcode: dns.rcode.Rcode, reason: int, text: str | None, code: str, said: str
) -> None:
    async with nameserver(refusing(rcode, reason, text, by_edns=True)) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
    assert said in sample.detail
    assert sample.detail.isprintable()


async def test_the_verdict_stands_where_reasons_cannot_be_asked_for(vantage: Vantage) -> None:
    async with nameserver(refusing(dns.rcode.SERVFAIL, 7, None, by_edns=False)) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test")
    assert (sample.outcome, sample.code, sample.detail) == (Outcome.FAIL, "dns.servfail", "a.test.: SERVFAIL")


async def test_a_server_that_falls_silent_at_the_second_question_has_answered_the_first(vantage: Vantage) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.NXDOMAIN)
        return [reply.to_wire()] if query.edns < 0 else []

    async with nameserver(answer) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", timeout=0.6)
    assert (sample.outcome, sample.code, sample.detail) == (Outcome.FAIL, "dns.nxdomain", "a.test.: NXDOMAIN")


async def test_a_referral_is_told_as_one(vantage: Vantage) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        reply = dns.message.make_response(query)
        reply.authority.append(dns.rrset.from_text("a.test.", 60, "IN", "NS", "ns1.a.test.", "ns2.a.test."))
        return [reply.to_wire()]

    async with nameserver(answer) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/www.a.test")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "dns.no-answer")
    assert "does not answer for it, and names ns1.a.test., ns2.a.test." in sample.detail


@pytest.mark.parametrize(("kind", "nowhere"), [("A", "0.0.0.0"), ("AAAA", "::")])
async def test_an_address_that_filters_answer_is_no_address(vantage: Vantage, kind: str, nowhere: str) -> None:
    async with nameserver(lambda query, tcp: [reply_to(query, f"a.test. {kind} {nowhere}").to_wire()]) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", type=kind)
        wanted = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", type=kind, answer=(nowhere,))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "dns.no-service")
    assert wanted.outcome is Outcome.PASS
