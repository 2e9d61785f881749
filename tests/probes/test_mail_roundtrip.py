"""Mail from end to end: aiosmtpd hands over to Dovecot, and no test message stays in the mailbox."""

import asyncio
import contextlib
import imaplib
import smtplib
import time
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.model import Check, Outcome, Sample
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from outagetui.protocols import imap_search as mail_search
from outagetui.protocols.imap_connection import ImapLine
from outagetui.protocols.imap_search import Traces
from outagetui.protocols.probe_mail import PREFIX, Where
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_servers import make_check, refused_port, script, serve, settle
from tests.kit.waiting import until
from tests.servers.certificates import Certificates
from tests.servers.chat import ChatPage
from tests.servers.dovecot import Dovecot
from tests.servers.mailhub import Mailhub

pytestmark = pytest.mark.alone

ALICE, BOB = "alice@example.test", "bob@example.test"
OLD = f"{PREFIX}{'0' * 32}"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Dovecot]:
    server = Dovecot(tmp_path_factory.mktemp("dovecot"), certificate=certificates.good, users={BOB: "pw-bob"})
    yield server.start()
    server.remove()


@pytest.fixture(scope="module")
def running_hub(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates, dovecot: Dovecot
) -> Iterator[Mailhub]:
    directory = tmp_path_factory.mktemp("hub")
    hub = Mailhub(directory, dovecot.lmtp_port, certificate=certificates.good, users={ALICE: "pw-alice"})
    yield hub.start()
    hub.stop()


@pytest.fixture
def hub(running_hub: Mailhub) -> Iterator[Mailhub]:
    yield running_hub
    running_hub.fault("")


@pytest.fixture
async def knowing(
    secret_directory: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Vantage]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))  # the probe trusts what the system trusts
    for name, content in (("alice", "pw-alice\n"), ("bob", "pw-bob\n"), ("wrong", "falsch\n")):
        (secret_directory / name).write_text(content)
        (secret_directory / name).chmod(0o600)
    place = Vantage("here", Secrets(secret_directory, {}))
    yield place
    await place.aclose()


class Mailbox:
    """Bob's mailbox as another client sees it."""

    def __init__(self, dovecot: Dovecot) -> None:
        self._port = dovecot.port

    @contextlib.contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self._port) as client:
            client.login(BOB, "pw-bob")
            client.select("INBOX")
            yield client

    def subjects(self) -> list[str]:
        with self._open() as client:
            numbers = client.search(None, "ALL")[1][0].split()
            found = [client.fetch(each.decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0] for each in numbers]
        return [each[1].decode().removeprefix("Subject: ").strip() for each in found if isinstance(each, tuple)]

    def put(self, subject: str, age: float = 0.0, *headers: tuple[str, str], flags: str = "") -> None:
        message = EmailMessage()
        message["Subject"] = subject
        for name, value in headers:
            message[name] = value
        message.set_content("hello")
        with self._open() as client:
            client.append("INBOX", flags, imaplib.Time2Internaldate(time.time() - age), bytes(message))

    def empty(self) -> None:
        with self._open() as client:
            if client.search(None, "ALL")[1][0]:
                client.store("1:*", "+FLAGS", "\\Deleted")
                client.expunge()


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Mailbox:
    box = Mailbox(dovecot)
    box.empty()
    return box


def roundtrip(hub: Mailhub | str, dovecot: Dovecot, **options: Any) -> Check:
    target = hub if isinstance(hub, str) else f"smtp://localhost:{hub.port}"
    given: dict[str, Any] = {"user": ALICE, "secret": "alice"} if target.startswith("smtp") else {}
    given |= {"to": BOB, "imap": f"imaps://localhost:{dovecot.tls_port}", "imap_secret": "bob", "within": 5.0}
    return make_check("mail.roundtrip", target, **(given | options))


async def look_once(vantage: Vantage, check: Check, timeout: float = 10.0) -> Sample:
    return await look(check, asyncio.get_running_loop().time() + timeout, vantage)


async def test_a_message_is_sent_found_timed_and_deleted(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox, no_leaks: None
) -> None:
    mailbox.put("somebody's letter")
    sample = await look_once(knowing, roundtrip(hub, dovecot))
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail.startswith("delivered in 0.")
    assert sample.value is not None
    assert 0 < sample.value < 5
    assert list(sample.phases)[-3:] == ["smtp_auth", "smtp_message", "delivery"]
    assert mailbox.subjects() == ["somebody's letter"]


async def test_starttls_is_used_on_both_ways(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox
) -> None:
    sample = await look_once(knowing, roundtrip(hub, dovecot, imap=f"imap://localhost:{dovecot.port}"))
    assert sample.outcome is Outcome.PASS
    assert {"imap_starttls", "imap_tls", "smtp_starttls", "smtp_tls"} <= set(sample.phases)
    assert mailbox.subjects() == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [("refuse", "smtp.550"), ("reject", "smtp.554"), ("swallow", "mail.not-delivered")],
)
async def test_each_fault_of_the_mail_server_has_its_code(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox, fault: str, code: str, no_leaks: None
) -> None:
    hub.fault(fault)
    sample = await look_once(knowing, roundtrip(hub, dovecot, within=0.4))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
    assert mailbox.subjects() == []


async def test_greylisting_warns_as_it_does_for_the_probe_of_the_server(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox
) -> None:
    hub.fault("greylist")
    sample = await look_once(knowing, roundtrip(hub, dovecot, within=0.4))
    assert (sample.outcome, sample.code) == (Outcome.WARN, "smtp.451")


async def test_a_mail_server_that_hangs_runs_out_of_time_in_its_own_share(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox
) -> None:
    hub.fault("hang")
    began = time.monotonic()
    sample = await look_once(knowing, roundtrip(hub, dovecot, within=5.0), 5.5)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert "smtp_message" in sample.detail
    assert time.monotonic() - began < 2


async def test_a_late_message_is_cleared_away_by_the_next_look_which_tells_of_it(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox
) -> None:
    hub.fault("slow")
    assert (await look_once(knowing, roundtrip(hub, dovecot, within=0.3))).code == "mail.not-delivered"
    hub.fault("")
    async with asyncio.timeout(10):
        while not mailbox.subjects():
            await asyncio.sleep(0.05)
    sample = await look_once(knowing, roundtrip(hub, dovecot))
    assert sample.outcome is Outcome.PASS
    assert "cleared away 1 earlier (on the way for about " in sample.detail
    assert mailbox.subjects() == []


async def test_leftovers_of_anybody_older_than_a_day_are_deleted_and_nothing_else(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox
) -> None:
    ours = ("From", ALICE)
    mailbox.put(f"Mail check {OLD}", 30 * 3600, ours)
    mailbox.put(f"Mail check {PREFIX}{'1' * 32}", 3600, ours)
    mailbox.put(f"Re: Mail check {OLD}", 30 * 3600, ours, ("In-Reply-To", "<x@example.test>"))
    mailbox.put(f"What is {PREFIX}?", 30 * 3600, ours)
    mailbox.put(f"Look: {OLD}", 30 * 3600, ("From", "eve@example.test"))
    assert (await look_once(knowing, roundtrip(hub, dovecot))).outcome is Outcome.PASS
    assert mailbox.subjects() == [
        f"Mail check {PREFIX}{'1' * 32}",
        f"Re: Mail check {OLD}",
        f"What is {PREFIX}?",
        f"Look: {OLD}",
    ]


async def test_looks_at_the_same_time_do_not_take_each_others_messages(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox, no_leaks: None
) -> None:
    samples = await asyncio.gather(*(look_once(knowing, roundtrip(hub, dovecot)) for _ in range(5)))
    assert [each.code for each in samples] == [""] * 5
    assert mailbox.subjects() == []


async def test_wrong_passwords_on_either_side(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox
) -> None:
    assert (await look_once(knowing, roundtrip(hub, dovecot, secret="wrong"))).code == "smtp.535"
    assert (await look_once(knowing, roundtrip(hub, dovecot, imap_secret="wrong"))).code == "imap.auth-failed"
    missing = await look_once(knowing, roundtrip(hub, dovecot, imap_secret="nobody"))
    assert (missing.outcome, missing.code) == (Outcome.UNKNOWN, "secret.unreadable")
    assert mailbox.subjects() == []


async def test_nothing_is_sent_while_the_mailbox_cannot_be_opened(
    knowing: Vantage, dovecot: Dovecot, no_leaks: None
) -> None:
    async with serve(script(b"220 mail\r\n")) as server:
        check = roundtrip(f"smtp://localhost:{server.port}", dovecot, imap=f"imaps://localhost:{refused_port()}")
        assert (await look_once(knowing, check)).code == "tcp.refused"
    assert server.connections == 0


async def test_each_fault_of_the_mailbox_has_its_code_and_it_recovers(
    knowing: Vantage, tmp_path: Path, certificates: Certificates, no_leaks: None
) -> None:
    server = Dovecot(tmp_path / "d", certificate=certificates.expired, users={BOB: "pw-bob"}).start()
    hub = Mailhub(tmp_path / "h", server.lmtp_port, certificate=certificates.untrusted).start()
    check = roundtrip(hub, server, user=None, secret=None)
    try:
        assert (await look_once(knowing, check)).code == "tls.expired"
        server.stop()
        server.show(certificates.good)
        server.start()
        assert (await look_once(knowing, check)).code == "tls.untrusted"
        hub.stop()
        assert (await look_once(knowing, check)).code == "tcp.refused"
        hub.show(None)
        hub.start()
        server.group.freeze()
        hung = await look_once(knowing, check, 5.5)
        assert hung.code == "timeout"
        server.group.thaw()
        assert (await look_once(knowing, check)).code == ""
        assert Mailbox(server).subjects() == []
    finally:
        hub.stop()
        server.remove()


async def test_a_mailbox_that_restarts_while_we_wait_ends_the_look(
    knowing: Vantage, tmp_path: Path, certificates: Certificates, no_leaks: None
) -> None:
    server = Dovecot(tmp_path / "d", certificate=certificates.good, users={BOB: "pw-bob"}).start()
    hub = Mailhub(tmp_path / "h", server.lmtp_port).start()
    hub.fault("swallow")
    try:
        check = roundtrip(hub, server, user=None, secret=None)
        waiting = asyncio.create_task(look_once(knowing, check))
        await until((hub.directory / "swallowed").exists)
        server.stop()
        assert (await waiting).code in ("imap.bye", "imap.closed", "tcp.reset")
        server.start()
        hub.fault("")
        assert (await look_once(knowing, check)).code == ""
    finally:
        hub.stop()
        server.remove()


@pytest.mark.parametrize("answered", [False, True])
async def test_cancelled_at_any_await_the_next_look_leaves_the_mailbox_empty(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox, no_leaks: None, *, answered: bool
) -> None:
    check = roundtrip(hub, dovecot)
    number = over = 0
    while over < 3:  # a look waits less often where answers are quick
        number += 1
        over = 0 if await cancelled_at(lambda: look_once(knowing, check), number, answered=answered) else over + 1
    assert number > 10
    await settle()
    async with asyncio.timeout(30):
        while (await look_once(knowing, check)).code or mailbox.subjects():
            await asyncio.sleep(0.05)  # the last messages may still be on their way


@pytest.mark.parametrize("flags", ["", "\\Deleted"])
async def test_the_next_look_expunges_what_was_lost_also_where_it_is_marked_as_deleted_already(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox, flags: str
) -> None:
    with knowing.shared(Traces, Traces).trace() as lost:
        lost.gone = False
    mailbox.put("somebody's letter", flags="\\Deleted")
    mailbox.put(f"Mail check {lost.token}", 0.0, ("From", ALICE), flags=flags)
    mailbox.put(f"Mail check {OLD}", 30 * 3600, ("From", ALICE), flags=flags)
    for told in (True, False):
        sample = await look_once(knowing, roundtrip(hub, dovecot))
        assert sample.outcome is Outcome.PASS
        assert ("cleared away 2 earlier" in sample.detail) is told
    assert mailbox.subjects() == ["somebody's letter"]


async def test_nothing_is_expunged_where_the_server_cannot_expunge_one_message_alone(
    knowing: Vantage, hub: Mailhub, dovecot: Dovecot, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_search, "EXPUNGE_ALONE", frozenset())
    mailbox.put("somebody's letter", flags="\\Deleted")
    for _ in range(2):
        sample = await look_once(knowing, roundtrip(hub, dovecot))
        assert (sample.outcome, sample.code) == (Outcome.WARN, "mail.not-deleted")
        assert "cleared away" not in sample.detail  # what is marked already is not counted again
    assert "somebody's letter" in mailbox.subjects()


@pytest.fixture
def page(tmp_path: Path, hub: Mailhub) -> Iterator[ChatPage]:
    chat = ChatPage(tmp_path / "chat", smtp_port=hub.port, mail_to=BOB)
    yield chat.start()
    chat.stop()


async def test_a_message_left_in_the_chats_form_is_found_in_the_mailbox(
    knowing: Vantage, page: ChatPage, dovecot: Dovecot, mailbox: Mailbox, no_leaks: None
) -> None:
    mailbox.put(f"no text with it {OLD}", 3600)
    check = roundtrip(f"{page.form}?name=Watch&message=Test+{{token}}", dovecot)
    sample = await look_once(knowing, check)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert list(sample.phases)[-2:] == ["form", "delivery"]
    assert mailbox.subjects() == [f"no text with it {OLD}"]


async def test_a_form_that_refuses_or_loses_the_message_is_told_apart(
    knowing: Vantage, page: ChatPage, dovecot: Dovecot, mailbox: Mailbox
) -> None:
    target = f"{page.form}?message={{token}}"
    page.fault("503")
    assert (await look_once(knowing, roundtrip(target, dovecot))).code == "http.503"
    page.fault("lost")
    assert (await look_once(knowing, roundtrip(target, dovecot, within=0.4))).code == "mail.not-delivered"
    page.fault("")
    assert mailbox.subjects() == []


@pytest.mark.parametrize("address", ["a@b\r\nDATA", "a>b@c", "a b@c", "ü@b"])
async def test_an_address_cannot_smuggle_a_command(knowing: Vantage, dovecot: Dovecot, address: str) -> None:
    sample = await look_once(knowing, roundtrip(f"smtp://localhost:{refused_port()}", dovecot, to=address))
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "option.invalid")


def test_lines_that_begin_with_a_dot_are_stuffed(dovecot: Dovecot, hub: Mailhub, mailbox: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", hub.port) as smtp:
        smtp.sendmail(ALICE, [BOB], b"Subject: dots\r\n\r\n.one\r\n..two\r\n")
    assert mailbox.subjects() == ["dots"]


@settings(max_examples=200)
@given(content=st.binary(max_size=300), where=st.sampled_from(["SUBJECT", "TEXT"]))
def test_any_message_is_read_without_an_error(content: bytes, where: Where) -> None:
    token = f"{PREFIX}{'a' * 32}".encode()
    for literal in (content, b"Subject: " + token + b"\r\n" + content, b"Content-Type: text/plain; " + content + token):
        line = ImapLine('* 1 FETCH (UID 7 INTERNALDATE "x" BODY[] {3})', (literal,))
        found = mail_search.read_line(line, where, ALICE)
        assert found is None or found.uid == 7
