"""Which incidents a journal tells, and which of its entries belong to one; pure."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.model import Entry, State
from outagetui.facts import events
from outagetui.facts.ledger import Ledger
from outagetui.report.values import when

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
    ceiling: int


class _Open(Struct):
    id: str
    since: float
    floor: int
    first: int
    ended: bool = False


def readable(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that can be told: those with a time that is one, and with states that are states."""
    return [entry for entry in entries if _readable(entry)]


def _readable(entry: Entry) -> bool:
    try:
        when(entry.at)
    except ValueError:
        return False
    if entry.kind != "state":
        return True
    event = events.decode(entry.kind, entry.document)
    return not isinstance(event, events.StateChanged) or {event.was, event.now} <= STATES


def find(entries: Sequence[Entry], primaries: Collection[str], now: float) -> list[Incident]:
    """Return every incident of the journal, oldest first. `entries` are readable, `now` is epoch seconds."""
    ledger = Ledger(frozenset(primaries))
    found: list[Incident] = []
    current: _Open | None = None
    floor = seq = 0
    for entry in entries:
        # Asked before it is folded: what comes later still moves the fields of an incident that is over.
        if current is not None and not current.ended:
            closed = ledger.incident_at(entry.at)[1]
            if closed is not None:
                found.append(_close(ledger, current, closed, "quiet", seq))
                current.ended, floor = True, seq + 1
        ledger.apply(entry)
        seq = entry.seq
        incident = ledger.incident
        if incident is not None and (current is None or incident.id != current.id):
            current = _Open(incident.id, incident.since, floor, seq)
        if current is not None and not current.ended and incident is not None and incident.stood_down is not None:
            found.append(_close(ledger, current, incident.stood_down, "stood-down", seq))
            current.ended, floor = True, seq + 1
    if current is not None and not current.ended:
        closed = ledger.incident_at(now)[1]
        found.append(_close(ledger, current, closed, "quiet" if closed is not None else "", seq))
    later = [incident.first for incident in found[1:]]
    return [replace(one, ceiling=first) for one, first in zip(found, [*later, 1 << 62], strict=False)]


def _close(ledger: Ledger, current: _Open, closed: float | None, ending: str, last: int) -> Incident:
    incident = ledger.incident
    assert incident is not None
    return Incident(
        id=current.id,
        since=current.since,
        channels=tuple(sorted(incident.channels)),
        recovered=incident.all_up_since,
        closed=closed,
        ending=ending,
        floor=current.floor,
        first=current.first,
        last=last,
        ceiling=1 << 62,
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
