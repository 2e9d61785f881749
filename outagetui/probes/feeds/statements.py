"""What every feed format is reduced to: statements with a severity, and the one reading made of them."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import IntEnum
from typing import TypeVar

from msgspec import Struct

from outagetui.core.markup import text_of
from outagetui.core.model import Outcome
from outagetui.core.text import clean, in_quotes

T = TypeVar("T")
_BREAK = re.compile(r"<(?:br|p|div|li|h[1-6]|td|dd)\b", re.IGNORECASE)
_SHOWN = 3  # statements named in a detail


class Severity(IntEnum):
    """How bad a provider says it is, in a scale common to all formats."""

    OPERATIONAL = 0
    NOTICE = 1
    MAINTENANCE = 2
    DEGRADED = 3
    INCIDENT = 4  # open, of unknown extent
    PARTIAL_OUTAGE = 5
    MAJOR_OUTAGE = 6


_MEANING: dict[Severity, tuple[Outcome, str]] = {
    Severity.OPERATIONAL: (Outcome.PASS, ""),
    Severity.NOTICE: (Outcome.WARN, "feed.notice"),
    Severity.MAINTENANCE: (Outcome.WARN, "feed.maintenance"),
    Severity.DEGRADED: (Outcome.WARN, "feed.degraded"),
    Severity.INCIDENT: (Outcome.WARN, "feed.incident"),
    Severity.PARTIAL_OUTAGE: (Outcome.FAIL, "feed.partial-outage"),
    Severity.MAJOR_OUTAGE: (Outcome.FAIL, "feed.major-outage"),
}


class Unreadable(Exception):  # noqa: N818 - what the feed is, whoever erred
    """The feed says nothing that can be relied on; `code` is a stable word, `detail` a clean line for people."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = one_line(detail)
        super().__init__(self.detail)


class Statement(Struct, frozen=True):
    """What a provider says about one thing: a component, or an incident's title. `about` may hold any text."""

    severity: Severity
    about: str
    word: str = ""


class Reading(Struct, frozen=True):
    """The provider's word as an outcome, its code, and one clean line."""

    outcome: Outcome
    code: str
    detail: str


def reading(statements: Iterable[Statement], healthy: str, also: Sequence[str] = ()) -> Reading:
    """Return the worst of `statements`, named worst first; `healthy` is the detail when all is well.

    `also` are titles worth naming beside it, such as those of open incidents.
    """
    bad = sorted((one for one in statements if one.severity), key=lambda one: -one.severity)
    outcome, code = _MEANING[bad[0].severity if bad else Severity.OPERATIONAL]
    said = [f"{one_line(one.about, 100)}: {one_line(one.word, 40)}" if one.word else one_line(one.about) for one in bad]
    said = [*said[:_SHOWN], f"{len(said) - _SHOWN} more"] if len(said) > _SHOWN else said
    titles = [one_line(title, 120) for title in also[:_SHOWN]]
    return Reading(outcome, code, one_line("; ".join([*(said or [healthy]), *titles])))


def meaning(words: dict[str, T], word: str, about: str) -> T:
    """Return what `word` means by `words`; raises `Unreadable` for a word not among them."""
    try:
        return words[word.strip().lower()]
    except KeyError:
        raise Unreadable("feed.word", f"unknown word {in_quotes(word)} for {about}") from None


def same_name(name: str) -> str:
    """Return `name` as names are compared: without regard to case and spacing."""
    return " ".join(name.split()).casefold()


def no_such_component(name: str, known: Iterable[str]) -> Unreadable:
    """Return the error for a component the feed does not list, with the nearest name that it does."""
    names = {same_name(other): other for other in known}
    near = get_close_matches(same_name(name), names, n=1)
    hint = f"; did you mean {in_quotes(names[near[0]])}?" if near else ""
    return Unreadable("feed.component", f"the feed has no component {in_quotes(name)}{hint}")


def lines_of(html: str, limit: int = 8000) -> list[str]:
    """Return the lines of text in at most `limit` characters of `html`, tags dropped, empty lines too.

    A line's end in the source ends a line only where no markup does.
    """
    short = html[:limit]
    short = short.replace("\n", " ") if _BREAK.search(short) else short
    return [line for part in text_of(short).split("\n") if (line := " ".join(part.split()))]


def one_line(text: str, limit: int = 300) -> str:
    """Return `text` as one clean line without HTML."""
    short = text[: 8 * limit]
    if "<" in short or "&" in short:
        short = " ".join(lines_of(short))
    return clean(short, limit)
