"""Plain text out of what providers send: byte-order marks, HTML, control characters."""

from outagetui.core.markup import text_of
from outagetui.core.text import clean


def lines_of(html: str, limit: int = 8000) -> list[str]:
    """Return the lines of text in at most `limit` characters of `html`, tags dropped, empty lines too."""
    return [line for part in text_of(html[:limit]).split("\n") if (line := " ".join(part.split()))]


def one_line(text: str, limit: int = 300) -> str:
    """Return `text` as one clean line without HTML."""
    short = text[: 8 * limit]
    if "<" in short or "&" in short:
        short = " ".join(lines_of(short))
    return clean(short, limit)
