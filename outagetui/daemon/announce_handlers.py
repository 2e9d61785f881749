"""What the orders on announcements do: preview, announce, say a word on one delivery, take back."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from outagetui.announce.draft import AnnounceError, Wanted
from outagetui.core.model import Audience
from outagetui.core.text import clean
from outagetui.daemon import order_check as desk
from outagetui.daemon.parts import Parts
from outagetui.daemon.sender import Sender
from outagetui.wording.published import published

UPDATE = "update"  # the kind of a further part that says no other


def orders_of(daemon: Parts) -> dict[str, Callable[[Sender, Any], Awaitable[dict[str, Any]]]]:
    """Return the handlers of the orders on announcements, by the order's name."""
    return {
        "preview": lambda sender, order: preview(daemon, order),
        "announce": lambda sender, order: announce(daemon, sender.actor, order),
        "delivery": lambda sender, order: delivery(daemon, sender.actor, order),
        "retract": lambda sender, order: retract(daemon, sender.actor, order),
    }


async def preview(daemon: Parts, order: "desk.Preview") -> dict[str, Any]:
    """Tell what `announce` with the same fields would send where, what that does, and what to be warned of."""
    audience, kind = _about(daemon, order)
    wanted = Wanted(
        kind=kind,
        audience=audience,
        outlets=order.outlets,
        note=published(order.note, desk.NOTE),
        update=order.update,
        words=order.words,
        suppose=order.suppose,
    )
    shares = {channel.id: daemon.watch.share_of(channel.id) for channel in daemon.config.channels}
    document: dict[str, Any] = msgspec.to_builtins(daemon.outbox.proof(wanted, shares, daemon.hosts))
    return document


async def announce(daemon: Parts, actor: str, order: "desk.Announce") -> dict[str, Any]:
    """Journal a part, and deliver it in the background."""
    audience, kind = _about(daemon, order)
    note = published(order.note, desk.NOTE)
    made = await daemon.outbox.make(
        actor, kind, audience, order.outlets, note=note, update=order.update, words=order.words, shown=order.shown
    )
    daemon.courier.send(actor, made)
    return {"announcement": made.announcement, "part": made.part}


async def delivery(daemon: Parts, actor: str, order: "desk.Delivery") -> dict[str, Any]:
    """Journal an operator's word on one outlet's part, and do what it says in the background."""
    part, due = await daemon.outbox.order(
        actor, order.announcement, order.outlet, order.do, part=order.part, title=order.title, body=order.body
    )
    made = daemon.record.ledger.announcements[order.announcement]
    if due == "retract":
        daemon.courier.take_back(actor, made.id)
    elif due == "send":
        daemon.courier.send(actor, made.part(part), [order.outlet])
    return {"announcement": made.id, "part": part, "outlet": order.outlet}


async def retract(daemon: Parts, actor: str, order: "desk.Retract") -> dict[str, Any]:
    """Journal that an announcement is taken back, and do it in the background."""
    await daemon.outbox.retract(actor, order.announcement, clean(order.note, desk.NOTE))
    daemon.courier.take_back(actor, order.announcement)
    return {"announcement": order.announcement}


def _about(daemon: Parts, order: "desk.Announce") -> tuple[Audience, str]:
    """Return audience and kind, which an update need not name."""
    if order.update:
        return order.audience or daemon.outbox.audience_of(order.update), order.kind or UPDATE
    if order.audience is None or not order.kind:
        raise AnnounceError("say what kind of announcement, and to which audience")
    return order.audience, order.kind
