"""`dns` with `serials`: every name server of a zone is asked, and they must agree."""

import asyncio
import contextlib

import dns.flags
import dns.message
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import DnsOptions
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from outagetui.protocols.dns_serials import newer
from tests.kit.scripted_nameservers import free_port, knot, nameserver, reply_to

BOTH = ("ns1", "ns2")


async def serials(vantage: Vantage, port: int, host: str = "127.0.0.1", timeout: float = 2.0) -> Sample:
    options = DnsOptions(serials=True)
    check = Check(id="zone.serials", probe="dns", target=f"dns://{host}:{port}/example.test", options=options)
    return await look(check, asyncio.get_running_loop().time() + timeout, vantage)


async def test_equal_serials_are_a_pass(vantage: Vantage) -> None:
    port = free_port("127.0.0.1", "127.0.0.2")
    with knot("127.0.0.1", port, 7, BOTH), knot("127.0.0.2", port, 7, BOTH):
        sample = await serials(vantage, port)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail == "serial 7 on ns1.example.test 127.0.0.1, ns2.example.test 127.0.0.2"


async def test_a_server_that_is_behind_is_a_warning_with_every_serial(vantage: Vantage) -> None:
    port = free_port("127.0.0.1", "127.0.0.2")
    with knot("127.0.0.1", port, 2, BOTH), knot("127.0.0.2", port, 2**32 - 1, BOTH):
        sample = await serials(vantage, port)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "dns.serials")
    assert sample.detail == "ns1.example.test 127.0.0.1: 2; ns2.example.test 127.0.0.2: 4294967295 (behind)"


async def test_one_silent_server_is_a_warning(vantage: Vantage) -> None:
    port = free_port("127.0.0.1", "127.0.0.2")
    async with nameserver(lambda query, tcp: [], "127.0.0.2", port):
        with knot("127.0.0.1", port, 7, BOTH):
            sample = await serials(vantage, port, timeout=1.0)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "dns.silent")
    assert "ns2.example.test 127.0.0.2: no answer in time" in sample.detail


async def test_one_server_that_is_gone_is_a_warning(vantage: Vantage) -> None:
    port = free_port("127.0.0.1", "127.0.0.2")
    with knot("127.0.0.1", port, 7, BOTH):
        sample = await serials(vantage, port)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "dns.silent")
    assert "nothing listens there" in sample.detail


@pytest.mark.parametrize("lame", ["refused", "no authority"])
async def test_a_lame_server_is_a_warning(vantage: Vantage, lame: str) -> None:
    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        if lame == "refused":
            return [reply_to(query, rcode=5).to_wire()]
        return [reply_to(query, "example.test. SOA ns1. ops. 7 1 1 1 1", flags=0).to_wire()]

    port = free_port("127.0.0.1", "127.0.0.2")
    async with nameserver(answer, "127.0.0.2", port):
        with knot("127.0.0.1", port, 7, BOTH):
            sample = await serials(vantage, port)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "dns.lame")


def registry(query: dns.message.Message, tcp: bool) -> list[bytes]:
    """Answer as a server that knows where the zone's servers are, and is none of them."""
    name, kind = query.question[0].name.to_text(), dns.rdatatype.to_text(query.question[0].rdtype)
    lines = {
        ("example.test.", "NS"): ["example.test. NS ns1.example.test."],
        ("ns1.example.test.", "A"): ["ns1.example.test. A 127.0.0.2"],
    }
    return [reply_to(query, *lines.get((name, kind), [])).to_wire()]


async def test_only_silent_servers_are_a_failure(vantage: Vantage) -> None:
    port = free_port("127.0.0.1", "127.0.0.2")
    async with nameserver(registry, "127.0.0.1", port), nameserver(lambda query, tcp: [], "127.0.0.2", port):
        sample = await serials(vantage, port, timeout=1.0)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")


async def test_only_lame_servers_are_a_failure(vantage: Vantage) -> None:
    port = free_port("127.0.0.1", "127.0.0.2")
    async with nameserver(registry, "127.0.0.1", port), nameserver(registry, "127.0.0.2", port):
        sample = await serials(vantage, port)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "dns.lame")


async def test_a_name_that_is_no_zone_is_told(vantage: Vantage) -> None:
    async with nameserver(lambda query, tcp: [reply_to(query).to_wire()]) as port:
        assert (await serials(vantage, port)).code == "dns.no-answer"
    async with nameserver(lambda query, tcp: [reply_to(query, rcode=3).to_wire()]) as port:
        assert (await serials(vantage, port)).code == "dns.nxdomain"


async def test_an_answer_is_judged_before_the_serials(vantage: Vantage) -> None:
    port = free_port("127.0.0.1")
    options = DnsOptions(serials=True, type="MX", answer=("10 elsewhere.test",))
    check = Check(id="zone.both", probe="dns", target=f"dns://127.0.0.1:{port}/example.test", options=options)
    with knot("127.0.0.1", port):
        sample = await look(check, asyncio.get_running_loop().time() + 2, vantage)
    assert sample.code == "dns.answer"


async def test_servers_are_asked_without_recursion(vantage: Vantage) -> None:
    asked: list[bool] = []

    def answer(query: dns.message.Message, tcp: bool) -> list[bytes]:
        if query.question[0].rdtype == dns.rdatatype.SOA:
            asked.append(bool(query.flags & dns.flags.RD))
            return [reply_to(query, "example.test. SOA ns1. ops. 7 1 1 1 1").to_wire()]
        return registry(query, tcp)

    port = free_port("127.0.0.1", "127.0.0.2")
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(nameserver(answer, "127.0.0.1", port))
        await stack.enter_async_context(nameserver(answer, "127.0.0.2", port))
        assert (await serials(vantage, port)).outcome is Outcome.PASS
    assert asked == [False]


SERIALS = st.integers(0, 2**32 - 1)


@given(SERIALS, st.integers(1, 2**31 - 1))
def test_adding_less_than_half_the_circle_is_newer(serial: int, step: int) -> None:
    later = (serial + step) % 2**32
    assert newer(later, serial)
    assert not newer(serial, later)


@given(SERIALS)
def test_neither_of_two_serials_half_a_circle_apart_is_newer(serial: int) -> None:
    opposite = (serial + 2**31) % 2**32
    assert not newer(serial, opposite)
    assert not newer(opposite, serial)
