"""Mail through a submission server with TLS and a login into real mailboxes."""

import asyncio
import imaplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.outlets import Delivered, publish
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import outlet_for, tools_at
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.mailhub import Mailhub

ADA, BOB = "ada@example.test", "bob@example.test"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Dovecot]:
    server = Dovecot(tmp_path_factory.mktemp("dovecot"), certificate=certificates.good, users={ADA: "a", BOB: "b"})
    yield server.start()
    server.remove()


@pytest.fixture
def hub(tmp_path: Path, certificates: Certificates, dovecot: Dovecot) -> Iterator[Mailhub]:
    hub = Mailhub(tmp_path / "hub", dovecot.lmtp_port, certificate=certificates.good, users={"desk": "pw"})
    yield hub.start()
    hub.stop()


def mailbox(dovecot: Dovecot, user: str) -> list[EmailMessage]:
    """Return the messages of a mailbox, the first first."""
    with imaplib.IMAP4("127.0.0.1", dovecot.port) as imap:
        imap.login(user, dovecot.users[user])
        imap.select("INBOX", readonly=True)
        _, (found,) = imap.search(None, "ALL")
        data = [imap.fetch(number, "(BODY.PEEK[])")[1][0] for number in found.decode().split()]
    return [message_from_bytes(each[1], policy=SMTP) for each in data if isinstance(each, tuple)]


async def test_parts_arrive_once_and_as_answers_and_faults_are_told(
    tmp_path: Path, certificates: Certificates, dovecot: Dovecot, hub: Mailhub
) -> None:
    outlet = outlet_for(
        hub.port,
        url=f"smtp://desk@localhost:{hub.port}",
        secret="mail",
        starttls="required",
        ca=str(certificates.ca),
        recipients=(ADA, BOB),
    )
    tools = tools_at(tmp_path, "pw")
    wrong = await publish(outlet, delivery_of(outlet), tools_at(tmp_path, "wrong"))
    assert wrong.state == "failed"
    assert "the login is refused (535" in wrong.detail
    hub.fault("greylist")
    late = await publish(outlet, delivery_of(outlet, again=True), tools)
    assert (late.state, late.detail) == ("failed", "0 of 2 accepted; 2 asked to come later: 451 4.7.1 come back later")
    hub.fault("")
    done: tuple[Delivered, ...] = ()
    for part in range(2):
        became = await publish(outlet, delivery_of(outlet, part, done, again=True), tools)
        assert (became.state, became.detail) == ("sent", "2 of 2 accepted")
        done = (*done, became)
    for user in (ADA, BOB):
        first, second = await asyncio.to_thread(mailbox, dovecot, user)
        assert first["To"] == user
        assert second["In-Reply-To"] == first["Message-ID"]
        plain = second.get_body(("plain",))
        assert plain is not None
        assert "This is part 1." in plain.get_content()
    hub.fault("hang")
    hung = await publish(replace(outlet, timeout=1.5), delivery_of(outlet, 2, done), tools)
    assert hung.state == "unknown"
    assert hung.detail.startswith("0 of 2 accepted; 1 not known")
