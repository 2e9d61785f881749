"""`smtp`: greeting, EHLO, STARTTLS, AUTH and an envelope that is taken back (RFC 5321); a message is never sent.

Codes: `smtp.NNN` for a refusal (warn for a 4xx to RCPT, which is how greylisting looks), `smtp.starttls-missing`,
`smtp.auth-missing`, `smtp.protocol`, `smtp.closed`, and those of TLS. Port 465 speaks TLS at once (RFC 8314).
"""

import asyncio
import base64
import contextlib
import ipaddress
import ssl

from outagetui.model import Check, Outcome, Sample
from outagetui.options import SmtpOptions
from outagetui.probes.certificate import refusal
from outagetui.probes.connect import dial, target
from outagetui.probes.smtp_talk import SmtpReply, SmtpTalk, expect
from outagetui.probes.stream import Stream
from outagetui.probes.trouble import Phases, Trouble, fail, unknown
from outagetui.probes.vantage import Vantage
from outagetui.text import clean

IMPLICIT_TLS = 465
_FAREWELL = 0.5  # seconds the answer to QUIT may take; the verdict no longer depends on it


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the mail server of `check`."""
    options = check.options
    assert isinstance(options, SmtpOptions)
    host, port = target(check.target, 25)
    password = _password(options, vantage)
    for address in (options.mail_from or "", options.rcpt_to or ""):
        if not address.isascii() or any(char in "<>" or char <= " " or char == "\x7f" for char in address):
            unknown("option.invalid", f"{address!r} is not a plain mail address")
    phases = Phases()
    async with phases.within(deadline):
        with await dial(vantage, host, port, phases, deadline=deadline, connect=check.connect) as stream:
            if port == IMPLICIT_TLS:
                await _protect(stream, host, options, vantage, phases)
            talk = SmtpTalk(stream)
            phases.enter("banner")
            banner = await talk.greet()
            phases.enter("ehlo")
            await talk.hello()
            if port != IMPLICIT_TLS:
                await _starttls(stream, talk, host, options, vantage, phases)
            if options.user is not None:
                phases.enter("auth")
                await _log_in(stream, talk, options, password)
            late = None
            if options.mail_from is not None or options.rcpt_to is not None:
                phases.enter("envelope")
                late = await _envelope(talk, options)
            phases.stop()
            await _leave(talk, deadline)
            protected = stream.tls.version() if stream.tls else "no TLS"
    outcome, code, detail = Outcome.PASS, "", f"{banner.words} ({protected})"
    if late is not None:
        outcome, code, detail = Outcome.WARN, f"smtp.{late.code}", f"not now: {late.words}"
    return Sample(outcome=outcome, code=code, detail=clean(detail), latency_ms=phases.total, phases=dict(phases.ms))


def _password(options: SmtpOptions, vantage: Vantage) -> str:
    if options.user is None:
        return ""
    if options.secret is None:
        unknown("option.invalid", "`user` needs `secret`, the name of its password's file")
    return vantage.secrets.read(options.secret)


async def _protect(stream: Stream, host: str, options: SmtpOptions, vantage: Vantage, phases: Phases) -> None:
    phases.enter("tls")
    try:
        await stream.start_tls(vantage.tls_context(options.ca), host)
    except ssl.SSLError as error:
        raise refusal(error, stream, host) from error


async def _starttls(
    stream: Stream, talk: SmtpTalk, host: str, options: SmtpOptions, vantage: Vantage, phases: Phases
) -> None:
    if options.starttls == "never":
        return
    if "STARTTLS" not in talk.extensions:
        if options.starttls == "required":
            fail("smtp.starttls-missing", "the server does not offer STARTTLS")
        return
    phases.enter("starttls")
    expect(await talk.command("STARTTLS"), 220, "STARTTLS")
    await _protect(stream, host, options, vantage, phases)
    phases.enter("ehlo")
    await talk.hello()  # what was said before TLS no longer counts (RFC 3207 section 4.2)


async def _log_in(stream: Stream, talk: SmtpTalk, options: SmtpOptions, password: str) -> None:
    """AUTH PLAIN (RFC 4616), or LOGIN where only that is known; never in the clear beyond this machine."""
    if stream.tls is None and not ipaddress.ip_address(stream.remote.partition("%")[0]).is_loopback:
        if options.starttls == "never":
            unknown("option.invalid", "a password is not sent without TLS: `starttls` must not be `never`")
        fail("smtp.starttls-missing", "the server does not offer STARTTLS, so the password was not sent")
    mechanisms = talk.extensions.get("AUTH", "").split()
    user = options.user or ""
    if "PLAIN" in mechanisms:
        reply = await talk.command(f"AUTH PLAIN {_base64(f'{chr(0)}{user}{chr(0)}{password}')}")
    elif "LOGIN" in mechanisms:
        expect(await talk.command("AUTH LOGIN"), 334, "AUTH LOGIN")
        expect(await talk.command(_base64(user)), 334, "AUTH LOGIN")
        reply = await talk.command(_base64(password))
    else:
        fail("smtp.auth-missing", f"the server offers neither AUTH PLAIN nor LOGIN: {' '.join(mechanisms) or 'none'}")
    expect(reply, 235, "AUTH")


async def _envelope(talk: SmtpTalk, options: SmtpOptions) -> SmtpReply | None:
    """Try sender and recipient and take them back; return the reply that says "later", if there was one."""
    expect(await talk.command(f"MAIL FROM:<{options.mail_from or ''}>"), 250, "MAIL FROM")
    late = None
    if options.rcpt_to is not None:
        reply = await talk.command(f"RCPT TO:<{options.rcpt_to}>")
        if 400 <= reply.code < 500:
            late = reply
        elif reply.code not in (250, 251, 252):
            fail(f"smtp.{reply.code}", f"RCPT TO: {reply.words}")
    expect(await talk.command("RSET"), 250, "RSET")
    return late


async def _leave(talk: SmtpTalk, deadline: float) -> None:
    left = deadline - asyncio.get_running_loop().time()
    with contextlib.suppress(TimeoutError, OSError, Trouble):
        # Half of what is left, so that a server silent here cannot use up the deadline of a look that is over.
        async with asyncio.timeout(min(_FAREWELL, left / 2)):
            await talk.command("QUIT")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
