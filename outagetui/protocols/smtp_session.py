"""An SMTP session up to where a message can be given, and giving it (RFC 5321, STARTTLS RFC 3207, AUTH RFC 4954)."""

import base64
import hmac
import ssl
from typing import Literal

from outagetui.core.hosts import is_loopback
from outagetui.core.text import in_quotes
from outagetui.net.farewell import goodbye
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, fail, unknown
from outagetui.protocols.smtp_connection import SmtpConnection, SmtpReply, expect

StartTls = Literal["offered", "required", "never"]
IMPLICIT_TLS = 465  # RFC 8314


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


async def log_in(smtp: SmtpConnection, user: str, password: str, starttls: StartTls = "offered") -> None:
    """AUTH PLAIN (RFC 4616), else LOGIN, else CRAM-MD5 (RFC 2195); never in the clear beyond this machine.

    Codes: `smtp.NNN`, `smtp.auth-missing`, `smtp.protocol`, and `smtp.starttls-missing` where the password would have
    gone in the clear.
    """
    if not is_private(smtp.stream):
        if starttls == "never":
            unknown("option.invalid", "a password is not sent without TLS: `starttls` must not be `never`")
        fail("smtp.starttls-missing", "the server does not offer STARTTLS, so the password was not sent")
    mechanisms = smtp.extensions.get("AUTH", "").split()
    if "PLAIN" in mechanisms:
        reply = await smtp.command(f"AUTH PLAIN {plain(user, password)}")
    elif "LOGIN" in mechanisms:
        expect(await smtp.command("AUTH LOGIN"), 334, "AUTH LOGIN")
        expect(await smtp.command(_base64(user)), 334, "AUTH LOGIN")
        reply = await smtp.command(_base64(password))
    elif "CRAM-MD5" in mechanisms:
        asked = expect(await smtp.command("AUTH CRAM-MD5"), 334, "AUTH CRAM-MD5")
        reply = await smtp.command(_cram_md5(user, password, " ".join(asked.lines)))
    else:
        offered = " ".join(mechanisms) or "none"
        fail("smtp.auth-missing", f"the server offers none of AUTH PLAIN, LOGIN and CRAM-MD5: {offered}")
    expect(reply, 235, "AUTH")


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


def plain(user: str, password: str) -> str:
    """Return the one message of SASL PLAIN (RFC 4616), in base64."""
    return _base64(f"\0{user}\0{password}")


def _cram_md5(user: str, password: str, challenge: str) -> str:
    try:
        given = base64.b64decode(challenge, validate=True)
    except ValueError:
        fail("smtp.protocol", f"the challenge of AUTH CRAM-MD5 is no base64: {challenge}")
    return _base64(f"{user} {hmac.new(password.encode(), given, 'md5').hexdigest()}")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
