"""`smtp`: greeting, EHLO, STARTTLS, AUTH and an envelope that is taken back (RFC 5321); a message is never sent.

Codes: `smtp.NNN` for a refusal (warn for a 4xx to the envelope, which is how greylisting looks; 421, or no greeting,
sends us to the next address, and fails when all say it), `smtp.throttled` (unknown: we come too often),
`smtp.starttls-missing`, `smtp.auth-missing` (unknown where the server wants a login that we do not speak),
`smtp.impostor`, `smtp.protocol`, `smtp.closed`, and those of TLS. A target `smtps://…`, and port 465, speak TLS at
once (RFC 8314).
"""

from msgspec.structs import replace

from outagetui.core.mailbox import in_envelope
from outagetui.core.masking import names_of
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import SmtpOptions
from outagetui.net.connect import target
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.smtp_connection import TLS_FIRST, RefusedError, SmtpConnection, SmtpReply, envelope, expect
from outagetui.protocols.smtp_session import IMPLICIT_TLS, begin, converse, leave, log_in, require_address


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the mail server of `check`."""
    written = check.own(SmtpOptions)
    ends = {key: in_envelope(getattr(written, key) or "") or None for key in ("mail_from", "rcpt_to")}
    options = replace(written, **ends)
    host, port = target(check.target, 25)
    direct = port == IMPLICIT_TLS or check.target.lower().startswith("smtps:")
    password = "" if options.secret is None else vantage.secrets.read(options.secret)
    for address in (options.mail_from or "", options.rcpt_to or ""):
        require_address(address)
    phases = Phases()

    async def talk(stream: Stream) -> tuple[SmtpReply, SmtpReply | None]:
        context = await vantage.tls_context(options.ca)
        smtp, banner = await begin(stream, host, direct, context, phases, options.starttls)
        if options.user is not None:
            phases.enter("auth")
            await log_in(smtp, options.user, password, phases, options.starttls)
        late = None
        if options.mail_from is not None or options.rcpt_to is not None:
            phases.enter("envelope")
            late = await _envelope(smtp, options)
        phases.stop()
        await leave(smtp, deadline)
        return banner, late

    async with phases.within(deadline):
        stream, (banner, late) = await converse(
            vantage, host, port, phases, talk, deadline=deadline, connect=check.connect
        )
        with stream:
            protected = stream.tls.version() if stream.tls else "no TLS"
    if late is not None:
        return phases.sample(f"not now: {late.words}", Outcome.WARN, f"smtp.{late.code}")
    return phases.sample(f"{banner.words} ({protected})")


async def _envelope(smtp: SmtpConnection, options: SmtpOptions) -> SmtpReply | None:
    """Try sender and recipient and take them back; return the reply that says "later", if there was one."""
    late: SmtpReply | None = None
    smtp.keep_private(names_of(options.mail_from or ""))
    recipients = [] if options.rcpt_to is None else [options.rcpt_to]
    try:
        turned_away = await smtp.envelope(options.mail_from or "", recipients)
        for reply in turned_away.values():
            envelope(reply, "RCPT TO")
    except RefusedError as refused:
        if refused.reply.code == TLS_FIRST and options.starttls == "never" and "STARTTLS" in smtp.extensions:
            unknown(
                "option.invalid", f"mail goes only below TLS: `starttls` must not be `never`: {refused.reply.words}"
            )
        if refused.reply.throttled or not refused.reply.later:
            raise
        late = refused.reply
    expect(await smtp.command("RSET"), 250, "RSET")
    return late
