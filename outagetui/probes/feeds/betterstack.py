"""Better Stack `index.json` of a status page (JSON:API): the page's aggregate state, its resources and reports."""

from msgspec import Struct

from outagetui.probes.feeds.components import News, Part, beside_rollup, document, of_named
from outagetui.probes.feeds.freshness import outdated
from outagetui.probes.feeds.moments import moment_of
from outagetui.probes.feeds.statements import Reading, Severity, Statement, Unreadable, meaning

PAGES = {
    "operational": Severity.OPERATIONAL,
    "maintenance": Severity.MAINTENANCE,
    "degraded": Severity.DEGRADED,
    "downtime": Severity.PARTIAL_OUTAGE,  # of the page as soon as one resource is down
}
RESOURCES = {**PAGES, "downtime": Severity.MAJOR_OUTAGE}
_SILENT = "not_monitored"
_DAYS = 2 * 86400.0  # seconds: today and its time zone


class PageAttributes(Struct):
    """What the page says of the whole."""

    aggregate_state: str
    company_name: str = ""


class Page(Struct):
    """The page."""

    attributes: PageAttributes


class Touched(Struct):
    """A resource that a report names."""

    status_page_resource_id: str | int = ""


class Day(Struct):
    """A day of which a resource's history tells."""

    day: str | None = None


class Attributes(Struct):
    """Attributes of a resource (`public_name`, `status`), a section (`name`) or a report (`title`, …)."""

    public_name: str | None = None
    name: str | None = None
    status: str | None = None
    status_page_section_id: str | int | None = None
    title: str | None = None
    aggregate_state: str | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    affected_resources: list[Touched] | None = None
    status_history: list[Day] | None = None


class Included(Struct):
    """One thing on the page."""

    id: str | int
    type: str
    attributes: Attributes


class Index(Struct):
    """The document."""

    data: Page
    included: list[Included]


def read(
    text: str, components: tuple[str, ...] = (), now: float | None = None, longest: float | None = None
) -> Reading:
    """Return the page's aggregate state at epoch `now`, or with `components` the worst of those resources.

    The last day that a resource's history tells of may have begun `longest` seconds ago; None: two days.
    """
    index = document(text, Index, "a Better Stack status page")
    sections = {str(one.id): one.attributes.name or "" for one in index.included if one.type == "status_page_section"}
    parts = [
        _part(one, sections, now, longest or _DAYS) for one in index.included if one.type == "status_page_resource"
    ]
    reports = [one.attributes for one in index.included if one.type == "status_report"]
    news = [_news(report) for report in reports if _goes_on(report, now)]
    if components:
        return of_named(parts, components, news)
    word = index.data.attributes.aggregate_state
    severity = meaning(PAGES, word, "the page")
    if not parts:
        raise Unreadable("feed.silent", "the page lists nothing of which it says how it is")
    return beside_rollup(Statement(severity, word), parts, news)


def _goes_on(report: Attributes, now: float | None) -> bool:
    begin, end = moment_of(report.starts_at or ""), moment_of(report.ends_at or "")
    over = end is not None and (now is None or end <= now)
    ahead = begin is not None and now is not None and begin > now
    return report.aggregate_state != "resolved" and not over and not ahead


def _news(report: Attributes) -> News:
    touched = tuple(str(one.status_page_resource_id) for one in report.affected_resources or ())
    severity = Severity.MAINTENANCE if report.aggregate_state == "maintenance" else Severity.INCIDENT
    return News(report.title or "a report", severity, report.aggregate_state or "", touched)


def _part(resource: Included, sections: dict[str, str], now: float | None, longest: float) -> Part:
    about = resource.attributes
    name, word = about.public_name or f"resource {resource.id}", about.status or ""
    section = sections.get(str(about.status_page_section_id), "")
    days = [moment_of(day.day or "") for day in about.status_history or ()]
    if words := outdated(days, now, max(longest, _DAYS)):
        return Part(name, None, words, str(resource.id), section, outdated=True)
    return Part(
        name=name,
        severity=None if word == _SILENT else meaning(RESOURCES, word, name),
        word=word.replace("_", " "),
        key=str(resource.id),
        group=section,
    )
