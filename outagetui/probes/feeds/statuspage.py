"""Atlassian Statuspage v2 `summary.json` (and `status.json`, without components), served by many providers."""

from msgspec import Struct

from outagetui.probes.feeds.components import document
from outagetui.probes.feeds.statements import (
    Reading,
    Severity,
    Statement,
    meaning,
    no_such_component,
    reading,
    same_name,
)

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
}
_CLOSED = frozenset({"resolved", "postmortem", "completed"})


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


class Incident(Struct):
    """One incident, of which only what names it is read."""

    name: str
    status: str = ""


class Summary(Struct):
    """The document."""

    status: Status
    components: list[Component] | None = None
    incidents: list[Incident] | None = None


def read(text: str, components: tuple[str, ...] = ()) -> Reading:
    """Return what the page says: its rollup, or with `components` the worst word of those named."""
    summary = document(text, Summary, "a Statuspage summary")
    listed = summary.components or []
    titles = [one.name for one in summary.incidents or [] if one.status.lower() not in _CLOSED]
    if components:
        return reading([_said(one) for one in _named(listed, components)], "operational", titles)
    indicator = meaning(INDICATORS, summary.status.indicator, "the page")
    description = summary.status.description or summary.status.indicator
    # A group's word is not counted, its members say the same; but it has to be one we know.
    members = [said for said, one in [(_said(one), one) for one in listed] if not one.group]
    if indicator == Severity.OPERATIONAL:
        # The rollup hides what one component says; that is worth a warning, but not the whole service's failure.
        members = [Statement(min(one.severity, Severity.DEGRADED), one.about, one.word) for one in members]
        return reading(members, description, titles)
    return reading([Statement(indicator, description)], description, titles)


def _said(component: Component) -> Statement:
    severity = meaning(COMPONENTS, component.status, component.name)
    return Statement(severity, component.name, component.status.replace("_", " "))


def _named(listed: list[Component], names: tuple[str, ...]) -> list[Component]:
    """Return the components that `names` mean, each once; a group means its members."""
    chosen: dict[int, Component] = {}
    for name in names:
        found = [one for one in listed if same_name(name) in (same_name(one.name), one.id.casefold())]
        if not found:
            raise no_such_component(name, (one.name for one in listed))
        for one in found:
            members = [other for other in listed if one.group and one.id and other.group_id == one.id]
            chosen |= {id(member): member for member in members or [one]}
    return list(chosen.values())
