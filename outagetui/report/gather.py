"""From the store to a report: which incident is meant, and what beside the journal tells about it."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from outagetui.core.model import Entry, State, primaries_of
from outagetui.core.times import zone_or_utc
from outagetui.facts import events
from outagetui.facts.live import Public
from outagetui.report.evidence import Evidence, Tally
from outagetui.report.incidents import LEAD_SECONDS, Incident, find, readable
from outagetui.report.reporter import Reporter
from outagetui.report.values import Report, when
from outagetui.store.damage import StoreError
from outagetui.store.reader import Reader

LISTED = 10
SILENCE_SECONDS = 60.0


class UnknownIncidentError(LookupError):
    """The store has incidents, and not the one that was asked for; the message lists them."""


class NothingToReportError(LookupError):
    """The store has no incident."""


class Found(Struct, frozen=True):
    """An incident with the whole readable journal, how many entries were not, and the configuration's public copy."""

    incident: Incident
    entries: list[Entry]
    damaged: int
    public: Public


def gather(path: Path, name: str | None, now: float) -> Report:
    """Return the report of the incident called `name`, else of the latest, as the store at `path` tells it at `now`.

    Raises StoreError, NothingToReportError, UnknownIncidentError.
    """
    reader = Reader(path)
    try:
        found = choose(reader, name, now)
        seen = evidence(reader, found, now)
        return Reporter(found.incident, found.entries, found.public, seen, now, found.damaged).report()
    finally:
        reader.close()


def choose(reader: Reader, name: str | None, now: float) -> Found:
    """Return the incident called `name` (`i12`, `12`), else the latest."""
    public = reader.public()
    if public is None:
        raise StoreError(f"{reader.path}: the daemon has not written its configuration yet")
    every = reader.entries()
    entries = readable(every)
    primaries = primaries_of(public.channels)
    incidents = find(entries, primaries, now)
    if not incidents:
        raise NothingToReportError(f"{reader.path}: no incident to report: no primary channel was partial or down")
    wanted = f"i{(name or '').strip().removeprefix('i')}" if name is not None else incidents[-1].id
    chosen = next((incident for incident in incidents if incident.id == wanted), None)
    if chosen is None:
        raise UnknownIncidentError(f"there is no incident {name}; there {_list(incidents, public)}")
    return Found(chosen, entries, len(every) - len(entries), public)


def _list(incidents: list[Incident], public: Public) -> str:
    zone = zone_or_utc(public.timezone)
    shown = [f"{each.id} ({when(each.since).astimezone(zone):%Y-%m-%d %H:%M})" for each in incidents[-LISTED:]]
    older = len(incidents) - len(shown)
    words = ", ".join(reversed(shown)) + (f" and {older} older" if older else "")
    return f"is {words}" if len(incidents) == 1 else f"are {words}"


def evidence(reader: Reader, found: Found, now: float) -> Evidence:
    """Return what samples and their rollups still tell about the incident."""
    incident, public = found.incident, found.public
    begin = incident.since - LEAD_SECONDS
    end = incident.closed if incident.closed is not None else now
    checks = {channel.id: [check.id for check in channel.checks] for channel in public.channels}
    judged = [check for name in _judged(found, begin) for check in checks.get(name, [])]
    every = [check.every for channel in public.channels for check in channel.checks]
    patience = max(SILENCE_SECONDS, 3 * min(every, default=0.0))
    beat = reader.beat()
    watched = [check for names in checks.values() for check in names]
    silences = reader.silences(watched, begin, end, patience)
    if incident.closed is None and beat is not None and now - beat.at > patience:
        silences = [*(each for each in silences if each[1] <= beat.at), (beat.at, now)]
    balances = {
        cost.balance: [
            (seen.at, seen.sample.value)
            for seen in reader.history(cost.balance, incident.since, end)
            if seen.sample.value is not None
        ]
        for cost in (channel.cost for channel in public.channels)
        if cost is not None and cost.balance is not None
    }
    tallies = {check: [Tally(*row) for row in rows] for check, rows in reader.tallies(judged, begin, end).items()}
    return Evidence(tallies, silences, balances)


def _judged(found: Found, begin: float) -> Iterable[str]:
    """Return the channels whose samples are judged again: what opened the incident, and what was partial after `begin`.

    Of a channel that was down the journal tells all there is to tell.
    """
    names: dict[str, None] = {}
    partial: set[str] = set()
    at = 0.0
    for entry in found.entries:
        if entry.seq > found.incident.last:
            break
        at = max(at, entry.at)
        event = events.decode(entry.kind, entry.document) if entry.kind == "state" else None
        if not isinstance(event, events.StateChanged):
            continue
        if entry.seq == found.incident.first or (event.id in partial and at >= begin):
            names[event.id] = None
        (partial.add if event.now == State.PARTIAL else partial.discard)(event.id)
    return names | dict.fromkeys(sorted(partial))
