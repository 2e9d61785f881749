"""RSS and Atom: a list of incidents, each of which has to say how it stands; one that does not is never well."""

import re
from collections.abc import Generator

from msgspec import Struct

from outagetui.probes.feeds import incident_state
from outagetui.probes.feeds.entries import LENGTH, Entry, entries
from outagetui.probes.feeds.incident_state import State
from outagetui.probes.feeds.incident_words import SCHEDULED
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
_AHEAD = 3600.0  # seconds by which clocks may differ


class _Report(Struct):
    """One entry, read."""

    title: str
    subject: str
    state: State | None
    when: float | None
    id: str
    link: str
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
        reports.append(_report(entry, components, now))
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


def _report(entry: Entry, components: tuple[str, ...], now: float | None) -> _Report:
    texts = [lines_of(text, LENGTH) for text in entry.texts]
    title = " ".join(lines_of(entry.title)) or entry.title
    when = max(entry.dates, default=None)
    whole = same_name(" ".join([title, *entry.categories, *(line for lines in texts for line in lines)]))
    return _Report(
        title=title,
        subject=incident_state.subject(title),
        state=_state(entry, title, texts, when is not None and now is not None and when > now),
        when=when,
        id=entry.id,
        link=entry.link,
        touches=not components or entry.cut or any(same_name(one) in whole for one in components),
    )


def _state(entry: Entry, title: str, texts: list[list[str]], ahead: bool) -> State | None:
    """Return how an entry stands: by elements that say it, else its texts, else its title, else its categories.

    Where two of the same rank differ, the one that is not well counts.
    """
    named = [incident_state.of_word(word) for word in entry.states]
    told = [state for lines in texts if (state := incident_state.of_text(lines))]
    if said := [*named, *told]:
        return next((state for state in said if not state.well), said[0])
    state = incident_state.of_title(title)
    if state and state.word in SCHEDULED and ahead:
        return State(Severity.OPERATIONAL, state.word, in_title=True)
    words = [word for each in entry.categories if (word := incident_state.of_word(each)).severity is not None]
    return state or next((word for word in words if not word.well), words[0] if words else None)


def _incidents(reports: list[_Report]) -> list[list[_Report]]:
    """Return the entries that tell of the same incident together.

    They have the same id or the same page of their own; where titles tell the state, as those of one entry for each
    update do, they have the same title.
    """
    found: list[list[_Report]] = []
    known: dict[tuple[str, ...], list[_Report]] = {}
    for report in reports:
        keys: list[tuple[str, ...]] = [("id", report.id)] if report.id else []
        keys += [("own page", page[0]) for address in (report.id, report.link) if (page := _OWN_PAGE.match(address))]
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
