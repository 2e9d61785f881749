"""`dns`: records, codes and faults, against knot and against servers that misbehave."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import DnsOptions
from outagetui.net import resolve
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from outagetui.protocols import dns_exchange
from tests.kit.scripted_nameservers import free_port, knot, nameserver, reply_to


@pytest.fixture(scope="module")
def zone() -> Iterator[str]:
    port = free_port("127.0.0.1")
    with knot("127.0.0.1", port):
        yield f"dns://127.0.0.1:{port}"


async def ask(
    vantage: Vantage, target: str, timeout: float = 3.0, connect: str | None = None, **options: Any
) -> Sample:
    check = Check(id="zone.ask", probe="dns", target=target, options=DnsOptions(**options), connect=connect)
    return await look(check, asyncio.get_running_loop().time() + timeout, vantage)


def system(monkeypatch: pytest.MonkeyPatch, *servers: tuple[str, int]) -> None:
    monkeypatch.setattr(resolve, "nameservers", lambda: list(servers))


async def test_an_address_is_a_pass_with_its_time(zone: str, vantage: Vantage) -> None:
    sample = await ask(vantage, f"{zone}/www.example.test")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail == "A 127.0.0.10, 127.0.0.11"
    assert sample.latency_ms is not None
    assert sample.phases["query"] > 0


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("www.example.test", "A", ["127.0.0.11", "127.0.0.10"]),
        ("www.example.test", "AAAA", ["0:0:0:0:0:0:0:1"]),
        ("status.example.test", "A", ["127.0.0.10", "127.0.0.11"]),
        ("status.example.test", "CNAME", ["WWW.example.test"]),
        ("example.test", "MX", ["10 mail.example.test."]),
        ("example.test", "TXT", ["v=spf1 mx -all"]),
        ("example.test", "TXT", ['"v=spf1 mx" " -all"']),
        ("example.test", "NS", ["ns1.example.test"]),
        ("example.test", "SOA", ["ns1.example.test ops.example.test 1 3600 600 86400 30"]),
        ("example.test", "CAA", ['0 issue "ca.example"']),
        ("_xmpp-client._tcp.example.test", "SRV", ["5 0 15222 xmpp.example.test"]),
        ("127.0.0.1", "PTR", ["host.example.test"]),
        ("mail.example.test", "AAAA", []),
    ],
)
async def test_exactly_the_expected_records_are_a_pass(
    zone: str, vantage: Vantage, name: str, kind: str, answer: list[str]
) -> None:
    sample = await ask(vantage, f"{zone}/{name}", type=kind, answer=tuple(answer))
    assert sample.outcome is Outcome.PASS, sample


@pytest.mark.parametrize("answer", [["127.0.0.10"], ["127.0.0.10", "127.0.0.11", "127.0.0.12"], ["192.0.2.1"], []])
async def test_one_record_more_or_less_is_a_failure(zone: str, vantage: Vantage, answer: list[str]) -> None:
    sample = await ask(vantage, f"{zone}/www.example.test", answer=tuple(answer))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "dns.answer")
    assert "127.0.0.10, 127.0.0.11" in sample.detail


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("nothing.example.test", "A", "dns.nxdomain"),
        ("mail.example.test", "AAAA", "dns.no-answer"),
        ("far.example.test", "A", "dns.no-answer"),
        ("elsewhere.test", "A", "dns.refused"),
        ("_sip._udp.example.test", "SRV", "dns.no-service"),
        ("nomail.example.test", "MX", "dns.no-service"),
    ],
)
async def test_what_the_name_lacks_is_told_by_its_code(
    zone: str, vantage: Vantage, name: str, kind: str, code: str
) -> None:
    sample = await ask(vantage, f"{zone}/{name}", type=kind)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


async def test_another_response_code_can_be_the_expected_one(zone: str, vantage: Vantage) -> None:
    assert (await ask(vantage, f"{zone}/nothing.example.test", rcode="NXDOMAIN")).outcome is Outcome.PASS
    assert (await ask(vantage, f"{zone}/www.example.test", rcode="NXDOMAIN")).code == "dns.rcode"


async def test_an_answer_too_long_for_udp_is_fetched_by_tcp(zone: str, vantage: Vantage) -> None:
    sample = await ask(vantage, f"{zone}/long.example.test", type="TXT")
    assert sample.outcome is Outcome.PASS
    assert "0000 xxx" in sample.detail


async def test_a_truncated_answer_without_tcp_is_a_failure(vantage: Vantage) -> None:
    def cut(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return [reply_to(query, flags=dns.flags.TC).to_wire()]

    async with nameserver(cut, tcp=False) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tcp.refused")


def forged(query: dns.message.Message) -> list[bytes]:
    lie = reply_to(query, "a.test. A 192.0.2.66")
    wrong_id = bytearray(lie.to_wire())
    wrong_id[0] ^= 0xFF
    other = reply_to(dns.message.make_query("b.test", "A", id=query.id), "b.test. A 192.0.2.66").to_wire()
    not_a_reply = query.to_wire()
    return [bytes(wrong_id), other, not_a_reply, lie.to_wire()[:30], lie.to_wire()[:2], b""]


async def test_forged_and_broken_replies_are_passed_over_for_the_right_one(vantage: Vantage) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return [*forged(query), reply_to(query, "a.test. A 192.0.2.1").to_wire()]

    async with nameserver(answer) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", answer=("192.0.2.1",))
    assert sample.outcome is Outcome.PASS


async def test_only_forged_replies_are_no_answer(vantage: Vantage) -> None:
    async with nameserver(lambda query, tcp: forged(query)) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", timeout=0.3)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")


async def test_a_reply_from_another_address_does_not_count(vantage: Vantage) -> None:
    loop = asyncio.get_running_loop()
    others: list[asyncio.DatagramTransport] = []

    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return []

    class Forger(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
            reply = reply_to(dns.message.from_wire(data), "a.test. A 192.0.2.66").to_wire()
            others[0].sendto(reply, source)

    transport, _ = await loop.create_datagram_endpoint(Forger, local_addr=("127.0.0.1", 0))
    other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    others.append(other)
    port = transport.get_extra_info("sockname")[1]
    sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", timeout=0.3)
    transport.close()
    other.close()
    assert sample.code == "timeout"


async def test_a_silent_server_fails_within_the_deadline(vantage: Vantage) -> None:
    async with nameserver(lambda query, tcp: []) as port:
        start = time.monotonic()
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", timeout=0.3)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert time.monotonic() - start < 0.4


async def test_a_stopped_server_is_a_time_out_and_recovers(vantage: Vantage) -> None:
    port = free_port("127.0.0.1")
    with knot("127.0.0.1", port) as pid:
        os.killpg(pid, signal.SIGSTOP)
        os.waitpid(pid, os.WUNTRACED)  # every thread has stopped
        assert (await ask(vantage, f"dns://127.0.0.1:{port}/www.example.test", timeout=0.3)).code == "timeout"
        os.killpg(pid, signal.SIGCONT)
        assert (await ask(vantage, f"dns://127.0.0.1:{port}/www.example.test")).outcome is Outcome.PASS


async def test_a_closed_port_is_seen_at_once(vantage: Vantage) -> None:
    start = time.monotonic()
    sample = await ask(vantage, f"dns://127.0.0.1:{free_port('127.0.0.1')}/a.test")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "dns.unreachable")
    assert time.monotonic() - start < 1


async def test_a_flood_of_wrong_replies_cannot_outlast_the_deadline(vantage: Vantage) -> None:
    async with nameserver(lambda query, tcp: forged(query) * 2_000) as port:
        start = time.monotonic()
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test", timeout=0.3)
    assert sample.code == "timeout"
    assert time.monotonic() - start < 5


async def test_tcp_that_breaks_off_is_malformed(vantage: Vantage) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return [] if tcp else [reply_to(query, flags=dns.flags.TC).to_wire()]

    async with nameserver(answer) as port:
        assert (await ask(vantage, f"dns://127.0.0.1:{port}/a.test")).code == "dns.malformed"


@pytest.mark.parametrize(("rcode", "code"), [(2, "dns.servfail"), (5, "dns.refused"), (4, "dns.notimp")])
async def test_an_error_of_a_chosen_server_is_a_failure(vantage: Vantage, rcode: int, code: str) -> None:
    async with nameserver(lambda query, tcp: [reply_to(query, rcode=rcode).to_wire()]) as port:
        sample = await ask(vantage, f"dns://127.0.0.1:{port}/a.test")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


async def test_connect_asks_another_server_than_the_target_names(zone: str, vantage: Vantage) -> None:
    there = zone.removeprefix("dns://")
    sample = await ask(vantage, "dns://ns.example.invalid/www.example.test", connect=there)
    assert sample.outcome is Outcome.PASS


async def test_what_a_record_holds_cannot_reach_the_terminal(zone: str, vantage: Vantage) -> None:
    sample = await ask(vantage, f"{zone}/hostile.example.test", type="TXT")
    assert sample.outcome is Outcome.PASS
    assert sample.detail.isprintable()


@pytest.mark.parametrize(
    ("target", "options", "code"),
    [
        ("dns:a..test", {}, "target.invalid"),
        ("dns:" + "a" * 64 + ".test", {}, "target.invalid"),
        ("dns:a.test", {"type": "AXFR"}, "option.invalid"),
    ],
)
async def test_a_wrong_target_or_type_is_our_own_trouble(
    vantage: Vantage, target: str, options: dict[str, Any], code: str
) -> None:
    sample = await ask(vantage, target, **options)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, code)


async def test_a_wrong_expectation_is_our_own_trouble(zone: str, vantage: Vantage) -> None:
    sample = await ask(vantage, f"{zone}/www.example.test", answer=("not-an-address",))
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "option.invalid")


async def test_the_next_resolver_is_asked_when_the_first_is_dead(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nameserver(lambda query, tcp: [reply_to(query, "a.test. A 192.0.2.1").to_wire()]) as port:
        system(monkeypatch, ("127.0.0.1", free_port("127.0.0.1")), ("127.0.0.1", port))
        assert (await ask(vantage, "dns:a.test")).outcome is Outcome.PASS


async def test_the_next_resolver_is_asked_when_the_first_is_silent(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        nameserver(lambda query, tcp: []) as silent,
        nameserver(lambda query, tcp: [reply_to(query, "a.test. A 192.0.2.1").to_wire()]) as port,
    ):
        system(monkeypatch, ("127.0.0.1", silent), ("127.0.0.1", port))
        assert (await ask(vantage, "dns:a.test", timeout=2.0)).outcome is Outcome.PASS


async def test_a_dead_resolver_of_our_own_is_unknown(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with nameserver(lambda query, tcp: []) as silent:
        system(monkeypatch, ("127.0.0.1", silent), ("127.0.0.1", free_port("127.0.0.1")))
        sample = await ask(vantage, "dns:a.test", timeout=0.4)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "dns.no-resolver")


async def test_a_resolver_that_fails_for_one_name_only_blames_the_name(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        root = query.question[0].name == dns.name.root
        return [reply_to(query, rcode=0 if root else 2).to_wire()]

    async with nameserver(answer) as port:
        system(monkeypatch, ("127.0.0.1", port))
        sample = await ask(vantage, "dns:a.test")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "dns.servfail")


async def test_a_resolver_that_fails_for_every_name_is_our_own_trouble(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nameserver(lambda query, tcp: [reply_to(query, rcode=2).to_wire()]) as port:
        system(monkeypatch, ("127.0.0.1", port))
        sample = await ask(vantage, "dns:a.test")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "dns.no-resolver")


async def test_a_resolver_that_refuses_us_is_our_own_trouble(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        root = query.question[0].name == dns.name.root
        return [reply_to(query, rcode=0 if root else 5).to_wire()]

    async with nameserver(answer) as port:
        system(monkeypatch, ("127.0.0.1", port))
        sample = await ask(vantage, "dns:a.test")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "dns.refused")


async def test_no_probe_leaves_a_descriptor_behind(zone: str, vantage: Vantage) -> None:
    async with nameserver(lambda query, tcp: []) as silent:
        before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are what is compared
        for target in (f"{zone}/www.example.test", f"{zone}/long.example.test", f"dns://127.0.0.1:{silent}/a.test"):
            await ask(vantage, target, timeout=0.2, type="TXT")
        assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


A_TEST = dns_exchange.Question(dns.name.from_text("a.test"), dns.rdatatype.A)
QUERY = b"\x12\x34" + A_TEST.wire()
REPLY = reply_to(dns.message.from_wire(QUERY), "a.test. A 192.0.2.1", "a.test. CNAME b.test.").to_wire()


@given(st.binary(max_size=300))
def test_no_bytes_of_a_reply_raise(noise: bytes) -> None:
    assert dns_exchange._fitting(noise, QUERY, A_TEST) is None
    dns_exchange._fitting(REPLY[:12] + noise, QUERY, A_TEST)
    dns_exchange._fitting(REPLY[:24] + noise, QUERY, A_TEST)


@given(st.lists(st.tuples(st.integers(12, len(REPLY) - 1), st.integers(0, 255)), max_size=8))
def test_no_change_of_a_reply_raises(changes: list[tuple[int, int]]) -> None:
    wire = bytearray(REPLY)
    for place, value in changes:
        wire[place] = value
    reply = dns_exchange._fitting(bytes(wire), QUERY, A_TEST)
    if reply is not None:
        dns_exchange.records(reply, A_TEST.name, A_TEST.kind)
