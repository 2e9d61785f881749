"""One registration (RFC 3261 section 10), made to be taken back: only our own binding is ever touched.

Its Contact has a user part nobody else has and an instance of its own (RFC 5626), so that phones of the same account
keep theirs; it is the last to be rung, and is gone after a minute should we never come back.
"""

import re
import uuid

from outagetui.core.sip_uri import SipUri
from outagetui.net.trouble import fail
from outagetui.protocols.sip.agent import Agent
from outagetui.protocols.sip.locate import Spot
from outagetui.protocols.sip.message import Incoming, address
from outagetui.protocols.sip.replies import refused
from outagetui.protocols.sip.request import Party, Request, contact, new_tag
from outagetui.protocols.sip.transaction import Transaction
from outagetui.protocols.sip.transport import Transport

SECONDS = 60
_LONGEST = 3600  # seconds a registrar may insist on
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class Registration:
    """A binding of `account`."""

    def __init__(self, agent: Agent, account: SipUri, instance: uuid.UUID) -> None:
        self._agent = agent
        self._aim = f"{account.scheme}:{account.domain}"
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

    async def make(self, spots: list[Spot], until: float) -> int:
        """Register, check what the registrar says it holds, and return its life in seconds.

        Fails as `sip.NNN`, `sip.contact-missing`, `sip.expiry`. Raises `Silence` and the transport's errors.
        """
        seconds = SECONDS
        found = await self._agent.ask_any(
            spots, lambda transport: self._request(transport, seconds), until, on_begin=self._begun
        )
        reply = found.reply
        if reply.code == 423 and self._last is not None and _is_number(reply.first("min-expires")):
            seconds = min(int(reply.first("min-expires")), _LONGEST)
            transport = self._last.transport
            reply = (await self._agent.ask(transport, self._request(transport, seconds), until, self._begun)).reply
        if reply.code >= 300:
            raise refused("REGISTER", reply, asked=self._agent.authenticates)
        self._held = True
        life = self._life(reply)
        if life is None:
            fail("sip.contact-missing", f"{reply.words}, but the registrar does not hold our contact")
        if not 0 < life <= max(seconds, _LONGEST):
            fail("sip.expiry", f"{reply.words}, but the registration's life is {life} s")
        return life

    async def remove(self, until: float) -> bool:
        """Take the binding back; tell whether the registrar holds it no more. Raises as `make`, but for `sip.NNN`."""
        if self._last is None:
            return True
        transport = self._last.transport
        reply = (await self._agent.ask(transport, self._request(transport, 0), until, self._begun)).reply
        self._removed = reply.code < 300 and not self._life(reply)
        return self._removed

    def _request(self, transport: Transport, seconds: int) -> Request:
        seq = self._last.request.seq + 1 if self._last is not None else 1
        where = f"{contact(transport, self._user)};{self._instance};q=0.1;expires={seconds}"
        return Request("REGISTER", self._aim, self._party, seq, (("Contact", where), ("Expires", str(seconds))))

    def _begun(self, transaction: Transaction) -> None:
        self._last = transaction

    def _life(self, reply: Incoming) -> int | None:
        """Return how long the registrar keeps our binding, None when it lists none of ours."""
        for value in reply.every("contact"):
            found = address(value)
            if found is not None and (found.uri.user == self._user or self._instance in value):
                told = found.parameters.get("expires") or reply.first("expires")
                return int(told) if _is_number(told) else 0
        return None


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None
