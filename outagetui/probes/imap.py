"""`imap`: greeting, CAPABILITY, STARTTLS, login, EXAMINE INBOX, NOOP and LOGOUT (RFC 9051); nothing is changed.

Codes: `imap.auth-failed`, `imap.unavailable` (the login was refused for a reason other than the password),
`imap.throttled` (unknown: we come too often), `imap.too-much` (unknown: our limit cut an answer),
`imap.login-disabled`, `imap.inbox`, `imap.starttls-missing`, `imap.starttls-refused`, `imap.bye`, `imap.closed`,
`imap.protocol`, and those of TLS. Without a user in the target nobody logs in, and the INBOX is left alone.
"""

from outagetui.core.model import Check, Sample
from outagetui.core.probe_options import ImapOptions
from outagetui.core.urls import read_url
from outagetui.net.connect import dial, target
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.imap_connection import expect
from outagetui.protocols.imap_session import PORTS, begin, leave, log_in, open_inbox


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the mailbox of `check`."""
    options = check.own(ImapOptions)
    scheme = check.target.partition(":")[0].lower()
    host, port = target(check.target, PORTS.get(scheme))
    user = read_url(check.target).user or None
    password = "" if options.secret is None else vantage.secrets.read(options.secret)
    phases = Phases()
    async with phases.within(deadline):
        with await dial(vantage, host, port, phases, deadline=deadline, connect=check.connect) as stream:
            context = await vantage.tls_context(options.ca)
            imap = await begin(stream, host, scheme, context, options.starttls, phases)
            detail = "greeted"
            if user is not None:
                phases.enter("login")
                await log_in(stream, imap, user, password, options.starttls, phases)
                phases.enter("select")
                inbox = await open_inbox(imap)
                count = inbox.number("EXISTS")  # which a server must say (RFC 9051 section 6.3.2), and some do not
                detail = "INBOX is open" if count is None else f"INBOX is open, {count} messages"
            phases.enter("noop")
            expect(await imap.command("NOOP"), "NOOP")
            phases.stop()
            await leave(imap, deadline)
            protected = stream.tls.version() if stream.tls else "no TLS"
    return phases.sample(f"{detail}, {protected}")
