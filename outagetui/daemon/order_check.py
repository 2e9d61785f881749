"""Checks an order before it is done: the sender's role and the order's fields. Refusals say what to do."""

import math
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from outagetui.announce.outbox import AnnounceError
from outagetui.core.orders import (
    LONGEST_NOTE,
    ROLES,
    Ack,
    Activate,
    Deactivate,
    Drilled,
    Mute,
    Order,
    OrderError,
    Told,
    name_of,
)
from outagetui.core.own_fault import own_fault
from outagetui.core.text import clean, in_quotes, nearest, readable
from outagetui.core.words import RUN_ENDED
from outagetui.daemon.sender import Sender
from outagetui.facts.events import Acked, Activated, Deactivated, DrillEnded, Event, Muted
from outagetui.facts.events import Told as ToldByHand
from outagetui.machine.background import tell_fault
from outagetui.store.journal import WriteError

LONGEST_DRILL = 7 * 86400.0
LONGEST_MUTE = 30 * 86400.0
Handler = Callable[[Sender, Any], Awaitable[dict[str, Any] | None]]


class OrderCheck:
    """Turns requests into calls of `handlers`, which are given by the order that each takes.

    An order that acts waits for `settled` first: it may answer what its sender read before the daemon took note of it.
    """

    def __init__(self, handlers: Mapping[type[Order], Handler], settled: Callable[[], Awaitable[None]]) -> None:
        self._handlers, self._settled = handlers, settled
        self._orders = {name_of(order): order for order in handlers}

    async def take(self, sender: Sender, request: dict[str, Any]) -> dict[str, Any]:
        """Return the reply to one request; never raises."""
        name = request.get("order")
        order = self._orders.get(name) if isinstance(name, str) else None
        if order is None:
            return _refused(f"there is no order {clean(name, 40)}; orders are {', '.join(self._orders)}")
        if ROLES.index(sender.role) < ROLES.index(order.needs):
            return _refused(
                f"{sender.actor} is {sender.role}; {name} needs {order.needs}: see [[operator]] in outagetui.toml"
            )
        try:
            given = msgspec.convert(request, type=order)
        except msgspec.ValidationError as error:
            return _refused(f"{name}: {clean(error)}")
        try:
            if order.needs != "viewer":
                await self._settled()
            return {"ok": True, **(await self._handlers[order](sender, given) or {})}
        except (OrderError, AnnounceError, WriteError) as error:
            return _refused(clean(error))
        except Exception as error:  # one order's bug is told to whoever gave it, and takes nobody else's away
            tell_fault(error)
            return _refused(f"{name}: {own_fault(error)}")


def _refused(words: str) -> dict[str, Any]:
    return {"ok": False, "error": words}


def standing_events(
    order: Activate | Deactivate,
    backups: frozenset[str],
    active: set[str],
    balance_of: Callable[[str], float | None],
) -> list[Event]:
    """Return the journal events of an order to change standings. Raises OrderError for what is no backup."""
    names = tuple(dict.fromkeys(order.channels))
    # What is active may be taken back also after it left the configuration.
    known = backups if isinstance(order, Activate) else backups | active
    strangers = [name for name in names if name not in known]
    if strangers or not names:
        meant = nearest(strangers[0], known) if strangers else ""
        raise OrderError(f"not a backup channel: {', '.join(map(clean, strangers)) or 'none named'}{meant}")
    if isinstance(order, Activate):
        return [Activated(channel=name, balance=balance_of(name)) for name in names if name not in active]
    return [Deactivated(channel=name) for name in names if name in active]


def told_event(order: Told, known: Mapping[str, str], active: Collection[str]) -> ToldByHand:
    """Return the journal event of a `told` order; `known` are the backups and their audiences. Raises OrderError."""
    if order.channel not in {*known, *active}:
        raise OrderError(f"not a backup channel: {clean(order.channel, 60)}{nearest(order.channel, known)}")
    if order.channel not in active:
        raise OrderError(f"{order.channel} is not active: activate it first, so that people find somebody there")
    if known.get(order.channel, order.audience) != order.audience:
        raise OrderError(f"{order.channel} is for {known[order.channel]}, not for {order.audience}")
    if order.reason and not readable(order.reason):
        raise OrderError("nobody could read that reason: use letters, or leave it out")
    return ToldByHand(channel=order.channel, audience=order.audience, reason=clean(order.reason, LONGEST_NOTE))


def mute_event(order: Mute, known: frozenset[str], now: float) -> Muted:
    """Return the journal event of a `mute` order. Raises OrderError."""
    if order.id not in known:
        raise OrderError(f"there is no channel or outlet {clean(order.id, 60)}{nearest(order.id, known)}")
    if not math.isfinite(order.seconds) or not 0 <= order.seconds <= LONGEST_MUTE:
        raise OrderError("a mute lasts from 0 s (ends it) to 30 days")
    reason = clean(order.reason, LONGEST_NOTE)
    if order.seconds and not readable(reason):
        raise OrderError("a mute needs a reason")
    return Muted(id=order.id, until=now + order.seconds if order.seconds else 0.0, reason=reason)


def drilled_event(order: Drilled, ours: Mapping[str, str]) -> DrillEnded:
    """Return the journal event of a `drilled` order; `ours` is the digest of each playbook here. Raises OrderError."""
    books = []
    for book in order.books:
        sound = book.state in RUN_ENDED and 0 <= book.seconds <= LONGEST_DRILL and min(book.failed, book.skipped) >= 0
        if not sound:
            raise OrderError(f"that is no result of a playbook: {in_quotes(book.id, 64)}")
        id, what = clean(book.id, 64), clean(book.digest, 64)
        books.append(replace(book, id=id, digest=what, ours=ours.get(id, "")))
    return DrillEnded(scenario=clean(order.scenario, 60), books=tuple(books), score=order.score)


def ack_event(order: Ack, incident: str) -> Acked:
    """Return the journal event of an `ack` order; `incident` is the open one ("" when there is none)."""
    if not incident:
        raise OrderError("there is no incident to acknowledge")
    if order.incident and order.incident != incident:
        raise OrderError(f"incident {clean(order.incident, 20)} is not open; {incident} is")
    return Acked(incident=incident, note=clean(order.note, LONGEST_NOTE))
