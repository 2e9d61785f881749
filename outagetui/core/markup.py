"""What a reader sees of HTML from outside. Pure, and in time linear to its length whatever it holds."""

import html
import re

_TAG = re.compile(r"<(?:!--|[!?]|/?([a-z][a-z0-9]*))", re.IGNORECASE)
_BREAKS = frozenset(
    [
        "br",
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "td",
        "th",
        "dt",
        "dd",
        "table",
        "section",
        "article",
        "blockquote",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "title",
    ]
)
_UNSEEN = ("script", "style", "s", "del", "strike")  # what is struck out was said, and is no more
_ENDS = {name: re.compile(f"</{name}(?![a-z0-9])", re.IGNORECASE) for name in _UNSEEN}


def text_of(markup: str) -> str:
    """Return the text of some HTML, a line for a block: without tags, comments, scripts, styles and deleted words."""
    parts: list[str] = []
    at = 0
    while tag := _TAG.search(markup, at):
        parts.append(html.unescape(markup[at : tag.start()]))
        at = _behind(markup, "-->" if tag[0] == "<!--" else ">", tag.end())
        name = (tag[1] or "").lower()
        if name in _BREAKS:
            parts.append("\n")
        elif name in _ENDS and tag[0][1] != "/":
            end = _ENDS[name].search(markup, at)
            at = _behind(markup, ">", end.end()) if end else len(markup)
    return "".join([*parts, html.unescape(markup[at:])])


def _behind(text: str, mark: str, start: int) -> int:
    """Return the place behind the next `mark`; the end without one."""
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)
