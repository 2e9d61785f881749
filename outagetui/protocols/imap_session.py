"""An IMAP session up to an open mailbox: greeting, TLS, login, SELECT or EXAMINE; and the way out."""

import re
import ssl
from collections.abc import Iterable, Iterator
from typing import Literal, NoReturn

from outagetui.core.masking import names_of
from outagetui.core.model import Outcome
from outagetui.core.text import clean
from outagetui.net.farewell import goodbye
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.protocols import sasl
from outagetui.protocols.imap_connection import ImapConnection, ImapReply, expect
from outagetui.protocols.smtp_session import is_private

PORTS = {"imap": 143, "imaps": 993}
StartTls = Literal["offered", "required", "never"]
# NO with one of these means "not now", whoever asks (RFC 5530).
_NOT_SO = re.compile(r"unsupported|not supported|disabled|mechanism", re.IGNORECASE)
_NOT_NOW = ("UNAVAILABLE", "INUSE", "SERVERBUG", "CONTACTADMIN")


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


async def log_in(
    stream: Stream, imap: ImapConnection, user: str, password: str, starttls: StartTls, phases: Phases
) -> None:
    """Log in by the best mechanism that both sides know, else by LOGIN; never in the clear beyond this machine.

    Where the mechanism is refused and not the password, the next is tried, and after SCRAM too: an account may have no
    key for it; when time runs out then, the refusal is what is told. Codes: `imap.auth-failed`, `imap.throttled`
    (unknown) when we come too often, `imap.unavailable` when the server says it is not the password,
    `imap.login-disabled` (unknown where it wants a login that we do not speak), `imap.impostor`, and
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
    imap.keep_private((*names_of(user), password))
    offered = {name.removeprefix("AUTH=") for name in imap.capabilities if name.startswith("AUTH=")}
    try:
        ways = await sasl.mechanisms(offered, user, password, stream.tls)
    except sasl.UnusableError:
        unknown("secret.unusable", "the password holds characters that no SCRAM login can (RFC 4013)")
    refused: ImapReply | None = None
    for way in _in_order(ways, "LOGINDISABLED" not in imap.capabilities):
        reply = await (_login(imap, user, password) if way is None else _authenticate(imap, way))
        if reply.status == "OK":
            imap.logged_in = True
            await _identify(imap)
            return
        if reply.throttled:
            expect(reply, "login")
        if _word(reply) in _NOT_NOW:
            fail("imap.unavailable", f"login: {reply.said}")
        refused = reply if refused is None or reply.status == "NO" else refused
        stored_otherwise = way is not None and way.name.startswith("SCRAM")
        if not (stored_otherwise or _is_not_so(reply)):
            break  # the server was told the password: it would answer the same, later each time, or lock the account
        if stored_otherwise:
            phases.known = Trouble(Outcome.FAIL, "imap.auth-failed", f"login: {refused.said}")
    others = sasl.unspoken(offered)
    if refused is not None and _word(refused) == "PRIVACYREQUIRED" and stream.tls is None:
        unknown("imap.login-disabled", f"the server takes a password only below TLS: {refused.said}")
    if refused is not None and not (others and _is_not_so(refused)):
        expect(refused, "login", "imap.auth-failed")
    if refused is None and stream.tls is not None and not offered:
        fail("imap.login-disabled", "the server takes no login on this connection")
    _not_spoken(others, stream)


def _in_order(ways: Iterable[sasl.Mechanism], login: bool) -> Iterator[sasl.Mechanism | None]:
    """Yield the mechanisms, and None for the command LOGIN: before what is only a challenge, or asks as it does."""
    last = [way for way in ways if way.name in ("LOGIN", sasl.CHALLENGE)]
    yield from (way for way in ways if way not in last)
    if login:
        yield None
    yield from (way for way in last if not (login and way.name == sasl.CHALLENGE))


def _is_not_so(reply: ImapReply) -> bool:
    """Whether it was the mechanism that was refused, and not the password (RFC 9051 section 6.2.2)."""
    return reply.status == "BAD" or (not _word(reply) and _NOT_SO.search(reply.words) is not None)


def _not_spoken(others: list[str], stream: Stream) -> NoReturn:
    if stream.tls is None and not others:
        unknown("imap.login-disabled", "the server takes no password on a connection without TLS")
    wanted = ", ".join(clean(each, 40) for each in others) or sasl.CHALLENGE
    unknown("imap.login-disabled", f"the server wants a login that this program does not speak: {wanted}")


async def _login(imap: ImapConnection, user: str, password: str) -> ImapReply:
    name, secret = user.encode(), password.encode()
    opening = f"LOGIN {{{len(name)}}}"  # literals take any character, quoted strings do not
    return await imap.command(opening, [name + f" {{{len(secret)}}}".encode(), secret])


async def _authenticate(imap: ImapConnection, way: sasl.Mechanism) -> ImapReply:
    """Carry one login; return its last reply."""
    command = f"AUTHENTICATE {way.name}"
    waiting: list[bytes] = []
    if way.first is not None:
        first = sasl.encoded(way.first)
        imap.keep_private((first,))
        if "SASL-IR" in imap.capabilities:
            command = f"{command} {first or '='}"
        else:
            waiting.append(first.encode())

    async def respond(challenge: str) -> bytes:
        answer = sasl.encoded(await way.answer(sasl.decoded(challenge)))
        imap.keep_private((answer,))
        return answer.encode()

    try:
        reply = await imap.command(command, waiting, respond=respond)
        if reply.status == "OK":
            way.finish()
    except sasl.ImpostorError:
        fail("imap.impostor", "the server cannot prove that it knows the password that it let us in with")
    except sasl.AstrayError as error:
        fail("imap.protocol", f"the login by {way.name} went astray: {error}")
    return reply


async def _identify(imap: ImapConnection) -> None:
    """Say who we are where the server asks for that (RFC 2971): some open no mailbox for programs without a name."""
    if "ID" in imap.capabilities:
        await imap.command('ID ("name" "outagetui")')


def _word(reply: ImapReply) -> str:
    return reply.code.partition(" ")[0]


async def refresh(imap: ImapConnection) -> None:
    """Ask what the server can do for whoever is logged in; it need not tell by itself (RFC 9051 section 6.1.1)."""
    await imap.command("CAPABILITY")


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
