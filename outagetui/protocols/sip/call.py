"""One call from INVITE to BYE (RFC 3261 sections 12, 13, 15, 9), ended properly from whatever state it is in."""

import asyncio
import contextlib
from collections.abc import Callable

from outagetui.core.sip_uri import SipUri, read_uri
from outagetui.net.trouble import Trouble, fail
from outagetui.protocols.sip.agent import Agent
from outagetui.protocols.sip.locate import Spot
from outagetui.protocols.sip.message import Incoming
from outagetui.protocols.sip.ration import Grant
from outagetui.protocols.sip.request import Party, Request, contact, new_branch
from outagetui.protocols.sip.sdp import Media, offer, read_answer
from outagetui.protocols.sip.transaction import Answer, Silence, Transaction
from outagetui.protocols.sip.transport import Transport

_LEAVE = 8.0  # seconds a call that grew longer than its grant may take to end


class Dialog:
    """An answered call as our side knows it (RFC 3261 section 12.1.2): where its requests go, and by which way."""

    def __init__(self, invite: Transaction, reply: Incoming) -> None:
        mine = invite.request.party
        self.party = Party(mine.local, reply.first("to"), mine.call_id, mine.local_tag)
        self.tag = reply.to_tag
        self.seq = self.invited = reply.seq
        self.authorization = invite.more
        self.transport = self.first_transport = invite.transport
        self.acknowledged = self.over = False
        self.bye: Transaction | None = None
        contacts = reply.every("contact")
        self.target = _uri_of(contacts[0]) if contacts else ""
        self.routes = list(reversed(reply.every("record-route")))
        self._known = read_uri(self.target) is not None
        if not self._known:
            self.target = invite.request.uri  # the best guess that is left, by the way the call went

    def request(self, method: str, seq: int, more: tuple[tuple[str, str], ...] = ()) -> Request:
        """Return a request within this dialog, by its route set (section 12.2.1.1)."""
        uri, routes = self.target, self.routes
        first = read_uri(_uri_of(routes[0])) if routes else None
        if first is not None and not first.loose:  # a strict router of RFC 2543 wants itself as the address
            uri, routes = first.bare, [*routes[1:], f"<{self.target}>"]
        return Request(method, uri, self.party, seq, (*(("Route", route) for route in routes), *more))

    def begun(self, bye: Transaction) -> None:
        """Note a BYE that is on its way."""
        self.bye, self.seq = bye, bye.request.seq

    def ended_by(self, reply: Incoming) -> None:
        """Note the reply to our BYE: 481 and 408 end a dialog as well (section 15.1.1)."""
        self.over = reply.code < 300 or reply.code in (408, 481)

    @property
    def next(self) -> SipUri | None:
        """Where its requests go first, None when the far side did not say."""
        if self.routes:
            return read_uri(_uri_of(self.routes[0]))
        return read_uri(self.target) if self._known else None


class Call:
    """A call to the number of `grant`, and to no other. Whoever made it awaits `end` in every case."""

    def __init__(self, agent: Agent, grant: Grant, user: str) -> None:
        self._agent, self._grant, self._user = agent, grant, user
        self._invite: Transaction | None = None
        self._dialog: Dialog | None = None
        self._strays: list[Dialog] = []
        self._limit: asyncio.TimerHandle | None = None
        self._ending = asyncio.Lock()
        self.stop = asyncio.Event()  # the far side hung up, or the grant's time is over
        agent.in_dialog = self._asked

    @property
    def over(self) -> bool:
        """Whether nothing is left to end."""
        invite = self._invite
        if invite is None or not invite.sent or (invite.final is not None and invite.final.code >= 300):
            return True
        return self._dialog is not None and self._dialog.over and not self._strays

    async def place(self, spots: list[Spot], sender: str, port_at: Callable[[str], int], until: float) -> Answer:
        """Invite, and return the final reply; `port_at` opens our end of the sound at an address.

        Raises `Silence`, `Trouble` and the transport's errors.
        """
        party = Party.between(sender, self._grant.uri)

        def make(transport: Transport) -> Request:
            more = (
                ("Contact", contact(transport, self._user)),
                ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS"),
                ("Content-Type", "application/sdp"),
            )
            body = offer(transport.local_host, port_at(transport.local_host))
            return Request("INVITE", self._grant.uri, party, 1, more, body)

        found = await self._agent.ask_any(spots, make, until, on_begin=self._begun)
        if found.reply.code < 300:
            await self._established(found.reply, until)
        return found

    def media(self) -> Media:
        """Return where the far side wants the sound; fails as `sip.no-media`."""
        final = self._invite.final if self._invite is not None else None
        return read_answer(final.body) if final is not None else fail("sip.no-media", "the call was not answered")

    async def end(self, until: float) -> bool:
        """End the call from whatever state it is in; tell whether the far side agreed (or there was nothing to end).

        What was invited and not answered is cancelled, once anything was heard of it (section 9.1); what was answered
        meanwhile is acknowledged and hung up.
        """
        invite = self._invite
        if invite is None or not invite.sent:
            return True
        if self._dialog is None:
            if invite.final is None:
                invite.quiet = True
                if not await invite.heard(until):
                    return False
                await self._cancel(invite, until)
            if invite.final is None:
                return False
            if invite.final.code >= 300:
                return True
            await self._established(invite.final, until)
        return await self._hang_up(until)

    def _begun(self, invite: Transaction) -> None:
        self._invite = invite
        invite.follow(self._again)

    async def _cancel(self, invite: Transaction, until: float) -> None:
        if invite.final is not None:
            return
        mine = invite.request
        cancel = self._agent.begin(
            invite.transport, Request("CANCEL", mine.uri, mine.party, mine.seq), branch=invite.branch
        )
        with contextlib.suppress(Silence, OSError, Trouble):
            await cancel.run(until)
        with contextlib.suppress(Silence, OSError, Trouble):
            await invite.run(until)

    async def _established(self, reply: Incoming, until: float) -> None:
        if self._dialog is not None or self._invite is None:
            return
        self._dialog = dialog = Dialog(self._invite, reply)
        loop = asyncio.get_running_loop()
        self._limit = loop.call_later(self._grant.seconds, self._cut)
        await self._acknowledge(dialog, until)

    async def _acknowledge(self, dialog: Dialog, until: float) -> None:
        """Send the ACK of a 2xx: end to end, on a branch of its own, with the INVITE's credentials (13.2.2.4)."""
        if dialog.next is not None:
            dialog.transport = await self._agent.way(dialog.next.hop, dialog.transport, until)
        await self._send_ack(dialog)

    async def _send_ack(self, dialog: Dialog) -> None:
        # The ACK has the INVITE's number, also when a BYE has raised ours since.
        request = dialog.request("ACK", dialog.invited, dialog.authorization)
        # When the answer comes again although it was acknowledged, that may have gone to where nobody is.
        transports = {dialog.transport, dialog.first_transport} if dialog.acknowledged else {dialog.transport}
        dialog.acknowledged = True
        for transport in transports:
            with contextlib.suppress(OSError, Trouble):
                await transport.send(request.encoded(transport, new_branch()))

    def _again(self, reply: Incoming) -> None:
        """A 2xx came again: our ACK was lost, or another phone answered as well, which is hung up on."""
        if reply.code >= 300 or self._invite is None:
            return
        known = next((each for each in (self._dialog, *self._strays) if each and each.tag == reply.to_tag), None)
        if known is None and self._dialog is not None and len(self._strays) < 16:
            known = Dialog(self._invite, reply)
            self._strays.append(known)
        if known is not None:
            self._agent.run_errand(self._send_ack(known))

    def _asked(self, request: Incoming) -> str | None:
        """Return the status for a request of the far side within this call, or None when it is of no call of ours."""
        dialog = self._dialog
        if dialog is None or (request.call_id, request.from_tag) != (dialog.party.call_id, dialog.tag):
            return None
        if request.method == "BYE":
            self._stop_clock()
            dialog.over = True
            self.stop.set()
            return "200 OK"
        return "488 Not Acceptable Here" if request.method in ("INVITE", "UPDATE") else None

    def _cut(self) -> None:
        """End a call that grew longer than its grant, whatever the prober does."""
        self.stop.set()
        self._agent.run_errand(self._hang_up(asyncio.get_running_loop().time() + _LEAVE))

    def _stop_clock(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    async def _hang_up(self, until: float) -> bool:
        async with self._ending:
            self._stop_clock()
            for dialog in (*self._strays, self._dialog):
                if dialog is not None and not dialog.over:
                    await self._bye(dialog, until)
            self._strays = [each for each in self._strays if not each.over]
        return self.over

    async def _bye(self, dialog: Dialog, until: float) -> None:
        if not dialog.acknowledged:
            await self._acknowledge(dialog, until)
        loop = asyncio.get_running_loop()
        # A far side behind a network translator may name an address that cannot be reached: then the way it came.
        ways = (
            [dialog.transport]
            if dialog.transport is dialog.first_transport
            else [dialog.transport, dialog.first_transport]
        )
        for left, transport in enumerate(ways, -len(ways)):
            end = loop.time() + (until - loop.time()) / -left
            with contextlib.suppress(Silence, OSError, Trouble):
                if dialog.bye is not None and dialog.bye.transport is transport:  # it was interrupted: wait on
                    dialog.ended_by((await dialog.bye.run(end)).reply)
                if not dialog.over:
                    asking = dialog.request("BYE", dialog.seq + 1)
                    dialog.ended_by((await self._agent.ask(transport, asking, end, dialog.begun)).reply)
            if dialog.over:
                return


def _uri_of(value: str) -> str:
    """Return the URI in a Contact or Route value."""
    _, opened, rest = value.partition("<")
    return rest.partition(">")[0] if opened else value.partition(";")[0].strip()
