"""One judgement of what a mail server answers, whoever asks: the probes, the roundtrip, the outlet's letters."""

import asyncio
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.machine.secrets import Secrets
from outagetui.net.resolve import Address
from outagetui.net.stream import Stream
from outagetui.net.vantage import Vantage
from outagetui.outlets import publish
from outagetui.probes import look
from outagetui.protocols.imap_connection import ImapLine, ImapReply
from tests.kit.scripted_mail import MailTalk, hello, imap_talk
from tests.kit.scripted_servers import Pki, look_at, make_check, refused_port, saying, serve
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import PEOPLE, outlet_for, tools_at

GOOD = {
    "EHLO": hello("SIZE 1000"),
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "RSET": "250 ok",
    "DATA": "354 go on",
    ".": "250 2.0.0 queued",
    "QUIT": "221 bye",
}


@pytest.fixture
async def knowing(secret_directory: Path) -> Vantage:
    (secret_directory / "box").write_text("geheim\n")
    (secret_directory / "box").chmod(0o600)
    return Vantage("here", Secrets(secret_directory, {}))


async def envelope(vantage: Vantage, port: int, host: str = "127.0.0.1") -> Sample:
    target = f"smtp://{host}:{port}"
    return await look_at(vantage, "smtp", target, mail_from="us@here.example", rcpt_to="erika@customer.example")


async def roundtrip(vantage: Vantage, port: int, host: str = "127.0.0.1") -> Sample:
    async with serve(imap_talk("IMAP4rev1 UIDPLUS", {"LOGIN": None})) as box:
        options: dict[str, Any] = {"to": "erika@customer.example", "imap_secret": "box", "within": 0.1}
        options["imap"] = f"imap://127.0.0.1:{box.port}"
        check = make_check("mail.roundtrip", f"smtp://{host}:{port}", **options)
        return await look(check, asyncio.get_running_loop().time() + 5, vantage)


async def letters(port: int, place: Path) -> str:
    outlet = outlet_for(port, recipients=PEOPLE[:1])
    return (await publish(outlet, delivery_of(outlet), tools_at(place))).detail


JUDGED = [
    ("RCPT", "450 4.2.0 greylisted", Outcome.WARN),
    ("RCPT", "451 4.7.1 try again", Outcome.WARN),
    ("RCPT", "452 4.5.3 too many", Outcome.WARN),
    ("RCPT", "450", Outcome.WARN),
    ("RCPT", "450-4.2.0 wait\r\n450 4.2.0 five minutes", Outcome.WARN),
    ("MAIL", "451 4.7.1 try again", Outcome.WARN),
    ("RCPT", "421 4.7.0 too busy", Outcome.FAIL),
    ("MAIL", "421 4.3.2 going down", Outcome.FAIL),
    ("RCPT", "550 5.1.1 unknown", Outcome.FAIL),
    ("RCPT", "554 5.7.1 no", Outcome.FAIL),
    ("MAIL", "553 5.1.8 no", Outcome.FAIL),
    ("RCPT", "334 odd", Outcome.FAIL),
]


@pytest.mark.parametrize(("command", "answer", "outcome"), JUDGED)
async def test_all_who_offer_a_message_judge_an_answer_alike(
    knowing: Vantage, tmp_path: Path, command: str, answer: str, outcome: Outcome
) -> None:
    async with serve(MailTalk({**GOOD, command: answer})) as server:
        probed = await envelope(knowing, server.port)
        sent = await roundtrip(knowing, server.port)
        told = await letters(server.port, tmp_path)
    code = f"smtp.{answer[:3]}"
    assert (probed.outcome, probed.code) == (sent.outcome, sent.code) == (outcome, code)
    assert ("asked to come later" in told) == (outcome is Outcome.WARN)


OFTEN = [
    "421 4.7.0 Too many connections from your IP, slow down",
    "450 4.7.1 Error: too much mail, rate limit exceeded",
    "451 4.7.0 too fast",
    "454 4.7.0 Too many login attempts, please try again later",
    "421-4.7.28 Our system has detected an unusual rate\r\n421 4.7.28 Your sending is rate limited",
    "452 too many messages in this session",
    "421 Maximum number of connections from this host reached",
    "450 4.7.1 Error: too much mail from 192.0.2.7",
    "450 4.7.1 Error: too many recipients from 192.0.2.7",
    "454 4.7.0 Error: too many new TLS sessions from unknown[192.0.2.7]",
    "421 Too many concurrent SMTP connections from this IP address; please try again later.",
]


@pytest.mark.parametrize("said", OFTEN)
@pytest.mark.parametrize("where", ["banner", "AUTH", "MAIL", "RCPT"])
async def test_coming_too_often_is_our_own_doing(knowing: Vantage, where: str, said: str) -> None:
    answers = {**GOOD, "EHLO": hello("AUTH PLAIN"), "AUTH": "235 in"}
    talk = MailTalk(answers, banner=said) if where == "banner" else MailTalk({**answers, where: said})
    async with serve(talk) as server:
        target = f"smtp://127.0.0.1:{server.port}"
        ends: dict[str, Any] = {"mail_from": "us@here.example", "rcpt_to": "erika@customer.example"}
        sample = await look_at(knowing, "smtp", target, user="us", secret="box", **ends)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "smtp.throttled")
    assert sample.detail.startswith("the server thinks that we come too often: ")


async def test_who_only_looks_at_a_certificate_comes_too_often_as_well(knowing: Vantage) -> None:
    mail = MailTalk(
        {"EHLO": hello("STARTTLS"), "STARTTLS": "454 4.7.0 Error: too many new TLS sessions from x[192.0.2.7]"}
    )
    box = imap_talk("IMAP4rev1 STARTTLS", {"STARTTLS": "{tag} NO [LIMIT] later"})
    async with serve(mail) as smtp, serve(box) as imap:
        for kind, port in (("smtp", smtp.port), ("imap", imap.port)):
            looks: list[tuple[str, dict[str, Any]]] = [("tls", {"starttls": kind}), (kind, {})]
            for probe, options in looks:
                sample = await look_at(knowing, probe, f"{probe}://localhost:{port}", **options)
                assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, f"{kind}.throttled")


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        ("452 4.5.3 too many", Outcome.WARN, "smtp.452"),
        ("452 too many recipients", Outcome.WARN, "smtp.452"),
        ("450 4.2.0 greylisted, try again later", Outcome.WARN, "smtp.450"),
        ("554 5.7.1 too many connections", Outcome.FAIL, "smtp.554"),
        ("421 4.7.0 too busy", Outcome.FAIL, "smtp.421"),
        ("421 4.7.0 Too many errors", Outcome.FAIL, "smtp.421"),
        ("421 Too many concurrent SMTP connections; please try again later.", Outcome.FAIL, "smtp.421"),
        ("421 4.3.2 All server ports are busy", Outcome.FAIL, "smtp.421"),
    ],
)
async def test_what_is_not_about_how_often_we_come(knowing: Vantage, said: str, outcome: Outcome, code: str) -> None:
    async with serve(MailTalk({**GOOD, "MAIL": said})) as server:
        sample = await envelope(knowing, server.port)
    assert (sample.outcome, sample.code) == (outcome, code)


IMAP_OFTEN = [
    "{tag} NO [LIMIT] no",
    "{tag} NO [LIMIT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
    "{tag} NO [UNAVAILABLE] Too many connections",
    "{tag} NO [ALERT] Too many simultaneous connections. (Failure)",
    "{tag} NO Login rate limit exceeded",
    "{tag} NO [limit] too fast",
    "* BYE [LIMIT] later",
    "* BYE Too many connections from your address",
]


@pytest.mark.parametrize("said", IMAP_OFTEN)
@pytest.mark.parametrize("where", ["LOGIN", "EXAMINE", "NOOP"])
async def test_coming_too_often_to_a_mailbox_is_our_own_doing(knowing: Vantage, where: str, said: str) -> None:
    async with serve(imap_talk("IMAP4rev1", {"LOGIN": None, where: said})) as server:
        sample = await look_at(knowing, "imap", f"imap://erika@127.0.0.1:{server.port}", secret="box")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "imap.throttled")


async def test_a_mailbox_with_too_many_at_the_door_is_unknown(knowing: Vantage) -> None:
    async with serve(saying(b"* BYE Too many connections\r\n")) as server:
        sample = await look_at(knowing, "imap", f"imap://127.0.0.1:{server.port}")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "imap.throttled")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{tag} NO [AUTHENTICATIONFAILED] Too many failures", "imap.auth-failed"),
        ("{tag} NO [UNAVAILABLE] the database is away", "imap.unavailable"),
        ("{tag} NO [INUSE] another has it", "imap.unavailable"),
        ("* BYE Too many invalid IMAP commands.", "imap.bye"),
        ("* BYE shutting down", "imap.bye"),
    ],
)
async def test_what_a_mailbox_refuses_otherwise_fails(knowing: Vantage, said: str, code: str) -> None:
    async with serve(imap_talk("IMAP4rev1", {"LOGIN": said})) as server:
        sample = await look_at(knowing, "imap", f"imap://erika@127.0.0.1:{server.port}", secret="box")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


@pytest.mark.parametrize(
    ("starttls", "extension", "outcome", "code"),
    [
        ("never", "STARTTLS", Outcome.UNKNOWN, "option.invalid"),
        ("never", "SIZE", Outcome.FAIL, "smtp.530"),
        ("offered", "SIZE", Outcome.FAIL, "smtp.530"),
    ],
)
async def test_mail_that_goes_only_below_tls_is_no_fault_where_we_were_told_to_take_none(
    knowing: Vantage, starttls: str, extension: str, outcome: Outcome, code: str
) -> None:
    answers = {**GOOD, "EHLO": hello(extension), "MAIL": "530 5.7.0 Must issue a STARTTLS command first"}
    async with serve(MailTalk(answers)) as server:
        ends: dict[str, Any] = {"mail_from": "us@here.example", "rcpt_to": "erika@customer.example"}
        sample = await look_at(knowing, "smtp", f"smtp://127.0.0.1:{server.port}", starttls=starttls, **ends)
    assert (sample.outcome, sample.code) == (outcome, code)


@pytest.mark.parametrize("code", ["250", "251", "252", "200", "259"])
async def test_a_yes_is_known_by_its_first_digit(knowing: Vantage, code: str) -> None:
    async with serve(MailTalk({**GOOD, "RCPT": f"{code} fine"})) as server:
        assert (await envelope(knowing, server.port)).outcome is Outcome.PASS


@pytest.mark.parametrize("answer", ["500 what", "501 no", "502 5.5.1 no", "504 no", "500"])
async def test_a_server_without_ehlo_is_greeted_the_old_way(knowing: Vantage, answer: str) -> None:
    talk = MailTalk({**GOOD, "EHLO": answer, "HELO": "250 mail"})
    async with serve(talk) as server:
        assert (await envelope(knowing, server.port)).outcome is Outcome.PASS
    assert talk.verbs[:2] == ["EHLO", "HELO"]


@pytest.mark.parametrize("banner", ["220", "220 ", "220-mail\r\n220-more\r\n220 end", "220-\r\n220", "220 caf\u00e9"])
async def test_every_form_of_a_greeting(knowing: Vantage, banner: str) -> None:
    async with serve(MailTalk(GOOD, banner=banner)) as server:
        assert (await envelope(knowing, server.port)).outcome is Outcome.PASS


REPEATING = [
    "{} unknown",
    "4.7.0 {}: too many",
    "<{}>... no",
    "user erika",
    "ERIKA@CUSTOMER.EXAMPLE is full",
    "see https://x.example/?a=erika%40customer.example",
]


@pytest.mark.parametrize("said", REPEATING)
@pytest.mark.parametrize("code", ["421", "450", "550"])
async def test_whom_it_was_for_is_shown_nowhere(knowing: Vantage, tmp_path: Path, code: str, said: str) -> None:
    words = f"{code} {said.format('erika@customer.example')}"
    for answers in ({"RCPT": words}, {"MAIL": words}, {"DATA": words}, {"EHLO": words}):
        async with serve(MailTalk({**GOOD, **answers})) as server:
            outlet = outlet_for(server.port, recipients=["erika@customer.example"])
            told = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
            (tmp_path / "sent" / f"{delivery_of(outlet).key}.jsonl").unlink(missing_ok=True)
            seen = [told.detail, (await envelope(knowing, server.port)).detail]
            seen.append((await roundtrip(knowing, server.port)).detail)
    for detail in seen:
        assert "customer.example" not in detail.lower()
        assert "erika" not in detail.lower() or "user erika" in words


class TwoWays:
    """A name with two addresses of this machine, and a server at each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, first: int, second: int) -> None:
        async def resolve(self: Vantage, host: str, port: int, **_: object) -> list[Address]:
            if host != "two.example":
                return [Address(socket.AF_INET, host, port)]
            return [Address(socket.AF_INET, "127.0.0.1", first), Address(socket.AF_INET, "127.0.0.2", second)]

        monkeypatch.setattr(Vantage, "resolve", resolve)


BUSY = {
    "greeting": MailTalk(GOOD, banner="421 4.3.2 busy"),
    "ehlo": MailTalk({**GOOD, "EHLO": "421 busy"}),
    "rcpt": MailTalk({**GOOD, "RCPT": "421 4.7.0 busy"}),
    "mail": MailTalk({**GOOD, "MAIL": "421-4.7.0 busy\r\n421 4.7.0 bye"}),
    "no service": MailTalk(GOOD, banner="554 5.7.1 no SMTP service here"),
    "never": MailTalk(GOOD, banner="521 5.3.2 does not accept mail"),
    "not now": MailTalk(GOOD, banner="450 4.3.0 later"),
}


@pytest.mark.parametrize("where", BUSY)
async def test_where_a_server_ends_the_session_the_next_address_is_tried(
    knowing: Vantage, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    other = MailTalk(GOOD)
    async with serve(BUSY[where]) as busy, serve(other, host="127.0.0.2") as server:
        TwoWays(monkeypatch, busy.port, server.port)
        assert (await envelope(knowing, 25, "two.example")).outcome is Outcome.PASS
        assert "RCPT" in other.verbs
        both = await tls(knowing, 25)
        assert not both.code.startswith("smtp.")


async def test_a_server_that_hangs_up_behind_its_last_word_is_left_for_the_next(
    knowing: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        await reader.readline()
        writer.write(b"421 4.3.2 too late\r\n")
        await writer.drain()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    held: list[Stream] = []
    read = Stream.read

    async def slow(self: Stream, size: int = 65536) -> bytes:
        data = await read(self, size)
        if b"421" in data:  # by now it has hung up, and the kernel knows no far side any more
            held.append(self)
            while True:
                try:
                    self._sock.getpeername()
                except OSError:
                    break
                await asyncio.sleep(0)
        return data

    monkeypatch.setattr(Stream, "read", slow)
    async with serve(gone) as busy, serve(MailTalk(GOOD), host="127.0.0.2") as server:
        TwoWays(monkeypatch, busy.port, server.port)
        assert (await envelope(knowing, 25, "two.example")).outcome is Outcome.PASS
        TwoWays(monkeypatch, busy.port, refused_port())
        assert (await envelope(knowing, 25, "two.example")).code == "smtp.421"
    assert len(held) == 2


async def tls(vantage: Vantage, port: int) -> Sample:
    return await look_at(vantage, "tls", f"tls://two.example:{port}", starttls="smtp")


async def test_a_busy_server_on_every_way_fails(knowing: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(BUSY["greeting"]) as busy, serve(BUSY["rcpt"], host="127.0.0.2") as also:
        TwoWays(monkeypatch, busy.port, also.port)
        sample = await envelope(knowing, 25, "two.example")
        assert (sample.outcome, sample.code) == (Outcome.FAIL, "smtp.421")
        assert busy.connections == also.connections == 1
        TwoWays(monkeypatch, busy.port, refused_port())
        assert (await envelope(knowing, 25, "two.example")).code == "smtp.421"
        assert (await roundtrip(knowing, 25, "two.example")).code == "smtp.421"
        assert (await tls(knowing, 25)).code == "smtp.421"


IMAP_FORMS = [
    {"EXAMINE": "* FLAGS (\\Seen)\r\n* 3 exists\r\n* OK [UIDNEXT 4] see {5}\r\n{tag} ok [READ-ONLY] done"},
    {"EXAMINE": '* 3 EXISTS\r\n* LIST () "/" {3}\r\na"b\r\n* 0 RECENT\r\n{tag} OK'},
    {"NOOP": "* NO [ALERT] the disk is nearly full {12}\r\n* 4 EXISTS\r\n{tag} Ok"},
    {"LOGIN": "*  CAPABILITY IMAP4rev1 IDLE\r\n* OK still here\r\n{tag} OK [CAPABILITY IMAP4rev1] in {1}"},
]


@pytest.mark.parametrize("answers", IMAP_FORMS)
async def test_legal_forms_of_imap(knowing: Vantage, answers: dict[str, str | None]) -> None:
    async with serve(imap_talk("IMAP4rev1", {"LOGIN": None, **answers})) as server:
        sample = await look_at(knowing, "imap", f"imap://us@127.0.0.1:{server.port}", secret="box")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")


@pytest.mark.parametrize("where", ["EXAMINE", "NOOP"])
async def test_what_others_do_in_a_mailbox_at_that_moment_is_no_fault(knowing: Vantage, where: str) -> None:
    deleted = "* 1 EXPUNGE\r\n" * 5000
    flagged = "".join(f"* {number} FETCH (FLAGS (\\Seen) MODSEQ ({number}))\r\n" for number in range(1, 3000))
    answers = {"LOGIN": None, where: f"{deleted}{flagged}* 3 EXISTS\r\n{{tag}} OK done"}
    async with serve(imap_talk("IMAP4rev1", answers)) as server:
        sample = await look_at(knowing, "imap", f"imap://us@127.0.0.1:{server.port}", secret="box")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")


@pytest.mark.parametrize("line", ["* 1 EXPUNGE\r\n", f"* NO {'x' * 60_000}\r\n"])
async def test_where_we_read_no_more_of_an_answer_nothing_is_decided(knowing: Vantage, line: str) -> None:
    answers = {"LOGIN": None, "EXAMINE": line * (25_000 if len(line) < 100 else 100) + "{tag} OK done"}
    async with serve(imap_talk("IMAP4rev1", answers)) as server:
        sample = await look_at(knowing, "imap", f"imap://us@127.0.0.1:{server.port}", secret="box")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "imap.too-much")
    assert sample.detail.endswith("not read")


async def test_plaintext_that_a_server_says_ahead_of_tls_is_refused(vantage: Vantage, pki: Pki) -> None:
    talk = MailTalk({"EHLO": hello("STARTTLS"), "STARTTLS": "220 go\r\n250 injected"})
    async with serve(talk) as server:
        probed = await look_at(vantage, "smtp", f"smtp://localhost:{server.port}", ca=pki.ca)
        shaken = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=pki.ca, starttls="smtp")
    assert probed.code == shaken.code == "tls.plaintext"


@pytest.mark.parametrize(
    ("line", "uid"),
    [
        ("* OK [UIDNEXT 4] next", 4),
        ("* ok [uidnext 4392]", 4392),
        ("* OK [UIDNEXT x]", None),
        (f"* OK [UIDNEXT {'9' * 5000}]", None),
        ("* OK hello", None),
    ],
)
def test_the_next_message_s_number_is_read_where_it_is_one(line: str, uid: int | None) -> None:
    assert ImapReply("OK", "", (ImapLine("* 3 EXISTS"), ImapLine(line))).next_uid == uid
