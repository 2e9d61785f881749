"""What the orders on announcements do: preview, announce, say a word on one delivery, take back."""

from typing import Any

import msgspec

from outagetui.announce.draft import AnnounceError, Wanted
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS, DRILL_KIND, FOLLOWING_KINDS
from outagetui.core.copies import copied
from outagetui.core.model import Audience
from outagetui.core.orders import LONGEST_NOTE, Announce, Delivery, Preview, Retract
from outagetui.core.text import clean, listing
from outagetui.core.words import Deed
from outagetui.daemon.parts import Parts
from outagetui.daemon.sender import Sender
from outagetui.wording.published import published

UPDATE = "update"  # the kind of a further part that says no other


class AnnounceHandlers:
    """Does the orders on announcements with the parts of `daemon`."""

    def __init__(self, daemon: Parts) -> None:
        self._daemon = daemon

    async def preview(self, sender: Sender, order: Preview) -> dict[str, Any]:
        """Tell what `announce` with the same fields would send where, what that does, and what to be warned of."""
        daemon = self._daemon
        audience, kind = self._about(order, suppose=order.suppose)
        wanted = copied(Wanted, order, kind=kind, audience=audience, note=published(order.note, LONGEST_NOTE))
        shares = {channel.id: daemon.watch.share_of(channel.id) for channel in daemon.current.config.channels}
        document: dict[str, Any] = msgspec.to_builtins(daemon.outbox.proposals.proof(wanted, shares, daemon.hosts))
        return document

    async def announce(self, sender: Sender, order: Announce) -> dict[str, Any]:
        """Journal a part, and deliver it in the background."""
        audience, kind = self._about(order)
        note = published(order.note, LONGEST_NOTE)
        made = await self._daemon.outbox.make(
            sender.actor,
            kind,
            audience,
            order.outlets,
            note=note,
            update=order.update,
            words=order.words,
            shown=order.shown,
            reason=clean(order.reason, LONGEST_NOTE),
        )
        self._daemon.delivery.send(sender.actor, made)
        return {"announcement": made.announcement, "part": made.part}

    async def deliver(self, sender: Sender, order: Delivery) -> dict[str, Any]:
        """Journal an operator's word on one outlet's part, and do what it says in the background."""
        part, due = await self._daemon.outbox.order(
            sender.actor,
            order.announcement,
            order.outlet,
            order.do,
            part=order.part,
            title=order.title,
            body=order.body,
        )
        made = self._daemon.journal.ledger.announcements[order.announcement]
        if due == Deed.RETRACT:
            self._daemon.delivery.take_back(sender.actor, made.id)
        elif due == "send":
            self._daemon.delivery.send(sender.actor, made.part(part), [order.outlet])
        return {"announcement": made.id, "part": part, "outlet": order.outlet}

    async def retract(self, sender: Sender, order: Retract) -> dict[str, Any]:
        """Journal that an announcement is taken back, and do it in the background."""
        await self._daemon.outbox.retract(sender.actor, order.announcement, clean(order.note, LONGEST_NOTE))
        self._daemon.delivery.take_back(sender.actor, order.announcement)
        return {"announcement": order.announcement}

    def _about(self, order: Announce, *, suppose: bool = False) -> tuple[Audience, str]:
        """Return audience and kind, which an update need not name. What goes on with nothing can only be supposed."""
        if order.update:
            return order.audience or self._daemon.outbox.audience_of(order.update), order.kind or UPDATE
        if order.audience is None or not order.kind:
            raise AnnounceError("say what kind of announcement, and to which audience")
        if order.kind in FOLLOWING_KINDS and not suppose and not self._told(order.audience):
            first = listing(kind for kind in ANNOUNCEMENT_KINDS if kind not in (*FOLLOWING_KINDS, DRILL_KIND))
            nothing = f"nothing is announced to {order.audience} that {order.kind} could go on with or close"
            raise AnnounceError(f"{nothing}; an announcement begins with one of: {first}")
        return order.audience, order.kind

    def _told(self, audience: Audience) -> bool:
        """Tell whether something stands that `audience` were told, by an announcement or by hand."""
        ledger = self._daemon.journal.ledger
        stands = any(made.open and made.newest.audience == audience for made in ledger.announcements.values())
        return stands or any(whom == audience for whom, _ in ledger.told)
