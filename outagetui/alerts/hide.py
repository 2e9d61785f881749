"""Words about a URL that is a secret, without any part of it. Pure."""

import re
from urllib.parse import unquote

from outagetui.core.masking import HIDDEN, SHORTEST

_BETWEEN = re.compile(r"[:/@?&=#,;+\s]+")


def hide(text: str, url: str) -> str:
    """Return `text` without any part of `url` but its scheme: host, user, path and query may each be a token."""
    scheme, _, rest = url.strip().partition("://")
    pieces = [piece for piece in _BETWEEN.split(rest) if piece]
    parts = {part for piece in pieces for part in (piece, unquote(piece)) if len(part) >= SHORTEST} - {scheme}
    for part in (url, *sorted(parts, key=len, reverse=True)):
        text = text.replace(part, HIDDEN) if part else text
    return text
