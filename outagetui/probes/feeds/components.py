"""Feeds that list parts (components, monitors, endpoints), each with a state of its own: choosing and summing up."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from outagetui.probes.feeds.statements import (
    Reading,
    Severity,
    Statement,
    Unreadable,
    no_such_component,
    reading,
    same_name,
)

T = TypeVar("T")
_OUT = (Severity.PARTIAL_OUTAGE, Severity.MAJOR_OUTAGE)


class Part(Struct, frozen=True):
    """One part of a service. `severity` is None where the provider says nothing of it, `key` is its other name."""

    name: str
    severity: Severity | None
    word: str = ""
    key: str = ""
    group: str = ""

    @property
    def statement(self) -> Statement:
        """What the provider says of this part, which has to be something."""
        if self.severity is None:
            raise Unreadable("feed.silent", f"the provider says nothing of {self.name}: {self.word}")
        return Statement(self.severity, self.name, self.word)


def document(text: str, cls: type[T], what: str) -> T:
    """Return the JSON `text` as a `cls`; raises `Unreadable` when it is not `what`."""
    try:
        return msgspec.json.decode(text, type=cls)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Unreadable("feed.unreadable", f"not {what}: {error}") from None


def named(parts: Sequence[Part], names: tuple[str, ...]) -> list[Part]:
    """Return the parts that `names` mean, each once; the name of a group means its members."""
    chosen: dict[int, Part] = {}
    for name in names:
        wanted = same_name(name)
        found = [one for one in parts if wanted in (same_name(one.name), same_name(one.key))]
        found = found or [one for one in parts if one.group and wanted == same_name(one.group)]
        if not found:
            known = [*(one.name for one in parts), *(one.group for one in parts if one.group)]
            raise no_such_component(name, known)
        chosen |= {id(one): one for one in found}
    return list(chosen.values())


def of_named(parts: Sequence[Part], names: tuple[str, ...], also: Sequence[str] = ()) -> Reading:
    """Return the worst that is said of the parts that `names` mean."""
    return reading([one.statement for one in named(parts, names)], "operational", also)


def of_all(parts: Sequence[Part], also: Sequence[str] = ()) -> Reading:
    """Return what the parts together say of a service whose page has no word for the whole.

    It is a major outage only when every part is out, and a partial one when some are; parts of which nothing is said
    are left out, but there has to be one of which something is.
    """
    said = [one.statement for one in parts if one.severity is not None]
    if not said:
        raise Unreadable("feed.silent", "the provider says nothing of any part")
    if not all(one.severity in _OUT for one in said):
        said = [Statement(min(one.severity, Severity.PARTIAL_OUTAGE), one.about, one.word) for one in said]
    return reading(said, f"all {len(said)} operational" if len(said) > 1 else "operational", also)


def beside_rollup(rollup: Statement, parts: Sequence[Part], also: Sequence[str] = ()) -> Reading:
    """Return the page's own word; behind a green one, what a part says is at most a warning."""
    said = [one.statement for one in parts if one.severity is not None]
    if rollup.severity != Severity.OPERATIONAL:
        return reading([rollup], rollup.about, also)
    return reading([Statement(min(one.severity, Severity.DEGRADED), one.about, one.word) for one in said], rollup.about)
