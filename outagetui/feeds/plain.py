"""Plain text out of what providers send: byte-order marks, HTML, control characters."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from html.parser import HTMLParser

from outagetui.text import clean

_MARKS = (  # the longer first: a UTF-32-LE mark begins with the UTF-16-LE one
    (BOM_UTF32_LE, "utf-32-le"),
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF8, "utf-8"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)
_BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "hr"})
_HIDDEN = frozenset({"script", "style"})


def decode(body: bytes, errors: str = "strict") -> str:
    """Return `body` as text by its byte-order mark, UTF-8 without one; raises `UnicodeDecodeError`."""
    encoding, start = next(((name, len(mark)) for mark, name in _MARKS if body.startswith(mark)), ("utf-8", 0))
    return body[start:].decode(encoding, errors)


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
