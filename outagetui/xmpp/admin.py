"""What administrators of a server order by ad-hoc commands (XEP-0050, XEP-0133)."""

from xml.etree.ElementTree import Element

from outagetui.probes.trouble import fail
from outagetui.text import clean
from outagetui.xmpp.conditions import Answered, Refused
from outagetui.xmpp.forms import DATA, fields, submission
from outagetui.xmpp.session import Session

COMMANDS = "http://jabber.org/protocol/commands"
ADMIN = "http://jabber.org/protocol/admin"
ADD_USER = f"{ADMIN}#add-user"
_UNKNOWN = frozenset({"item-not-found", "service-unavailable", "feature-not-implemented"})


async def add_user(session: Session, address: str, password: str) -> bool:
    """Make the account `address` (section 4.1); False when there is one already, which is left as it is.

    Raises `Trouble`: `xmpp.forbidden` for who is no administrator, `xmpp.no-command` when the server does not offer it.
    """
    domain = address.partition("@")[2]
    try:
        form = await _command(session, domain, {"action": "execute"})
    except Refused as error:
        if error.condition in ("forbidden", "not-allowed", "not-authorized"):
            raise Answered(
                "xmpp.forbidden", f"{session.account.jid} is no administrator of {domain} ({error.condition})"
            ) from error
        if error.condition in _UNKNOWN:
            raise Answered(
                "xmpp.no-command", f"{domain} offers no command that makes accounts (XEP-0133; Prosody: admin_adhoc)"
            ) from error
        raise
    words = {"accountjid": address, "password": password, "password-verify": password}
    offered = fields(form.find(f"{{{DATA}}}x"))
    if not offered.keys() >= {"accountjid", "password"}:
        raise Answered("xmpp.no-command", f"{domain}: the form that makes accounts asks for other things")
    filled = offered | {key: (value,) for key, value in words.items() if key in offered} | {"FORM_TYPE": (ADMIN,)}
    try:
        done = await _command(session, domain, {"sessionid": form.get("sessionid") or ""}, submission(filled))
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


async def _command(session: Session, domain: str, how: dict[str, str], form: Element | None = None) -> Element:
    command = Element(f"{{{COMMANDS}}}command", {"node": ADD_USER, **how})
    if form is not None:
        command.append(form)
    answer = await session.ask("set", command, to=domain)
    found = answer.find(f"{{{COMMANDS}}}command")
    if found is None:
        fail("xmpp.protocol", f"{domain} answers a command with something else")
    return found
