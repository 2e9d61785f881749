"""An SMTP session up to where a message can be given, and giving it (RFC 5321, STARTTLS RFC 3207, AUTH RFC 4954)."""

import ssl
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from outagetui.core.hosts import is_loopback
from outagetui.core.masking import names_of
from outagetui.core.text import clean, in_quotes
from outagetui.net.connect import dial
from outagetui.net.farewell import goodbye
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols import sasl
from outagetui.protocols.smtp_connection import DoorError, RefusedError, SmtpConnection, SmtpReply, expect

StartTls = Literal["offered", "required", "never"]
IMPLICIT_TLS = 465  # RFC 8314
INLINE = 510  # characters of a command line (RFC 5321 section 4.5.3.1.4); a longer first message waits for its turn
# A mechanism is not known, too weak for this account, or wants TLS first (RFC 4954 section 6): another may be taken.
_NOT_SO = (500, 502, 504, 534, 538)
_OTHER_WAY = ("5.7.139",)  # "basic authentication is disabled": only the mechanisms that we do not speak get in
T = TypeVar("T")


async def converse(
    vantage: Vantage,
    host: str,
    port: int,
    phases: Phases,
    talk: Callable[[Stream], Awaitable[T]],
    *,
    deadline: float,
    connect: str | None = None,
) -> tuple[Stream, T]:
    """Return what `talk` does on a connection to `host`, and that connection, which the caller closes.

    Where a server ends the session by 421, or does not greet us, the next address is tried as senders do (RFC 5321
    section 5.1); when all did, or cannot be reached, that is what is raised.
    """
    ended: RefusedError | None = None
    left: set[str] = set()
    while True:
        try:
            stream = await dial(vantage, host, port, phases, deadline=deadline, connect=connect, without=left)
        except (Trouble, OSError):
            if ended is not None:
                raise ended from None
            raise
        try:
            return stream, await talk(stream)
        except RefusedError as refused:
            left.add(stream.remote.partition("%")[0])
            stream.close()
            if not (refused.reply.elsewhere or isinstance(refused, DoorError)):
                raise
            ended = refused
        except BaseException:
            stream.close()
            raise


async def begin(
    stream: Stream, host: str, direct: bool, context: ssl.SSLContext, phases: Phases, starttls: StartTls = "offered"
) -> tuple[SmtpConnection, SmtpReply]:
    """Greet, and take TLS: at once when `direct`, else as `starttls` says; return the banner too.

    Phases tls (when `direct`), banner, ehlo, starttls, tls. Codes: `smtp.NNN`, `smtp.starttls-missing`,
    `smtp.protocol`, `smtp.closed`, and those of TLS.
    """
    if direct:
        await secure(stream, context, host, phases)
    smtp = SmtpConnection(stream)
    phases.enter("banner")
    banner = await smtp.greet()
    phases.enter("ehlo")
    await smtp.hello()
    if stream.tls is None and starttls == "required" and "STARTTLS" not in smtp.extensions:
        fail("smtp.starttls-missing", "the server does not offer STARTTLS")
    if stream.tls is None and starttls != "never" and "STARTTLS" in smtp.extensions:
        phases.enter("starttls")
        expect(await smtp.command("STARTTLS"), 220, "STARTTLS")
        await secure(stream, context, host, phases)
        phases.enter("ehlo")
        await smtp.hello()  # what was said before TLS no longer counts (RFC 3207 section 4.2)
    return smtp, banner


async def log_in(
    smtp: SmtpConnection, user: str, password: str, phases: Phases, starttls: StartTls = "offered"
) -> None:
    """Log in (RFC 4954) by the best mechanism that both sides know; never in the clear beyond this machine.

    Where one is refused, the next is tried: an account may have no key for the best one; when time runs out then, the
    refusal is what is told. Codes: `smtp.NNN`,
    `smtp.auth-missing` (unknown where the server wants a login that we do not speak), `smtp.impostor`,
    `smtp.protocol`, and `smtp.starttls-missing` where the password would have gone in the clear.
    """
    if not is_private(smtp.stream):
        if starttls == "never":
            unknown("option.invalid", "a password is not sent without TLS: `starttls` must not be `never`")
        fail("smtp.starttls-missing", "the server does not offer STARTTLS, so the password was not sent")
    smtp.keep_private((*names_of(user), password))
    offered = smtp.extensions.get("AUTH", "").split()
    try:
        ways = await sasl.mechanisms(offered, user, password, smtp.stream.tls)
    except sasl.UnusableError:
        unknown("secret.unusable", "the password holds characters that no SCRAM login can (RFC 4013)")
    others = sasl.unspoken(offered)
    refused: RefusedError | None = None
    for way in ways:
        reply = await _authenticate(smtp, way)
        if reply.taken:
            return
        refused = refused if refused is not None and reply.code in _NOT_SO else RefusedError(reply, "AUTH")
        stored_otherwise = way.name.startswith("SCRAM") and reply.code == 535
        if reply.code not in _NOT_SO and not stored_otherwise:
            break
        phases.known = refused if stored_otherwise else None
    if refused is not None and not (others and _not_so(refused.reply)):
        raise refused
    if refused is None and not offered and not ("STARTTLS" in smtp.extensions and smtp.stream.tls is None):
        fail("smtp.auth-missing", "the server offers no login (AUTH)")
    said = f", and takes none of the others: {refused.reply.words}" if refused is not None else ""
    if sasl.CHALLENGE in offered and smtp.stream.tls is None:
        others = [*others, f"{sasl.CHALLENGE} without TLS"]
    wanted = ", ".join(clean(each, 40) for each in others) or "one below TLS"
    unknown("smtp.auth-missing", f"the server wants a login that this program does not speak: {wanted}{said}")


async def _authenticate(smtp: SmtpConnection, way: sasl.Mechanism) -> SmtpReply:
    """Carry one login; return the last reply."""
    command = f"AUTH {way.name}"
    first = None if way.first is None else sasl.encoded(way.first) or "="
    if first is not None and len(command) + 1 + len(first) <= INLINE:
        smtp.keep_private((first,))
        command, first = f"{command} {first}", None
    reply = await smtp.command(command)
    try:
        while 300 <= reply.code < 400:
            if first is not None:
                answer, first = first.removeprefix("="), None
            else:
                answer = sasl.encoded(await way.answer(sasl.decoded(" ".join(reply.lines))))
            smtp.keep_private((answer,))
            reply = await smtp.command(answer)
        if reply.taken:
            way.finish()
    except sasl.ImpostorError:
        fail("smtp.impostor", "the server cannot prove that it knows the password that it let us in with")
    except sasl.AstrayError as error:
        fail("smtp.protocol", f"the login by {way.name} went astray: {error}")
    return reply


def _not_so(reply: SmtpReply) -> bool:
    return reply.code in _NOT_SO or reply.status in _OTHER_WAY


async def leave(smtp: SmtpConnection, deadline: float) -> None:
    """Say QUIT, waiting only a moment for the answer."""
    async with goodbye(deadline):
        await smtp.command("QUIT")


def require_address(text: str) -> None:
    """Fail as unknown `option.invalid` unless `text` can stand between the brackets of MAIL FROM and RCPT TO."""
    if not text.isascii() or any(char in "<>" or char <= " " or char == "\x7f" for char in text):
        unknown("option.invalid", f"{in_quotes(text)} is not a plain mail address")


def is_private(stream: Stream) -> bool:
    """Tell whether nobody on the way can read what is sent: TLS, or this machine itself."""
    return stream.tls is not None or is_loopback(stream.remote)
