"""Google's `incidents.json` (Workspace and Cloud): every incident of late, open until its end."""

from msgspec import Struct

from outagetui.probes.feeds.components import document
from outagetui.probes.feeds.moments import moment_of
from outagetui.probes.feeds.statements import Reading, Severity, Statement, Unreadable, meaning, reading, same_name

IMPACTS = {
    "available": Severity.OPERATIONAL,
    "service_information": Severity.NOTICE,
    "service_disruption": Severity.DEGRADED,
    "service_outage": Severity.MAJOR_OUTAGE,
}


class Update(Struct):
    """The newest word on an incident."""

    status: str = ""


class Product(Struct):
    """A product that an incident touches."""

    title: str = ""


class Incident(Struct):
    """One incident."""

    begin: str
    end: str | None = None
    external_desc: str = ""
    service_name: str = ""
    status_impact: str = ""
    most_recent_update: Update | None = None
    affected_products: list[Product] = []

    @property
    def google(self) -> bool:
        """Whether it says anything that only Google's incidents say."""
        return bool(self.external_desc or self.service_name or self.status_impact or self.products())

    def products(self) -> list[str]:
        """Return the names of what it touches."""
        names = [one.title for one in self.affected_products if one.title]
        return [self.service_name, *names] if self.service_name and self.service_name not in names else names


def read(text: str, components: tuple[str, ...] = (), now: float | None = None) -> Reading:
    """Return the worst incident that is open at epoch `now`; `components` are products.

    The list names a product only when an incident touched it, so a name it does not hold is no error; but a list that
    holds nothing at all says nothing of a product.
    """
    incidents = document(text, list[Incident], "Google's list of incidents")
    if not all(one.google for one in incidents):
        raise Unreadable("feed.unreadable", "a list, but not of Google's incidents")
    if components and not incidents:
        raise Unreadable("feed.silent", "the list of incidents is empty, which says nothing of a component")
    said = [_said(one) for one in incidents if not _over(one, now) and _touches(one, components)]
    return reading(said, "no open incidents")


def _said(incident: Incident) -> Statement:
    title = incident.external_desc or "incident"
    newest = incident.most_recent_update.status if incident.most_recent_update else ""
    word = newest or incident.status_impact
    if not word:
        raise Unreadable("feed.unreadable", f"an open incident without a status: {title}")
    # What is open is not well, though the service be there again.
    severity = meaning(IMPACTS, word, title) or Severity.INCIDENT
    products = ", ".join(incident.products()[:5])
    return Statement(severity, f"{products}: {title}" if products else title)


def _over(incident: Incident, now: float | None) -> bool:
    if not incident.end:
        return False
    end = moment_of(incident.end)
    if end is None:
        raise Unreadable("feed.unreadable", f"an incident that ends at no time: {incident.end}")
    return now is None or end <= now


def _touches(incident: Incident, components: tuple[str, ...]) -> bool:
    products = {same_name(one) for one in incident.products()}
    return not components or not products or bool({same_name(one) for one in components} & products)
