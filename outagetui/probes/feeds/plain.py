"""Plain text out of what providers send: byte-order marks, HTML, control characters."""

from html.parser import HTMLParser

from outagetui.core.text import clean

_BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "hr"})
_HIDDEN = frozenset({"script", "style"})


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")
        elif tag in _HIDDEN:
            self.hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")
        elif tag in _HIDDEN and self.hidden:
            self.hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def lines_of(html: str, limit: int = 8000) -> list[str]:
    """Return the lines of text in at most `limit` characters of `html`, tags dropped, empty lines too."""
    stripper = _Stripper()
    stripper.feed(html[:limit])
    stripper.close()
    return [line for part in "".join(stripper.parts).split("\n") if (line := " ".join(part.split()))]


def one_line(text: str, limit: int = 300) -> str:
    """Return `text` as one clean line without HTML."""
    short = text[: 8 * limit]
    if "<" in short or "&" in short:
        short = " ".join(lines_of(short))
    return clean(short, limit)
