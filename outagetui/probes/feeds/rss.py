"""RSS and Atom: a list of incidents, each open while the newest word of its text is a word for an open one."""

import re
from typing import Any

from outagetui.core.charsets import decode
from outagetui.probes.feeds.statements import (
    Reading,
    Severity,
    Statement,
    Unreadable,
    lines_of,
    one_line,
    reading,
    same_name,
)

WORDS: dict[str, Severity | None] = {  # None: says nothing new, the word before it holds
    "investigating": Severity.INCIDENT,
    "identified": Severity.INCIDENT,
    "monitoring": Severity.INCIDENT,
    "watching": Severity.INCIDENT,
    "in progress": Severity.MAINTENANCE,
    "verifying": Severity.MAINTENANCE,
    "update": None,
    "scheduled": Severity.OPERATIONAL,
    "resolved": Severity.OPERATIONAL,
    "completed": Severity.OPERATIONAL,
    "postmortem": Severity.OPERATIONAL,
    "cancelled": Severity.OPERATIONAL,
    "canceled": Severity.OPERATIONAL,
    "fixed": Severity.OPERATIONAL,
}
# "Investigating - …", "[Resolved] …", "RESOLVED: …", or the word alone on its line.
_WORD = re.compile(rf"\[?({'|'.join(WORDS)})\]?(?:\s*(?:[-–—:]|$)|(?<=\])\s)", re.IGNORECASE)
_ITEMS = 100  # the newest items that are read
_LENGTH = 8000  # characters of an item's text that are read


def read(body: bytes, components: tuple[str, ...] = ()) -> Reading:
    """Return the open incidents among the newest items; `components` are words of which an item must hold one.

    A feed without any item that says its state, such as a blog's, has no open incidents.
    """
    import feedparser

    if "<!ENTITY" in decode(body, errors="replace"):
        raise Unreadable("feed.unreadable", "it declares entities of its own, which a feed has no need of")
    try:
        feed: Any = feedparser.parse(body, resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:
        raise Unreadable("feed.unreadable", f"not RSS or Atom: {error}") from None
    flaw = feed.get("bozo_exception")
    if not feed.get("version"):
        raise Unreadable("feed.unreadable", "not RSS or Atom")
    if feed.get("bozo") and not isinstance(flaw, (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)):
        raise Unreadable("feed.unreadable", f"broken RSS or Atom: {flaw}")
    said = []
    for item in feed.entries[:_ITEMS]:
        title = str(item.get("title", ""))
        lines = [*_texts(item), *lines_of(title)]
        severity, word = _state(lines)
        if severity and _touches(components, [title, *lines]):
            said.append(Statement(severity, one_line(title) or "an item without a title", word))
    return reading(said, "no open incidents")


def _texts(item: Any) -> list[str]:
    texts = [str(part.get("value", "")) for part in item.get("content", [])] or [str(item.get("summary", ""))]
    return [line for text in texts for line in lines_of(text, _LENGTH)]


def _state(lines: list[str]) -> tuple[Severity, str]:
    """Return the first word for a state among `lines`, which hold the newest update first."""
    for line in lines:
        if (found := _WORD.match(line)) and (severity := WORDS[found[1].lower()]) is not None:
            return severity, found[1].lower()
    return Severity.OPERATIONAL, ""


def _touches(components: tuple[str, ...], texts: list[str]) -> bool:
    whole = same_name(" ".join(texts))
    return not components or any(same_name(one) in whole for one in components)
