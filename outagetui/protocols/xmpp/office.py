"""A room of a conference service (XEP-0045) as whoever runs it sees it: made, set up, filled, spoken in, closed."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from msgspec import Struct

from outagetui.net.trouble import fail
from outagetui.protocols.xmpp.conditions import Refused, refused
from outagetui.protocols.xmpp.forms import DATA, fields, submission
from outagetui.protocols.xmpp.room import CLIENT, DISCO, MUC, ORIGIN, OWNER, USER, Joined, Room

if TYPE_CHECKING:
    from outagetui.protocols.xmpp.session import Session

ADMIN = f"{MUC}#admin"
CONFIG = f"{MUC}#roomconfig"
OPTION = "muc#roomconfig"  # how the names of a room's options begin
RECENT = 50  # messages of the room's history that are searched for one of ours
DELAY = "urn:xmpp:delay"
_AFFILIATED = ("owner", "admin", "member")
_GONE = frozenset({"item-not-found", "gone"})


class Described(Struct, frozen=True):
    """What a room tells of itself to everybody."""

    name: str
    description: str
    features: frozenset[str]

    @property
    def members_only(self) -> bool:
        """Whether only members may enter."""
        return "muc_membersonly" in self.features


class Office(Room):
    """A room of `session` that steps run. Joining makes it only by `enter(create=True)`."""

    history = RECENT

    def __init__(self, session: "Session", address: str) -> None:
        super().__init__(session, address)
        self.account: str = session.account.jid  # the bare address we are known by to the room
        self.subject = ""
        self.people: dict[str, str] = {}  # by nick, the bare addresses of who is in, where the room shows them
        self.seen: set[str] = set()  # the ids of messages that the room has sent to everybody
        self.oldest = math.inf  # when the first of those was sent that the room kept (epoch seconds)
        self._creates = False
        self._returned: dict[str, Element] = {}
        session.rooms[address] = self

    async def described(self) -> Described | None:
        """Return what the room tells of itself, None when there is none. Raises `Trouble`."""
        try:
            answer = await self._session.ask("get", Element(f"{{{DISCO}}}query"), to=self.address)
        except Refused as error:
            if error.condition in _GONE:
                return None
            raise
        identity = answer.find(f"{{{DISCO}}}query/{{{DISCO}}}identity")
        told = fields(answer.find(f"{{{DISCO}}}query/{{{DATA}}}x"))
        features = (each.get("var") or "" for each in answer.iterfind(f"{{{DISCO}}}query/{{{DISCO}}}feature"))
        return Described(
            identity.get("name") or "" if identity is not None else "",
            "".join(told.get("muc#roominfo_description", ())),
            frozenset(features),
        )

    async def enter(self, nick: str, *, create: bool) -> bool:
        """Join as `nick` or alike, and know the subject and who is in; tell whether that made the room.

        Without `create` a room that is not there is `xmpp.room-missing`.
        """
        self._creates = create
        if create:
            made = await self._enter(nick)
        else:
            await self.join(nick)
            made = False
        if not made:
            await self.fence()
        return made

    async def fence(self) -> None:
        """Wait until the room has dealt with all that was sent to it before (RFC 6120 section 10.1)."""
        await self.still_in()
        if not self.nick:
            fail("xmpp.closed", f"{self.address} has put us out")

    async def configure(self, values: dict[str, str]) -> None:
        """Set options of the room; those that its form does not offer are left out. Raises `Refused`."""
        query = Element(f"{{{OWNER}}}query")
        answer = await self._session.ask("get", query, to=self.address)
        form = answer.find(f"{{{OWNER}}}query/{{{DATA}}}x")
        given = fields(form)
        given |= {key: (value,) for key, value in values.items() if key in given}
        query.append(submission(given | {"FORM_TYPE": (CONFIG,)}))
        await self._session.ask("set", query, to=self.address)

    async def set_subject(self, subject: str) -> None:
        """Change the subject, and wait until the room has done so. Raises `Refused`."""
        message = Element(f"{CLIENT}message", {"type": "groupchat", "id": "subject", "to": self.address})
        SubElement(message, f"{CLIENT}subject").text = subject
        self._session.send(message)
        await self.fence()
        self._raise_returned(["subject"], f"the subject of {self.address}")

    async def affiliated(self) -> dict[str, str]:
        """Return the affiliation of every owner, admin and member by bare address. Raises `Refused`."""
        found: dict[str, str] = {}
        for affiliation in _AFFILIATED:
            query = Element(f"{{{ADMIN}}}query")
            SubElement(query, f"{{{ADMIN}}}item", {"affiliation": affiliation})
            answer = await self._session.ask("get", query, to=self.address)
            items = answer.iterfind(f"{{{ADMIN}}}query/{{{ADMIN}}}item")
            found |= {(each.get("jid") or "").lower(): affiliation for each in items}
        return found

    async def make_members(self, addresses: Iterable[str]) -> None:
        """Make members, all or none of them. Raises `Refused`."""
        query = Element(f"{{{ADMIN}}}query")
        for address in addresses:
            SubElement(query, f"{{{ADMIN}}}item", {"affiliation": "member", "jid": address})
        if len(query):
            await self._session.ask("set", query, to=self.address)

    async def invite(self, invited: dict[str, str], reason: str) -> dict[str, Refused]:
        """Let the room invite (section 7.8.2) the addresses in `invited`, by the ids of their messages.

        Returns by address those that the room did not invite.
        """
        for id, address in invited.items():
            message = Element(f"{CLIENT}message", {"id": id, "to": self.address})
            invite = SubElement(SubElement(message, f"{{{USER}}}x"), f"{{{USER}}}invite", {"to": address})
            if reason:
                SubElement(invite, f"{{{USER}}}reason").text = reason
            self._session.send(message)
        await self.fence()
        returned = {invited[id]: self._returned.pop(id) for id in list(invited) if id in self._returned}
        return {address: refused(stanza, address) for address, stanza in returned.items()}

    async def say(self, text: str, id: str) -> None:
        """Say `text` to everybody, and wait until the room has sent it to all, us among them."""
        message = Element(f"{CLIENT}message", {"type": "groupchat", "id": id, "to": self.address})
        SubElement(message, f"{CLIENT}body").text = text
        SubElement(message, f"{{{ORIGIN}}}origin-id", {"id": id})
        await self._round(message, id)

    async def destroy(self, reason: str) -> None:
        """Destroy the room (section 10.9); one that is gone already counts. Raises `Refused`."""
        try:
            # Servers keep the name of a lasting room from being used again after its end, for a month or so.
            await self.configure({f"{OPTION}_persistentroom": "0"})
            query = Element(f"{{{OWNER}}}query")
            destroy = SubElement(query, f"{{{OWNER}}}destroy")
            if reason:
                SubElement(destroy, f"{{{OWNER}}}reason").text = reason
            await self._session.ask("set", query, to=self.address)
        except Refused as error:
            if error.condition not in _GONE:
                raise

    def take(self, stanza: Element) -> None:
        """Take what the room sent us."""
        source = (stanza.get("from") or "").partition("/")[2]
        if stanza.tag == f"{CLIENT}message":
            if stanza.get("type") == "error":
                self._returned[stanza.get("id") or ""] = stanza
            else:
                self._overhear(stanza)
        elif stanza.get("type") == "unavailable":
            self.people.pop(source, None)
        elif stanza.get("type") is None:
            item = stanza.find(f"{{{USER}}}x/{{{USER}}}item")
            self.people[source] = ((item.get("jid") if item is not None else "") or "").partition("/")[0].lower()
        super().take(stanza)

    def _overhear(self, stanza: Element) -> None:
        subject = stanza.find(f"{CLIENT}subject")
        if subject is not None and stanza.find(f"{CLIENT}body") is None:
            self.subject = subject.text or ""
        elif (delay := stanza.find(f"{{{DELAY}}}delay")) is not None:
            self.oldest = min(self.oldest, _moment(delay.get("stamp") or ""))
        origin = stanza.find(f"{{{ORIGIN}}}origin-id")
        self.seen |= {stanza.get("id") or "", (origin.get("id") if origin is not None else None) or ""}

    def _made(self, nick: str) -> None:
        if not self._creates:
            super()._made(nick)
            return
        self._settle(Joined(nick=nick, created=True))

    def _raise_returned(self, ids: Iterable[str], what: str) -> None:
        for id in ids:
            if id in self._returned:
                raise refused(self._returned.pop(id), what)


def _moment(stamp: str) -> float:
    """Return a time of XEP-0082 as epoch seconds; infinity when it is none."""
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except (ValueError, OverflowError):
        return math.inf
