"""One call from INVITE to BYE (RFC 3261 sections 12, 13, 15, 9), ended properly from whatever state it is in."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable
from typing import Literal

from msgspec.structs import replace

from outagetui.core.model import Outcome
from outagetui.core.sip_uri import SipUri, read_uri
from outagetui.net.trouble import Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.agent import ALLOWED, PATIENCE, Agent
from outagetui.protocols.sip.dialog import Dialog
from outagetui.protocols.sip.g711 import Law
from outagetui.protocols.sip.locate import Ways
from outagetui.protocols.sip.message import Incoming, Reply
from outagetui.protocols.sip.ration import Grant
from outagetui.protocols.sip.redirect import REDIRECTS, is_abroad, moved_to
from outagetui.protocols.sip.request import Party, Request, contact, new_branch
from outagetui.protocols.sip.sdp import Media, description, offer, read_answer
from outagetui.protocols.sip.transaction import Answer, Silence, Transaction
from outagetui.protocols.sip.transport import Transport

_LEAVE = 8.0  # seconds a call that grew longer than its grant may take to end
_STRAYS = 16  # other telephones that answered and are hung up on
_TOO_SHORT = 422  # RFC 4028 section 6: a session timer that an element in between will not have
_INTERVAL = re.compile(r"(\d{1,6})\s*(?:;.*)?", re.ASCII)
_SDP = ("Content-Type", "application/sdp")


class Call:
    """A call to the number of `grant`, and to no other. Whoever made it awaits `end` in every case."""

    def __init__(self, agent: Agent, grant: Grant, user: str) -> None:
        self._agent, self._grant, self._user = agent, grant, user
        self._invite: Transaction | None = None
        self._dialog: Dialog | None = None
        self._strays: list[Dialog] = []
        self._left: list[asyncio.Task[None]] = []  # with servers that said nothing when invited, and may wake up yet
        self._limit: asyncio.TimerHandle | None = None
        self._ending = asyncio.Lock()
        self._port = 0
        self._media: Media | None = None
        self.stop = asyncio.Event()  # the far side hung up, or the grant's time is over
        agent.in_dialog = self._asked

    @property
    def over(self) -> bool:
        """Whether nothing is left to end."""
        invite = self._invite
        if not all(task.done() for task in self._left):
            return False
        if invite is None or not invite.sent or (invite.final is not None and invite.final.code >= 300):
            return not self._strays
        return self._dialog is not None and self._dialog.over and not self._strays

    async def place(self, ways: Ways, sender: str, port_at: Callable[[str], int], until: float) -> Answer:
        """Invite, and return the final reply; `port_at` opens our end of the sound at an address.

        Raises `Silence`, `Trouble` and the transport's errors.
        """
        party = Party.between(sender, self._grant.uri)
        number = read_uri(self._grant.uri)
        assert number is not None
        at, seq, redirects = number, 1, 0
        timer: tuple[tuple[str, str], ...] = ()
        while True:

            def make(
                transport: Transport, at: SipUri = at, seq: int = seq, timer: tuple[tuple[str, str], ...] = timer
            ) -> Request:
                self._port = port_at(transport.local_host)
                more = (("Contact", contact(transport, self._user)), ALLOWED, *timer, _SDP)
                return Request("INVITE", at.bare, party, seq, more, offer(transport.local_host, self._port))

            found = await self._agent.ask_any(ways, make, until, self._begun)
            seq = self._invite.request.seq + 1 if self._invite is not None else seq + 1
            shortest = _INTERVAL.fullmatch(found.reply.first("min-se"))
            place = moved_to(found.reply, number)
            if found.reply.code == _TOO_SHORT and shortest and not timer:
                seconds = shortest[1]
                timer = (("Supported", "timer"), ("Session-Expires", seconds), ("Min-SE", seconds))
            elif place is not None and redirects < REDIRECTS:
                redirects += 1
                at = place
                self._agent.abroad = self._agent.abroad or is_abroad(place, number)
                ways = await self._agent.reach(place.hop, until)
            else:
                break
        if found.reply.code < 300:
            await self._established(found.reply, until)
        return found

    async def agree(self, vantage: Vantage, until: float) -> None:
        """Learn from the answer where the far side wants the sound. Fails as `sip.no-media`."""
        final = self._invite.final if self._invite is not None else None
        if self._invite is None or final is None:
            fail("sip.no-media", "the call was not answered")
        # A gateway that described the session while it rang does not always do so again.
        described = final if final.body else self._invite.early.get(final.to_tag, final)
        self._media = await self._placed(vantage, read_answer(_description(described)), until)

    def media(self) -> Media:
        """Return where the far side wants the sound now."""
        return self._media or fail("sip.no-media", "nothing was agreed")

    async def _placed(self, vantage: Vantage, media: Media, until: float) -> Media:
        """Return `media` with an address that our end of the sound can reach."""
        assert self._invite is not None
        ours: Literal[4, 6] = 6 if ":" in self._invite.transport.local_host else 4
        if media.named:
            try:
                found = await vantage.resolve(media.host, media.port, ip=ours, type=socket.SOCK_DGRAM, deadline=until)
            except Trouble as trouble:
                words = f"the far side wants its sound at a name: {trouble.detail}"
                if trouble.outcome is Outcome.FAIL or trouble.code == "target.invalid":
                    fail("sip.no-media", words)
                unknown(trouble.code, words)
            media = replace(media, host=found[0].host)
        if (":" in media.host) != (ours == 6):
            unknown("sip.no-media", f"the far side wants its sound at {media.host}, and the call went by IPv{ours}")
        return media

    async def end(self, until: float) -> bool:
        """End the call from whatever state it is in; tell whether the far side agreed (or there was nothing to end).

        What was invited and not answered is cancelled, once anything was heard of it (section 9.1); what was answered
        meanwhile is acknowledged and hung up.
        """
        invite = self._invite
        if invite is None or not invite.sent:
            return True
        if self._dialog is None:
            if not await self._withdrawn(invite, until):
                return False
            if invite.final is None or invite.final.code >= 300:
                return invite.final is not None
            await self._established(invite.final, until)
        return await self._hang_up(until)

    async def leave(self, until: float) -> None:
        """End the call, and what may come yet of servers that were passed over because they said nothing."""
        await asyncio.gather(self.end(until), *self._left)

    async def _forget(self, invite: Transaction, until: float) -> None:
        await self._withdrawn(invite, until)
        final = invite.final
        if final is not None and final.code < 300:
            await self._bye(Dialog(invite, final), until)

    async def _withdrawn(self, invite: Transaction, until: float) -> bool:
        """Cancel an invitation that was not answered; tell whether anything was heard of it."""
        if invite.final is None:
            invite.quiet = True
            if not await invite.heard(until):
                return False
            await self._cancel(invite, until)
        return True

    def _begun(self, invite: Transaction) -> None:
        before = self._invite
        if before is not None and before.sent and before.final is None:
            until = asyncio.get_running_loop().time() + PATIENCE
            self._left += self._agent.run_errand(self._forget(before, until))
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
            dialog.transport = await self._agent.way(dialog.next, dialog.transport, until)
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
        if known is None and self._dialog is not None and len(self._strays) < _STRAYS:
            known = Dialog(self._invite, reply)
            self._strays.append(known)
        if known is not None:
            self._agent.run_errand(self._send_ack(known))

    def _asked(self, request: Incoming) -> Reply | None:
        """Return what to say to a request of the far side within this call, or None when it is of no call of ours."""
        dialog = self._dialog
        if dialog is None or (request.call_id, request.from_tag) != (dialog.party.call_id, dialog.tag):
            return None
        if request.method == "BYE":
            self._stop_clock()
            dialog.over = True
            self.stop.set()
            return Reply("200 OK")
        if request.method in ("INVITE", "UPDATE"):
            return self._renewed(dialog, request)
        if request.method == "REFER":
            return Reply("603 Decline")  # no other number is ever called
        return Reply("200 OK", (ALLOWED,)) if request.method in ("OPTIONS", "NOTIFY", "INFO") else None

    def _renewed(self, dialog: Dialog, request: Incoming) -> Reply:
        """Take a new offer within the call (section 14.2), such as a session timer's, or a PBX that steps aside."""
        transport = dialog.first_transport
        more = (("Contact", contact(transport, self._user)), ALLOWED)
        if contacts := request.every("contact"):
            dialog.moved(contacts[0])
        if not request.body and request.method == "UPDATE":
            return Reply("200 OK", more)
        laws: tuple[Law, ...] = ()
        if request.body:
            try:
                media = read_answer(_description(request))
            except Trouble:  # what it offers we cannot take, so all stays as it is
                return Reply("488 Not Acceptable Here", more)
            if media.named or (":" in media.host) != (":" in transport.local_host):
                return Reply("488 Not Acceptable Here", more)
            self._media, laws = media, (media.law,)
        return Reply("200 OK", (*more, _SDP), offer(transport.local_host, self._port, *laws))

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
        return self._dialog is not None and self._dialog.over and not self._strays

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


def _description(message: Incoming) -> bytes:
    if message.first("content-encoding").lower() not in ("", "identity"):
        unknown("sip.no-media", "the session's description is compressed, which this program does not read")
    return description(message.first("content-type"), message.body)
