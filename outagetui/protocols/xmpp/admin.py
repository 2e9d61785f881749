"""What administrators of a server order by ad-hoc commands (XEP-0050, XEP-0133)."""

from xml.etree.ElementTree import Element

from outagetui.core.text import clean
from outagetui.net.trouble import fail
from outagetui.protocols.xmpp.conditions import Answered, Refused
from outagetui.protocols.xmpp.forms import DATA, fields, named, submission
from outagetui.protocols.xmpp.session import Session

COMMANDS = "http://jabber.org/protocol/commands"
ADMIN = "http://jabber.org/protocol/admin"
ADD_USER = f"{ADMIN}#add-user"
ANNOUNCE = f"{ADMIN}#announce"
PASSWORDS = ("password", "password-verify")
_UNKNOWN = frozenset({"item-not-found", "service-unavailable", "feature-not-implemented"})


async def add_user(session: Session, address: str, password: str) -> bool:
    """Make the account `address` (section 4.1); False when there is one already, which is left as it is.

    Raises `Trouble`: `xmpp.forbidden` for who is no administrator, `xmpp.no-command` when the server does not offer it.
    """
    domain = address.partition("@")[2]
    begun = await _begin(session, domain, ADD_USER, "makes accounts", "admin_adhoc")
    form = begun.find(f"{{{DATA}}}x")
    account = _field(form, ("accountjid",), "jid-single")
    passwords = named(form, "text-private") or [each for each in PASSWORDS if each in fields(form)]
    if not account or not passwords:
        raise Answered("xmpp.no-command", f"{domain}: the form that makes accounts asks for other things")
    filled: dict[str, tuple[str, ...]] = {account: (address,), **dict.fromkeys(passwords, (password,))}
    try:
        done = await _submit(session, domain, ADD_USER, begun, filled)
    except Refused as error:
        if error.condition == "conflict":
            return False
        raise
    notes = [clean(each.text or "") for each in done.iterfind(f"{{{COMMANDS}}}note") if each.get("type") == "error"]
    if notes and "exist" in notes[0].lower():  # Prosody has only words for it
        return False
    if notes or done.get("status") != "completed":
        raise Answered(
            "xmpp.not-made", f"{domain} did not make {address}: {notes[0] if notes else 'it wants to know more'}"
        )
    return True


async def announce(session: Session, domain: str, subject: str, text: str) -> str:
    """Send `text` to everybody who is online at `domain` (section 4.23) and return what the server says of it.

    Raises `Trouble` as `add_user` does, and `xmpp.not-announced`.
    """
    begun = await _begin(session, domain, ANNOUNCE, "sends announcements", "announce")
    form = begun.find(f"{{{DATA}}}x")
    # The standard names it in an example only: Prosody says announcement, ejabberd body, others message.
    body = _field(form, ("announcement", "body", "message", "text"), "text-multi")
    title = _field(form, ("subject", "title"), "text-single")
    if not body:
        raise Answered("xmpp.no-command", f"{domain}: the form that sends announcements asks for other things")
    lines = text.split("\n")
    filled = {title: (subject,), body: tuple(lines)} if title else {body: (subject, "", *lines)}
    done = await _submit(session, domain, ANNOUNCE, begun, filled)
    notes = [(each.get("type"), clean(each.text or "")) for each in done.iterfind(f"{{{COMMANDS}}}note")]
    wrong = [words for kind, words in notes if kind == "error"]
    if wrong or done.get("status") != "completed":
        words = wrong[0] if wrong else "it wants to know more"
        raise Answered("xmpp.not-announced", f"{domain} did not send it: {words}")
    return notes[0][1] if notes else ""


def _field(form: Element | None, usual: tuple[str, ...], kind: str) -> str:
    """Return the name of the form's only field of type `kind`, else of one of its `usual` names; empty for none."""
    typed = named(form, kind)
    if len(typed) == 1:
        return typed[0]
    return next((name for name in usual if name in (typed or fields(form))), "")


async def _begin(session: Session, domain: str, node: str, what: str, module: str) -> Element:
    """Return the form of a command; in words, why there is none."""
    try:
        return await _command(session, domain, node, {"action": "execute"})
    except Refused as error:
        if error.condition in ("forbidden", "not-allowed", "not-authorized"):
            raise Answered(
                "xmpp.forbidden", f"{session.account.jid} is no administrator of {domain} ({error.condition})"
            ) from error
        if error.condition in _UNKNOWN:
            words = f"{domain} offers no command that {what} (XEP-0133; Prosody: {module})"
            raise Answered("xmpp.no-command", words) from error
        raise


async def _submit(
    session: Session, domain: str, node: str, begun: Element, filled: dict[str, tuple[str, ...]]
) -> Element:
    """Send the form of a command that was `begun` back; what is not in `filled` keeps the values it came with."""
    kept = fields(begun.find(f"{{{DATA}}}x"))
    form = submission({"FORM_TYPE": (ADMIN,)} | {name: each for name, each in kept.items() if each} | filled)
    return await _command(session, domain, node, {"sessionid": begun.get("sessionid") or ""}, form)


async def _command(
    session: Session, domain: str, node: str, how: dict[str, str], form: Element | None = None
) -> Element:
    command = Element(f"{{{COMMANDS}}}command", {"node": node, **how})
    if form is not None:
        command.append(form)
    answer = await session.ask("set", command, to=domain)
    found = answer.find(f"{{{COMMANDS}}}command")
    if found is None:
        fail("xmpp.protocol", f"{domain} answers a command with something else")
    return found
