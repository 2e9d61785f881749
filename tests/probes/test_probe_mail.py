"""What a message is to a probe: of every kind of mail that holds a token only our own is a delivery, and deleted."""

import base64
from email.header import Header

import pytest
from outagetui.protocols.probe_mail import PREFIX, ProbeMail, Where, read_mail

TOKEN = f"{PREFIX}{'0123456789abcdef' * 2}"
US, THEM = "watch@case.example", "erika@far.example"


def mail(*headers: str, body: str = "This message only proves that mail is delivered.", sender: str = US) -> bytes:
    return "\r\n".join([f"From: {sender}", f"To: {THEM}", *headers, "", body]).encode()


def read(raw: bytes, where: Where = "SUBJECT") -> ProbeMail:
    found = read_mail(raw, where, US)
    assert found is not None
    assert found.tokens == {TOKEN}
    return found


def coded(subject: str, charset: str = "utf-8", length: int = 75) -> str:
    return Header(subject, charset, maxlinelen=length, header_name="Subject").encode(linesep="\r\n")


@pytest.mark.parametrize(
    "headers",
    [
        (f"Subject: Mail check {TOKEN}",),
        (f"SUBJECT:Mail check\r\n {TOKEN}",),
        (f"Subject: {coded(f'[EXTÉRIEUR] Mail check {TOKEN}')}",),
        (f"Subject: {coded(f'[EXTÉRIEUR] Mail check {TOKEN}', 'iso-8859-1')}",),
        (f"Subject: {coded(f'[外部] Mail check {TOKEN}', 'utf-8', 60)}",),
        (f"Subject: =?utf-8?B?{base64.b64encode(f'Mail check {TOKEN}'.encode()).decode()}?=",),
        (f"Subject: =?UTF-8?Q?Mail_check_{TOKEN[:30]}?=\r\n =?UTF-8?Q?{TOKEN[30:]}?=",),
        (f"Subject: =?punycode?Q?Mail_check_{TOKEN}?=",),
        (f"Subject: [spam?] Mail check {TOKEN}", "Return-Path: <watch@case.example>"),
        (f"Subject: ***SPAM*** (external) Mail check {TOKEN}",),
        (f"Subject: SPAM: Mail check {TOKEN}", f"X-Outagetui-Probe: {TOKEN}"),
        ("Subject: withheld", f"Message-ID: <{TOKEN}@case.example>"),
        ("Subject: withheld", f"X-Outagetui-Probe: {TOKEN}", "Auto-Submitted: auto-generated (by a program)"),
    ],
)
def test_our_own_message_is_known_whatever_was_on_its_way(headers: tuple[str, ...]) -> None:
    assert read(mail(*headers)).own
    assert read(mail(*headers, sender="x").replace(b"From: x", b'FROM: "Watch" <WATCH@case.example>')).own


ANSWERING = (
    *(
        "Risposta automatica:",
        "Réponse automatique :",
        "Respuesta automática:",
        "Automatisch antwoord:",
        "Odp:",
        "Rif:",
    ),
    *("Vs:", "Ynt:", "Ответ:", "自動返信:", "回复：", "Re：", "Ri:", "Absent:", "[Team] Ferien:"),
)


@pytest.mark.parametrize(
    "headers",
    [
        (f"Subject: Automatic reply: Mail check {TOKEN}",),
        (f"Subject: Abwesenheit: Mail check {TOKEN}",),
        (f"Subject: AW: Mail check {TOKEN}",),
        (f"Subject: Fwd: Mail check {TOKEN}",),
        *((f"Subject: {coded(f'{words} Mail check {TOKEN}')}",) for words in ANSWERING),
        (f"Subject: Mail check {TOKEN} (read)",),
        (f"Subject: Mail check {TOKEN}", "Auto-Submitted: auto-replied"),
        (f"Subject: Mail check {TOKEN}", "auto-submitted: AUTO-REPLIED; owner-email=x"),
        (f"Subject: Mail check {TOKEN}", "Auto-Submitted: auto-notified"),
        (f"Subject: Mail check {TOKEN}", "Return-Path: <>"),
        (f"Subject: Mail check {TOKEN}", "Return-Path: < >"),
        (f"Subject: Mail check {TOKEN}", "Precedence: auto_reply"),
        (f"Subject: Mail check {TOKEN}", "X-Autoreply: yes"),
        (f"Subject: Mail check {TOKEN}", f"In-Reply-To: <{TOKEN}@case.example>"),
        (f"Subject: Mail check {TOKEN}", f"References: <a@b> <{TOKEN}@case.example>"),
        (f"Subject: {coded(f'Réponse automatique: {TOKEN}')}", "Auto-Submitted: auto-replied"),
    ],
)
def test_an_answer_is_no_delivery_whoever_writes_it(headers: tuple[str, ...]) -> None:
    for sender in (US, THEM, f"Erika <{THEM}>"):
        assert not read(mail(*headers, sender=sender)).own


@pytest.mark.parametrize(
    "sender", [THEM, "", f'"{US}" <{THEM}>', f"{THEM}, {US}", "watch@case.example.evil", f"({US}) {THEM}"]
)
def test_mail_of_others_is_theirs_though_it_holds_the_token(sender: str) -> None:
    assert not read(mail(f"Subject: Mail check {TOKEN}", f"X-Outagetui-Probe: {TOKEN}", sender=sender)).own


def report(status: str, kind: str = "delivery-status", subject: str = "Undelivered Mail Returned to Sender") -> bytes:
    body = "\r\n".join(
        [
            "--b",
            "Content-Type: text/plain",
            "",
            "I am sorry.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns;mx.far.example",
            "",
            f"Final-Recipient: rfc822;{THEM}",
            status,
            "--b",
            "Content-Type: message/rfc822",
            "",
            f"From: {US}",
            f"Subject: Mail check {TOKEN}",
            f"Message-ID: <{TOKEN}@case.example>",
            "",
            "This message only proves that mail is delivered.",
            "--b--",
        ]
    )
    kind = f"Content-Type: multipart/report; report-type={kind};\r\n boundary=b"
    return mail(f"Subject: {subject}", "MIME-Version: 1.0", kind, body=body, sender="MAILER-DAEMON@case.example")


@pytest.mark.parametrize(
    ("status", "action", "reason"),
    [
        (
            f"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 <{THEM}>\r\n  unknown",
            "failed",
            "5.1.1 550 <[address]> unknown",
        ),
        ("ACTION: Failed\r\nstatus:5.2.2", "failed", "5.2.2"),
        ("Action: delayed\r\nStatus: 4.4.1\r\nDiagnostic-Code: x-p; timed out", "delayed", "4.4.1 timed out"),
        ("Action: relayed\r\nStatus: 2.0.0", "relayed", "2.0.0"),
        ("Action: delivered\r\nStatus: 2.0.0", "delivered", "2.0.0"),
    ],
)
def test_a_report_says_what_became_of_the_message(status: str, action: str, reason: str) -> None:
    found = read(report(status))
    assert (found.own, found.action, found.reason) == (False, action, reason)
    assert read(report(status), "TEXT") == found


def test_a_report_of_reading_or_abuse_is_none_of_delivery() -> None:
    for kind in ("disposition-notification", "feedback-report"):
        found = read(report("x: y", kind).replace(b"message/delivery-status", b"text/plain"))
        assert (found.own, found.action) == (False, "")


@pytest.mark.parametrize(
    ("subject", "action"),
    [
        ("Mail delivery failed: returning message to sender", "failed"),
        ("failure notice", "failed"),
        ("Warning: message 1abc delayed 24 hours", "delayed"),
    ],
)
def test_a_report_without_a_form_goes_by_who_wrote_it(subject: str, action: str) -> None:
    raw = mail(f"Subject: {subject}", body=f"> Subject: Mail check {TOKEN}", sender="Mailer-Daemon@mx.far.example")
    found = read(raw)
    assert (found.own, found.action) == (False, action)


CHAT = "Web chat <chat@case.example>"


def alternative(plain: str, page: str) -> str:
    piece = "--b\r\nContent-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n"
    return "".join(
        piece.format(kind, base64.encodebytes(text.encode()).decode())
        for kind, text in (("text/plain", plain), ("text/html", page))
    )


def test_a_web_chats_message_holds_the_token_in_its_own_text() -> None:
    plain = mail("Subject: New message", body=f"Somebody wrote: {TOKEN}", sender=CHAT)
    assert read(plain, "TEXT").own
    kind = "Content-Type: multipart/alternative; boundary=b"
    for body in (alternative(TOKEN, "x"), alternative("x", f"<p>{TOKEN}</p>")):
        assert read(mail("MIME-Version: 1.0", kind, body=body, sender=CHAT), "TEXT").own


def test_a_message_that_only_holds_such_a_message_is_somebodys_mail() -> None:
    inner = f"From: {CHAT}\r\nSubject: x\r\n\r\n{TOKEN}"
    raw = mail("Content-Type: message/rfc822", body=inner, sender=CHAT)
    assert read_mail(raw, "TEXT", US) is None
    assert not read(mail("In-Reply-To: <x@y>", body=f"> {TOKEN}", sender=CHAT), "TEXT").own
