"""Instatus `summary.json` (the page and what is open) and `components.json` (every component)."""

import re

from msgspec import UNSET, Raw, Struct, UnsetType

from outagetui.probes.feeds.components import News, Part, beside_rollup, document, of_all, of_named
from outagetui.probes.feeds.statements import Reading, Severity, Statement, Unreadable, meaning

COMPONENTS = {
    "operational": Severity.OPERATIONAL,
    "undermaintenance": Severity.MAINTENANCE,
    "degradedperformance": Severity.DEGRADED,
    "minoroutage": Severity.PARTIAL_OUTAGE,
    "partialoutage": Severity.PARTIAL_OUTAGE,
    "majoroutage": Severity.MAJOR_OUTAGE,
}
_TROUBLES = {word: severity for word, severity in COMPONENTS.items() if severity}
PAGES = {
    "up": Severity.OPERATIONAL,
    "hasissues": Severity.INCIDENT,
    "undermaintenance": Severity.MAINTENANCE,
    **{f"all{word}": severity for word, severity in _TROUBLES.items()},
    # A page is not wholly out while only some or one of its parts are.
    **{f"some{word}": min(severity, Severity.PARTIAL_OUTAGE) for word, severity in _TROUBLES.items()},
    **{f"one{word}": min(severity, Severity.PARTIAL_OUTAGE) for word, severity in _TROUBLES.items()},
}
_WORD = re.compile("(outage|performance|issues|maintenance|degraded|partial|minor|major)")
_OPEN = {
    "investigating": True,
    "identified": True,
    "monitoring": True,
    "resolved": False,
    "notstartedyet": False,
    "inprogress": True,
    "verifying": True,
    "completed": False,
}


class Page(Struct):
    """The page and its own rollup."""

    status: str
    name: str = ""


class Event(Struct):
    """An incident or a maintenance."""

    name: str
    status: str
    impact: str = ""

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return meaning(_OPEN, self.status, self.name)


class Summary(Struct, rename="camel"):
    """`summary.json`."""

    page: Page
    active_incidents: list[Event] = []
    active_maintenances: list[Event] = []


class Group(Struct):
    """What a component belongs to."""

    name: str = ""
    id: str = ""


class Component(Struct, rename="camel"):
    """One component; a parent is a group with its members' worst word."""

    name: str
    status: str
    id: str = ""
    group: Group | None = None
    is_parent: bool | None = False


class Components(Struct):
    """`components.json`."""

    components: list[Component]


class _Either(Struct):
    page: Raw | UnsetType = UNSET


def read(text: str, components: tuple[str, ...] = ()) -> Reading:
    """Return what the page says, or with `components`, which only `components.json` lists, the worst of those named."""
    if document(text, _Either, "an Instatus summary or list of components").page is UNSET:
        parts = _parts(document(text, Components, "an Instatus list of components").components)
        return of_named(parts, components) if components else of_all(parts)
    summary = document(text, Summary, "an Instatus summary")
    if components:
        message = "summary.json names no components: name the page's components.json as the target"
        raise Unreadable("feed.component", message)
    severity = meaning(PAGES, summary.page.status, "the page")
    incidents = [one for one in summary.active_incidents if one.open]
    news = [News(one.name, Severity.INCIDENT, one.status.lower()) for one in incidents]
    news += [News(one.name, Severity.MAINTENANCE, "in progress") for one in summary.active_maintenances if one.open]
    impacts = [meaning(COMPONENTS, one.impact, one.name) for one in incidents if one.impact]
    if severity == Severity.INCIDENT and any(impacts):
        severity = max(impacts)
    return beside_rollup(Statement(severity, _words(summary.page.status)), (), news)


def _words(status: str) -> str:
    """Return a status, which is written in one word, as one reads it."""
    plain = _WORD.sub(r" \1", status.lower())
    return plain.replace("under", " under ").replace("has", "has ").strip().replace("  ", " ")


def _parts(listed: list[Component]) -> list[Part]:
    said = {id(one): meaning(COMPONENTS, one.status, one.name) for one in listed}
    worst: dict[str, Severity] = {}  # of the members of a group, by its id and by its name
    for one in listed:
        for group in {one.group.id, one.group.name} - {""} if one.group else ():
            worst[group] = max(worst.get(group, Severity.OPERATIONAL), said[id(one)])
    return [
        Part(
            name=one.name,
            severity=said[id(one)],
            word=_words(one.status),
            key=one.id,
            group=one.group.name if one.group else "",
        )
        for one in listed
        # A parent says the same as its members, so it counts only where it says worse.
        if (not one.group and said[id(one)] > worst.get(one.id, worst.get(one.name, Severity.OPERATIONAL)))
        or one.group
        or not (one.id in worst or one.name in worst)
    ]
