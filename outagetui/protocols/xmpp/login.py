"""Logging in to a stream under TLS: SASL (RFC 6120 section 6) and a resource (section 7)."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from slixmpp import JID, InvalidJID
from slixmpp.util import sasl
from slixmpp.util.sasl.client import SASLCancelled, SASLFailed, SASLMutualAuthFailed, SASLNoAppropriateMechanism
from slixmpp.util.stringprep_profiles import StringPrepError

from outagetui.core.text import clean, in_quotes
from outagetui.net.aside import aside
from outagetui.net.trouble import fail, unknown
from outagetui.protocols.xmpp.conditions import SASL, login_refused
from outagetui.protocols.xmpp.session import Session

FEATURES = "{http://etherx.jabber.org/streams}features"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
OLD_SESSION = "urn:ietf:params:xml:ns:xmpp-session"
ROUNDS = 1_000_000  # of hashing that a server may ask for: about a second of a thread

# Not EXTERNAL, which wants a certificate, nor the historic ones (RFC 6331).
_MECHANISMS = re.compile(r"SCRAM-SHA-(1|256|512)(-PLUS)?|PLAIN")
BINDINGS = "urn:xmpp:sasl-cb:0"
_HASHES = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}


async def log_in(session: Session, password: str, hide: Callable[[str], None] = lambda _: None) -> None:
    """Log `session` in with `password`; `hide` is given what is made from it and sent. Raises `Trouble`.

    Codes: `xmpp.not-authorized` and the other conditions of RFC 6120 section 6.5, unknown `xmpp.auth-missing` (no
    mechanism that we speak), `xmpp.impostor` (the server cannot prove that it knows the password), `xmpp.conflict`,
    `xmpp.protocol`.
    """
    session.client.begin()
    offered = await _features(session)
    await _authenticate(session, _choose(session, offered, password), hide)
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


def _choose(session: Session, offered: Element, password: str) -> Any:
    """Return the strongest mechanism that both know."""
    names = {(each.text or "").strip() for each in offered.iter(f"{{{SASL}}}mechanism")}
    tls = session.stream.tls
    version = session.protected
    types = {each.get("type") for each in offered.iter(f"{{{BINDINGS}}}channel-binding")}
    # The binding that TLS 1.3 wants (RFC 9266) is not to be had from this library; XEP-0440: who tells which he takes.
    bindable = tls is not None and version != "TLSv1.3" and (not types or "tls-unique" in types)
    binding = tls.get_channel_binding("tls-unique") if bindable and tls is not None else None
    known = {"username": session.account.user, "password": password, "channel_binding": binding or b"", "authzid": ""}
    security = {
        "encrypted": True,
        "encrypted_plain": True,
        "tls_version": version,
        "binding_proposed": any(name.endswith("-PLUS") for name in names),
    }
    usable = {name for name in names if _MECHANISMS.fullmatch(name) and (binding or not name.endswith("-PLUS"))}
    try:
        return sasl.choose(
            usable,
            lambda required, optional: {key: known[key] for key in {*required, *optional} & known.keys()},
            lambda values: {key: security.get(key, False) for key in values},
        )
    except SASLNoAppropriateMechanism:
        known_ways = clean(", ".join(sorted(names)), 120) or "none as RFC 6120 has them"
        # Others may well get in by those: what we do not speak is no failure of the server's.
        unknown("xmpp.auth-missing", f"the server offers only logins that outagetui does not speak: {known_ways}")
    except StringPrepError:
        unknown("secret.unusable", "the password holds characters that no XMPP password can (RFC 4013)")


async def _authenticate(session: Session, mechanism: Any, hide: Callable[[str], None]) -> None:
    account = session.account.jid
    try:
        auth = Element(f"{{{SASL}}}auth", {"mechanism": mechanism.name})
        auth.text = _encoded(mechanism.process())
        session.send(auth)
        while True:
            element = await session.element()
            if element.tag == f"{{{SASL}}}challenge":
                data = _decoded(element)
                response = Element(f"{{{SASL}}}response")
                if getattr(mechanism, "step", 0) == 1 and b"i=" in data:
                    await _salt(mechanism, data)
                answer: bytes = mechanism.process(data)
                hide(answer.rpartition(b",p=")[2].decode("ascii", "replace"))
                response.text = _encoded(answer, empty="")
                session.send(response)
            elif element.tag == f"{{{SASL}}}success":
                _prove(mechanism, _decoded(element), account)
                return
            elif element.tag == f"{{{SASL}}}failure":
                raise login_refused(element, account)
            else:
                fail("xmpp.protocol", f"no answer to the login: <{clean(element.tag, 80)}>")
    except SASLMutualAuthFailed:
        fail("xmpp.impostor", f"the server does not know the password of {account} that it let us in with")
    except (SASLCancelled, SASLFailed, ValueError, KeyError, IndexError, TypeError):
        fail(
            "xmpp.protocol", f"the login of {account} went astray: the server's part of {mechanism.name} makes no sense"
        )


def _decoded(element: Element) -> bytes:
    return base64.b64decode("".join((element.text or "").split()).removeprefix("=").encode())


def _prove(mechanism: Any, data: bytes, account: str) -> None:
    """With SCRAM let the server prove that it knows the password (RFC 5802 section 3), PLAIN cannot."""
    if not mechanism.name.startswith("SCRAM") or mechanism._mutual_auth:
        return
    if not data:
        fail("xmpp.impostor", f"the server let {account} in without proof that it knows the password")
    mechanism.process(data)


async def _salt(mechanism: Any, challenge: bytes) -> None:
    """Compute SCRAM's salted password beside the loop: slixmpp would hold the loop, for as long as the server likes."""
    parts = mechanism.parse(challenge)
    rounds, salt = int(parts[b"i"]), base64.b64decode(parts[b"s"])
    if not 1 <= rounds <= ROUNDS:
        fail("xmpp.protocol", f"the server wants {rounds} rounds of hashing for a login")
    kind, password = _HASHES[mechanism.hash_name], mechanism.credentials["password"]
    salted = await aside(lambda: hashlib.pbkdf2_hmac(kind, password, salt, rounds))
    mechanism.Hi = lambda *_: salted


def _encoded(data: bytes | None, empty: str = "=") -> str:
    return base64.b64encode(data).decode() if data else empty
