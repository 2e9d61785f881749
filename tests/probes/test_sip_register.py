"""The REGISTER probe against kamailio, and registrars that say what no proper one does."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.message import Incoming
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_registrar import ACCOUNT, register, registrar
from tests.kit.scripted_servers import Pki, look_at, refused_port
from tests.kit.scripted_sip import by_tcp, by_udp, reply, saying
from tests.servers.kamailio import Kamailio
from tests.servers.udp_proxy import UdpProxy

PHONE = "sip:desk-phone@192.0.2.44:5060"


@pytest.fixture(scope="module")
def kamailio() -> Iterator[Kamailio]:
    server = Kamailio.start()
    server.add_user("alice", "geheim")
    yield server
    server.stop()


async def phone_registers(port: int, vantage: Vantage) -> None:
    """Register a desk phone of the same account, to stay."""
    from outagetui.core.sip_uri import Hop
    from outagetui.protocols.sip.agent import Agent
    from outagetui.protocols.sip.request import Party, Request

    agent = Agent(vantage, user="alice", password="geheim")
    until = asyncio.get_running_loop().time() + 5
    spots = await agent.reach(Hop("127.0.0.1", port, "udp"), until)
    party = Party.between(ACCOUNT, ACCOUNT)
    more = (("Contact", f"<{PHONE}>"), ("Expires", "600"))
    found = await agent.ask_any(spots, lambda _: Request("REGISTER", "sip:example.test", party, 1, more), until)
    assert found.reply.code == 200
    await agent.aclose()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_it_registers_and_takes_its_registration_back(
    kamailio: Kamailio, caller: Vantage, no_leaks: None, transport: str
) -> None:
    sample = await register(caller, f"{kamailio.address};transport={transport}")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail == "registered for 60 s and taken back"
    phases = ["resolve", *(["connect"] if transport == "tcp" else []), "register", "unregister"]
    assert list(sample.phases) == phases
    assert kamailio.contacts() == []


async def test_a_phone_of_the_account_keeps_its_registration(kamailio: Kamailio, caller: Vantage) -> None:
    server = Kamailio.start()
    try:
        server.add_user("alice", "geheim")
        await phone_registers(server.port, caller)
        for _ in range(3):
            assert (await register(caller, server.address)).outcome is Outcome.PASS
        assert server.contacts() == [PHONE]
    finally:
        server.stop()


async def test_a_wrong_password_is_refused_at_the_second_asking(kamailio: Kamailio, caller: Vantage) -> None:
    sample = await register(caller, kamailio.address, secret="wrong")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.401")
    assert "the password was refused" in sample.detail


async def test_without_a_secret_a_challenge_is_told(kamailio: Kamailio, vantage: Vantage) -> None:
    sample = await look_at(vantage, "sip.register", ACCOUNT, proxy=kamailio.address)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.401")
    assert "give `secret`" in sample.detail


async def test_a_secret_that_cannot_be_read_is_our_own_trouble(kamailio: Kamailio, vantage: Vantage) -> None:
    sample = await register(vantage, kamailio.address)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "secret.unreadable")


async def test_another_login_than_the_account_is_forbidden(kamailio: Kamailio, caller: Vantage) -> None:
    kamailio.add_user("bob", "geheim")
    sample = await register(caller, kamailio.address, user="bob")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.403")


async def test_faults_of_the_registrar_have_their_codes(kamailio: Kamailio, caller: Vantage, no_leaks: None) -> None:
    kamailio.set_mode("503")
    overloaded = await register(caller, kamailio.address)
    kamailio.set_mode("ok")
    closed = await register(caller, f"127.0.0.1:{refused_port()}")
    assert (overloaded.outcome, overloaded.code) == (Outcome.FAIL, "sip.503")
    assert "Retry-After 30" in overloaded.detail
    assert (closed.outcome, closed.code) == (Outcome.FAIL, "sip.refused")


async def test_a_hung_registrar_times_out_and_nothing_stays_registered_when_it_wakes(
    kamailio: Kamailio, caller: Vantage
) -> None:
    kamailio.freeze()
    try:
        sample = await register(caller, kamailio.address, within=0.4)
    finally:
        kamailio.thaw()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    await caller.aclose()
    assert kamailio.contacts() == []


async def test_a_lossy_network_is_coped_with(kamailio: Kamailio, caller: Vantage) -> None:
    proxy = await UdpProxy.start((kamailio.host, kamailio.port), delay=0.005)
    try:
        proxy.lose = lambda _: len(proxy.there) in (1, 3)
        proxy.lose_back = lambda _: len(proxy.back) == 2
        sample = await register(caller, f"127.0.0.1:{proxy.port}", within=8)
    finally:
        proxy.stop()
    assert sample.outcome is Outcome.PASS
    assert kamailio.contacts() == []


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_cancelled_at_any_await_nothing_stays_registered(
    kamailio: Kamailio, secret_directory: Path, no_leaks: None, transport: str
) -> None:
    path = secret_directory / "right"
    path.write_text("geheim")
    path.chmod(0o600)
    number, more = 1, True
    while more:
        vantage = Vantage("here", Secrets(secret_directory, {}))
        proxy = f"{kamailio.address};transport={transport}"
        more = await cancelled_at(partial(register, vantage, proxy), number)
        await vantage.aclose()
        assert kamailio.contacts() == [], f"await {number}"
        number += 1
    assert number > 4


async def test_a_nonce_that_grew_old_is_answered_anew(caller: Vantage) -> None:
    async with by_udp(registrar(stale=True)) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert sample.outcome is Outcome.PASS
    assert [each.seq for each in peer.received] == list(range(1, len(peer.received) + 1))


async def test_a_nonce_that_is_always_old_ends_in_a_refusal(caller: Vantage) -> None:
    def handler(request: Incoming) -> list[bytes]:
        return [reply(request, "401 No", ("WWW-Authenticate", 'Digest realm="r", nonce="n", stale=true'))]

    async with by_udp(handler) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert (sample.code, len(peer.received)) == ("sip.401", 3)


@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-512-256"])
async def test_the_strongest_challenge_we_know_is_answered(caller: Vantage, algorithm: str) -> None:
    async with by_udp(
        registrar(realm=f'Digest realm="r", nonce="n1", algorithm={algorithm}, qop="auth,auth-int"')
    ) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert sample.outcome is Outcome.PASS
    assert f"algorithm={algorithm}" in peer.received[1].first("authorization")


@pytest.mark.parametrize(
    ("binding", "code"),
    [
        ("<sip:other@192.0.2.1>;expires=60", "sip.contact-missing"),
        ("{contact};expires=0", "sip.expiry"),
        ("{contact};expires=soon", "sip.expiry"),
        ("<<<{contact}", "sip.contact-missing"),
    ],
)
async def test_a_registrar_that_does_not_hold_our_contact_never_passes(
    caller: Vantage, no_leaks: None, binding: str, code: str
) -> None:
    async with by_udp(registrar(binding=binding)) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
        await caller.aclose()
        assert peer.received[-1].first("expires") == "0"
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


async def test_a_longer_life_is_asked_for_when_the_registrar_wants_it(caller: Vantage) -> None:
    good = registrar(binding="{contact};expires=120")

    def handler(request: Incoming) -> list[bytes]:
        if request.first("expires") == "60" and request.first("authorization"):
            return [reply(request, "423 Interval Too Brief", ("Min-Expires", "120"))]
        return good(request)

    async with by_udp(handler) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert (sample.outcome, sample.detail) == (Outcome.PASS, "registered for 120 s and taken back")


async def test_a_registration_that_cannot_be_taken_back_warns_and_is_tried_again(caller: Vantage) -> None:
    good = registrar()
    refusals = 0

    def handler(request: Incoming) -> list[bytes]:
        nonlocal refusals
        if request.first("expires") == "0" and refusals < 1:
            refusals += 1
            return [reply(request, "500 Not Now")]
        return good(request)

    async with by_udp(handler) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
        await caller.aclose()
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.still-registered")
    assert [each.first("expires") for each in peer.received[-2:]] == ["0", "0"]


async def test_over_tls_it_registers_at_a_checked_server(caller: Vantage, pki: Pki, no_leaks: None) -> None:
    async with by_tcp(registrar(), context=pki.good()) as peer:
        proxy = f"localhost:{peer.port};transport=tls"
        good = await register(caller, proxy, ca=pki.ca)
        bad = await register(caller, proxy)
    assert (good.outcome, bad.code) == (Outcome.PASS, "tls.untrusted")
    assert ";transport=tls>" in peer.received[0].first("contact")


async def test_calls_that_reach_the_probe_are_not_taken(caller: Vantage) -> None:
    from tests.kit.sip_messages import PLAIN

    good = registrar()
    invite = PLAIN.replace(b"SIP/2.0 200 OK", b"INVITE sip:x SIP/2.0").replace(b"OPTIONS", b"INVITE")
    async with by_udp(lambda request: [*([invite] if request.code == 0 else []), *good(request)]) as peer:
        await register(caller, f"127.0.0.1:{peer.port}")
    assert {each.code for each in peer.of("INVITE")} == {480}


async def test_a_reply_of_garbage_never_passes(caller: Vantage) -> None:
    async with by_udp(lambda _: [b"SIP/2.0 200 OK\r\n\r\n"]) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}", within=0.3)
        peer.handler = saying("200 OK")
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.malformed")
