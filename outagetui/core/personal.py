"""Taking out of a server's words what is personal, before anybody sees them: addresses, numbers, what we said. Pure."""

import re
from collections.abc import Iterable

from outagetui.core.text import REPLACEMENT

MASK = "…"
LIMIT = 2000  # characters of an answer that are looked through and kept: more are never shown
SHORTEST = 3  # characters of a word of our own that is masked; shorter ones stand in every text
_BREAK = r"\s<>()\[\],;:\"'`…"
# As servers write them: plain, quoted, in a URL, in quoted-printable, or made hard for collectors; the local part may
# be anything that RFC 5321 section 4.1.2 and RFC 6531 allow, the domain a name or an address in brackets.
_ADDRESS = re.compile(
    rf"""(?:"[^"\n]{{1,64}}"|(?<![^{_BREAK}])[^{_BREAK}@＠]{{1,320}}?)\s?
    (?:@|＠|%40|=40|\(at\)|\[at\])\s?
    (?:\[[^\]\s]{{1,64}}\]|[^{_BREAK}]{{1,255}})""",
    re.VERBOSE | re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){6,14}(?!\d)")


def mask(text: str, own: Iterable[str] = ()) -> str:
    """Return `text` without mail addresses, telephone numbers and the words of `own`, in any case of their letters.

    `own` are names, addresses and secrets that we said in the dialogue: a server may repeat them alone.
    """
    text = _ADDRESS.sub(MASK, text[:LIMIT])
    for word in sorted({each for each in own if len(each) >= SHORTEST}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", MASK, text, flags=re.IGNORECASE)
    return _PHONE.sub(MASK, text)


def shown(raw: bytes | str, own: Iterable[str] = (), limit: int = 80) -> str:
    """Return the beginning of an answer that was not understood, in quotes, as people may see it; as for `mask`."""
    text = raw[:limit].decode("utf-8", "replace") if isinstance(raw, bytes) else raw[:limit]
    return '"' + "".join(char if char.isprintable() else REPLACEMENT for char in mask(text, own)) + '"'


def parts(address: str) -> tuple[str, ...]:
    """Return the words by which a server may name the person of `address`: the whole, and what stands before the @."""
    return (address, address.rpartition("@")[0]) if "@" in address else (address,)
