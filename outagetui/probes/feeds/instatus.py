"""Instatus `summary.json` (the page and what is open) and `components.json` (every component)."""

from msgspec import UNSET, Raw, Struct, UnsetType

from outagetui.probes.feeds.components import Part, beside_rollup, document, of_all, of_named
from outagetui.probes.feeds.statements import Reading, Severity, Statement, Unreadable, meaning

PAGES = {
    "up": Severity.OPERATIONAL,
    "hasissues": Severity.INCIDENT,
    "undermaintenance": Severity.MAINTENANCE,
}
COMPONENTS = {
    "operational": Severity.OPERATIONAL,
    "undermaintenance": Severity.MAINTENANCE,
    "degradedperformance": Severity.DEGRADED,
    "minoroutage": Severity.PARTIAL_OUTAGE,
    "partialoutage": Severity.PARTIAL_OUTAGE,
    "majoroutage": Severity.MAJOR_OUTAGE,
}
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
    works = [one.name for one in summary.active_maintenances if one.open]
    impacts = [meaning(COMPONENTS, one.impact, one.name) for one in incidents if one.impact]
    if severity == Severity.INCIDENT and any(impacts):
        severity = max(impacts)
    words = {Severity.OPERATIONAL: "up", Severity.MAINTENANCE: "under maintenance"}.get(severity, "has issues")
    return beside_rollup(Statement(severity, words), (), [*(one.name for one in incidents), *works])


def _parts(listed: list[Component]) -> list[Part]:
    parents = {one.group.id or one.group.name for one in listed if one.group}
    return [
        Part(
            name=one.name,
            severity=meaning(COMPONENTS, one.status, one.name),
            word=one.status.lower().replace("outage", " outage").replace("performance", " performance"),
            key=one.id,
            group=one.group.name if one.group else "",
        )
        for one in listed
        if not (one.is_parent or one.id in parents)
    ]
