"""Feeds that list parts (components, monitors, endpoints), each with a state of its own: choosing and summing up."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from outagetui.core.unread_json import why
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
    """One part of a service. `severity` is None where the provider says nothing of it now, `key` is its other name."""

    name: str
    severity: Severity | None
    word: str = ""
    key: str = ""
    group: str = ""
    group_key: str = ""
    outdated: bool = False  # what it says of it is too old, or of no known time; `word` tells which

    @property
    def statement(self) -> Statement:
        """What the provider says of this part, which has to be something."""
        if self.outdated:
            raise Unreadable("feed.stale", f"{self.name}: {self.word}")
        if self.severity is None:
            raise Unreadable("feed.silent", f"the provider says nothing of {self.name}: {self.word}")
        return Statement(self.severity, self.name, self.word)


class News(Struct, frozen=True):
    """An incident or a maintenance that goes on; `parts` are names or keys of what it touches, none: not said."""

    title: str
    severity: Severity = Severity.INCIDENT
    word: str = ""
    parts: tuple[str, ...] = ()


def document(text: str, cls: type[T], what: str) -> T:
    """Return the JSON `text` as a `cls`; raises `Unreadable` when it is not `what`."""
    try:
        return msgspec.json.decode(text, type=cls)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Unreadable("feed.unreadable", f"not {what}: {why(error)}") from None


def named(parts: Sequence[Part], names: tuple[str, ...]) -> list[Part]:
    """Return the parts that `names` mean, each once; the name of a group means its members."""
    chosen: dict[int, Part] = {}
    for name in names:
        wanted = same_name(name)
        found = [one for one in parts if wanted in (same_name(one.name), same_name(one.key))]
        found += [one for one in parts if one.group and wanted in (same_name(one.group), same_name(one.group_key))]
        if not found:
            known = [*(one.name for one in parts), *(one.group for one in parts if one.group)]
            raise no_such_component(name, known)
        chosen |= {id(one): one for one in found}
    return list(chosen.values())


def of_named(parts: Sequence[Part], names: tuple[str, ...], news: Sequence[News] = ()) -> Reading:
    """Return the worst that is said of the parts that `names` mean, and of what goes on and touches them."""
    chosen = named(parts, names)
    said = [one.statement for one in chosen]
    return with_news(said, "operational", touching(news, chosen, parts))


def of_all(parts: Sequence[Part], news: Sequence[News] = ()) -> Reading:
    """Return what the parts together say of a service whose page has no word for the whole.

    It is a major outage only when every part is out, and a partial one when some are. Where nothing is wrong,
    something has to be said of every part.
    """
    said = [one.statement for one in parts if one.severity is not None]
    if not said:
        _ = [one.statement for one in parts if one.outdated]
        raise Unreadable("feed.silent", "the provider says nothing of any part")
    if not any(one.severity for one in said) and not news:
        _ = [one.statement for one in parts]
    if not all(one.severity in _OUT for one in said):
        said = [Statement(min(one.severity, Severity.PARTIAL_OUTAGE), one.about, one.word) for one in said]
    return with_news(said, f"all {len(said)} operational" if len(said) > 1 else "operational", news)


def beside_rollup(rollup: Statement, parts: Sequence[Part], news: Sequence[News] = ()) -> Reading:
    """Return the page's own word; behind a green one, what a part says and what goes on is at most a warning."""
    said = [one.statement for one in parts if one.severity is not None]
    old = [one for one in parts if one.outdated]
    if old and not any(one.severity for one in said) and (not said or rollup.severity == Severity.OPERATIONAL):
        _ = old[0].statement
    if rollup.severity != Severity.OPERATIONAL:
        return with_news([rollup], rollup.about, news)
    said = [Statement(min(one.severity, Severity.DEGRADED), one.about, one.word) for one in said]
    return with_news(said, rollup.about, news)


def with_news(said: Sequence[Statement], healthy: str, news: Sequence[News]) -> Reading:
    """Return the worst of `said`; where that is well, what goes on counts, and otherwise it is named beside it."""
    if any(one.severity for one in said):
        return reading(said, healthy, [one.title for one in news])
    return reading([Statement(one.severity, one.title, one.word) for one in news], healthy)


def touching(news: Sequence[News], chosen: Sequence[Part], parts: Sequence[Part]) -> list[News]:
    """Return what of `news` touches the `chosen` of the `parts`.

    What names no part may touch any, unless another part is in trouble, which explains it.
    """
    ours = {id(one) for one in chosen}
    explained = any(one.severity for one in parts if id(one) not in ours)
    names = {same_name(name) for one in chosen for name in (one.name, one.key, one.group) if name}
    return [one for one in news if (names & {same_name(part) for part in one.parts} if one.parts else not explained)]
