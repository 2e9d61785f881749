"""One logged-in stream: requests and their answers, pings, and the rooms it is in."""

import asyncio
import math
import secrets
import ssl
from collections.abc import Callable
from xml.etree.ElementTree import Element

from slixmpp import JID

from outagetui.core.model import Outcome
from outagetui.net.certificate import chain, first_to_expire
from outagetui.net.stream import Stream
from outagetui.net.trouble import Trouble
from outagetui.protocols.xmpp.account import Account
from outagetui.protocols.xmpp.conditions import Refused, SeeOtherHost, refused, stream_ended
from outagetui.protocols.xmpp.pipe import Pipe
from outagetui.protocols.xmpp.room import Room
from outagetui.protocols.xmpp.stanza_stream import StanzaStream

Answer = asyncio.Future[Element | None]

IQ, PRESENCE, MESSAGE = (f"{{jabber:client}}{name}" for name in ("iq", "presence", "message"))
PING = "{urn:xmpp:ping}ping"
STREAM_ERROR = "{http://etherx.jabber.org/streams}error"
# An answer to a ping all the same: the server lives, and does not know pings (XEP-0199 section 4.1).
_NO_PINGS = frozenset({"service-unavailable", "feature-not-implemented"})


class Session:
    """A stream of `account` with its server. Once `ended`, for the reason it holds, every request raises that."""

    def __init__(self, account: Account, stream: Stream, context: ssl.SSLContext) -> None:
        self.account = account
        self.ended: Trouble | None = None
        self.ready = False
        self.heard_at = 0.0  # the loop's time of the last sign that the far side still knows us
        self.protected = stream.tls.version() or "" if stream.tls else ""
        self.stream = stream
        first = first_to_expire(chain(stream))
        self.good_until = math.inf if first is None else first.expires  # epoch seconds
        self.rooms: dict[str, Room] = {}
        self.peers: dict[str, Callable[[Element], None]] = {}  # who is given what comes from a bare address
        self._elements: asyncio.Queue[Element | None] = asyncio.Queue()
        self._waiting: dict[str, tuple[str | None, Answer]] = {}
        self._loop = asyncio.get_running_loop()
        self.client = StanzaStream(account.jid, context, self._write, self._route, self._over)
        self._pipe = Pipe(stream, self.client.feed, self._end)

    @property
    def address(self) -> str:
        """Our full address, after the login."""
        return str(self.client.boundjid)

    async def element(self) -> Element:
        """Return the next element of the negotiation. Raises `Trouble`."""
        found = await self._elements.get()
        if found is None:
            raise self.reason()
        return found

    def logged_in(self, address: str) -> None:
        """Take the address that the server gave us: from now on stanzas flow."""
        self.client.boundjid = JID(address)
        self.client.authenticated = self.client.bound = True
        self.client.session_bind_event.set()
        self.heard_at = self._loop.time()
        self.ready = True

    def room(self, address: str) -> Room:
        """Return the room at `address`, the same one each time."""
        if address not in self.rooms:
            self.rooms[address] = Room(self, address)
        return self.rooms[address]

    async def ping(self) -> None:
        """Ping the server (XEP-0199)."""
        try:
            await self.ask("get", Element(PING), to=self.account.domain)
        except Refused as error:
            if error.condition not in _NO_PINGS:
                raise

    async def ask(self, kind: str, content: Element, *, to: str | None = None) -> Element:
        """Send a request and return its answer. Raises `Refused` for an error, `Trouble` when the stream ends."""
        return await self.answer(self.request(kind, content, to=to), to or self.account.domain)

    def request(self, kind: str, content: Element, *, to: str | None = None) -> Answer:
        """Send a request at once; the future holds its answer, or None when the stream ends first."""
        id = secrets.token_hex(8)
        iq = Element(IQ, {"type": kind, "id": id} | ({"to": to} if to else {}))
        iq.append(content)
        future: Answer = self._loop.create_future()
        self._waiting[id] = to, future
        future.add_done_callback(lambda _: self._waiting.pop(id, None))
        self.send(iq)
        return future

    async def answer(self, future: Answer, who: str) -> Element:
        """Return the answer to a request to `who`."""
        found = await future
        if found is None:
            raise self.reason()
        if found.get("type") == "error":
            raise refused(found, who)
        return found

    def send(self, stanza: Element) -> None:
        """Send a stanza; what cannot be sent any more is dropped, as its answer could not come either."""
        if self.ended is None:
            self.client.send(stanza)
        else:
            self._release()

    def reason(self) -> Trouble:
        """Return the trouble that ended the session, new each time: whoever catches one adds his phases to it."""
        ended = self.ended or Trouble(Outcome.FAIL, "xmpp.closed", "the session is closed")
        if isinstance(ended, SeeOtherHost):
            return SeeOtherHost(ended.where)
        return Trouble(ended.outcome, ended.code, ended.detail)

    def close(self, reason: Trouble | None = None) -> None:
        """End the session without waiting."""
        if self.ended is None:
            self.ended = reason or Trouble(Outcome.FAIL, "xmpp.closed", "the session is closed")
            self._pipe.close()
            self._release()

    async def aclose(self) -> None:
        """End the session and wait until nothing of it is left."""
        self.close()
        await self._pipe.aclose()

    def _write(self, data: bytes) -> None:
        self._pipe.write(data)

    def _over(self, code: str, words: str) -> None:
        self.close(Trouble(Outcome.FAIL, code, words))

    def _end(self, trouble: Trouble) -> None:
        if self.ended is None:
            self.ended = trouble
        self._release()

    def _release(self) -> None:
        """Wake whoever waits for something that cannot come any more."""
        self._elements.put_nowait(None)
        for _, future in list(self._waiting.values()):
            if not future.done():
                future.set_result(None)
        for room in self.rooms.values():
            room.session_ended()

    def _route(self, element: Element) -> bool:
        """Take an element that is ours; what is not goes on to slixmpp's own handlers."""
        if self.ended is not None:
            return True
        self.heard_at = self._loop.time()
        tag, source = element.tag, element.get("from")
        if tag == STREAM_ERROR:
            self.close(stream_ended(element))
            return True
        if tag == IQ:
            return self._route_iq(element, source)
        if not self.ready:
            self._elements.put_nowait(element)
            return True
        if tag in (PRESENCE, MESSAGE):
            bare = (source or "").partition("/")[0]
            room = self.rooms.get(bare)
            take = room.take if room is not None else self.peers.get(bare)
            if take is not None:
                take(element)
            return take is not None
        return False

    def _route_iq(self, element: Element, source: str | None) -> bool:
        kind = element.get("type")
        if kind in ("result", "error"):
            to, future = self._waiting.get(element.get("id", ""), (None, None))
            if future is None or future.done() or (to and source and source.lower() != to.lower()):
                return False
            future.set_result(element)
            return True
        if kind == "get" and element.find(PING) is not None:
            answer = Element(IQ, {"type": "result", "id": element.get("id", "")})
            if source is not None:
                answer.set("to", source)
            self.send(answer)
            return True
        return False
