"""Cachet: `/api/v1/components` or `/api/v1/status` of versions 1 and 2, the same without `v1` of version 3.

A list of components is read only when it is whole: both versions send it in pages.
"""

from msgspec import Struct

from outagetui.probes.feeds.components import Part, document, of_all, of_named
from outagetui.probes.feeds.statements import Reading, Severity, Statement, Unreadable, reading, severity_of

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
    """The attributes of a component; version 1 and 2 have them beside the id, version 3 below `attributes`."""

    name: str
    status: int | str | Value
    id: int | str = ""
    enabled: bool | int | None = True


class Resource(Struct):
    """A component of version 3."""

    attributes: Component
    id: int | str = ""


class Pagination(Struct):
    """Where version 1 and 2 say how many pages there are."""

    total_pages: int = 1


class Meta(Struct):
    """What stands beside a list of version 1 and 2."""

    pagination: Pagination | None = None


class OldList(Struct):
    """A list of components of version 1 or 2."""

    data: list[Component]
    meta: Meta | None = None


class Links(Struct):
    """Where version 3 names the next page."""

    next: str | None = None


class NewList(Struct):
    """A list of components of version 3."""

    data: list[Resource]
    links: Links | None = None


class System(Struct):
    """The page's word for the whole; version 3 calls its description `label`."""

    status: str
    message: str = ""
    label: str = ""


class SystemResource(Struct):
    """The same as a JSON:API resource."""

    attributes: System


class Plain(Struct):
    """`/api/v1/status` and the first releases of version 3."""

    data: System


class Wrapped(Struct):
    """`/api/status`."""

    data: SystemResource


class _Any(Struct):
    data: object


def read(text: str, components: tuple[str, ...] = ()) -> Reading:
    """Return the word for the whole system, what all components say, or the worst of the `components` named."""
    what = "a Cachet status or list of components"
    data = document(text, _Any, what).data
    if isinstance(data, dict):
        if components:
            raise Unreadable("feed.component", "the status names no components: name …/components as the target")
        wrapped = "attributes" in data
        said = document(text, Wrapped, what).data.attributes if wrapped else document(text, Plain, what).data
        words = said.message or said.label or said.status.replace("_", " ")
        return reading([Statement(severity_of(SYSTEM, said.status, "the page"), words)], words)
    version3 = isinstance(data, list) and bool(data) and isinstance(data[0], dict) and "attributes" in data[0]
    if version3:
        new = document(text, NewList, what)
        parts = [_part(one.attributes, one.id) for one in new.data if one.attributes.enabled]
        more = bool(new.links and new.links.next)
    else:
        old = document(text, OldList, what)
        parts = [_part(one, one.id) for one in old.data if one.enabled]
        pages = old.meta.pagination if old.meta else None
        more = pages is not None and pages.total_pages > 1
    if components:
        return of_named(parts, components)
    if more:
        message = "the list of components goes on: add ?per_page=100 to the target, or name components"
        raise Unreadable("feed.unreadable", message)
    return of_all(parts)


def _part(component: Component, key: int | str) -> Part:
    status = component.status.value if isinstance(component.status, Value) else component.status
    number = int(status) if isinstance(status, int) or status.isdecimal() else -1
    if number not in COMPONENTS:
        raise Unreadable("feed.word", f"unknown word {status!r} for {component.name}")
    return Part(component.name, *COMPONENTS[number], str(key))
