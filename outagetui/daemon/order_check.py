"""The order desk: checks the sender's role and the order's fields, and passes it on. Refusals say what to do."""

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from outagetui.announce.outbox import AnnounceError
from outagetui.core.model import Audience
from outagetui.core.text import clean, nearest
from outagetui.daemon.sender import Sender
from outagetui.facts.events import Acked, Activated, Deactivated, DrilledBook, DrillEnded, Event, Muted
from outagetui.facts.pen import OrderError
from outagetui.orders.wire import NEEDS, allowed
from outagetui.store.journal import WriteError

NOTE = 500
ENDS = ("done", "failed", "aborted")
LONGEST_DRILL = 7 * 86400.0
LONGEST_MUTE = 30 * 86400.0


class _Order(Struct, kw_only=True, forbid_unknown_fields=True):
    """Base: the fields of one order."""


class Start(_Order, kw_only=True):
    """Begin a playbook, or stand a past run down."""

    playbook: str = ""
    stand_down: str = ""


class Answer(_Order, kw_only=True):
    """Answer the question that a step asks."""

    run: str
    step: str
    attempt: int
    answer: str
    note: str = ""


class Approve(_Order, kw_only=True):
    """Allow what a step asks a second person about, told by its hash."""

    run: str
    step: str
    hash: str


class Abort(_Order, kw_only=True):
    """Give a run up, or take it over."""

    run: str


class Ack(_Order, kw_only=True):
    """Take the incident."""

    incident: str = ""
    note: str = ""


class Mute(_Order, kw_only=True):
    """Mute a channel or outlet for `seconds`; 0 ends it."""

    id: str
    seconds: float
    reason: str = ""


class Recheck(_Order, kw_only=True):
    """Probe a check, channel or outlet now; everything without an id."""

    id: str = ""


class Standing(_Order, kw_only=True):
    """Activate or deactivate backups."""

    channels: tuple[str, ...]


class Announce(_Order, kw_only=True):
    """Tell an audience. The reply comes once it is journaled; what came of it is in the journal.

    `update` names the open announcement that it must belong to, which tells the audience too; `words` are own titles
    and bodies by outlet, `shown` what the preview that was agreed to said of itself: nothing else is sent then.
    """

    kind: str = ""
    audience: Audience | None = None
    outlets: tuple[str, ...] = ()
    note: str = ""
    update: str = ""
    words: dict[str, tuple[str, str]] = {}
    shown: str = ""


class Preview(Announce, kw_only=True):
    """Show what an announcement with the same fields would be; `suppose` backups to be active if none is."""

    suppose: bool = False


class Delivery(_Order, kw_only=True):
    """Try one outlet's part of an announcement again, leave it out, or send it in words of one's own."""

    announcement: str
    outlet: str
    do: Literal["retry", "skip", "edit"]
    part: int | None = None
    title: str = ""
    body: str = ""


class Retract(_Order, kw_only=True):
    """Take an announcement back from wherever it is."""

    announcement: str
    note: str = ""


class Prove(_Order, kw_only=True):
    """Try backups from end to end now; all of them without `channels`."""

    channels: tuple[str, ...] = ()


class AlertTest(_Order, kw_only=True):
    """Send a test through one link of the alert chain, or through all without a name."""

    name: str = ""


class Fault(_Order, kw_only=True):
    """A drill tells what it did to its servers."""

    fault: str
    target: str


class Drilled(_Order, kw_only=True):
    """A drill that was played on this machine tells what came of it."""

    scenario: str
    books: Annotated[tuple[DrilledBook, ...], Meta(max_length=50)] = ()
    score: Annotated[int, Meta(ge=0, le=100)] | None = None


class Nothing(_Order, kw_only=True):
    """An order without fields."""


FIELDS: dict[str, type[_Order]] = {
    "hello": Nothing,
    "start": Start,
    "answer": Answer,
    "undoable": Nothing,
    "approve": Approve,
    "take": Abort,
    "abort": Abort,
    "ack": Ack,
    "mute": Mute,
    "recheck": Recheck,
    "activate": Standing,
    "deactivate": Standing,
    "preview": Preview,
    "announce": Announce,
    "delivery": Delivery,
    "retract": Retract,
    "prove": Prove,
    "alert-test": AlertTest,
    "reload": Nothing,
    "fault": Fault,
    "drilled": Drilled,
    "stop": Nothing,
}
Handler = Callable[[Sender, Any], Awaitable[dict[str, Any]]]


class Desk:
    """Turns requests into calls of the daemon's parts, given as `handlers` by order name."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = handlers

    async def take(self, sender: Sender, request: dict[str, Any]) -> dict[str, Any]:
        """Return the reply to one request; never raises."""
        order = request.pop("order", None)
        if not isinstance(order, str) or order not in FIELDS:
            return _refused(f"there is no order {clean(order, 40)}; orders are {', '.join(FIELDS)}")
        if not allowed(sender.role, order):
            return _refused(
                f"{sender.actor} is {sender.role}; {order} needs {NEEDS[order]}: see [[operator]] in outagetui.toml"
            )
        try:
            fields = msgspec.convert(request, type=FIELDS[order])
        except msgspec.ValidationError as error:
            return _refused(f"{order}: {clean(error)}")
        try:
            return {"ok": True, **await self._handlers[order](sender, fields)}
        except (OrderError, AnnounceError, WriteError) as error:
            return _refused(clean(error))
        except Exception as error:  # one order's bug is told to whoever gave it, and takes nobody else's away
            return _refused(f"internal error, please report it: {order}: {clean(repr(error))}")


def _refused(words: str) -> dict[str, Any]:
    return {"ok": False, "error": words}


def standing_events(
    order: str,
    names: tuple[str, ...],
    backups: frozenset[str],
    active: set[str],
    balance_of: Callable[[str], float | None],
) -> list[Event]:
    """Return the journal events of an `activate` or `deactivate` order. Raises OrderError for what is no backup."""
    # What is active may be taken back also after it left the configuration.
    known = backups if order == "activate" else backups | active
    strangers = [name for name in names if name not in known]
    if strangers or not names:
        meant = nearest(strangers[0], known) if strangers else ""
        raise OrderError(f"not a backup channel: {', '.join(map(clean, strangers)) or 'none named'}{meant}")
    if order == "activate":
        return [
            Activated(channel=name, balance=balance_of(name)) for name in dict.fromkeys(names) if name not in active
        ]
    return [Deactivated(channel=name) for name in dict.fromkeys(names) if name in active]


def mute_event(order: Mute, known: frozenset[str], now: float) -> Muted:
    """Return the journal event of a `mute` order. Raises OrderError."""
    if order.id not in known:
        raise OrderError(f"there is no channel or outlet {clean(order.id, 60)}{nearest(order.id, known)}")
    if not math.isfinite(order.seconds) or not 0 <= order.seconds <= LONGEST_MUTE:
        raise OrderError("a mute lasts from 0 s (ends it) to 30 days")
    reason = clean(order.reason, NOTE)
    if order.seconds and not reason:
        raise OrderError("a mute needs a reason")
    return Muted(id=order.id, until=now + order.seconds if order.seconds else 0.0, reason=reason)


def drilled_event(order: Drilled, ours: Mapping[str, str]) -> DrillEnded:
    """Return the journal event of a `drilled` order; `ours` is the digest of each playbook here. Raises OrderError."""
    books = []
    for book in order.books:
        sound = book.state in ENDS and 0 <= book.seconds <= LONGEST_DRILL and min(book.failed, book.skipped) >= 0
        if not sound:
            raise OrderError(f"that is no result of a playbook: {clean(repr(book), NOTE)}")
        id, what = clean(book.id, 64), clean(book.digest, 64)
        books.append(replace(book, id=id, digest=what, ours=ours.get(id, "")))
    return DrillEnded(scenario=clean(order.scenario, 60), books=tuple(books), score=order.score)


def ack_event(order: Ack, incident: str) -> Acked:
    """Return the journal event of an `ack` order; `incident` is the open one ("" when there is none)."""
    if not incident:
        raise OrderError("there is no incident to acknowledge")
    if order.incident and order.incident != incident:
        raise OrderError(f"incident {clean(order.incident, 20)} is not open; {incident} is")
    return Acked(incident=incident, note=clean(order.note, NOTE))
