"""RSS and Atom: a list of incidents, each of which has to say how it stands; one that does not is never well."""

import re
from collections.abc import Generator

from msgspec import Struct

from outagetui.probes.feeds import incident_state, taken_back
from outagetui.probes.feeds.entries import LENGTH, LINES, Entry, entries
from outagetui.probes.feeds.incident_state import State
from outagetui.probes.feeds.incident_words import PLANNED
from outagetui.probes.feeds.moments import moment_of, stamp_in
from outagetui.probes.feeds.statements import (
    Reading,
    Severity,
    Statement,
    Unreadable,
    lines_of,
    one_line,
    reading,
    same_name,
)

# The page of one incident, unlike that of the whole service; an update of it has a place within.
_OWN_PAGE = re.compile(
    r"https?://[^?#]*/(?:incidents?|maintenances?|events?|issues?|outages?|notices?|messages?)/[^/?#]+", re.IGNORECASE
)
_ZONES = 14 * 3600.0  # seconds by which times of the same words differ around the world
_AHEAD = 3600.0  # seconds by which clocks may differ


class _Report(Struct):
    """One entry, read."""

    title: str
    subject: str
    state: State | None
    when: float | None
    id: str
    link: str
    pages: tuple[str, ...]
    touches: bool


def read(
    body: bytes, components: tuple[str, ...] = (), now: float | None = None, content_type: str = ""
) -> Generator[None, None, Reading]:
    """Return, in steps, the open incidents; `components` are words of which an entry must hold one.

    `now` is the epoch second by which an entry of the future is told. Raises `Unreadable` for what is no feed, and
    where no incident is open but one says nothing that is understood.
    """
    reports = []
    for entry in (yield from entries(body, content_type)):
        reports.append((yield from _report(entry, components, now)))
        yield
    said, strange = [], []
    for incident in _incidents(reports):
        if not any(report.touches for report in incident):
            continue
        newest = _newest(incident, now)
        title = one_line(newest.title) or "an item without a title"
        if newest.state is None or newest.state.severity is None:
            strange.append(f"{title}: {newest.state.word}" if newest.state else title)
        elif not newest.state.well:
            said.append(Statement(newest.state.severity, title, newest.state.word))
    if strange and not said:
        raise Unreadable("feed.word", f"an item says in no word that we know how it stands: {strange[0]}")
    return reading(said, "no open incidents")


def _report(entry: Entry, components: tuple[str, ...], now: float | None) -> Generator[None, None, _Report]:
    title = " ".join(lines_of(entry.title)) or entry.title
    when = max(entry.dates, default=None)
    names = [same_name(one) for one in components]
    touches = not names or entry.cut or _holds([title, *entry.categories], names)
    told: list[State] = []
    titled = incident_state.of_title(title)
    planned = titled is not None and titled.word in PLANNED and not taken_back.begun(title)
    named = stamp_in(title) if planned else None
    for text in entry.texts:
        lines = lines_of(text, LENGTH)[:LINES]
        touches = touches or _holds(lines, names)
        if planned:
            named = named or next((stamp for line in lines if (stamp := stamp_in(line))), None)
        told += [state] if (state := incident_state.of_text(lines)) else []
        yield
    addresses = (entry.id, entry.link)
    return _Report(
        title=title,
        subject=incident_state.subject(title),
        state=_state(entry, titled, told, ahead=planned and _ahead(entry, named, now)),
        when=when,
        id=entry.id,
        link=entry.link,
        pages=tuple(page[0] for address in addresses if (page := _OWN_PAGE.match(address))),
        touches=touches,
    )


def _holds(lines: list[str], names: list[str]) -> bool:
    whole = same_name(" ".join(lines))
    return any(name in whole for name in names)


def _state(entry: Entry, titled: State | None, told: list[State], *, ahead: bool) -> State | None:
    """Return how an entry stands: by elements that say it, else its texts `told`, its title (`titled`), categories.

    Where two of the same rank differ, the one that is not well counts.
    """
    named = [incident_state.of_word(word) for word in entry.states]
    if said := [*named, *told]:
        return next((state for state in said if not state.well), said[0])
    if titled and ahead:
        return State(Severity.OPERATIONAL, titled.word, in_title=True)
    words = [word for each in entry.categories if (word := incident_state.of_word(each)).severity is not None]
    return titled or next((word for word in words if not word.well), words[0] if words else None)


def _ahead(entry: Entry, named: tuple[int, ...] | None, now: float | None) -> bool:
    """Tell whether an entry is of a time to come: by its date, or by the first time it has `named`, in any zone."""
    if now is None:
        return False
    if max(entry.dates, default=now) > now:
        return True
    at = moment_of("{:04}-{:02}-{:02}T{:02}:{:02}".format(*named)) if named else None
    return at is not None and at > now + _ZONES


def _incidents(reports: list[_Report]) -> list[list[_Report]]:
    """Return the entries that tell of the same incident together.

    They have the same id or the same page of their own; where titles tell the state, as those of one entry for each
    update do, they have the same title.
    """
    found: list[list[_Report]] = []
    known: dict[tuple[str, ...], list[_Report]] = {}
    for report in reports:
        keys: list[tuple[str, ...]] = [("id", report.id)] if report.id else []
        keys += [("own page", page) for page in report.pages]
        if report.subject:
            keys.append(("page", report.subject, report.link))
            if report.state and report.state.in_title:
                keys.append(("title", report.subject))
        incident = next((known[key] for key in keys if key in known), None)
        if incident is None:
            found.append(incident := [])
        incident.append(report)
        known |= dict.fromkeys(keys, incident)
    return found


def _newest(reports: list[_Report], now: float | None) -> _Report:
    """Return the newest by date; among those whose dates do not tell, the one that is not well."""
    latest = max((report.when for report in reports if report.when is not None), default=None)
    doubtful = latest is None or (now is not None and latest > now + _AHEAD)
    last = [report for report in reports if doubtful or report.when in (latest, None)]
    return next((report for report in last if not (report.state and report.state.well)), last[0])
