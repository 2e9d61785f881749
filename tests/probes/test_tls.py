"""Every reason a certificate can be refused for, on plain TLS and after STARTTLS."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
from outagetui.core.model import Outcome
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import (
    Handler,
    Pki,
    black_hole,
    dripping,
    hanging,
    look_at,
    refused_port,
    saying,
    script,
    serve,
)


async def test_a_good_certificate_tells_the_days_left(vantage: Vantage, pki: Pki) -> None:
    async with serve(hanging(), context=pki.ending_in(60.5)) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail.startswith("60 days left (leaf)")
    assert sample.detail.endswith("TLSv1.3")
    assert list(sample.phases) == ["resolve", "connect", "tls"]


@pytest.mark.parametrize(
    ("context", "code"),
    [
        (Pki.expired, "tls.expired"),
        (Pki.not_yet_valid, "tls.not-yet-valid"),
        (Pki.rogue, "tls.untrusted"),
        (Pki.rogue_with_root, "tls.untrusted"),
        (Pki.self_signed, "tls.self-signed"),
        (Pki.through_intermediate, ""),
    ],
)
async def test_each_refusal_has_its_code(
    vantage: Vantage, pki: Pki, context: Callable[[Pki], ssl.SSLContext], code: str
) -> None:
    async with serve(hanging(), context=context(pki)) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca)
        web = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca, within=0.3)
    assert (sample.outcome, sample.code) == (Outcome.FAIL if code else Outcome.PASS, code)
    assert web.code == (code or "timeout")
    assert "tls" in sample.phases


async def test_a_private_authority_is_untrusted_without_its_file(vantage: Vantage, pki: Pki) -> None:
    async with serve(hanging(), context=pki.good()) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}")
    assert sample.code == "tls.untrusted"
    assert "Testing CA" in sample.detail


async def test_a_forgotten_intermediate_is_an_incomplete_chain(vantage: Vantage, pki: Pki) -> None:
    ca, context = pki.incomplete()
    async with serve(hanging(), context=context) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.incomplete-chain")
    assert "Middle" in sample.detail


async def test_the_name_on_the_certificate_counts(vantage: Vantage, pki: Pki) -> None:
    async with serve(hanging(), context=pki.good("www.example.test")) as server:
        target = f"tls://127.0.0.1:{server.port}"
        wrong = await look_at(vantage, "tls", target, ca=pki.ca)
        named = await look_at(vantage, "tls", target, ca=pki.ca, server_name="www.example.test")
        dialled = await look_at(
            vantage, "tls", "tls://www.example.test:443", ca=pki.ca, connect=f"127.0.0.1:{server.port}"
        )
    assert (wrong.outcome, wrong.code) == (Outcome.FAIL, "tls.hostname")
    assert named.outcome is Outcome.PASS
    assert dialled.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("days", "outcome", "code"),
    [(22, Outcome.PASS, ""), (20, Outcome.WARN, "tls.expires-soon"), (2, Outcome.FAIL, "tls.expires-soon")],
)
async def test_an_end_in_sight_warns_and_then_fails(
    vantage: Vantage, pki: Pki, days: float, outcome: Outcome, code: str
) -> None:
    async with serve(hanging(), context=pki.ending_in(days)) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca)
    assert (sample.outcome, sample.code) == (outcome, code)


async def test_the_earliest_end_of_the_chain_counts(vantage: Vantage, pki: Pki) -> None:
    ca, context = pki.short_intermediate()
    async with serve(hanging(), context=context) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.expires-soon")
    assert "(Middle)" in sample.detail


async def test_an_old_protocol_has_its_own_code(vantage: Vantage, pki: Pki) -> None:
    # The alert protocol_version (70), which a server that speaks only older versions sends (RFC 8446 section 6.2).
    async with serve(saying(b"\x15\x03\x01\x00\x02\x02\x46")) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.protocol")


@pytest.mark.parametrize(
    "said", [b"", b"220 mail ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x03\xff\xff" * 9]
)
async def test_what_is_not_tls_fails_in_the_handshake(vantage: Vantage, pki: Pki, said: bytes) -> None:
    async with serve(saying(said)) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca)
    assert sample.outcome is Outcome.FAIL
    assert sample.code in ("tls.handshake", "tcp.reset")


async def test_refused_and_silent_ports(vantage: Vantage) -> None:
    assert (await look_at(vantage, "tls", f"tls://127.0.0.1:{refused_port()}")).code == "tcp.refused"
    with black_hole() as port:
        assert (await look_at(vantage, "tls", f"tls://127.0.0.1:{port}", within=0.2)).code == "timeout"
    async with serve(hanging()) as server:
        sample = await look_at(vantage, "tls", f"tls://127.0.0.1:{server.port}", within=0.2)
    assert sample.code == "timeout"
    assert sample.phases["tls"] > 100


@pytest.mark.parametrize("target", ["tls://localhost", "tls://:443", "tls://localhost:none", "nonsense"])
async def test_a_target_without_host_and_port_is_our_mistake(vantage: Vantage, target: str) -> None:
    sample = await look_at(vantage, "tls", target)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "target.invalid")


async def test_an_authority_s_file_that_cannot_be_read_is_our_trouble(vantage: Vantage) -> None:
    async with serve(hanging()) as server:
        sample = await look_at(vantage, "tls", f"tls://127.0.0.1:{server.port}", ca="/nowhere/ca.pem")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "tls.ca-unreadable")


XMPP_HEAD = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
XMPP_TLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
XMPP_OFFER = XMPP_HEAD + b"<stream:features>" + XMPP_TLS + b"</stream:features>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def upgrading(context: ssl.SSLContext, *turns: tuple[bytes, bytes]) -> Handler:
    """Say each turn's words after its cue was read (an empty one: at once), then start TLS."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for cue, words in turns:
            if cue:
                await reader.readuntil(cue)
            writer.write(words)
        await writer.start_tls(context)
        await reader.read(65536)

    return handler


TALKS = {
    "smtp": ((b"", b"220-mail\r\n220 ready\r\n"), (b"\r\n", b"250-mail\r\n250 STARTTLS\r\n"), (b"\r\n", b"220 go\r\n")),
    "imap": (
        (b"", b"* OK ready\r\n"),
        (b"\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n"),
        (b"\r\n", b"a2 OK go\r\n"),
    ),
    "xmpp": ((b"to=", XMPP_OFFER), (b"<starttls", PROCEED)),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # asyncio's own server side forgets a transport it upgraded
@pytest.mark.parametrize("protocol", list(TALKS))
async def test_starttls_leads_to_the_certificate(vantage: Vantage, pki: Pki, protocol: str) -> None:
    for context, code in ((pki.good(), ""), (pki.expired(), "tls.expired")):
        async with serve(upgrading(context, *TALKS[protocol])) as server:
            target = f"tls://localhost:{server.port}"
            sample = await look_at(vantage, "tls", target, ca=pki.ca, starttls=protocol)
        assert sample.code == code
        assert list(sample.phases) == ["resolve", "connect", "starttls", "tls"]


@pytest.mark.parametrize(
    ("protocol", "turns"),
    [
        ("smtp", (b"220 mail\r\n", b"250-mail\r\n250 SIZE\r\n")),
        ("imap", (b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\na1 OK done\r\n")),
        ("imap", (b"* PREAUTH hello\r\n",)),
        ("xmpp", (XMPP_HEAD + b"<stream:features><mechanisms xmlns='x'/></stream:features>",)),
        ("xmpp", (XMPP_HEAD + b"<stream:features/>",)),
    ],
)
async def test_starttls_no_longer_offered_is_a_failure(
    vantage: Vantage, protocol: str, turns: tuple[bytes, ...]
) -> None:
    async with serve(script(*turns)) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", starttls=protocol)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.starttls-missing")


@pytest.mark.parametrize("protocol", list(TALKS))
async def test_plaintext_behind_starttls_is_refused(vantage: Vantage, pki: Pki, protocol: str) -> None:
    *turns, (cue, words) = TALKS[protocol]
    extra = b"<message>injected</message>" if protocol == "xmpp" else b"250 injected\r\n"
    async with serve(upgrading(pki.good(), *turns, (cue, words + extra))) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca, starttls=protocol)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.plaintext")


@pytest.mark.parametrize(
    ("protocol", "turns", "code"),
    [
        ("smtp", (b"220 mail\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"454 not now\r\n"), "tls.starttls-refused"),
        ("imap", (b"* OK\r\n", b"* CAPABILITY STARTTLS\r\na1 OK\r\n", b"a2 NO not now\r\n"), "tls.starttls-refused"),
        ("smtp", (b"554 go away\r\n",), "smtp.554"),
        ("smtp", (b"* OK imap here\r\n",), "smtp.protocol"),
        ("smtp", (b"220 mail\r\n", None), "smtp.closed"),
        ("smtp", (b"x" * 10_000,), "reply.too-long"),
        ("imap", (b"220 mail\r\n",), "imap.protocol"),
        ("imap", (b"* BYE overloaded\r\n",), "imap.bye"),
        ("imap", (b"* OK\r\n", b"garbage\r\n"), "imap.protocol"),
        ("imap", (b"* OK\r\n", b"* 1\r\n" * 1000 + b"garbage\r\n"), "imap.protocol"),
        ("imap", (None,), "imap.closed"),
        ("xmpp", (b"220 mail\r\n",), "xmpp.protocol"),
        ("xmpp", (b"<!DOCTYPE x><x>",), "xmpp.protocol"),
        ("xmpp", (b"<html>",), "xmpp.protocol"),
        ("xmpp", (XMPP_HEAD + b"<stream:error><host-unknown xmlns='s'/></stream:error>",), "xmpp.host-unknown"),
        ("xmpp", (XMPP_HEAD + b"<a/>" * 30_000,), "xmpp.protocol"),
    ],
)
async def test_what_goes_wrong_before_tls_is_told_apart(
    vantage: Vantage, protocol: str, turns: tuple[bytes | None, ...], code: str
) -> None:
    async with serve(script(*turns)) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", starttls=protocol)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


async def test_an_xmpp_server_that_hangs_up_is_told_apart(vantage: Vantage) -> None:
    async def handler(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b">")

    async with serve(handler) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", starttls="xmpp")
    assert sample.code in ("xmpp.closed", "tcp.reset")


@pytest.mark.parametrize("protocol", list(TALKS))
async def test_a_stall_before_tls_keeps_the_deadline(vantage: Vantage, protocol: str) -> None:
    for handler in (hanging(), dripping(b"", b"x")):
        async with serve(handler) as server:
            sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", starttls=protocol, within=0.2)
        assert sample.outcome is Outcome.FAIL
        assert sample.code in ("timeout", "xmpp.protocol")
        assert "starttls" in sample.phases


def demanding(pki: Pki, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server that takes only clients with a certificate."""
    context = pki.good()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pki.ca)
    context.minimum_version = context.maximum_version = version
    return context


@contextlib.contextmanager
def refusing(context: ssl.SSLContext, *before: bytes) -> Iterator[int]:
    """A server in a thread that says `before`, a line for a line, and then shakes hands, alerts and all."""

    def one(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError), sock.makefile("rb") as lines:
            for said in before:
                sock.sendall(said)
                if said is not before[-1]:
                    lines.readline()
            with context.wrap_socket(sock, server_side=True) as protected:
                protected.recv(1)

    def serve_all() -> None:
        with contextlib.suppress(OSError):
            while True:
                one(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve_all)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_demands_a_certificate_of_its_clients_is_not_well(
    vantage: Vantage, pki: Pki, version: ssl.TLSVersion
) -> None:
    """By TLS 1.3 the handshake is over for us before the server has looked; by 1.2 it has no word for it."""
    code = "tls.client-certificate"
    with refusing(demanding(pki, version)) as port:
        sample = await look_at(vantage, "tls", f"tls://localhost:{port}", ca=pki.ca)
        web = await look_at(vantage, "http", f"https://localhost:{port}/", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
    assert (web.outcome, web.code) == (Outcome.FAIL, code)


async def test_a_server_that_breaks_off_after_the_handshake_is_not_well(vantage: Vantage, pki: Pki) -> None:
    async with serve(hanging(), context=demanding(pki, ssl.TLSVersion.TLSv1_3)) as server:  # sends no alert
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.handshake")


async def test_a_server_that_only_asks_for_a_certificate_is_well(vantage: Vantage, pki: Pki) -> None:
    context = demanding(pki, ssl.TLSVersion.TLSv1_3)
    context.verify_mode = ssl.CERT_OPTIONAL
    async with serve(hanging(), context=context) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")


@pytest.mark.parametrize("tickets", [0, 2])
@pytest.mark.parametrize("handler", [hanging(), hanging(b"220 hello\r\n"), saying(b"220 hello\r\n"), saying(b"")])
async def test_a_server_that_says_nothing_more_or_something_or_goodbye_has_not_refused(
    vantage: Vantage, pki: Pki, handler: Handler, tickets: int
) -> None:
    context = pki.good()
    context.num_tickets = tickets
    async with serve(handler, context=context) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca, within=0.8)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.latency_ms is not None
    assert sample.latency_ms < 400  # waiting for a refusal is no part of it


@pytest.mark.parametrize(
    ("protocol", "before"),
    [
        ("smtp", (b"220 mail ESMTP\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"220 go\r\n")),
        ("imap", (b"* OK hello\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n", b"a2 OK go\r\n")),
    ],
)
async def test_the_late_refusal_is_heard_after_starttls_too(
    vantage: Vantage, pki: Pki, protocol: str, before: tuple[bytes, ...]
) -> None:
    with refusing(demanding(pki, ssl.TLSVersion.TLSv1_3), *before) as port:
        sample = await look_at(vantage, "tls", f"tls://localhost:{port}", starttls=protocol, ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.client-certificate")
    assert "demands a certificate" in sample.detail


@pytest.mark.parametrize("name", ["a b", "a..b", "[::1", ""])
async def test_a_server_name_that_is_no_host_is_our_own_trouble(vantage: Vantage, pki: Pki, name: str) -> None:
    async with serve(hanging(), context=pki.good()) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", server_name=name or "a/b", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "option.invalid")
