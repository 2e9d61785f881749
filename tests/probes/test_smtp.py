"""The mail probe against aiosmtpd, and against scripts for what no proper server does."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import (
    Pki,
    black_hole,
    dripping,
    hanging,
    look_at,
    refused_port,
    saying,
    script,
    serve,
    settle,
)

pytestmark = pytest.mark.alone


class Mailbox:
    """Remembers what was asked of the server, and answers RCPT as told."""

    def __init__(self, rcpt: str = "250 OK") -> None:
        self.rcpt = rcpt
        self.recipients: list[str] = []
        self.resets = 0
        self.quits = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.recipients.append(address)
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.resets += 1
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.quits += 1
        return "221 Bye"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raise AssertionError("a probe must never send a message")


def authenticator(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"watch", b"geheim")
    return AuthResult(success=good, handled=False)


@contextlib.asynccontextmanager
async def mail(box: Mailbox, context: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    protocols: list[SMTP] = []

    def make() -> SMTP:
        protocols.append(SMTP(box, hostname="mail.example.test", tls_context=context, **options))
        return protocols[-1]

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for protocol in protocols:
            if protocol.transport is not None:
                assert isinstance(protocol.transport, asyncio.WriteTransport)
                protocol.transport.abort()
        await settle()


@pytest.fixture
def secretive(secret_directory: Path) -> Secrets:
    for name, content in (("right", "geheim\n"), ("wrong", "falsch\n")):
        path = secret_directory / name
        path.write_text(content)
        path.chmod(0o600)
    return Secrets(secret_directory, {})


@pytest.fixture
async def knowing(secretive: Secrets) -> AsyncIterator[Vantage]:
    place = Vantage("here", secretive)
    yield place
    await place.aclose()


async def test_a_server_that_greets_passes_and_is_left_politely(vantage: Vantage) -> None:
    box = Mailbox()
    async with mail(box) as port:
        sample = await look_at(vantage, "smtp", f"smtp://127.0.0.1:{port}")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail.startswith("220 mail.example.test")
    assert sample.detail.endswith("(no TLS)")
    assert list(sample.phases) == ["resolve", "connect", "banner", "ehlo"]
    assert (box.recipients, box.quits) == ([], 1)


async def test_starttls_is_used_where_offered(vantage: Vantage, pki: Pki) -> None:
    async with mail(Mailbox(), pki.good()) as port:
        target = f"smtp://localhost:{port}"
        used = await look_at(vantage, "smtp", target, ca=pki.ca)
        unused = await look_at(vantage, "smtp", target, ca=pki.ca, starttls="never")
    assert used.detail.endswith("(TLSv1.3)")
    assert list(used.phases) == ["resolve", "connect", "banner", "ehlo", "starttls", "tls"]
    assert unused.detail.endswith("(no TLS)")


async def test_starttls_required_but_gone_is_a_failure(vantage: Vantage) -> None:
    async with mail(Mailbox()) as port:
        sample = await look_at(vantage, "smtp", f"smtp://127.0.0.1:{port}", starttls="required")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "smtp.starttls-missing")


async def test_the_certificate_is_verified(vantage: Vantage, pki: Pki) -> None:
    async with mail(Mailbox(), pki.expired()) as port:
        expired = await look_at(vantage, "smtp", f"smtp://localhost:{port}", ca=pki.ca)
        untrusted = await look_at(vantage, "smtp", f"smtp://localhost:{port}")
    assert (expired.outcome, expired.code) == (Outcome.FAIL, "tls.expired")
    assert untrusted.code == "tls.untrusted"


@pytest.mark.parametrize("excluded", [[], ["PLAIN"]])
async def test_logging_in_under_tls(knowing: Vantage, pki: Pki, excluded: list[str]) -> None:
    options = {"authenticator": authenticator, "auth_exclude_mechanism": excluded}
    async with mail(Mailbox(), pki.good(), **options) as port:
        target = f"smtp://localhost:{port}"
        right = await look_at(knowing, "smtp", target, ca=pki.ca, user="watch", secret="right")
        wrong = await look_at(knowing, "smtp", target, ca=pki.ca, user="watch", secret="wrong")
    assert right.outcome is Outcome.PASS
    assert "auth" in right.phases
    assert (wrong.outcome, wrong.code) == (Outcome.FAIL, "smtp.535")
    assert "falsch" not in wrong.detail


async def test_a_server_without_auth_is_told_apart(knowing: Vantage) -> None:
    async with serve(script(b"220 mail\r\n", b"250 mail\r\n")) as server:
        sample = await look_at(knowing, "smtp", f"smtp://127.0.0.1:{server.port}", user="watch", secret="right")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "smtp.auth-missing")


async def test_a_password_is_never_sent_in_the_clear_off_this_machine(
    knowing: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outagetui.net.stream.Stream.remote", "192.0.2.1")
    said: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        said.append(await reader.readline())
        writer.write(b"250-mail\r\n250 AUTH PLAIN LOGIN\r\n")
        said.append(await reader.read(1000))

    async with serve(handler) as server:
        target = f"smtp://127.0.0.1:{server.port}"
        stripped = await look_at(knowing, "smtp", target, user="watch", secret="right")
        never = await look_at(knowing, "smtp", target, user="watch", secret="right", starttls="never")
    assert (stripped.outcome, stripped.code) == (Outcome.FAIL, "smtp.starttls-missing")
    assert (never.outcome, never.code) == (Outcome.UNKNOWN, "option.invalid")
    assert not any(line.startswith(b"AUTH") for line in said)


async def test_a_secret_that_cannot_be_read_is_our_trouble(vantage: Vantage) -> None:
    async with serve(hanging()) as server:
        target = f"smtp://127.0.0.1:{server.port}"
        sample = await look_at(vantage, "smtp", target, user="watch", secret="right")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "secret.unreadable")
    assert server.connections == 0


@pytest.mark.parametrize(
    ("rcpt", "outcome", "code"),
    [
        ("250 OK", Outcome.PASS, ""),
        ("451 greylisted", Outcome.WARN, "smtp.451"),
        ("550 no such user", Outcome.FAIL, "smtp.550"),
    ],
)
async def test_the_envelope_is_tried_and_taken_back(vantage: Vantage, rcpt: str, outcome: Outcome, code: str) -> None:
    box = Mailbox(rcpt)
    async with mail(box) as port:
        sample = await look_at(
            vantage, "smtp", f"smtp://127.0.0.1:{port}", mail_from="probe@example.test", rcpt_to="a@example.test"
        )
    assert (sample.outcome, sample.code) == (outcome, code)
    assert box.recipients == ["a@example.test"]
    assert box.resets == (0 if code == "smtp.550" else 1)


@pytest.mark.parametrize("address", ["a@b\r\nDATA", "a>b", "a b@c", "ü@b"])
async def test_an_address_cannot_smuggle_a_command(vantage: Vantage, address: str) -> None:
    sample = await look_at(vantage, "smtp", "smtp://127.0.0.1:25", mail_from="x@y", rcpt_to=address)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "option.invalid")


@pytest.mark.parametrize(
    ("turns", "code"),
    [
        ((b"554 no\r\n",), "smtp.554"),
        ((b"421 busy\r\n",), "smtp.421"),
        ((b"220 mail\r\n", b"550 no\r\n"), "smtp.550"),
        ((b"220 mail\r\n", b"502 what\r\n", b"250 mail\r\n"), ""),
        ((b"220 mail\r\n", b"250 mail\r\n", b"553 sender\r\n"), "smtp.553"),
        ((b"220 mail\r\n", b"250 mail\r\n", b"250 ok\r\n", b"250 ok\r\n", b"500 rset\r\n"), "smtp.500"),
        ((b"220 mail\r\n", None), "smtp.closed"),
        ((None,), "smtp.closed"),
        ((b"\r\n",), "smtp.protocol"),
        ((b"220-mail\r\n250 mixed\r\n",), "smtp.protocol"),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), "smtp.protocol"),
        ((b"999 odd\r\n",), "smtp.protocol"),
        ((b"220-mail\r\n" * 1000,), "smtp.protocol"),
        ((b"220 " + b"x" * 100_000,), "reply.too-long"),
        ((b"220 mail\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"454 not now\r\n"), "smtp.454"),
    ],
)
async def test_each_refusal_has_its_code(vantage: Vantage, turns: tuple[bytes | None, ...], code: str) -> None:
    envelope: dict[str, Any] = (
        {"mail_from": "a@example.test", "rcpt_to": "b@example.test"} if len(turns) in (3, 5) and code else {}
    )
    async with serve(script(*turns)) as server:
        sample = await look_at(vantage, "smtp", f"smtp://127.0.0.1:{server.port}", **envelope)
    assert (sample.outcome, sample.code) == (Outcome.FAIL if code else Outcome.PASS, code)


async def test_plaintext_behind_starttls_is_refused(vantage: Vantage, pki: Pki) -> None:
    turns = (b"220 mail\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"220 go\r\n250 injected\r\n")
    async with serve(script(*turns)) as server:
        sample = await look_at(vantage, "smtp", f"smtp://localhost:{server.port}", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.plaintext")


@pytest.mark.parametrize(
    ("turns", "phase"),
    [
        ((b"",), "banner"),
        ((b"220 mail\r\n", b""), "ehlo"),
        ((b"220 mail\r\n", b"250-mail\r\n250 STARTTLS\r\n", b""), "starttls"),
        ((b"220 mail\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"220 go\r\n"), "tls"),
        ((b"220 mail\r\n", b"250 mail\r\n", b""), "envelope"),
    ],
)
async def test_the_deadline_holds_wherever_a_server_stalls(
    vantage: Vantage, turns: tuple[bytes, ...], phase: str
) -> None:
    async with serve(script(*turns)) as server:
        target = f"smtp://localhost:{server.port}"
        sample = await look_at(vantage, "smtp", target, mail_from="a@example.test", within=0.2)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert list(sample.phases)[-1] == phase


async def test_a_server_that_does_not_answer_quit_has_passed(vantage: Vantage) -> None:
    async with serve(script(b"220 mail\r\n", b"250 mail\r\n", b"")) as server:
        sample = await look_at(vantage, "smtp", f"smtp://127.0.0.1:{server.port}", within=0.2)
    assert sample.outcome is Outcome.PASS


async def test_a_drip_refused_and_a_black_hole(vantage: Vantage) -> None:
    async with serve(dripping(b"220", b" ")) as server:
        assert (await look_at(vantage, "smtp", f"smtp://127.0.0.1:{server.port}", within=0.2)).code == "timeout"
    assert (await look_at(vantage, "smtp", f"smtp://127.0.0.1:{refused_port()}")).code == "tcp.refused"
    with black_hole() as port:
        assert (await look_at(vantage, "smtp", f"smtp://127.0.0.1:{port}", within=0.2)).code == "timeout"


async def test_port_465_speaks_tls_at_once(vantage: Vantage, pki: Pki) -> None:
    async with serve(script(b"220 mail\r\n", b"250 mail\r\n"), context=pki.good()) as server:
        sample = await look_at(
            vantage, "smtp", "smtp://localhost:465", ca=pki.ca, connect=f"127.0.0.1:{server.port}", within=1
        )
    assert sample.outcome is Outcome.PASS
    assert list(sample.phases) == ["resolve", "connect", "tls", "banner", "ehlo"]


async def test_smtps_speaks_tls_at_once_on_any_port(vantage: Vantage, pki: Pki) -> None:
    async with serve(script(b"220 mail\r\n", b"250 mail\r\n"), context=pki.good()) as server:
        sample = await look_at(vantage, "smtp", f"smtps://localhost:{server.port}", ca=pki.ca, within=1)
    assert sample.outcome is Outcome.PASS
    assert list(sample.phases) == ["resolve", "connect", "tls", "banner", "ehlo"]


@settings(max_examples=60)
@given(data=st.one_of(st.binary(max_size=200), st.binary(max_size=100).map(lambda tail: b"220-" + tail)))
def test_random_bytes_never_raise_and_never_pass_for_a_mail_server(data: bytes) -> None:
    async def scenario() -> None:
        vantage = Vantage("here", Secrets.none())
        async with serve(saying(data)) as server:
            sample = await look_at(vantage, "smtp", f"smtp://127.0.0.1:{server.port}", within=2)
        await vantage.aclose()
        assert sample.outcome is Outcome.FAIL
        assert sample.detail.isprintable()

    asyncio.run(scenario())
