"""The OPTIONS probe against kamailio, a bad network, and servers that answer what no proper one does."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.message import Incoming, parse
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_servers import Pki, look_at, refused_port, serve
from tests.kit.scripted_servers import saying as stream_saying
from tests.kit.scripted_sip import Handler, by_tcp, by_udp, reply, saying
from tests.kit.sip_messages import PLAIN, TORTURE
from tests.servers.kamailio import Kamailio
from tests.servers.udp_proxy import UdpProxy


@pytest.fixture(scope="module")
def kamailio() -> Iterator[Kamailio]:
    server = Kamailio.start()
    yield server
    server.stop()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_server_that_answers_passes(
    kamailio: Kamailio, vantage: Vantage, no_leaks: None, transport: str
) -> None:
    sample = await look_at(vantage, "sip.options", f"sip:{kamailio.address};transport={transport}")
    assert (sample.outcome, sample.code, sample.detail) == (Outcome.PASS, "", "200 OK")
    assert list(sample.phases) == ["resolve", *(["connect"] if transport == "tcp" else []), "options"]
    assert sample.latency_ms is not None
    assert sample.latency_ms == pytest.approx(sum(sample.phases.values()))


async def test_a_number_that_is_not_there_proves_the_server_lives_and_keeps_its_code(
    kamailio: Kamailio, vantage: Vantage
) -> None:
    target = f"sip:nobody@{kamailio.address}"
    sample = await look_at(vantage, "sip.options", target)
    strict = await look_at(vantage, "sip.options", target, accept=(200,))
    assert (sample.outcome, sample.code) == (Outcome.PASS, "sip.404")
    assert (strict.outcome, strict.code) == (Outcome.FAIL, "sip.404")


async def test_503_warns_and_tells_when_to_come_back(kamailio: Kamailio, vantage: Vantage) -> None:
    kamailio.set_mode("503")
    try:
        sample = await look_at(vantage, "sip.options", f"sip:{kamailio.address}")
    finally:
        kamailio.set_mode("ok")
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.503")
    assert "Retry-After 30" in sample.detail


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_hung_server_times_out(kamailio: Kamailio, vantage: Vantage, no_leaks: None, transport: str) -> None:
    kamailio.freeze()
    try:
        sample = await look_at(vantage, "sip.options", f"sip:{kamailio.address};transport={transport}", within=0.8)
    finally:
        kamailio.thaw()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert sample.detail.endswith("sent 2 times" if transport == "udp" else "sent 1 times")
    again = await look_at(vantage, "sip.options", f"sip:{kamailio.address};transport={transport}")
    assert again.outcome is Outcome.PASS


async def test_a_server_that_drops_everything_times_out_and_a_restarted_one_passes(vantage: Vantage) -> None:
    server = Kamailio.start()
    try:
        server.set_mode("drop")
        assert (await look_at(vantage, "sip.options", f"sip:{server.address}", within=0.3)).code == "timeout"
        server.restart()
        assert (await look_at(vantage, "sip.options", f"sip:{server.address}")).outcome is Outcome.PASS
    finally:
        server.stop()


async def test_a_closed_port_is_told_at_once(vantage: Vantage, no_leaks: None) -> None:
    port = refused_port()
    by_datagram = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{port}")
    by_stream = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{port};transport=tcp")
    assert (by_datagram.outcome, by_datagram.code) == (Outcome.FAIL, "sip.refused")
    assert (by_stream.outcome, by_stream.code) == (Outcome.FAIL, "tcp.refused")


async def test_lost_datagrams_are_sent_again_and_the_wait_is_no_latency(kamailio: Kamailio, vantage: Vantage) -> None:
    proxy = await UdpProxy.start((kamailio.host, kamailio.port), delay=0.02)
    try:
        proxy.lose = lambda _: len(proxy.there) == 1
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{proxy.port}")
    finally:
        proxy.stop()
    assert sample.outcome is Outcome.PASS
    assert "second datagram" in sample.detail
    assert sample.phases["lost"] == pytest.approx(500, abs=150)
    assert sample.latency_ms is not None
    assert 35 < sample.latency_ms < 300
    assert proxy.there[0] == proxy.there[1]


async def test_both_addresses_of_a_name_are_tried(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    from outagetui.net.resolve import Address

    async with by_udp(saying("200 OK")) as peer:

        async def both(host: str, port: int, **_: object) -> list[Address]:
            return [Address(2, "127.0.0.9", refused_port()), Address(2, "127.0.0.1", peer.port)]

        monkeypatch.setattr(vantage, "resolve", both)
        sample = await look_at(vantage, "sip.options", "sip:two.example:5060")
    assert sample.outcome is Outcome.PASS


async def test_ipv6_is_spoken(vantage: Vantage, no_leaks: None) -> None:
    async with by_udp(saying("200 OK"), "::1") as peer:
        sample = await look_at(vantage, "sip.options", f"sip:[::1]:{peer.port}")
    assert sample.outcome is Outcome.PASS
    (request,) = peer.received
    assert request.first("via").startswith("SIP/2.0/UDP [::1]:")
    assert request.first("contact").startswith("<sip:outagetui@[::1]:")


TABLE = {
    Outcome.PASS: (
        200,
        202,
        302,
        401,
        403,
        404,
        405,
        407,
        415,
        416,
        420,
        480,
        481,
        483,
        484,
        486,
        488,
        491,
        501,
        600,
        603,
    ),
    Outcome.WARN: (400, 408, 500, 502, 503, 504, 505, 513),
}


@pytest.mark.parametrize(("outcome", "status"), [(outcome, code) for outcome, codes in TABLE.items() for code in codes])
async def test_every_status_has_its_verdict(vantage: Vantage, outcome: Outcome, status: int) -> None:
    async with by_udp(saying(f"{status} Words")) as peer:
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}")
        strict = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}", accept=(486,))
    assert (sample.outcome, sample.code) == (outcome, "" if status < 300 else f"sip.{status}")
    assert (strict.outcome, strict.code) == ((Outcome.PASS, "") if status == 486 else (Outcome.FAIL, f"sip.{status}"))


async def test_only_provisional_replies_warn(vantage: Vantage) -> None:
    async with by_udp(saying("100 Trying")) as peer:
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}", within=0.3)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.provisional")


async def test_who_asks_can_be_told(vantage: Vantage) -> None:
    async with by_udp(saying("200 OK")) as peer:
        await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}", from_="sip:watch@example.test")
    assert peer.received[0].first("from").startswith("<sip:watch@example.test>;tag=")


def other(change: tuple[bytes, bytes]) -> Handler:
    return lambda request: [reply(request, "200 OK").replace(*change, 1)]


@pytest.mark.parametrize(
    "change",
    [
        (b"branch=z9hG4bK", b"branch=z9hG4bX"),
        (b"CSeq: 1", b"CSeq: 2"),
        (b"Call-ID: ", b"Call-ID: x"),
        (b" OPTIONS", b" INVITE"),
        (b"From: <sip:outagetui@127.0.0.1>;tag=", b"From: <sip:outagetui@127.0.0.1>;tag=x"),
        (b"Via: ", b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nVia: "),
    ],
)
async def test_a_reply_that_does_not_match_never_passes(vantage: Vantage, change: tuple[bytes, bytes]) -> None:
    async with by_udp(other(change)) as peer:
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}", within=0.3)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.mismatch")


async def test_a_reply_from_another_address_never_passes(vantage: Vantage) -> None:
    def elsewhere(request: Incoming) -> list[bytes]:
        host, _, port = request.first("contact").partition("@")[2].rstrip(">").partition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(reply(request, "200 OK"), (host, int(port)))
        return []

    async with by_udp(elsewhere) as peer:
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}", within=0.3)
    assert sample.outcome is Outcome.FAIL


@pytest.mark.parametrize("data", [each for each in TORTURE if each.strip(b"\r\n\0")])
async def test_malformed_replies_warn_and_never_pass(vantage: Vantage, data: bytes) -> None:
    async with by_udp(lambda _: [data[:60000]]) as peer:
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}", within=0.12)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.malformed")


async def test_garbage_beside_the_right_reply_is_counted_and_does_not_spoil_it(vantage: Vantage) -> None:
    async with by_udp(lambda request: [b"garbage", PLAIN, reply(request, "200 OK")]) as peer:
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert "2 replies that did not match" in sample.detail


async def test_a_flood_cannot_hold_up_the_deadline(vantage: Vantage, no_leaks: None) -> None:
    async with by_udp(lambda _: [PLAIN] * 2000) as peer:
        begun = asyncio.get_running_loop().time()
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}", within=0.4)
        assert asyncio.get_running_loop().time() - begun < 1.5
    assert sample.outcome is not Outcome.PASS


@given(st.binary(max_size=300))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_make_it_pass_or_raise(data: bytes) -> None:
    async def story() -> None:
        vantage = Vantage("here", Secrets.none())
        async with by_udp(lambda _: [data, PLAIN[:-2] + data + b"\r\n\r\n"]) as peer:
            sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{peer.port}", within=0.08)
        assert sample.outcome in (Outcome.WARN, Outcome.FAIL)
        assert sample.code in ("sip.malformed", "sip.mismatch", "timeout")
        await vantage.aclose()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "sip.closed"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "sip.malformed"), (b"x" * 70000, "sip.malformed")],
)
async def test_a_stream_that_is_no_sip_fails(vantage: Vantage, no_leaks: None, data: bytes, code: str) -> None:
    async with serve(stream_saying(data)) as server:
        sample = await look_at(vantage, "sip.options", f"sip:127.0.0.1:{server.port};transport=tcp")
    assert sample.outcome is Outcome.FAIL
    assert sample.code in (code, "tcp.reset")


async def test_tls_is_spoken_and_its_certificate_checked(vantage: Vantage, pki: Pki, no_leaks: None) -> None:
    async with by_tcp(saying("200 OK"), context=pki.good()) as peer:
        target = f"sip:localhost:{peer.port};transport=tls"
        trusted = await look_at(vantage, "sip.options", target, ca=pki.ca)
        untrusted = await look_at(vantage, "sip.options", target)
        by_scheme = await look_at(vantage, "sip.options", f"sips:localhost:{peer.port}", ca=pki.ca)
    assert (trusted.outcome, trusted.detail) == (Outcome.PASS, "200 OK")
    assert list(trusted.phases) == ["resolve", "connect", "tls", "options"]
    assert peer.received[0].first("via").startswith("SIP/2.0/TLS 127.0.0.1:")
    assert (untrusted.outcome, untrusted.code) == (Outcome.FAIL, "tls.untrusted")
    assert by_scheme.outcome is Outcome.PASS


@pytest.mark.parametrize(("kind", "code"), [("expired", "tls.expired"), ("self_signed", "tls.self-signed")])
async def test_a_bad_certificate_fails(vantage: Vantage, pki: Pki, kind: str, code: str) -> None:
    async with by_tcp(saying("200 OK"), context=getattr(pki, kind)()) as peer:
        sample = await look_at(vantage, "sip.options", f"sip:localhost:{peer.port};transport=tls", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


async def test_a_certificate_for_another_name_fails(vantage: Vantage, pki: Pki) -> None:
    async with by_tcp(saying("200 OK"), context=pki.good("other.example")) as peer:
        sample = await look_at(vantage, "sip.options", f"sip:localhost:{peer.port};transport=tls", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.hostname")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_cancelled_at_any_await_nothing_is_left(
    kamailio: Kamailio, vantage: Vantage, no_leaks: None, transport: str
) -> None:
    number = 1
    while await cancelled_at(
        lambda: look_at(vantage, "sip.options", f"sip:{kamailio.address};transport={transport}"), number
    ):
        number += 1
    assert number > 1


def test_the_torture_is_torture() -> None:
    assert not any(parse(each) for each in TORTURE)
