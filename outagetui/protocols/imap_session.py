"""An IMAP session up to an open mailbox: greeting, TLS, login, SELECT or EXAMINE; and the way out."""

import ssl
from typing import Literal

from outagetui.net.farewell import goodbye
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, fail, unknown
from outagetui.protocols.imap_connection import ImapConnection, ImapReply, expect
from outagetui.protocols.smtp_session import is_private, plain

PORTS = {"imap": 143, "imaps": 993}
StartTls = Literal["offered", "required", "never"]
# NO with one of these means "not now", whoever asks (RFC 5530).
_NOT_NOW = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN")


async def begin(
    stream: Stream, host: str, scheme: str, context: ssl.SSLContext, starttls: StartTls, phases: Phases
) -> ImapConnection:
    """Bring the dialogue to where a user can log in; phases tls, greeting, starttls."""
    if scheme == "imaps":
        await secure(stream, context, host, phases)
    imap = ImapConnection(stream)
    phases.enter("greeting")
    await imap.greet()
    await _capability(imap)
    if stream.tls is None and starttls != "never":
        await _start_tls(stream, imap, host, context, starttls, phases)
    return imap


async def _start_tls(
    stream: Stream, imap: ImapConnection, host: str, context: ssl.SSLContext, starttls: StartTls, phases: Phases
) -> None:
    if "STARTTLS" not in imap.capabilities or imap.logged_in:
        if starttls == "required":
            fail("imap.starttls-missing", "the server does not offer STARTTLS")
        return
    phases.enter("starttls")
    expect(await imap.command("STARTTLS"), "STARTTLS", "imap.starttls-refused")
    await secure(stream, context, host, phases)
    phases.enter("greeting")
    imap.forget()
    await _capability(imap)


async def _capability(imap: ImapConnection) -> None:
    if not imap.capabilities:
        expect(await imap.command("CAPABILITY"), "CAPABILITY")


async def log_in(stream: Stream, imap: ImapConnection, user: str, password: str, starttls: StartTls) -> None:
    """Log in by SASL PLAIN or LOGIN, never in the clear beyond this machine.

    Codes: `imap.auth-failed`, `imap.unavailable` when the server says it is not the password, `imap.login-disabled`,
    `imap.starttls-missing` where the password would have gone in the clear.
    """
    if imap.logged_in:
        return  # the server knows us by our address (PREAUTH)
    if any(char in each for each in (user, password) for char in "\0\r\n"):
        unknown("option.invalid", "a user or password cannot hold a line end or NUL")
    if not is_private(stream):
        if starttls == "never":
            unknown("option.invalid", "a password is not sent without TLS: `starttls` must not be `never`")
        fail("imap.starttls-missing", "the server does not offer STARTTLS, so the password was not sent")
    if "AUTH=PLAIN" in imap.capabilities and "SASL-IR" in imap.capabilities:
        reply = await imap.command(f"AUTHENTICATE PLAIN {plain(user, password)}")
    elif "AUTH=PLAIN" in imap.capabilities:
        reply = await imap.command("AUTHENTICATE PLAIN", [plain(user, password).encode()])
    elif "LOGINDISABLED" in imap.capabilities:
        fail("imap.login-disabled", "the server takes no password on this connection")
    else:
        name, secret = user.encode(), password.encode()
        opening = f"LOGIN {{{len(name)}}}"  # literals take any character, quoted strings do not
        reply = await imap.command(opening, [name + f" {{{len(secret)}}}".encode(), secret])
    if reply.status == "NO" and reply.code.partition(" ")[0] in _NOT_NOW:
        fail("imap.unavailable", f"login: {reply.words}")
    expect(reply, "login", "imap.auth-failed")
    imap.logged_in = True


async def open_inbox(imap: ImapConnection, *, to_change: bool = False) -> ImapReply:
    """Open INBOX, for reading only unless it is `to_change`; fails as `imap.inbox`."""
    verb = "SELECT" if to_change else "EXAMINE"
    reply = expect(await imap.command(f"{verb} INBOX"), f"{verb} INBOX", "imap.inbox")
    if to_change and reply.code == "READ-ONLY":
        fail("imap.inbox", "INBOX can be read but not changed")
    return reply


async def leave(imap: ImapConnection, deadline: float) -> None:
    """Say LOGOUT, waiting only a moment for the answer."""
    async with goodbye(deadline):
        await imap.command("LOGOUT", farewell=True)
