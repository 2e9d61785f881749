"""The encoding of a feed: by its byte-order mark, by its bytes, or as it is declared where that can be."""

import codecs
import re

from outagetui.core.charsets import CharsetError, codec_of

_PARAMETER = re.compile(r"[;,]\s*charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,80}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_SHIFTED = frozenset(["iso2022_jp"])  # ASCII bytes mean something else


_MARKS = (  # the longer first: a UTF-32-LE mark begins with the UTF-16-LE one
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def text_of(body: bytes) -> str:
    """Return a JSON text: by its byte-order mark, UTF-8 without one; raises `UnicodeDecodeError`."""
    codec, start = _marked(body) or ("utf-8", 0)
    return body[start:].decode(codec)


def encoding_of(body: bytes, content_type: str = "") -> tuple[str, int]:
    """Return the codec by which the XML document `body` is read, and how many bytes its mark has.

    What a document of another encoding than UTF-8 is in, the header says before the document itself (RFC 7303).
    """
    if marked := _marked(body):
        return marked
    for order in ("utf-16-be", "utf-16-le"):
        if body.startswith(("<?".encode(order), "<r".encode(order), "<f".encode(order))):
            return order, 0
    said = _PARAMETER.search(content_type[:1000])
    declared = _DECLARED.match(body[:200])
    named = (said[1] if said else "", declared[1].decode() if declared else "")
    codec = next((found for name in named if (found := _known(name))), "")
    if codec in _SHIFTED:
        return codec, 0
    try:
        body.decode()  # many declare what they are not, and nothing else looks like UTF-8
    except UnicodeDecodeError:
        return codec or "cp1252", 0
    return "utf-8", 0


def _marked(body: bytes) -> tuple[str, int] | None:
    return next(((codec, len(mark)) for mark, codec in _MARKS if body.startswith(mark)), None)


def _known(name: str) -> str:
    try:
        return codec_of(name) or ""
    except CharsetError:
        return ""
