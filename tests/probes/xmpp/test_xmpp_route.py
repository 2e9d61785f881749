"""How the XMPP probe finds a domain's servers, and what it makes of servers that are none."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.net import resolve
from outagetui.net.vantage import Vantage
from tests.kit.scripted_nameservers import nameserver, reply_to
from tests.kit.scripted_servers import Handler, Pki, dripping, hanging, look_at, refused_port, saying, serve
from tests.probes.xmpp.looks import Look
from tests.servers.prosody import Prosody

HEAD = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


@pytest.fixture
async def named(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, list[str]]]:
    """SRV records by name; what is not there does not exist."""
    zone: dict[str, list[str]] = {}

    def answer(query: object, _: bool) -> list[bytes]:
        name = query.question[0].name.to_text()  # type: ignore[attr-defined]
        lines = [f"{name} SRV {each}" for each in zone.get(name, [])]
        return [reply_to(query, *lines, rcode=0 if name in zone else 3).to_wire()]  # type: ignore[arg-type]

    async with nameserver(answer) as port:
        monkeypatch.setattr(resolve, "nameservers", lambda: [("127.0.0.1", port)])
        yield zone


async def test_srv_records_lead_to_the_server_the_best_first(
    at: Look, prosody: Prosody, named: dict[str, list[str]]
) -> None:
    named["_xmpp-client._tcp.example.test."] = [
        f"20 0 {prosody.port} localhost.",
        f"10 0 {refused_port()} localhost.",
    ]
    sample = await at(connect=None)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert f":{prosody.port} " in sample.detail
    assert list(sample.phases) == ["resolve", "connect", "tls", "login", "ping"]


async def test_direct_tls_is_taken_where_its_records_come_first(
    at: Look, prosody: Prosody, named: dict[str, list[str]]
) -> None:
    named["_xmpp-client._tcp.example.test."] = [f"5 1 {prosody.port} localhost."]
    named["_xmpps-client._tcp.example.test."] = [f"1 1 {prosody.tls_port} localhost."]
    assert f":{prosody.tls_port} " in (await at(connect=None)).detail


async def test_direct_tls_alone_asks_for_nothing_else(at: Look, prosody: Prosody, named: dict[str, list[str]]) -> None:
    named["_xmpp-client._tcp.example.test."] = [f"1 1 {prosody.port} localhost."]
    named["_xmpps-client._tcp.example.test."] = [f"5 1 {prosody.tls_port} localhost."]
    assert f":{prosody.tls_port} " in (await at(connect=None, direct_tls=True)).detail


async def test_a_domain_that_says_it_has_no_such_service(at: Look, named: dict[str, list[str]]) -> None:
    named["_xmpp-client._tcp.example.test."] = ["0 0 0 ."]
    sample = await at(connect=None)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.not-offered")


async def test_every_server_of_a_domain_refuses(at: Look, named: dict[str, list[str]]) -> None:
    named["_xmpp-client._tcp.example.test."] = [f"1 0 {refused_port()} localhost.", f"2 0 {refused_port()} localhost."]
    assert (await at(connect=None)).code == "tcp.refused"


async def test_a_resolver_that_is_dead_is_our_own_trouble(at: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "nameservers", lambda: [("127.0.0.1", refused_port())])
    sample = await at(connect=None)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "dns.no-resolver")


async def test_a_resolver_that_is_silent_is_our_own_trouble_too(at: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setattr(resolve, "nameservers", lambda: [silent.getsockname()])
        sample = await at(connect=None, within=0.4)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "dns.no-resolver")


async def test_without_records_the_domain_itself_is_dialled(
    place: Vantage, at: Look, named: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    refused = refused_port()

    async def recorded(host: str, port: int, **_: object) -> list[resolve.Address]:
        asked.append((host, port))
        return [resolve.Address(2, "127.0.0.1", refused)]

    monkeypatch.setattr(place, "resolve", recorded)
    assert (await at(connect=None)).code == "tcp.refused"
    assert (await at(connect=None, direct_tls=True)).code == "tcp.refused"
    assert asked == [("example.test", 5222), ("example.test", 5223)]


@pytest.mark.parametrize("target", ["xmpp://example.test", "xmpp://watch@", "xmpp://a%20@b@c", "xmpp:watch"])
async def test_a_target_that_names_no_account(at: Look, target: str) -> None:
    assert (await at(target=target)).code == "target.invalid"


Fake = Callable[[Handler], "asyncio.Future[Sample]"]


async def against(place: Vantage, pki: Pki, handler: Handler, within: float = 2.0) -> Sample:
    """Look at a server whose every byte after the handshake is given."""
    context = pki.good("example.test")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    async with serve(handler, context=context) as server:
        return await look_at(
            place,
            "xmpp",
            "xmpp://watch@example.test",
            within=within,
            connect=f"127.0.0.1:{server.port}",
            secret="right",
            ca=pki.ca,
            direct_tls=True,
        )


def features(*mechanisms: str) -> str:
    inner = "".join(f"<mechanism>{each}</mechanism>" for each in mechanisms)
    return f"{HEAD}<stream:features><mechanisms xmlns='{SASL}'>{inner}</mechanisms></stream:features>"


def dialogue(*turns: str) -> Handler:
    """Say each turn when something has come; then nothing more."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for turn in turns:
            await reader.read(65536)
            writer.write(turn.encode())
        while await reader.read(65536):
            pass

    return handler


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"220 mail.example.test ESMTP\r\n", "xmpp.protocol"),
        (b"<html>" + b" " * 100, "xmpp.protocol"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><stream>", "xmpp.protocol"),
        (b"<?xml version='1.0' encoding='gb2312'?><stream>", "xmpp.protocol"),
        (HEAD.encode() + b"<a><b></a>", "xmpp.protocol"),
        (HEAD.encode() + b"<message/>", "xmpp.protocol"),
        (HEAD.encode() + b"</stream:stream>", "xmpp.closed"),
        (b"", "xmpp.closed"),
    ],
)
async def test_what_is_no_xmpp(place: Vantage, pki: Pki, said: bytes, code: str) -> None:
    sample = await against(place, pki, saying(said))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


async def test_a_stream_error_before_the_login(place: Vantage, pki: Pki) -> None:
    space = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'"
    error = f"<stream:error><{{0}} {space}/><text {space}>{{1}}</text></stream:error>"
    known = await against(place, pki, saying((HEAD + error.format("host-unknown", "")).encode()))
    other = await against(place, pki, saying((HEAD + error.format("see-other-host", "\x9b2Jaway")).encode()))
    assert (known.code, other.code) == ("xmpp.host-unknown", "xmpp.stream-error")
    assert "see-other-host" in other.detail
    assert "\x9b" not in other.detail


async def test_an_answer_that_never_ends_is_cut(place: Vantage, pki: Pki) -> None:
    endless = dripping(HEAD.encode() + b"<stream:features><a>", b"x" * 65536, every=0)
    sample = await against(place, pki, endless, within=10.0)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.protocol")


async def test_a_server_that_hangs_after_the_handshake(place: Vantage, pki: Pki) -> None:
    sample = await against(place, pki, hanging(), within=0.3)
    assert sample.code == "timeout"
    assert "phase login" in sample.detail
    assert list(sample.phases) == ["resolve", "connect", "tls", "login"]


async def test_a_login_that_we_do_not_speak_is_our_own_limit(place: Vantage, pki: Pki) -> None:
    sample = await against(place, pki, dialogue(features("ANONYMOUS", "EXTERNAL", "DIGEST-MD5")))
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "xmpp.auth-missing")
    assert "does not speak: ANONYMOUS, DIGEST-MD5, EXTERNAL" in sample.detail
    none = await against(place, pki, dialogue(features()))
    assert (none.outcome, none.code) == (Outcome.FAIL, "xmpp.auth-missing")


def scram(rounds: int) -> Callable[[str], str]:
    def challenge(first: str) -> str:
        nonce = base64.b64decode(first).decode().rpartition("r=")[2]
        words = f"r={nonce}server,s={base64.b64encode(b'salt').decode()},i={rounds}"
        return f"<challenge xmlns='{SASL}'>{base64.b64encode(words.encode()).decode()}</challenge>"

    return challenge


def scram_dialogue(rounds: int, end: str) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(features("SCRAM-SHA-256", "PLAIN").encode())
        auth = (await reader.read(65536)).decode()
        writer.write(scram(rounds)(auth.partition(">")[2].partition("<")[0]).encode())
        await reader.read(65536)
        writer.write(end.encode())
        while await reader.read(65536):
            pass

    return handler


@pytest.mark.parametrize(
    ("rounds", "end", "code"),
    [
        (2_000_000_000, "", "xmpp.protocol"),
        (0, "", "xmpp.protocol"),
        (4096, f"<success xmlns='{SASL}'/>", "xmpp.impostor"),
        (4096, f"<success xmlns='{SASL}'>{base64.b64encode(b'v=bm8=').decode()}</success>", "xmpp.impostor"),
        (4096, f"<failure xmlns='{SASL}'><account-disabled/></failure>", "xmpp.account-disabled"),
        (4096, f"<failure xmlns='{SASL}'><made-up/></failure>", "xmpp.undefined-condition"),
        (4096, "<message/>", "xmpp.protocol"),
    ],
)
async def test_a_server_that_cannot_be_trusted_with_the_login(
    place: Vantage, pki: Pki, rounds: int, end: str, code: str
) -> None:
    sample = await against(place, pki, scram_dialogue(rounds, end))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


async def test_a_challenge_that_is_nonsense(place: Vantage, pki: Pki) -> None:
    nonsense = f"<challenge xmlns='{SASL}'>{base64.b64encode(b'i=,,=').decode()}</challenge>"
    sample = await against(place, pki, dialogue(features("SCRAM-SHA-1"), nonsense))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.protocol")


async def test_a_password_that_no_login_can_hold(place: Vantage, pki: Pki, secret_directory: Path) -> None:
    (secret_directory / "right").write_text("ge\x07heim")
    sample = await against(place, pki, dialogue(features("PLAIN")))
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "secret.unusable")
