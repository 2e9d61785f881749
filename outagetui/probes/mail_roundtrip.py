"""`mail.roundtrip`: a message with a new token is given to an SMTP server, found in an IMAP mailbox, and deleted.

With an http(s) target the token is left in a web chat's form instead, whose operators are away, and must arrive as
mail: the target's query is what the form sends, with `{token}` in one of its fields.

The mailbox is opened first, so that nothing is sent that could not be found. `value` and the phase delivery tell how
many seconds the message took. Codes: `mail.not-delivered` when it was accepted and is not there after `within`,
`mail.bounced` when a delivery report says so, warn `mail.not-deleted`, `smtp.NNN` (warn for a 4xx, which is how
greylisting looks) and `http.NNN` for a refusal, beside those of the probes smtp and imap. Our own messages left by
looks that were cut short, and any older than a day, are cleared away by the next look; nobody else's are touched.
"""

import asyncio
import contextlib
import email.policy
import email.utils
import time
from email.message import EmailMessage
from urllib.parse import parse_qsl, urlencode

from msgspec.structs import replace

from outagetui.core.mailbox import in_envelope
from outagetui.core.masking import names_of
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.own_fault import words_of
from outagetui.core.probe_options import MailRoundtripOptions
from outagetui.core.urls import read_url
from outagetui.net.connect import dial, target
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail
from outagetui.net.vantage import Vantage
from outagetui.protocols import imap_session, smtp_session
from outagetui.protocols.http_answer import refused
from outagetui.protocols.http_fetch import fetch
from outagetui.protocols.imap_connection import ImapConnection
from outagetui.protocols.imap_search import Arrivals, Found, Trace, Traces, delete, search
from outagetui.protocols.probe_mail import HEADER, SUBJECT, Where
from outagetui.protocols.smtp_connection import RefusedError, envelope

TOKEN = "{token}"  # noqa: S105 a placeholder in the form's fields
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0  # seconds between two searches
_BEFORE = 0.8  # the share of the time beside `within` that may be used up before the message is given away


class _Legs(Phases):
    """Phases of two connections, told apart by a prefix."""

    leg = ""

    def enter(self, name: str) -> None:
        super().enter(f"{self.leg}{name}" if name else "")


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Send one message for `check` and wait for it."""
    written = check.own(MailRoundtripOptions)
    options = replace(written, to=in_envelope(written.to), imap_user=written.imap_user or written.to)
    for address in (options.to, _sender(options)):
        smtp_session.require_address(address)
    smtp_password = "" if options.secret is None else vantage.secrets.read(options.secret)
    imap_password = vantage.secrets.read(options.imap_secret)
    clock = asyncio.get_running_loop().time
    ready_by = clock() + max(0.0, deadline - clock() - options.within) * _BEFORE
    traces = vantage.shared(Traces, Traces)
    scheme = options.imap.partition(":")[0].lower()
    host, port = target(options.imap, imap_session.PORTS.get(scheme))
    where: Where = "TEXT" if _is_form(check.target) else "SUBJECT"
    phases = _Legs()
    with traces.trace() as trace, contextlib.ExitStack() as stack:
        async with phases.within(ready_by):
            phases.leg = "imap_"
            stream = stack.enter_context(await dial(vantage, host, port, phases, deadline=ready_by))
            context = await vantage.tls_context(options.ca)
            imap = await imap_session.begin(stream, host, scheme, context, "offered", phases)
            phases.enter("login")
            user = options.imap_user or options.to
            await imap_session.log_in(stream, imap, user, imap_password, "offered", phases)
            await imap_session.refresh(imap)
            phases.enter("select")
            inbox = await imap_session.open_inbox(imap, to_change=True)
            late = await _clear(imap, where, _sender(options), traces)
            given = clock()
            if _is_form(check.target):
                phases.leg = ""
                phases.enter("form")
                await _leave_in_chat(check, options, vantage, trace, ready_by)
            else:
                phases.leg = "smtp_"
                await _submit(check, options, smtp_password, vantage, trace, phases, ready_by)
        phases.leg = ""
        async with phases.within(deadline):
            phases.enter("delivery")
            first = inbox.next_uid or 1
            arrivals = Arrivals(imap, where, _sender(options), first)
            found, delayed = await _wait(arrivals, trace.token, clock() + options.within)
            took = clock() - given
            if not found:
                why = f"; a report says that it is delayed: {delayed}" if delayed else ""
                fail("mail.not-delivered", f"accepted, but not in the mailbox after {options.within:g} s{why}")
            phases.stop()
        kept = await _delete(imap, found, trace, deadline)
        await imap_session.leave(imap, deadline)
    told = [f"delivered in {took:.2f} s", late, kept and f"but it stays in the mailbox: {kept}"]
    outcome, code = (Outcome.WARN, "mail.not-deleted") if kept else (Outcome.PASS, "")
    return phases.sample(", ".join(filter(None, told)), outcome, code, round(took, 3))


def _is_form(target: str) -> bool:
    return target.partition(":")[0].lower() in ("http", "https")


def _sender(options: MailRoundtripOptions) -> str:
    """Return the address a message comes from: the user's where that is one, else the recipient's own."""
    return in_envelope(options.user) if options.user is not None and "@" in options.user else options.to


async def _clear(imap: ImapConnection, where: Where, sender: str, traces: Traces) -> str:
    """Delete what earlier looks left behind; return words on that, and on how late it came where that is known."""
    leftovers = traces.leftovers(await search(imap, where, sender), time.time())
    late = [max(0.0, each.arrived - sent) for each in leftovers if (sent := traces.sent(each)) is not None]
    if leftovers and await delete(imap, [each.uid for each in leftovers]):
        traces.forget(token for each in leftovers for token in each.mail.tokens)
    words = f"cleared away {len(leftovers)} earlier" if leftovers else ""
    return f"{words} (on the way for about {max(late):.0f} s)" if late else words


async def _submit(
    check: Check,
    options: MailRoundtripOptions,
    password: str,
    vantage: Vantage,
    trace: Trace,
    phases: Phases,
    deadline: float,
) -> None:
    host, port = target(check.target, 25)

    async def talk(stream: Stream) -> None:
        direct = port == smtp_session.IMPLICIT_TLS
        smtp, _ = await smtp_session.begin(stream, host, direct, await vantage.tls_context(options.ca), phases)
        if options.user is not None:
            phases.enter("auth")
            await smtp_session.log_in(smtp, options.user, password, phases)
        phases.enter("message")
        smtp.keep_private(names_of(_sender(options)))
        trace.gone = False  # from here on the message may arrive, whatever becomes of us
        try:
            for reply in (await smtp.envelope(_sender(options), [options.to])).values():
                envelope(reply, "RCPT TO")
            await smtp.give(_message(options, trace.token))
        except RefusedError:
            trace.gone = True
            raise
        phases.stop()
        await smtp_session.leave(smtp, deadline)

    stream, _ = await smtp_session.converse(vantage, host, port, phases, talk, deadline=deadline, connect=check.connect)
    stream.close()


def _message(options: MailRoundtripOptions, token: str) -> bytes:
    sender = _sender(options)
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = sender
    message["To"] = options.to
    message["Subject"] = f"{SUBJECT} {token}"
    message["Date"] = email.utils.formatdate()
    message["Message-ID"] = f"<{token}@{sender.rpartition('@')[2]}>"
    message[HEADER] = token
    message["Auto-Submitted"] = "auto-generated"  # so that no vacation notice answers it (RFC 3834)
    message.set_content("This message only proves that mail is delivered. It is deleted as soon as it is found.\n")
    return bytes(message)


async def _leave_in_chat(
    check: Check, options: MailRoundtripOptions, vantage: Vantage, trace: Trace, deadline: float
) -> None:
    form = read_url(check.target)
    fields = [(name, value.replace(TOKEN, trace.token)) for name, value in parse_qsl(form.query, True)]
    trace.gone = False
    reply = await fetch(
        vantage,
        replace(form, query="").text,
        method="POST",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode(fields).encode(),
        ca=options.ca,
        connect=check.connect,
        deadline=deadline,
    )
    if not 200 <= reply.status < 400:
        raise refused(reply, f"the chat did not take the message: status {reply.status}", time.time())


async def _wait(arrivals: Arrivals, token: str, until: float) -> tuple[list[Found], str]:
    """Look until the message is there, or nothing by `until` (the loop's time); return it, and why it is delayed.

    Fails as `mail.bounced` when a report says that it never will be there.
    """
    clock = asyncio.get_running_loop().time
    pause = _FIRST_PAUSE
    delayed = ""
    while True:
        about_it = [each for each in await arrivals.new() if token in each.mail.tokens]
        found = [each for each in about_it if each.mail.own]
        for report in about_it:
            if report.mail.action == "failed" and not found:
                fail("mail.bounced", f"accepted, and then sent back: {report.mail.reason}")
            delayed = report.mail.reason if report.mail.action == "delayed" else delayed
        left = until - clock()
        if found or left <= 0:
            return found, delayed
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.3, _LONGEST_PAUSE)


async def _delete(imap: ImapConnection, found: list[Found], trace: Trace, deadline: float) -> str:
    """Delete what was found; return words on why it could not be done."""
    try:
        async with asyncio.timeout_at(deadline):
            trace.gone = await delete(imap, [each.uid for each in found])
    except TimeoutError:
        return "no answer in time"
    except Trouble as trouble:
        return trouble.detail
    except OSError as error:
        return words_of(error)
    return "" if trace.gone else "it is only marked as deleted, since this server expunges no message alone"
