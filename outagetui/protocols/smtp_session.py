"""An SMTP session up to where a message can be given, and giving it (RFC 5321, STARTTLS RFC 3207, AUTH RFC 4954)."""

import asyncio
import base64
import contextlib
import ipaddress
import ssl
from typing import Literal

from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.protocols.smtp_talk import SmtpReply, SmtpTalk, expect

StartTls = Literal["offered", "required", "never"]
IMPLICIT_TLS = 465  # RFC 8314
_FAREWELL = 0.5  # seconds the answer to QUIT may take; the verdict no longer depends on it


async def begin(
    stream: Stream,
    host: str,
    port: int,
    context: ssl.SSLContext,
    user: str | None,
    password: str,
    phases: Phases,
    starttls: StartTls = "offered",
) -> tuple[SmtpTalk, SmtpReply]:
    """Greet, take TLS as `starttls` says, and log in when there is a `user`; return the banner too.

    Phases tls (port 465), banner, ehlo, starttls, tls, auth. Codes: `smtp.NNN`, `smtp.starttls-missing`,
    `smtp.auth-missing`, `smtp.protocol`, `smtp.closed`, and those of TLS.
    """
    if port == IMPLICIT_TLS:
        await secure(stream, context, host, phases)
    talk = SmtpTalk(stream)
    phases.enter("banner")
    banner = await talk.greet()
    phases.enter("ehlo")
    await talk.hello()
    if stream.tls is None and starttls == "required" and "STARTTLS" not in talk.extensions:
        fail("smtp.starttls-missing", "the server does not offer STARTTLS")
    if stream.tls is None and starttls != "never" and "STARTTLS" in talk.extensions:
        phases.enter("starttls")
        expect(await talk.command("STARTTLS"), 220, "STARTTLS")
        await secure(stream, context, host, phases)
        phases.enter("ehlo")
        await talk.hello()  # what was said before TLS no longer counts (RFC 3207 section 4.2)
    if user is not None:
        phases.enter("auth")
        await _log_in(stream, talk, user, password, starttls)
    return talk, banner


async def _log_in(stream: Stream, talk: SmtpTalk, user: str, password: str, starttls: StartTls) -> None:
    """AUTH PLAIN (RFC 4616), or LOGIN where only that is known; never in the clear beyond this machine."""
    if not is_private(stream):
        if starttls == "never":
            unknown("option.invalid", "a password is not sent without TLS: `starttls` must not be `never`")
        fail("smtp.starttls-missing", "the server does not offer STARTTLS, so the password was not sent")
    mechanisms = talk.extensions.get("AUTH", "").split()
    if "PLAIN" in mechanisms:
        reply = await talk.command(f"AUTH PLAIN {plain(user, password)}")
    elif "LOGIN" in mechanisms:
        expect(await talk.command("AUTH LOGIN"), 334, "AUTH LOGIN")
        expect(await talk.command(_base64(user)), 334, "AUTH LOGIN")
        reply = await talk.command(_base64(password))
    else:
        fail("smtp.auth-missing", f"the server offers neither AUTH PLAIN nor LOGIN: {' '.join(mechanisms) or 'none'}")
    expect(reply, 235, "AUTH")


async def submit(stream: Stream, talk: SmtpTalk, sender: str, recipient: str, message: bytes) -> str:
    """Give `message` (lines ending in CRLF) to the server and return its words of acceptance."""
    expect(await talk.command(f"MAIL FROM:<{sender}>"), 250, "MAIL FROM")
    reply = await talk.command(f"RCPT TO:<{recipient}>")
    if reply.code not in (250, 251, 252):
        fail(f"smtp.{reply.code}", f"RCPT TO: {reply.words}")
    expect(await talk.command("DATA"), 354, "DATA")
    stuffed = message.replace(b"\r\n.", b"\r\n..")  # RFC 5321 section 4.5.2
    await stream.write(stuffed.removesuffix(b"\r\n") + b"\r\n.\r\n")
    return expect(await talk.read(), 250, "message").words


async def leave(talk: SmtpTalk, deadline: float) -> None:
    """Say QUIT, waiting only a moment for the answer."""
    left = deadline - asyncio.get_running_loop().time()
    with contextlib.suppress(TimeoutError, OSError, Trouble):
        async with asyncio.timeout(min(_FAREWELL, left / 2)):
            await talk.command("QUIT")


def is_private(stream: Stream) -> bool:
    """Tell whether nobody on the way can read what is sent: TLS, or this machine itself."""
    return stream.tls is not None or ipaddress.ip_address(stream.remote.partition("%")[0]).is_loopback


def plain(user: str, password: str) -> str:
    """Return the one message of SASL PLAIN (RFC 4616), in base64."""
    return _base64(f"\0{user}\0{password}")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
