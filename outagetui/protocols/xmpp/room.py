"""A room of a conference service (XEP-0045) as a probe sees it: in, a message to and fro, still in, out.

Codes: `xmpp.room-missing` (none there, or joining would have made it), `xmpp.registration-required` (members only),
`xmpp.forbidden` (banned), `xmpp.not-allowed`, `xmpp.room-password`, `xmpp.no-voice` (in, but may not speak),
`xmpp.remote-server-not-found`, and the other conditions of RFC 6120 section 8.3.
"""

import asyncio
import secrets
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from xml.etree.ElementTree import Element, SubElement

from outagetui.core.model import Outcome
from outagetui.net.trouble import Trouble
from outagetui.protocols.xmpp.conditions import Answered, Refused, refused

if TYPE_CHECKING:
    from outagetui.protocols.xmpp.session import Session

MUC = "http://jabber.org/protocol/muc"
USER, OWNER = f"{MUC}#user", f"{MUC}#owner"
DISCO = "http://jabber.org/protocol/disco#info"
ORIGIN = "urn:xmpp:sid:0"
HINTS = "urn:xmpp:hints"
CREATED, SELF = "201", "110"
NICKS = 4  # that are tried when somebody has ours

CLIENT = "{jabber:client}"
_GONE = frozenset({"item-not-found", "gone"})
# XEP-0410 section 3: what says that we are in, though the ping went astray.
_STILL_IN = frozenset({"service-unavailable", "feature-not-implemented", "item-not-found"})
_UNDECIDED = frozenset({"remote-server-not-found", "remote-server-timeout"})


class Joined(NamedTuple):
    """How a try to join ended: as whom we are in, or the error, or that the room was made for us."""

    nick: str = ""
    error: Element | None = None
    created: bool = False


class Room:
    """A room of one session. `lock` is held by whoever looks at it; `nick` is ours while we are in."""

    history = 0  # how many of the last messages are asked for when joining

    def __init__(self, session: "Session", address: str) -> None:
        self.address = address
        self.nick = ""
        self.lock = asyncio.Lock()
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._joining: asyncio.Future[Joined | None] | None = None
        self._echoes: dict[str, asyncio.Future[Element | None]] = {}
        self._destroyed: asyncio.Future[Element | None] | None = None

    async def join(self, nick: str) -> None:
        """Enter as `nick`, with another ending where somebody has it. What joining made is destroyed again."""
        await self._must_exist()
        if await self._enter(nick):
            await self._take_back()

    async def echo(self) -> None:
        """Send a message and wait until the room has sent it to everybody, us among them.

        It has no body, so every client ignores it and nobody is disturbed.
        """
        id = secrets.token_hex(8)
        message = Element(f"{CLIENT}message", {"type": "groupchat", "id": id, "to": self.address})
        SubElement(message, f"{{{ORIGIN}}}origin-id", {"id": id})
        SubElement(message, f"{{{HINTS}}}no-store")
        await self._round(message, id)

    async def _enter(self, nick: str) -> bool:
        """Enter as `nick` or alike; tell whether that made the room."""
        wanted = nick
        for _ in range(NICKS):
            joined = await self._try(wanted)
            if joined.error is None:
                self.nick = joined.nick
                return joined.created
            error = refused(joined.error, self.address)
            if error.condition != "conflict":
                raise _meant(error, self.address)
            wanted = f"{nick}-{secrets.token_hex(2)}"
        raise error

    async def _round(self, message: Element, id: str) -> None:
        """Send a message of this id to everybody, and wait until it has come back to us."""
        future = self._echoes[id] = self._loop.create_future()
        try:
            self._session.send(message)
            answer = await future
        finally:
            del self._echoes[id]
        if answer is None:
            raise self._session.reason()
        if answer.get("type") == "error":
            error = refused(answer, f"a message to {self.address}")
            if error.condition in ("forbidden", "not-acceptable"):
                raise Answered("xmpp.no-voice", error.detail)
            raise error

    async def still_in(self) -> bool:
        """Ask whether the room still knows us (XEP-0410). Raises `Trouble` when that cannot be told."""
        try:
            await self._session.ask("get", Element("{urn:xmpp:ping}ping"), to=f"{self.address}/{self.nick}")
        except Refused as error:
            if error.condition in _UNDECIDED:
                raise
            if error.condition not in _STILL_IN:
                self.nick = ""
        return bool(self.nick)

    def leave(self) -> None:
        """Leave; what the room answers is not waited for."""
        if self.nick:
            self._depart(self.nick)
        self.nick = ""

    def take(self, stanza: Element) -> None:
        """Take what the room sent us."""
        if stanza.tag == f"{CLIENT}message":
            self._take_message(stanza)
            return
        kind, nick = stanza.get("type"), (stanza.get("from") or "").partition("/")[2]
        if kind == "error":
            self._settle(Joined(error=stanza))
            return
        states = {each.get("code") for each in stanza.iterfind(f"{{{USER}}}x/{{{USER}}}status")}
        if SELF not in states:
            return
        if kind == "unavailable":
            if "303" not in states and nick == self.nick:  # else only our name in it changes
                self.nick = ""
        elif CREATED in states:
            self._made(nick)
        else:
            self._settle(Joined(nick=nick))

    def session_ended(self) -> None:
        """Wake whoever waits: nothing can come any more."""
        self.nick = ""
        for future in (self._joining, *self._echoes.values()):
            if future is not None and not future.done():
                future.set_result(None)

    def _made(self, nick: str) -> None:
        """Joining has made the room: away with it at once, whoever waits or does not."""
        self._destroy()
        self._settle(Joined(created=True))

    async def _must_exist(self) -> None:
        """Ask first, because a server that lets us would make the room. Only a clear no counts."""
        try:
            await self._session.ask("get", Element(f"{{{DISCO}}}query"), to=self.address)
        except Refused as error:
            if error.condition in _GONE or error.condition in _UNDECIDED:
                raise _meant(error, self.address) from error

    async def _try(self, nick: str) -> Joined:
        presence = Element(f"{CLIENT}presence", {"to": f"{self.address}/{nick}"})
        SubElement(SubElement(presence, f"{{{MUC}}}x"), f"{{{MUC}}}history", {"maxstanzas": str(self.history)})
        self._joining = self._loop.create_future()
        joined: Joined | None = None
        try:
            self._session.send(presence)
            joined = await self._joining
        finally:
            self._joining = None
            if joined is None:
                self._depart(nick)  # the answer may still come, and must not leave us in
        if joined is None:
            raise self._session.reason()
        return joined

    def _settle(self, joined: Joined) -> None:
        if self._joining is not None and not self._joining.done():
            self._joining.set_result(joined)

    def _depart(self, nick: str) -> None:
        self._session.send(Element(f"{CLIENT}presence", {"type": "unavailable", "to": f"{self.address}/{nick}"}))

    def _destroy(self) -> None:
        query = Element(f"{{{OWNER}}}query")
        SubElement(query, f"{{{OWNER}}}destroy")
        self._destroyed = self._session.request("set", query, to=self.address)

    async def _take_back(self) -> NoReturn:
        """Wait until what we made is gone."""
        left = ""
        assert self._destroyed is not None
        try:
            await self._session.answer(self._destroyed, self.address)
        except Refused as error:
            left = f", and could not be destroyed ({error.condition})"
        raise Trouble(Outcome.FAIL, "xmpp.room-missing", f"there was no room {self.address}: joining made it{left}")

    def _take_message(self, stanza: Element) -> None:
        origin = stanza.find(f"{{{ORIGIN}}}origin-id")
        for id in (stanza.get("id"), origin.get("id") if origin is not None else None):
            future = self._echoes.get(id or "")
            if future is None or future.done():
                continue
            if stanza.get("type") == "error" or stanza.get("from") == f"{self.address}/{self.nick}":
                future.set_result(stanza)


def _meant(error: Refused, room: str) -> Trouble:
    """Return what a refusal means where joining a room is concerned."""
    if error.condition in _GONE:
        return Answered("xmpp.room-missing", f"there is no room {room} ({error.condition})")
    if error.condition == "not-authorized":
        return Answered("xmpp.room-password", f"{room} wants a password")
    return error
