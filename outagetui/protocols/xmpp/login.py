"""Logging in to a stream under TLS: SASL (RFC 6120 section 6) and a resource (section 7)."""

import base64
import secrets
from collections.abc import Callable
from xml.etree.ElementTree import Element, SubElement

from slixmpp import JID, InvalidJID

from outagetui.core.text import clean, in_quotes
from outagetui.net.trouble import fail, unknown
from outagetui.protocols import sasl
from outagetui.protocols.xmpp.conditions import SASL, login_refused
from outagetui.protocols.xmpp.session import Session

FEATURES = "{http://etherx.jabber.org/streams}features"
BINDINGS = "urn:xmpp:sasl-cb:0"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
OLD_SESSION = "urn:ietf:params:xml:ns:xmpp-session"


async def log_in(session: Session, password: str, hide: Callable[[str], None] = lambda _: None) -> None:
    """Log `session` in with `password`; `hide` is given what is made from it and sent. Raises `Trouble`.

    Codes: `xmpp.not-authorized` and the other conditions of RFC 6120 section 6.5, `xmpp.auth-missing` (unknown where
    the server wants a login that we do not speak), `xmpp.impostor` (the server cannot prove that it knows the
    password), `xmpp.conflict`, `xmpp.protocol`.
    """
    session.client.begin()
    offered = await _features(session)
    await _authenticate(session, await _choose(session, offered, password), hide)
    session.client.begin()
    features = await _features(session)
    if features.find(f"{{{BIND}}}bind") is None:
        fail("xmpp.protocol", "after the login the server offers no resource")
    wish = Element(f"{{{BIND}}}bind")
    # Random, so that two programs with one account do not throw each other out (RFC 6120 section 7.7.2.2).
    SubElement(wish, f"{{{BIND}}}resource").text = f"outagetui-{secrets.token_hex(4)}"
    answer = await session.ask("set", wish)
    address = answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid") or ""
    try:
        resource = JID(address).resource
    except InvalidJID:
        resource = ""
    if not resource:
        fail("xmpp.protocol", f"the server gave us no address but {in_quotes(address)}")
    old = features.find(f"{{{OLD_SESSION}}}session")
    if old is not None and old.find(f"{{{OLD_SESSION}}}optional") is None:
        await session.ask("set", Element(f"{{{OLD_SESSION}}}session"))  # RFC 3921 section 3, in old servers
    session.logged_in(address)


async def _features(session: Session) -> Element:
    element = await session.element()
    if element.tag != FEATURES:
        fail("xmpp.protocol", f"not the features of a stream: <{clean(element.tag, 80)}>")
    return element


async def _choose(session: Session, offered: Element, password: str) -> sasl.Mechanism:
    """Return the strongest mechanism that both know."""
    names = {(each.text or "").strip() for each in offered.iter(f"{{{SASL}}}mechanism")}
    types = {each.get("type") for each in offered.iter(f"{{{BINDINGS}}}channel-binding")}
    bindable = not types or "tls-unique" in types  # XEP-0440: who tells which he takes
    user = session.account.user
    try:
        found: sasl.Mechanism | None = await sasl.scram(names, user, password, session.stream.tls, bindable=bindable)
        if found is None and "PLAIN" in names:
            found = sasl.plain(sasl.prepared(user), sasl.prepared(password))
    except sasl.UnusableError:
        unknown("secret.unusable", "the password holds characters that no XMPP password can (RFC 4013)")
    if found is not None:
        return found
    if sasl.unspoken(names):
        ways = ", ".join(clean(each, 40) for each in sorted(names))
        unknown("xmpp.auth-missing", f"the server wants a login that this program does not speak: {ways}")
    return fail("xmpp.auth-missing", "the server offers no way to log in with a password")


async def _authenticate(session: Session, mechanism: sasl.Mechanism, hide: Callable[[str], None]) -> None:
    account = session.account.jid
    try:
        auth = Element(f"{{{SASL}}}auth", {"mechanism": mechanism.name})
        auth.text = _encoded(mechanism.first)
        session.send(auth)
        while True:
            element = await session.element()
            if element.tag == f"{{{SASL}}}challenge":
                response = Element(f"{{{SASL}}}response")
                answer = await mechanism.answer(_data(element))
                hide(answer.rpartition(b",p=")[2].decode("ascii", "replace"))
                response.text = _encoded(answer, empty="")
                session.send(response)
            elif element.tag == f"{{{SASL}}}success":
                mechanism.finish(_data(element))
                return
            elif element.tag == f"{{{SASL}}}failure":
                raise login_refused(element, account)
            else:
                fail("xmpp.protocol", f"no answer to the login: <{clean(element.tag, 80)}>")
    except sasl.ImpostorError:
        fail("xmpp.impostor", f"the server does not know the password of {account} that it let us in with")
    except sasl.AstrayError as error:
        fail("xmpp.protocol", f"the login of {account} went astray: {error}")


def _data(element: Element) -> bytes:
    return sasl.decoded((element.text or "").strip().removeprefix("="))


def _encoded(data: bytes | None, empty: str = "=") -> str:
    return base64.b64encode(data).decode() if data else empty
