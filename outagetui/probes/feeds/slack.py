"""Slack Status API v2.0.0 `current`: `ok`, or `active` with the incidents that are open."""

from msgspec import Struct

from outagetui.probes.feeds.components import document
from outagetui.probes.feeds.statements import Reading, Severity, Statement, Unreadable, meaning, reading, same_name

PAGES = {"ok": Severity.OPERATIONAL, "active": Severity.INCIDENT}
TYPES = {
    "notice": Severity.NOTICE,
    "maintenance": Severity.MAINTENANCE,
    "incident": Severity.DEGRADED,
    "outage": Severity.MAJOR_OUTAGE,
}
_OPEN = {"active": True, "resolved": False, "completed": False, "cancelled": False, "scheduled": False}


class Incident(Struct):
    """One incident; `services` are the parts of Slack it touches."""

    title: str
    type: str
    status: str = "active"
    services: list[str] = []


class Current(Struct):
    """The document."""

    status: str
    active_incidents: list[Incident]


def read(text: str, components: tuple[str, ...] = ()) -> Reading:
    """Return the worst open incident; `components` are services.

    The feed lists a service only while an incident touches it, so a name it does not list is no error, and an
    incident that names no service touches all.
    """
    current = document(text, Current, "Slack's current status")
    page = meaning(PAGES, current.status, "the page")
    if page != Severity.OPERATIONAL and not current.active_incidents:
        raise Unreadable("feed.unreadable", "the feed says active, and lists no incident")
    going_on = [one for one in current.active_incidents if meaning(_OPEN, one.status, one.title)]
    if page != Severity.OPERATIONAL and not going_on:
        return reading([Statement(page, "the page says active, though every incident it lists is over")], "")
    said = [_said(one) for one in going_on if _touches(one, components)]
    return reading(said, "no open incidents for these services" if components and page else "no open incidents")


def _said(incident: Incident) -> Statement:
    severity = meaning(TYPES, incident.type, incident.title)
    services = f" ({', '.join(incident.services[:5])})" if incident.services else ""
    return Statement(severity, f"{incident.type}: {incident.title}{services}")


def _touches(incident: Incident, components: tuple[str, ...]) -> bool:
    if not components or not incident.services:
        return True
    return bool({same_name(one) for one in components} & {same_name(one) for one in incident.services})
