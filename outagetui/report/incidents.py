"""Which incidents a journal tells, and which of its entries belong to one; pure."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.model import Entry, State
from outagetui.core.times import LATEST
from outagetui.facts import events
from outagetui.facts.ledger import Ledger

LEAD_SECONDS = 3600.0  # how far before the detection the first sign of trouble may lie
STATES = frozenset(State)


class Incident(Struct, frozen=True, kw_only=True):
    """One incident: entries `first` to `last` lie in it; before `floor` the one before it ends.

    `ceiling` is where the next one begins. `closed` is None while it is open; `ending` is "stood-down" or "quiet".
    """

    id: str
    since: float
    channels: tuple[str, ...]
    recovered: float | None
    closed: float | None
    ending: str
    floor: int
    first: int
    last: int
    ceiling: int = 1 << 62


def readable(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that can be told: those with a time that is one, and with states that are states."""
    return [entry for entry in entries if _readable(entry)]


def _readable(entry: Entry) -> bool:
    if not 0 < entry.at < LATEST:  # where the store puts what is no time
        return False
    if entry.kind != "state":
        return True
    event = events.decode(entry.kind, entry.document)
    return not isinstance(event, events.StateChanged) or {event.was, event.now} <= STATES


def find(entries: Sequence[Entry], primaries: Collection[str], now: float) -> list[Incident]:
    """Return every incident of the journal, oldest first. `entries` are readable, `now` is epoch seconds."""
    ledger = Ledger(frozenset(primaries))
    found: list[Incident] = []
    floor = first = seq = 0  # `first` is that of an incident that is not over
    for entry in entries:
        # Asked before it is folded: what comes later still moves the fields of an incident that is over.
        if first and (closed := ledger.incident_at(entry.at)[1]) is not None:
            found.append(_incident(ledger, closed, "quiet", floor, first, seq))
            floor, first = seq + 1, 0
        ledger.apply(entry)
        seq = entry.seq
        incident = ledger.incident
        if incident is not None and not first and (not found or incident.id != found[-1].id):
            first = seq
        if first and incident is not None and incident.stood_down is not None:
            found.append(_incident(ledger, incident.stood_down, "stood-down", floor, first, seq))
            floor, first = seq + 1, 0
    if first:
        closed = ledger.incident_at(now)[1]
        found.append(_incident(ledger, closed, "quiet" if closed is not None else "", floor, first, seq))
    return [replace(one, ceiling=later.first) for one, later in pairwise(found)] + found[-1:]


def _incident(ledger: Ledger, closed: float | None, ending: str, floor: int, first: int, last: int) -> Incident:
    incident = ledger.incident
    assert incident is not None
    return Incident(
        id=incident.id,
        since=incident.since,
        channels=tuple(sorted(incident.channels)),
        recovered=incident.all_up_since,
        closed=closed,
        ending=ending,
        floor=floor,
        first=first,
        last=last,
    )


def entries_of(entries: Iterable[Entry], incident: Incident, onset: float) -> list[Entry]:
    """Return what belongs to `incident`: all between its first sign (`onset`) and its end, and what that led to.

    Deliveries of its announcements, steps of its runs and its alerts count also when they came after the end.
    """
    mine: list[Entry] = []
    runs: set[str] = set()
    parts: set[tuple[str, int]] = set()
    for entry in entries:
        event = events.decode(entry.kind, entry.document)
        inside = incident.first <= entry.seq <= incident.last
        leading = incident.floor <= entry.seq < incident.first and entry.at >= onset
        trailing = incident.last < entry.seq < incident.ceiling and _led_to(event, incident.id, runs, parts)
        if not (inside or leading or trailing):
            continue
        mine.append(entry)
        if isinstance(event, events.RunStarted):
            runs.add(event.run)
        elif isinstance(event, events.AnnouncementMade):
            parts.add((event.announcement, event.part))
    return mine


def _led_to(event: events.Event | None, incident: str, runs: set[str], parts: set[tuple[str, int]]) -> bool:
    match event:
        case events.DeliveryEvent():
            return (event.announcement, event.part) in parts
        case events.AnnouncementRetracted(announcement=name):
            return any(name == each for each, _ in parts)
        case events.StepEvent() | events.RunEnded():
            return event.run in runs
        case events.AlertEvent():
            return event.incident == incident
        case _:
            return False
