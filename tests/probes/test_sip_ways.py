"""Every server that a domain names is tried in order, by every probe, and an echo of our own words is no server."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from types import ModuleType

import dns.message
import dns.rdatatype
import pytest
from outagetui.core.model import Outcome
from outagetui.core.sip_uri import Hop
from outagetui.net import resolve
from outagetui.net.resolve import Address
from outagetui.net.trouble import Trouble, fail
from outagetui.net.vantage import Vantage
from outagetui.probes import sip_call, sip_register
from outagetui.protocols.sip.locate import locate
from outagetui.protocols.sip.message import Incoming
from tests.kit.scripted_nameservers import nameserver, reply_to
from tests.kit.scripted_phone import ScriptedPhone, call
from tests.kit.scripted_registrar import register, registrar
from tests.kit.scripted_servers import look_at, refused_port
from tests.kit.scripted_sip import Handler, Peer, by_tcp, by_udp, reply, saying

DOMAIN = "example.test"
HOSTS = {"live": "127.0.0.1", "other": "127.0.0.2"}


@contextlib.asynccontextmanager
async def zone(monkeypatch: pytest.MonkeyPatch, vantage: Vantage, *lines: str) -> AsyncIterator[None]:
    """A domain with these records (`name type data`), whose hosts `live` and `other` are this machine."""

    def handler(query: dns.message.Message, tcp: bool) -> list[bytes]:
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        fitting = [line for line in lines if line.split()[:2] == [str(question.name).lower(), kind]]
        return [reply_to(query, *fitting).to_wire()]

    async def addresses(host: str, port: int, **_: object) -> list[Address]:
        name = host.partition(".")[0]
        if name not in HOSTS:
            fail("dns.nxdomain", f"{host}: no such name")
        return [Address(2, HOSTS[name], port)]

    async with nameserver(handler) as port:
        monkeypatch.setattr(resolve, "nameservers", lambda: [("127.0.0.1", port)])
        monkeypatch.setattr(vantage, "resolve", addresses)
        yield


def srv(transport: str, priority: int, port: int, host: str) -> str:
    return f"_sip._{transport}.{DOMAIN}. SRV {priority} 0 {port} {host}.{DOMAIN}."


async def look(vantage: Vantage, probe: str) -> tuple[Outcome, str, str]:
    """Look by one of the three probes at the domain, as alice."""
    if probe == "sip.call":
        sample = await call(vantage, f"{DOMAIN};transport=udp", within=4)
    elif probe == "sip.register":
        options = {"proxy": f"{DOMAIN};transport=udp", "secret": "right"}
        sample = await look_at(vantage, probe, f"sip:alice@{DOMAIN}", within=3, **options)
    else:
        sample = await look_at(vantage, probe, f"sip:{DOMAIN};transport=udp", within=3)
    return sample.outcome, sample.code, sample.detail


@contextlib.asynccontextmanager
async def server(probe: str) -> AsyncIterator[Peer]:
    """A server that does what `probe` wants."""
    phone = ScriptedPhone()
    handlers: dict[str, Handler] = {"sip.call": phone.handle, "sip.register": registrar()}
    with contextlib.closing(phone):
        async with by_udp(handlers.get(probe, saying("200 OK"))) as peer:
            yield peer


PROBES = ["sip.options", "sip.register", "sip.call"]


@pytest.mark.parametrize("probe", PROBES)
async def test_a_name_that_stands_for_nothing_is_passed_over(
    caller: Vantage, monkeypatch: pytest.MonkeyPatch, probe: str
) -> None:
    async with server(probe) as peer:
        records = (srv("udp", 10, 5060, "gone"), srv("udp", 20, peer.port, "live"))
        async with zone(monkeypatch, caller, *records):
            outcome, code, detail = await look(caller, probe)
            await caller.aclose()
    assert (outcome, code) == (Outcome.PASS, "")
    assert f"from live.{DOMAIN}; tried before: gone.{DOMAIN}: no such name" in detail


@pytest.mark.parametrize("probe", PROBES)
async def test_a_server_that_refuses_is_passed_over(
    caller: Vantage, monkeypatch: pytest.MonkeyPatch, probe: str
) -> None:
    async with server(probe) as peer:
        records = (srv("udp", 10, refused_port(), "other"), srv("udp", 20, peer.port, "live"))
        async with zone(monkeypatch, caller, *records):
            outcome, _, detail = await look(caller, probe)
            await caller.aclose()
    assert outcome is Outcome.PASS
    assert "nothing listens on this UDP port" in detail


@pytest.mark.parametrize("probe", PROBES)
async def test_a_server_that_is_silent_or_has_no_room_is_passed_over(
    caller: Vantage, monkeypatch: pytest.MonkeyPatch, probe: str
) -> None:
    def busy(request: Incoming) -> list[bytes]:
        return [] if request.method == "ACK" else [reply(request, "503 Service Unavailable")]

    for first, words in ((busy, "503 Service Unavailable"), (lambda _: [], "no answer")):
        async with by_udp(first, "127.0.0.2") as other, server(probe) as peer:
            records = (srv("udp", 10, other.port, "other"), srv("udp", 20, peer.port, "live"))
            async with zone(monkeypatch, caller, *records):
                outcome, _, detail = await look(caller, probe)
        assert outcome is Outcome.PASS, detail
        assert f"tried before: other.{DOMAIN}: {words}" in detail


async def test_when_none_helps_all_are_told_and_theirs_before_ours(
    caller: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = (srv("udp", 10, 5060, "gone"), srv("udp", 20, refused_port(), "live"))
    async with zone(monkeypatch, caller, *records):
        outcome, code, detail = await look(caller, "sip.options")
    assert (outcome, code) == (Outcome.FAIL, "sip.refused")
    assert "gone" in detail
    async with by_udp(saying("503 Full"), "127.0.0.2") as other:
        records = (srv("udp", 10, other.port, "other"), srv("udp", 20, refused_port(), "live"))
        async with zone(monkeypatch, caller, *records):
            outcome, code, detail = await look(caller, "sip.options")
    assert (outcome, code) == (Outcome.WARN, "sip.503")
    assert "nothing listens" in detail


async def test_a_refusal_that_is_no_lack_of_room_is_final(caller: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with by_udp(saying("404 Not Found"), "127.0.0.2") as other, server("sip.options") as peer:
        records = (srv("udp", 10, other.port, "other"), srv("udp", 20, peer.port, "live"))
        async with zone(monkeypatch, caller, *records):
            _, code, _ = await look(caller, "sip.options")
    assert code == "sip.404"
    assert peer.received == []


async def test_a_silent_server_that_wakes_up_is_not_left_ringing(
    caller: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Incoming] = []

    def sleepy(request: Incoming) -> list[bytes]:
        if request.method == "INVITE":
            asked.append(request)
            return []
        cancelled = [reply(request, "200 OK"), reply(asked[0], "487 Request Terminated")]
        return cancelled if request.method == "CANCEL" else []

    async with by_udp(sleepy, "127.0.0.2") as other, server("sip.call") as peer:
        records = (srv("udp", 10, other.port, "other"), srv("udp", 20, peer.port, "live"))
        async with zone(monkeypatch, caller, *records):
            outcome, _, _ = await look(caller, "sip.call")
            other.say(reply(asked[0], "180 Ringing"))
            await other.until("CANCEL")
            await other.until("ACK")
            await caller.aclose()
    assert outcome is Outcome.PASS


async def test_naptr_says_which_transport_comes_first(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    records = (
        f'{DOMAIN}. NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.{DOMAIN}.',
        f'{DOMAIN}. NAPTR 10 20 "S" "sip+d2t" "" _elsewhere._tcp.{DOMAIN}.',
        f'{DOMAIN}. NAPTR 10 10 "s" "SIP+D2S" "" _sip._sctp.{DOMAIN}.',
        f'{DOMAIN}. NAPTR 30 10 "a" "SIPS+D2T" "" live.{DOMAIN}.',
        srv("udp", 1, 5070, "live"),
        f"_elsewhere._tcp.{DOMAIN}. SRV 2 0 5071 live.{DOMAIN}.",
        f"_elsewhere._tcp.{DOMAIN}. SRV 1 0 5072 other.{DOMAIN}.",
    )
    async with zone(monkeypatch, vantage, *records):
        ways = await locate(vantage, Hop(DOMAIN, None, None), 1e9)
    found = [(each.transport, each.address.host, each.address.port) for each in ways.spots]
    assert found == [
        ("tcp", "127.0.0.2", 5072),
        ("tcp", "127.0.0.1", 5071),
        ("udp", "127.0.0.1", 5070),
        ("tls", "127.0.0.1", 5061),
    ]


async def test_every_transport_with_records_is_a_way(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    records = (f"_sip._udp.{DOMAIN}. SRV 0 0 0 .", srv("tcp", 1, 5071, "live"))
    async with zone(monkeypatch, vantage, *records):
        ways = await locate(vantage, Hop(DOMAIN, None, None), 1e9)
        assert [(each.transport, each.address.port) for each in ways.spots] == [("tcp", 5071)]
        with pytest.raises(Trouble) as caught:
            await locate(vantage, Hop(DOMAIN, None, "udp"), 1e9)
    assert caught.value.code == "dns.no-service"


async def test_no_number_of_records_holds_the_loop(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [srv("udp", 1, port, "live") for port in range(1, 1200)]
    async with zone(monkeypatch, vantage, *records):
        begun = time.perf_counter()
        ways = await locate(vantage, Hop(DOMAIN, None, "udp"), 1e9)
        assert time.perf_counter() - begun < 1
    assert len(ways.spots) == 8


# What only looks like an answer.


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("serve", [by_udp, by_tcp])
async def test_an_echo_of_what_we_said_is_no_server(
    caller: Vantage, probe: str, serve: Callable[..., contextlib.AbstractAsyncContextManager[Peer]]
) -> None:
    async with serve(lambda _: []) as peer:
        take = peer.take

        def echo(data: bytes, back: Callable[[bytes], None]) -> None:
            back(data)
            take(data, back)

        peer.take = echo  # type: ignore[method-assign]
        transport = "udp" if serve is by_udp else "tcp"
        proxy = f"127.0.0.1:{peer.port};transport={transport}"
        if probe == "sip.options":
            sample = await look_at(caller, probe, f"sip:{proxy}", within=0.5)
        elif probe == "sip.register":
            sample = await look_at(caller, probe, f"sip:alice@{DOMAIN}", proxy=proxy, secret="right", within=0.5)
        else:
            sample = await call(caller, proxy, within=1)
        await caller.aclose()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.reflected")
    assert "an echo and no SIP server" in sample.detail
    assert {each.code for each in peer.received} == {0}  # nothing of it was answered


@pytest.mark.parametrize("probe", [sip_register, sip_call])
async def test_a_server_that_says_nothing_even_in_the_end_is_no_fault_of_ours(
    caller: Vantage, monkeypatch: pytest.MonkeyPatch, probe: ModuleType
) -> None:
    monkeypatch.setattr(probe, "PATIENCE", 0.1)
    async with by_udp(lambda _: []) as peer:
        proxy = f"127.0.0.1:{peer.port};transport=udp"
        make = register if probe is sip_register else call
        sample = await make(caller, proxy, within=0.5)
        await caller.aclose()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
