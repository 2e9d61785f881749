"""The mailbox probe against Dovecot, and against scripts for what no proper server does."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.model import Outcome, Sample
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.cancelling import cancelled_at
from tests.kit.hostile_servers import floods, serving
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
    settle,
)
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot

HELLO = b"* OK [CAPABILITY IMAP4rev1] ready\r\n"
BOB = "bob%40example.test"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Dovecot]:
    users = {"bob@example.test": "pw-bob", "ü@example.test": 'sch"ö\\n'}
    server = Dovecot(tmp_path_factory.mktemp("dovecot"), certificate=certificates.good, users=users)
    yield server.start()
    server.remove()


@pytest.fixture
async def knowing(secret_directory: Path) -> AsyncIterator[Vantage]:
    for name, content in (("right", "pw-bob\n"), ("wrong", "falsch\n"), ("odd", 'sch"ö\\n')):
        (secret_directory / name).write_text(content)
        (secret_directory / name).chmod(0o600)
    place = Vantage("here", Secrets(secret_directory, {}))
    yield place
    await place.aclose()


def imap(line: str, *more: str) -> bytes:
    """Lines as a server sends them."""
    return "".join(f"{each}\r\n" for each in (line, *more)).encode()


async def scripted(vantage: Vantage, handler: Handler, within: float = 2.0, user: bool = True) -> Sample:
    """One look at a server that follows `handler`."""
    options = {"secret": "right"} if user else {}
    async with serve(handler) as server:
        target = f"imap://{'bob@' if user else ''}127.0.0.1:{server.port}"
        return await look_at(vantage, "imap", target, within=within, **options)


async def test_a_mailbox_is_opened_under_starttls_and_left_politely(
    knowing: Vantage, dovecot: Dovecot, certificates: Certificates, no_leaks: None
) -> None:
    target = f"imap://{BOB}@localhost:{dovecot.port}"
    sample = await look_at(knowing, "imap", target, ca=str(certificates.ca), secret="right")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail == "INBOX is open, 0 messages, TLSv1.3"
    assert list(sample.phases) == [
        *("resolve", "connect", "greeting", "starttls", "tls", "login", "select", "noop"),
    ]


async def test_imaps_speaks_tls_at_once(knowing: Vantage, dovecot: Dovecot, certificates: Certificates) -> None:
    target = f"imaps://{BOB}@localhost:{dovecot.tls_port}"
    sample = await look_at(knowing, "imap", target, ca=str(certificates.ca), secret="right")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert list(sample.phases)[:4] == ["resolve", "connect", "tls", "greeting"]


async def test_without_a_user_nobody_logs_in(vantage: Vantage, dovecot: Dovecot) -> None:
    sample = await look_at(vantage, "imap", f"imap://localhost:{dovecot.port}", starttls="never")
    assert (sample.outcome, sample.detail) == (Outcome.PASS, "greeted, no TLS")
    assert "login" not in sample.phases


async def test_a_wrong_password_is_told_apart_and_never_shown(
    knowing: Vantage, dovecot: Dovecot, certificates: Certificates
) -> None:
    target = f"imap://{BOB}@localhost:{dovecot.port}"
    sample = await look_at(knowing, "imap", target, ca=str(certificates.ca), secret="wrong")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "imap.auth-failed")
    assert "falsch" not in sample.detail


async def test_any_character_may_stand_in_name_and_password(
    knowing: Vantage, dovecot: Dovecot, certificates: Certificates
) -> None:
    target = f"imaps://%C3%BC%40example.test@localhost:{dovecot.tls_port}"
    sample = await look_at(knowing, "imap", target, ca=str(certificates.ca), secret="odd")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")


@pytest.mark.parametrize("mechanism", ["scram-sha-1", "scram-sha-256", "cram-md5", "plain login scram-sha-256"])
async def test_every_login_that_dovecot_knows(
    knowing: Vantage, tmp_path: Path, certificates: Certificates, mechanism: str
) -> None:
    users = {"bob@example.test": "pw-bob"}
    server = Dovecot(tmp_path / "d", certificate=certificates.good, users=users, mechanisms=mechanism).start()
    try:
        target = f"imaps://{BOB}@localhost:{server.tls_port}"
        right = await look_at(knowing, "imap", target, ca=str(certificates.ca), secret="right")
        wrong = await look_at(knowing, "imap", target, ca=str(certificates.ca), secret="wrong")
    finally:
        server.remove()
    assert (right.outcome, right.code) == (Outcome.PASS, "")
    assert (wrong.outcome, wrong.code) == (Outcome.FAIL, "imap.auth-failed")


async def test_a_secret_that_cannot_be_read_is_our_trouble(vantage: Vantage) -> None:
    async with serve(hanging()) as server:
        target = f"imap://bob@127.0.0.1:{server.port}"
        unreadable = await look_at(vantage, "imap", target, secret="right")
    assert (unreadable.outcome, unreadable.code) == (Outcome.UNKNOWN, "secret.unreadable")
    assert server.connections == 0


async def test_each_fault_of_the_server_has_its_code_and_it_recovers(
    knowing: Vantage, tmp_path: Path, certificates: Certificates, no_leaks: None
) -> None:
    server = Dovecot(tmp_path / "d", certificate=certificates.expired, users={"bob@example.test": "pw-bob"}).start()

    async def look(within: float = 5.0, ca: str | None = str(certificates.ca)) -> str:
        target = f"imap://{BOB}@localhost:{server.port}"
        return (await look_at(knowing, "imap", target, ca=ca, secret="right", within=within)).code

    try:
        assert await look() == "tls.expired"
        server.stop()
        assert await look() == "tcp.refused"
        server.show(certificates.untrusted)
        server.start()
        assert await look() == "tls.untrusted"
        server.stop()
        server.show(certificates.good)
        server.start()
        assert await look() == ""
        server.group.freeze()
        assert await look(0.3) == "timeout"
        server.group.thaw()
        assert await look() == ""
    finally:
        server.remove()


async def test_cancelled_at_every_await_nothing_is_left(
    knowing: Vantage, dovecot: Dovecot, certificates: Certificates, no_leaks: None
) -> None:
    target = f"imap://{BOB}@localhost:{dovecot.port}"
    number = 1
    while await cancelled_at(lambda: look_at(knowing, "imap", target, ca=str(certificates.ca), secret="right"), number):
        number += 1
    assert number > 3
    await settle()


@pytest.mark.parametrize(
    ("turns", "code"),
    [
        ((b"* BYE out of order\r\n",), "imap.bye"),
        ((None,), "imap.closed"),
        ((b"220 mail ESMTP\r\n",), "imap.protocol"),
        ((b"* NO\r\n",), "imap.protocol"),
        ((b"\r\n",), "imap.protocol"),
        ((b"* OK " + b"x" * 100_000,), "reply.too-long"),
        ((b"* OK hi\r\n", imap("a1 BAD what")), "imap.protocol"),
        ((b"* OK hi\r\n", imap("a1 MAYBE")), "imap.protocol"),
        ((b"* OK hi\r\n", imap("b7 OK")), "imap.protocol"),
        ((b"* OK hi\r\n", imap("+ go on")), "imap.protocol"),
        ((b"* OK hi\r\n", None), "imap.closed"),
        ((b"* OK hi\r\n", imap("* BYE maintenance")), "imap.bye"),
        ((b"* OK hi\r\n", b"* X {99999999}\r\n"), "imap.protocol"),
        ((b"* OK hi\r\n", b"* X {9999999999999999999}\r\n" + b"* Y\r\n" * 2000), "timeout"),
        ((b"* OK hi\r\n", b"* X {200000}\r\n" + b"x" * 100), "timeout"),
        ((HELLO, None), "imap.closed"),
        ((HELLO, imap("a1 NO [AUTHENTICATIONFAILED] no"), None), "imap.auth-failed"),
        ((HELLO, imap("+ ok"), imap("a1 NO [AUTHENTICATIONFAILED] no")), "imap.auth-failed"),
        ((HELLO, imap("+ ok"), imap("a1 NO [UNAVAILABLE] the user database is down")), "imap.unavailable"),
        ((b"* PREAUTH hi\r\n", imap("a1 OK"), imap("a2 NO no such mailbox")), "imap.inbox"),
        ((b"* PREAUTH hi\r\n", imap("a1 OK"), imap("* 3 EXISTS", "a2 OK"), imap("a3 OK done")), ""),
        ((b"* PREAUTH hi\r\n", imap("a1 OK"), imap("a2 OK"), imap("a3 NO")), "imap.protocol"),
        ((b"* PREAUTH hi\r\n", imap("", "a1 OK", ""), imap("", "* 3 EXISTS", "", "a2 OK"), imap("", "a3 OK")), ""),
        ((b"* PREAUTH hi\r\n", imap("a1 OK"), b"* X (Y {3}\r\nabc\r\n\r\n)\r\na2 OK\r\n", imap("a3 OK")), ""),
        ((b"* PREAUTH hi\r\n", imap("a1 OK"), b"* X {3}\r\nabc\r\n\r\na2 OK\r\n", imap("a3 OK")), ""),
    ],
)
async def test_each_answer_has_its_code(knowing: Vantage, turns: tuple[bytes | None, ...], code: str) -> None:
    sample = await scripted(knowing, script(*turns), within=0.5 if code == "timeout" else 2)
    assert (sample.outcome, sample.code) == (Outcome.FAIL if code else Outcome.PASS, code)


async def test_literals_carry_name_and_password_where_nothing_better_is_offered(knowing: Vantage) -> None:
    said: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        for answer in ("+ go on", "+ go on", "a1 OK in", "a2 OK open", "a3 OK"):
            said.append(await reader.readline())
            writer.write(imap(answer))

    assert (await scripted(knowing, handler)).outcome is Outcome.PASS
    assert said[:3] == [b"a1 LOGIN {3}\r\n", b"bob {6}\r\n", b"pw-bob\r\n"]
    assert said[3:] == [b"a2 EXAMINE INBOX\r\n", b"a3 NOOP\r\n"]


async def test_sasl_plain_waits_for_the_server_where_it_must(knowing: Vantage) -> None:
    said: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(imap("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi"))
        for answer in ("+ ", "a1 OK in", "a2 OK open", "a3 OK"):
            said.append(await reader.readline())
            writer.write(imap(answer))

    assert (await scripted(knowing, handler)).outcome is Outcome.PASS
    assert said[:2] == [b"a1 AUTHENTICATE PLAIN\r\n", b"AGJvYgBwdy1ib2I=\r\n"]


async def test_a_password_is_never_sent_in_the_clear_off_this_machine(
    knowing: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outagetui.net.stream.Stream.remote", "192.0.2.1")
    said: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        said.append(await reader.read(1000))

    async with serve(handler) as server:
        target = f"imap://bob@127.0.0.1:{server.port}"
        stripped = await look_at(knowing, "imap", target, secret="right")
        never = await look_at(knowing, "imap", target, secret="right", starttls="never")
    assert (stripped.outcome, stripped.code) == (Outcome.FAIL, "imap.starttls-missing")
    assert (never.outcome, never.code) == (Outcome.UNKNOWN, "option.invalid")
    assert not any(b"LOGIN" in line or b"AUTH" in line for line in said)


async def test_starttls_required_but_gone_or_refused_is_a_failure(vantage: Vantage) -> None:
    async with serve(script(HELLO)) as server:
        sample = await look_at(vantage, "imap", f"imap://127.0.0.1:{server.port}", starttls="required")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "imap.starttls-missing")
    async with serve(script(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", imap("a1 NO later"))) as server:
        sample = await look_at(vantage, "imap", f"imap://127.0.0.1:{server.port}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "imap.starttls-refused")


async def test_plaintext_behind_starttls_is_refused(vantage: Vantage, pki: Pki) -> None:
    turns = (b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", imap("a1 OK go", "* OK [CAPABILITY injected]"))
    async with serve(script(*turns)) as server:
        sample = await look_at(vantage, "imap", f"imap://localhost:{server.port}", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.plaintext")


@pytest.mark.parametrize(
    ("turns", "phase"),
    [
        ((b"",), "greeting"),
        ((b"* OK hi\r\n", b""), "greeting"),
        ((HELLO, b""), "login"),
        ((b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n", b"* 3 EXISTS\r\n"), "select"),
        ((b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n", imap("a1 OK"), b""), "noop"),
    ],
)
async def test_the_deadline_holds_wherever_a_server_stalls(
    knowing: Vantage, turns: tuple[bytes, ...], phase: str, no_leaks: None
) -> None:
    sample = await scripted(knowing, script(*turns), within=0.2)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert list(sample.phases)[-1] == phase


async def test_a_server_that_does_not_answer_logout_has_passed(vantage: Vantage) -> None:
    sample = await scripted(vantage, script(HELLO, imap("a1 OK"), b""), within=0.3, user=False)
    assert sample.outcome is Outcome.PASS


async def test_a_drip_a_flood_refused_and_a_black_hole(vantage: Vantage, no_leaks: None) -> None:
    assert (await scripted(vantage, dripping(b"* OK", b" "), 0.2, user=False)).code == "timeout"
    assert (await scripted(vantage, dripping(b"* OK hi\r\n", b"* X\r\n" * 500), user=False)).code == "imap.too-much"
    assert (await look_at(vantage, "imap", f"imap://127.0.0.1:{refused_port()}")).code == "tcp.refused"
    with black_hole() as port:
        assert (await look_at(vantage, "imap", f"imap://127.0.0.1:{port}", within=0.2)).code == "timeout"


@settings(max_examples=60)
@given(data=st.one_of(st.binary(max_size=200), st.binary(max_size=100).map(lambda tail: b"* OK {3}\r\n" + tail)))
def test_random_bytes_never_raise_and_never_pass_for_a_mailbox(data: bytes) -> None:
    async def scenario() -> None:
        vantage = Vantage("here", Secrets.none())
        async with serve(saying(data)) as server:
            sample = await look_at(vantage, "imap", f"imap://127.0.0.1:{server.port}", within=2)
        await vantage.aclose()
        assert sample.outcome is Outcome.FAIL
        assert sample.detail.isprintable()

    asyncio.run(scenario())


@pytest.mark.parametrize("piece", [b"{0}\r\n", b"A {0}\r\n", b"A {1}\r\nx"])
async def test_a_line_of_literals_without_end_is_left_before_it_takes_memory(vantage: Vantage, piece: bytes) -> None:
    server, port = await serving(floods(b"* OK x\r\n* 1 FETCH (", piece, first=True))
    tracemalloc.start()
    try:
        async with server:
            sample = await look_at(vantage, "imap", f"imap://127.0.0.1:{port}", starttls="never", within=20.0)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "imap.too-much")
    assert sample.detail == "more than 4 MiB in answer to one command, and more is not read"
