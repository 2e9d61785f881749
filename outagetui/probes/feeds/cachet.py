"""Cachet: `/api/v1/components` or `/api/v1/status` of versions 1 and 2, the same without `v1` of version 3.

A list of components is read only when it is whole: both versions send it in pages.
"""

from msgspec import Struct

from outagetui.core.text import in_quotes
from outagetui.probes.feeds.components import Part, document, of_all, of_named
from outagetui.probes.feeds.statements import Reading, Severity, Statement, Unreadable, meaning, reading

COMPONENTS: dict[int, tuple[Severity | None, str]] = {
    0: (None, "unknown"),  # the provider's own word
    1: (Severity.OPERATIONAL, "operational"),
    2: (Severity.DEGRADED, "performance issues"),
    3: (Severity.PARTIAL_OUTAGE, "partial outage"),
    4: (Severity.MAJOR_OUTAGE, "major outage"),
    5: (None, "unknown"),
    6: (Severity.MAINTENANCE, "under maintenance"),
}
SYSTEM = {
    "operational": Severity.OPERATIONAL,
    "under_maintenance": Severity.MAINTENANCE,
    "partial_outage": Severity.PARTIAL_OUTAGE,
    "major_outage": Severity.MAJOR_OUTAGE,
    "success": Severity.OPERATIONAL,  # version 2
    "info": Severity.INCIDENT,
    "danger": Severity.MAJOR_OUTAGE,
}


class Value(Struct):
    """A state with its name, as newer releases send it."""

    value: int


class Component(Struct):
    """A component; version 3 has all but its id below `attributes`."""

    name: str = ""
    status: int | str | Value = ""
    id: int | str = ""
    enabled: bool | int | None = True
    attributes: "Component | None" = None


class System(Struct):
    """The page's word for the whole; newer releases have it below `attributes` and call its description `label`."""

    status: str = ""
    message: str = ""
    label: str = ""
    attributes: "System | None" = None


class Pagination(Struct):
    """Where version 1 and 2 say how many pages there are."""

    total_pages: int = 1


class Meta(Struct):
    """What stands beside a list of version 1 and 2."""

    pagination: Pagination | None = None


class Links(Struct):
    """Where version 3 names the next page."""

    next: str | None = None


class Document(Struct):
    """A status or a list of components, of any version."""

    data: System | list[Component]
    meta: Meta | None = None
    links: Links | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the list has further pages."""
        pages = self.meta.pagination if self.meta else None
        return bool(self.links and self.links.next) or (pages is not None and pages.total_pages > 1)


def read(text: str, components: tuple[str, ...] = ()) -> Reading:
    """Return the word for the whole system, what all components say, or the worst of the `components` named."""
    found = document(text, Document, "a Cachet status or list of components")
    if isinstance(found.data, System):
        if components:
            raise Unreadable("feed.component", "the status names no components: name …/components as the target")
        said = found.data.attributes or found.data
        words = said.message or said.label or said.status.replace("_", " ")
        return reading([Statement(meaning(SYSTEM, said.status, "the page"), words)], words)
    listed = [(one.attributes or one, str(one.id)) for one in found.data]
    parts = [_part(component, key) for component, key in listed if component.enabled]
    if components:
        return of_named(parts, components)
    if found.goes_on:
        message = "the list of components goes on: add ?per_page=100 to the target, or name components"
        raise Unreadable("feed.unreadable", message)
    return of_all(parts)


def _part(component: Component, key: str) -> Part:
    status = component.status.value if isinstance(component.status, Value) else component.status
    number = int(status) if isinstance(status, int) or status.isdecimal() else -1
    if number not in COMPONENTS:
        raise Unreadable("feed.word", f"unknown word {in_quotes(status)} for {component.name}")
    return Part(component.name, *COMPONENTS[number], key)
