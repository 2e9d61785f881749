"""A guest in an XMPP-based web chat: anonymous login over a WebSocket (RFC 7395, XEP-0175), a room (XEP-0045).

Codes: `xmpp.CONDITION` for an error the server names (RFC 6120), `xmpp.protocol`, `xmpp.closed`, and
`webchat.no-guests` when the server offers no anonymous login.
"""

import secrets
from typing import NoReturn
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from outagetui.core.model import Outcome
from outagetui.core.text import clean, in_quotes
from outagetui.net.trouble import Phases, Trouble, fail
from outagetui.protocols.bounded_xml import STANZA, BoundedXml
from outagetui.protocols.throttling import throttled
from outagetui.protocols.websocket_connection import WebSocket
from outagetui.protocols.xmpp.conditions import CONDITIONS, THROTTLED, UNDEFINED, condition, is_too_often

SUBPROTOCOL = "xmpp"
ELEMENTS_LIMIT = 500  # elements read while waiting for one, beside those by which a room tells of its people
_FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
_SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
_BIND = "urn:ietf:params:xml:ns:xmpp-bind"
_STREAMS = "http://etherx.jabber.org/streams"
_CLIENT = "jabber:client"
_MUC = "http://jabber.org/protocol/muc"
_CREATED, _SELF = "201", "110"
# What a join is answered with where there is no such room and guests may not create one (XEP-0045 section 7.2).
_NO_ROOM = ("item-not-found", "not-allowed")


class SeeOtherUri(Trouble):
    """The server sends us to another WebSocket (RFC 7395 section 3.6.1): `where` is its URL."""

    def __init__(self, where: str) -> None:
        super().__init__(Outcome.FAIL, "xmpp.closed", f"the server closed the stream and names {in_quotes(where, 120)}")
        self.where = where


class Guest:
    """An anonymous visitor. Whatever ends the connection ends the visit, its presence in the room too."""

    def __init__(self, socket: WebSocket, domain: str) -> None:
        self._socket = socket
        self._domain = domain

    async def log_in(self) -> str:
        """Log in anonymously and return the address the server gave."""
        features = await self._open()
        offered = [each.text for each in features.iter(f"{{{_SASL}}}mechanism")]
        if "ANONYMOUS" not in offered:
            others = clean(", ".join(each or "" for each in offered), 120) or "none at all"
            fail("webchat.no-guests", f"no anonymous login at {self._domain}, only {others}")
        await self._socket.send(f"<auth xmlns='{_SASL}' mechanism='ANONYMOUS'/>")
        answer = await self._next()
        if answer.tag == f"{{{_SASL}}}failure":
            _turned_away(answer, _SASL, f"{self._domain} refused the anonymous login")
        if answer.tag != f"{{{_SASL}}}success":
            fail("xmpp.protocol", f"neither success nor failure of the login: <{answer.tag}>")
        await self._open()
        reply = await self._ask(f"<bind xmlns='{_BIND}'/>", kind="set")
        jid = reply.find(f"{{{_BIND}}}bind/{{{_BIND}}}jid")
        if jid is None or not jid.text:
            fail("xmpp.protocol", "logged in, but without an address")
        return jid.text

    async def ping(self) -> None:
        """Ping the server (XEP-0199); that it does not know pings is an answer too."""
        reply = await self._ask("<ping xmlns='urn:xmpp:ping'/>", to=self._domain)
        if reply.get("type") == "error" and _condition(reply) not in ("service-unavailable", "feature-not-implemented"):
            fail(f"xmpp.{_condition(reply)}", f"{self._domain} refused the ping")

    async def join(self, room: str, phases: Phases) -> str:
        """Join `room` and return our address in it; what joining created is destroyed, as `webchat.room-missing`."""
        place = f"{room}/guest-{secrets.token_hex(4)}"
        entry = f"<x xmlns='{_MUC}'><history maxstanzas='0'/></x>"
        await self._socket.send(f"<presence xmlns='{_CLIENT}' to={quoteattr(place)}>{entry}</presence>")
        others = 0
        while others < ELEMENTS_LIMIT:
            answer = await self._next()
            if answer.tag != f"{{{_CLIENT}}}presence" or _bare(answer.get("from")) != room.lower():
                others += 1
                continue
            if answer.get("type") == "error":
                condition = _condition(answer)
                if condition in _NO_ROOM:
                    fail("webchat.room-missing", f"there is no room {room} ({condition})")
                fail(f"xmpp.{condition}", f"{room} refused the visitor")
            states = {each.get("code") for each in answer.iter(f"{{{_MUC}#user}}status")}
            if _CREATED in states:
                phases.enter("destroy")
                reply = await self._ask(f"<query xmlns='{_MUC}#owner'><destroy/></query>", to=room, kind="set")
                gone = "was destroyed" if reply.get("type") == "result" else f"stays: {_condition(reply)}"
                fail("webchat.room-missing", f"there was no room {room}; what joining created {gone}")
            if _SELF in states:
                return answer.get("from") or place
        return fail("xmpp.protocol", f"{ELEMENTS_LIMIT} elements, and none says that we are in {room}")

    async def say(self, room: str, place: str) -> None:
        """Send a message to the room and wait until the room has sent it to all, us among them.

        It has no body: every client ignores it, so that operators are not disturbed.
        """
        id = secrets.token_hex(8)
        hint = "<no-store xmlns='urn:xmpp:hints'/>"
        origin = f"<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/>"
        await self._socket.send(
            f"<message xmlns='{_CLIENT}' type='groupchat' id='{id}' to={quoteattr(room)}>{origin}{hint}</message>"
        )
        for _ in range(ELEMENTS_LIMIT):
            answer = await self._next()
            if answer.tag != f"{{{_CLIENT}}}message" or _bare(answer.get("from")) != room.lower():
                continue
            ids = {answer.get("id"), *(each.get("id") for each in answer.iter("{urn:xmpp:sid:0}origin-id"))}
            if id in ids and answer.get("type") == "error":
                fail(f"xmpp.{_condition(answer)}", f"{room} refused the message")
            if id in ids and answer.get("from") == place:
                return
        fail("xmpp.protocol", f"{ELEMENTS_LIMIT} elements, and none is our message")

    async def leave(self, place: str = "") -> None:
        """Leave the room at `place`, if we are in one, and end the stream."""
        if place:
            await self._socket.send(f"<presence xmlns='{_CLIENT}' type='unavailable' to={quoteattr(place)}/>")
        await self._socket.send(f"<close xmlns='{_FRAMING}'/>")

    async def _open(self) -> Element:
        await self._socket.send(f"<open xmlns='{_FRAMING}' to={quoteattr(self._domain)} version='1.0'/>")
        opening = await self._next()
        if opening.tag != f"{{{_FRAMING}}}open":
            fail("xmpp.protocol", f"not the beginning of a stream: <{opening.tag}>")
        features = await self._next()
        if features.tag != f"{{{_STREAMS}}}features":
            fail("xmpp.protocol", f"not the features of a stream: <{features.tag}>")
        return features

    async def _ask(self, content: str, *, to: str = "", kind: str = "get") -> Element:
        id = secrets.token_hex(8)
        address = f" to={quoteattr(to)}" if to else ""
        await self._socket.send(f"<iq xmlns='{_CLIENT}' type='{kind}' id='{id}'{address}>{content}</iq>")
        for _ in range(ELEMENTS_LIMIT):
            answer = await self._next()
            if answer.tag == f"{{{_CLIENT}}}iq" and answer.get("id") == id:
                return answer
        return fail("xmpp.protocol", f"{ELEMENTS_LIMIT} elements, and none answers our request")

    async def _next(self) -> Element:
        text = await self._socket.receive()
        if "<!" in text or "<?" in text:
            fail("xmpp.protocol", "comments, document types and instructions are forbidden in XMPP (RFC 6120)")
        try:
            BoundedXml(elements=STANZA).feed(text.encode())
            element = ElementTree.fromstring(text)  # noqa: S314 without a document type it cannot define entities
        except (ElementTree.ParseError, ValueError) as error:
            fail("xmpp.protocol", f"not XML: {str(error).removeprefix('not XML: ')}: {clean(text[:60])}")
        if element.tag == f"{{{_STREAMS}}}error":
            self._ended(element)
        if element.tag == f"{{{_FRAMING}}}close":
            if other := element.get("see-other-uri"):
                raise SeeOtherUri(other)
            fail("xmpp.closed", "the server closed the stream")
        return element

    def _ended(self, error: Element) -> NoReturn:
        _turned_away(error, "urn:ietf:params:xml:ns:xmpp-streams", "the server ended the stream")


def _turned_away(element: Element, space: str, words: str) -> NoReturn:
    word, text = condition(element, space)
    if is_too_often(word, text):
        raise throttled(THROTTLED, f"{words}: {word} ({text})")
    fail(f"xmpp.{_condition(element, space)}", words)


def _bare(jid: str | None) -> str:
    return (jid or "").partition("/")[0].lower()


def _condition(element: Element, space: str = "urn:ietf:params:xml:ns:xmpp-stanzas") -> str:
    """Return the word of an error, such as not-authorized."""
    found = (each.tag.rpartition("}")[2] for each in element.iter() if each.tag.startswith(f"{{{space}}}"))
    return next((word for word in found if word in CONDITIONS), UNDEFINED)
