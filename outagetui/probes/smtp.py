"""`smtp`: greeting, EHLO, STARTTLS, AUTH and an envelope that is taken back (RFC 5321); a message is never sent.

Codes: `smtp.NNN` for a refusal (warn for a 4xx to RCPT, which is how greylisting looks), `smtp.starttls-missing`,
`smtp.auth-missing`, `smtp.protocol`, `smtp.closed`, and those of TLS. A target `smtps://…`, and port 465, speak TLS
at once (RFC 8314).
"""

from msgspec.structs import replace

from outagetui.core.mailbox import in_envelope
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import SmtpOptions
from outagetui.net.connect import dial, target
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.smtp_connection import RefusedError, SmtpConnection, SmtpReply, expect
from outagetui.protocols.smtp_session import IMPLICIT_TLS, begin, leave, log_in, require_address


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
    async with phases.within(deadline):
        with await dial(vantage, host, port, phases, deadline=deadline, connect=check.connect) as stream:
            context = vantage.tls_context(options.ca)
            smtp, banner = await begin(stream, host, direct, context, phases, options.starttls)
            if options.user is not None:
                phases.enter("auth")
                await log_in(smtp, options.user, password, options.starttls)
            late = None
            if options.mail_from is not None or options.rcpt_to is not None:
                phases.enter("envelope")
                late = await _envelope(smtp, options)
            phases.stop()
            await leave(smtp, deadline)
            protected = stream.tls.version() if stream.tls else "no TLS"
    if late is not None:
        return phases.sample(f"not now: {late.words}", Outcome.WARN, f"smtp.{late.code}")
    return phases.sample(f"{banner.words} ({protected})")


async def _envelope(smtp: SmtpConnection, options: SmtpOptions) -> SmtpReply | None:
    """Try sender and recipient and take them back; return the reply that says "later", if there was one."""
    expect(await smtp.command(f"MAIL FROM:<{options.mail_from or ''}>"), 250, "MAIL FROM")
    late = None
    if options.rcpt_to is not None:
        reply = await smtp.command(f"RCPT TO:<{options.rcpt_to}>")
        if 400 <= reply.code < 500:
            late = reply
        elif not reply.taken:
            raise RefusedError(reply, "RCPT TO")
    expect(await smtp.command("RSET"), 250, "RSET")
    return late
