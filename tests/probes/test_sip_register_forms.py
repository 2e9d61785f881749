"""The REGISTER probe and what registrars legally say: challenges, bindings, redirections; and what we cannot speak."""

import pytest
from outagetui.core.model import Outcome
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.message import Incoming
from tests.kit.scripted_registrar import register, registrar
from tests.kit.scripted_sip import by_udp, reply


@pytest.mark.parametrize(
    "demand",
    [
        'Digest realm="r", nonce="n1", algorithm=SHA3-512',
        'Digest realm="r", nonce="n1", qop="auth-int"',
        'Digest realm="r", nonce="n1", algorithm=AKAv1-MD5, qop="auth"',
        'Bearer realm="r", scope="sip"',
        "NTLM",
        'Digest realm="", Bearer realm="r"',
    ],
)
async def test_a_login_that_we_do_not_speak_is_our_own_limit(caller: Vantage, demand: str) -> None:
    async with by_udp(registrar(realm=demand)) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "sip.auth-unsupported")
    assert "a way to log in that we do not speak" in sample.detail


@pytest.mark.parametrize("demand", ["", "Digest", 'Digest realm="r"', 'Digest nonce="n1"'])
async def test_a_demand_that_nobody_could_meet_is_the_servers_fault(caller: Vantage, demand: str) -> None:
    async with by_udp(registrar(realm=demand)) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.401")


@pytest.mark.parametrize(
    "demand",
    [
        'DIGEST Realm="r",Nonce="n1",Algorithm="md5",QOP=auth',
        'Digest realm="r", nonce="n1", algorithm=MD5-sess, qop="auth-int,auth", charset=UTF-8',
        'digest realm = "r" , nonce = "n1" ,',
        'Bearer realm="x", Digest realm="r", nonce="n1", qop="auth"',
        'Digest realm="a, \\"b\\", Digest c=d", nonce="n1", qop="auth", opaque=""',
    ],
)
async def test_every_legal_form_of_a_challenge_is_answered(caller: Vantage, demand: str) -> None:
    async with by_udp(registrar(realm=demand)) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert sample.outcome is Outcome.PASS, sample


async def test_a_proxy_and_the_registrar_may_each_ask(caller: Vantage) -> None:
    good = registrar()

    def handler(request: Incoming) -> list[bytes]:
        seen = " ".join(request.headers.get("proxy-authorization", ()))
        for realm in ("one", "two"):
            if f'realm="{realm}"' not in seen:
                demand = ("Proxy-Authenticate", f'Digest realm="{realm}", nonce="n", qop="auth"')
                return [reply(request, "407 Proxy Authentication Required", demand)]
        return good(request)

    async with by_udp(handler) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert sample.outcome is Outcome.PASS, sample


@pytest.mark.parametrize(
    ("binding", "words"),
    [
        ("{contact}", "does not say for how long"),
        ("{contact};q=0.1", "does not say for how long"),
        ('"Desk, 2" <sip:desk@192.0.2.1>;expires=9, {contact};EXPIRES=30;q=0.1', "registered for 30 s"),
        ('{contact};expires="55"', "registered for 55 s"),
        ("{contact};expires=600000", "registered for 600000 s"),
        ('"Us \\"here\\", <you>" {contact} ; expires = 60', "registered for 60 s"),
    ],
)
async def test_every_legal_form_of_a_binding_is_read(caller: Vantage, binding: str, words: str) -> None:
    async with by_udp(registrar(binding=binding)) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert sample.outcome is Outcome.PASS, sample
    assert words in sample.detail


async def test_the_header_tells_the_life_where_the_contact_does_not(caller: Vantage) -> None:
    good = registrar(binding="{contact}")
    async with by_udp(
        lambda request: [each.replace(b"Content-Length", b"Expires: 45\r\nl", 1) for each in good(request)]
    ) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert sample.detail == "registered for 45 s and taken back"


async def test_a_binding_that_is_listed_after_it_was_taken_back_still_stands(caller: Vantage) -> None:
    def handler(request: Incoming) -> list[bytes]:
        contact = request.first("contact").partition(">")[0] + ">"
        return [reply(request, "200 OK", ("Contact", contact))]

    async with by_udp(handler) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.still-registered")


async def test_a_registrar_that_moved_is_found_and_strangers_learn_no_password(caller: Vantage) -> None:
    async with by_udp(registrar()) as there:
        moved = ("Contact", f"<sip:127.0.0.1:{there.port}>")
        async with by_udp(lambda request: [reply(request, "302 Moved", moved)]) as here:
            sample = await register(caller, f"127.0.0.1:{here.port}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.401")  # 127.0.0.1 is not in example.test
    assert not any(each.first("authorization") for each in there.received)


async def test_a_digest_that_the_server_repeats_is_hidden(caller: Vantage) -> None:
    def handler(request: Incoming) -> list[bytes]:
        given = request.first("authorization").partition('response="')[2].partition('"')[0]
        if not given:
            return [reply(request, "401 Who", ("WWW-Authenticate", 'Digest realm="r", nonce="n"'))]
        return [reply(request, f"403 not with {given}")]

    async with by_udp(handler) as peer:
        sample = await register(caller, f"127.0.0.1:{peer.port}")
        given = peer.received[1].first("authorization").partition('response="')[2].partition('"')[0]
    assert sample.code == "sip.403"
    assert given not in caller.secrets.hide(sample.detail)
