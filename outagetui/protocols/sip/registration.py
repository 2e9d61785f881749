"""One registration (RFC 3261 section 10), made to be taken back: only our own binding is ever touched.

Its Contact has a user part nobody else has and an instance of its own (RFC 5626), so that phones of the same account
keep theirs; it is the last to be rung, and is gone after a minute should we never come back.
"""

import re
import uuid

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.sip_uri import SipUri
from outagetui.net.trouble import fail
from outagetui.protocols.sip.agent import Agent
from outagetui.protocols.sip.locate import Ways
from outagetui.protocols.sip.message import Incoming, parameters, uri_of
from outagetui.protocols.sip.redirect import REDIRECTS, is_abroad, moved_to
from outagetui.protocols.sip.replies import by_way, refused
from outagetui.protocols.sip.request import Party, Request, contact, new_tag
from outagetui.protocols.sip.transaction import Answer, Transaction
from outagetui.protocols.sip.transport import Transport

SECONDS = 60
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_TOO_BRIEF = 423


class Binding(Struct, frozen=True):
    """What a registrar says it holds of us: for how many `seconds`, None when it does not tell; `words` for people."""

    seconds: int | None
    words: str


class Registration:
    """A binding of `account`."""

    def __init__(self, agent: Agent, account: SipUri, instance: uuid.UUID) -> None:
        self._agent = agent
        self._aim = f"{account.scheme}:{account.domain}"
        self._registrar = replace(account, user="")
        self._party = Party.between(account.bare, account.bare)
        self._user = f"outagetui-{new_tag()}"
        self._instance = f'+sip.instance="<urn:uuid:{instance}>"'
        self._last: Transaction | None = None
        self._held = self._removed = False

    @property
    def standing(self) -> bool:
        """Whether the registrar may hold the binding."""
        last = self._last
        if self._removed or last is None or not last.sent:
            return False
        return self._held or last.final is None or last.final.code < 300

    async def make(self, ways: Ways, until: float) -> Binding:
        """Register, check what the registrar says it holds, and return that.

        Fails as `sip.NNN`, `sip.contact-missing`, `sip.expiry`. Raises `Silence` and the transport's errors.
        """
        found = await self._asked(ways, SECONDS, until)
        for _ in range(REDIRECTS):
            place = moved_to(found.reply, self._registrar)
            if place is None:
                break
            self._aim = place.bare
            self._agent.abroad = self._agent.abroad or is_abroad(place, self._registrar)
            found = await self._asked(await self._agent.reach(place.hop, until), SECONDS, until)
        shortest = found.reply.first("min-expires").strip()
        if found.reply.code == _TOO_BRIEF and self._last is not None and _is_number(shortest):
            request = self._request(self._last.transport, int(shortest))
            found = replace(
                found, reply=(await self._agent.ask(self._last.transport, request, until, self._begun)).reply
            )
        reply = found.reply
        if reply.code >= 300:
            raise refused("REGISTER", found, asked=self._agent.authenticates)
        self._held = True
        told = self._expiry(reply)
        if told is None:
            fail("sip.contact-missing", f"{reply.words}, but the registrar does not hold our contact")
        if told and (not _is_number(told) or int(told) == 0):
            fail("sip.expiry", f"{reply.words}, but the registration's life is {told[:40]} s")
        words = f"registered for {int(told)} s" if told else "registered (the registrar does not say for how long)"
        return Binding(int(told) if told else None, by_way(words, found.tried))

    async def _asked(self, ways: Ways, seconds: int, until: float) -> Answer:
        return await self._agent.ask_any(
            ways, lambda transport: self._request(transport, seconds), until, on_begin=self._begun
        )

    async def remove(self, until: float) -> bool:
        """Take the binding back; tell whether the registrar holds it no more. Raises as `make`, but for `sip.NNN`."""
        if self._last is None:
            return True
        transport = self._last.transport
        reply = (await self._agent.ask(transport, self._request(transport, 0), until, self._begun)).reply
        self._removed = reply.code < 300 and self._expiry(reply) in (None, "0")
        return self._removed

    def _request(self, transport: Transport, seconds: int) -> Request:
        seq = self._last.request.seq + 1 if self._last is not None else 1
        where = f"{contact(transport, self._user)};{self._instance};q=0.1;expires={seconds}"
        return Request("REGISTER", self._aim, self._party, seq, (("Contact", where), ("Expires", str(seconds))))

    def _begun(self, transaction: Transaction) -> None:
        self._last = transaction

    def _expiry(self, reply: Incoming) -> str | None:
        """Return how long the registrar says that it keeps our binding, empty when it does not say.

        None when it lists no binding of ours, among those of other telephones.
        """
        for value in reply.every("contact"):
            user = uri_of(value).rpartition("@")[0].partition(":")[2].partition(":")[0]
            if user == self._user or self._instance in value.lower():
                return (parameters(value).get("expires") or reply.first("expires")).strip()
        return None


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None
