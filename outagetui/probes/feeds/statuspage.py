"""Atlassian Statuspage v2 `summary.json` (and `status.json`, without components), served by many providers."""

from msgspec import UNSET, Struct, UnsetType

from outagetui.probes.feeds.components import News, Part, beside_rollup, document, of_named
from outagetui.probes.feeds.statements import Reading, Severity, Statement, Unreadable, meaning

INDICATORS = {
    "none": Severity.OPERATIONAL,
    "maintenance": Severity.MAINTENANCE,
    "minor": Severity.DEGRADED,
    "major": Severity.PARTIAL_OUTAGE,  # Statuspage words it "Partial System Outage"
    "critical": Severity.MAJOR_OUTAGE,
}
COMPONENTS = {
    "operational": Severity.OPERATIONAL,
    "under_maintenance": Severity.MAINTENANCE,
    "degraded_performance": Severity.DEGRADED,
    "partial_outage": Severity.PARTIAL_OUTAGE,
    "major_outage": Severity.MAJOR_OUTAGE,
    "full_outage": Severity.MAJOR_OUTAGE,  # of incident.io, which serves the same
}
_CLOSED = frozenset({"resolved", "postmortem", "completed", "scheduled"})
_MAINTENANCES = {
    "scheduled": False,
    "in_progress": True,
    "verifying": True,
    "completed": False,
    "cancelled": False,
    "canceled": False,
}


class Status(Struct):
    """The page's own rollup."""

    indicator: str
    description: str = ""


class Component(Struct):
    """One component; a group is a component too, with the rollup of its members as status."""

    name: str
    status: str
    id: str = ""
    group: bool | None = False
    group_id: str | None = None


class Touched(Struct):
    """A component that an incident names; an update calls its id `code`."""

    name: str = ""
    id: str = ""
    code: str = ""


class Update(Struct):
    """One update of an incident."""

    affected_components: list[Touched] | None = None


class Incident(Struct):
    """One incident or maintenance, of which only what names it and what it touches is read."""

    name: str
    status: str | None = ""
    components: list[Touched] | None = None
    incident_updates: list[Update] | None = None

    def news(self, severity: Severity) -> News:
        """Return it as something that goes on."""
        newest = (self.incident_updates or [])[:1]
        touched = [*(self.components or ()), *(one for update in newest for one in update.affected_components or ())]
        parts = tuple(part for one in touched for part in (one.name, one.id, one.code) if part)
        return News(self.name, severity, (self.status or "").replace("_", " "), parts)


class Summary(Struct):
    """The document; `status.json` holds nothing but the page's rollup."""

    status: Status
    components: list[Component] | UnsetType = UNSET
    incidents: list[Incident] | UnsetType = UNSET
    scheduled_maintenances: list[Incident] | UnsetType = UNSET


def read(text: str, components: tuple[str, ...] = ()) -> Reading:
    """Return what the page says: its rollup, or with `components` the worst word of those named."""
    summary = document(text, Summary, "a Statuspage summary")
    lists = (summary.components, summary.incidents, summary.scheduled_maintenances)
    indicator = meaning(INDICATORS, summary.status.indicator, "the page")
    if any(one is UNSET for one in lists) and (components or any(one is not UNSET for one in lists)):
        missing = [name for name in Summary.__struct_fields__[1:] if getattr(summary, name) is UNSET]
        raise Unreadable("feed.unreadable", f"a summary without its list of {' and '.join(missing).replace('_', ' ')}")
    parts = _parts(summary.components or [])
    news = [one.news(_severity(one)) for one in summary.incidents or [] if (one.status or "").lower() not in _CLOSED]
    for one in summary.scheduled_maintenances or []:
        if meaning(_MAINTENANCES, one.status or "", one.name):
            news.append(one.news(Severity.MAINTENANCE))
    if components:
        return of_named(parts, components, news)
    # The rollup hides what one component says; that is worth a warning, but not the whole service's failure.
    return beside_rollup(Statement(indicator, summary.status.description or summary.status.indicator), parts, news)


def _severity(incident: Incident) -> Severity:
    """Return what an open incident means; some pages list maintenances among them."""
    going_on = _MAINTENANCES.get((incident.status or "").lower(), False)
    return Severity.MAINTENANCE if going_on else Severity.INCIDENT


def _parts(listed: list[Component]) -> list[Part]:
    """Return the components; a group says the same as its members, so it counts only where it says worse."""
    said = {id(one): meaning(COMPONENTS, one.status, one.name) for one in listed}
    groups = {one.id: one for one in listed if one.group and one.id}
    worst: dict[str, Severity] = {}
    for one in listed:
        if one.group_id:
            worst[one.group_id] = max(worst.get(one.group_id, Severity.OPERATIONAL), said[id(one)])
    parts = []
    for one in listed:
        if one.group and one.id in worst and said[id(one)] <= worst[one.id]:
            continue
        group = groups.get(one.group_id or "", one if one.group else None)
        word = one.status.lower().replace("_", " ")
        parts.append(
            Part(one.name, said[id(one)], word, one.id, group.name if group else "", group.id if group else "")
        )
    return parts
