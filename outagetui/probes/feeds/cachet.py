"""Cachet: `/api/v1/components` or `/api/v1/status` of versions 1 and 2, the same without `v1` of version 3.

A list of components is read only when it is whole: both versions send it in pages. A list of incidents looks much
the same and means something else by its numbers, so it is told apart.
"""

from msgspec import UNSET, Raw, Struct, UnsetType

from outagetui.core.text import in_quotes
from outagetui.probes.feeds.components import News, Part, document, of_all, of_named
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
INCIDENTS = {0: "scheduled", 1: "investigating", 2: "identified", 3: "watching", 4: "fixed"}
_OVER = (0, 4)
_DIGITS = 9  # of a number; longer ones mean nothing here


class Value(Struct):
    """A state with its name, as newer releases send it."""

    value: int


class Item(Struct):
    """A component, or what stands in its place or beside it; version 3 has all but id and type below `attributes`."""

    name: str = ""
    status: int | str | Value = ""
    id: int | str = ""
    type: str = ""
    enabled: bool | int | None = True
    order: Raw | UnsetType = UNSET
    group_id: Raw | UnsetType = UNSET
    message: Raw | UnsetType = UNSET
    visible: Raw | UnsetType = UNSET
    stickied: Raw | UnsetType = UNSET
    scheduled_at: Raw | UnsetType = UNSET
    incidents: "list[Item] | None" = None
    attributes: "Item | None" = None

    @property
    def number(self) -> int:
        """The state as a number; -1 for what is none."""
        status = self.status.value if isinstance(self.status, Value) else self.status
        if isinstance(status, int):
            return status
        return int(status) if status.isascii() and status.isdecimal() and len(status) <= _DIGITS else -1

    @property
    def component(self) -> bool:
        """Whether it is a component: it has what others lack, and nothing of theirs."""
        others = (self.message, self.visible, self.stickied, self.scheduled_at)
        return all(one is UNSET for one in others) and not (self.order is UNSET and self.group_id is UNSET)


class System(Struct):
    """The page's word for the whole; newer releases have it below `attributes` and call its description `label`."""

    status: str = ""
    message: str = ""
    label: str = ""
    attributes: "System | None" = None


class Pagination(Struct):
    """Where version 1 and 2 say how many pages there are."""

    total_pages: int | UnsetType = UNSET


class Meta(Struct):
    """What stands beside a list."""

    pagination: Pagination | None = None
    current_page: int = 1


class Links(Struct):
    """Where version 3 names the next page."""

    next: str | UnsetType | None = UNSET


class Document(Struct):
    """A status or a list of components, of any version; `included` are what version 3 was asked to send with it."""

    data: System | list[Item]
    meta: Meta | None = None
    links: Links | None = None
    included: list[Item] | None = None

    @property
    def whole(self) -> bool:
        """Whether the list has no further pages, as it says itself."""
        pages = self.meta.pagination if self.meta else None
        if pages is not None:
            return pages.total_pages == 1
        return self.links is not None and self.links.next is None and (self.meta is None or self.meta.current_page == 1)


def read(text: str, components: tuple[str, ...] = ()) -> Reading:
    """Return the word for the whole system, what all components say, or the worst of the `components` named."""
    found = document(text, Document, "a Cachet status or list of components")
    if isinstance(found.data, System):
        if components:
            raise Unreadable("feed.component", "the status names no components: name …/components as the target")
        said = found.data.attributes or found.data
        words = said.message or said.label
        severity = meaning(SYSTEM, said.status, "the page")
        if not words:
            raise Unreadable("feed.unreadable", "not a Cachet status: it has a word and no sentence")
        return reading([Statement(severity, words)], words)
    listed = [(one.attributes or one, one) for one in found.data]
    for item, outer in listed:
        if not item.component or outer.type not in ("", "components"):
            message = "not a list of components: name …/components or …/status as the target"
            raise Unreadable("feed.unreadable", message)
    parts = [_part(item, str(outer.id)) for item, outer in listed if item.enabled]
    news = [one for item, _ in listed if item.enabled for one in _incidents(item.incidents, item.name)]
    news += _incidents([one for one in found.included or () if one.type == "incidents"], "")
    if components:
        return of_named(parts, components, news)
    if not found.whole and listed:
        message = "the list of components goes on, or does not say that it ends: add ?per_page=100 to the target"
        raise Unreadable("feed.unreadable", message)
    return of_all(parts, news)


def _incidents(items: list[Item] | None, component: str) -> list[News]:
    """Return what of `items` goes on; of a number nobody knows that is assumed."""
    touched = (component,) if component else ()
    found = [one.attributes or one for one in items or ()]
    words = [(one, INCIDENTS.get(one.number, "")) for one in found if one.number not in _OVER]
    return [News(one.name or "an incident", Severity.INCIDENT, word, touched) for one, word in words]


def _part(component: Item, key: str) -> Part:
    if component.number not in COMPONENTS:
        status = component.status.value if isinstance(component.status, Value) else component.status
        raise Unreadable("feed.word", f"unknown word {in_quotes(str(status))} for {component.name}")
    return Part(component.name, *COMPONENTS[component.number], key)
