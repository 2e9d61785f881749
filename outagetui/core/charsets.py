"""Which charset bytes are in, and their text: the encodings of the web and no others (WHATWG Encoding standard).

The outside may name one of them and nothing else: other codecs of Python take minutes (punycode) or are no charsets at
all. How long one of these takes grows with the length alone.
"""

import codecs
import re
from functools import cache
from typing import Final, Literal

SCANNED: Final = 1024  # bytes in which a page may name its own charset (HTML standard, section 13.2.3.2)
_SLICE: Final = 1 << 16  # bytes decoded at once: beside the loop, others get a turn between two

# Codecs of Python by the labels of section 4.2. ISO-8859-1 and ASCII mean windows-1252, GB2312 and GBK are part of
# GB18030.
_LABELS: Final = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso-8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso-8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso-8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso-8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso-8859-6": (
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i "
        "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"
    ),
    "iso-8859-7": (
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
        "iso_8859-7:1987 sun_eu_greek"
    ),
    "iso-8859-8": (
        "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-8859-8-i iso-ir-138 "
        "iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 logical visual"
    ),
    "iso-8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso-8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso-8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso-8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso-8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac_roman": "csmacintosh mac macintosh x-mac-roman",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": (
        "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 "
        "iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"
    ),
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": (
        "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
        "windows-1254 x-cp1254"
    ),
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb18030 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso2022_jp": "csiso2022jp iso-2022-jp",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "cp949": (
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949"
    ),
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    "x-user-defined": "x-user-defined",
}
_CODECS: Final = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
# Encodings that hide markup from whoever reads them otherwise; a browser shows one replacement character for a page.
_REFUSED: Final = frozenset(
    ["csiso2022kr", "hz-gb-2312", "iso-2022-cn", "iso-2022-cn-ext", "iso-2022-kr", "replacement"]
)
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"))
_UNMARKED: Final = ((b"<\0?\0x\0", "utf-16-le"), (b"\0<\0?\0x", "utf-16-be"))  # how an XML declaration begins
_MANY_BYTES: Final = frozenset(
    {"utf-8", "gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949", "utf-16-be", "utf-16-le"}
)

_PARAMETER = re.compile(r"[;,]\s*charset\s*=\s*[\"']?([^\"';,\s]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_TAG = re.compile(rb"<!--|<(meta)(?=[\s/])|</?[a-z]|<[!/?]", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rb"[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*)))?",
)
_CONTENT = re.compile(rb"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"']+))", re.IGNORECASE)


class CharsetError(ValueError):
    """The text is in an encoding that no browser reads any more."""


def codec_of(label: str) -> str | None:
    """Return the codec that a label of the web means; None when it means none. Raises `CharsetError`."""
    word = label.strip().lower()
    if word in _REFUSED:
        raise CharsetError(f"the text is in {word}, which browsers refuse")
    return _CODECS.get(word)


def decode(
    body: bytes, content_type: str = "", errors: Literal["strict", "replace"] = "replace", *, whole: bool = True
) -> str:
    """Return `body` as text: by its byte-order mark, by the `Content-Type` header, by what the page says itself.

    Without any it is UTF-8, or windows-1252 where that cannot be and `errors` may be replaced. Of a body that is not
    `whole`, half a character at the end is left out. Raises `CharsetError`, and `UnicodeDecodeError` when strict.
    """
    codec, start = _sniff(body, content_type)
    if codec is None:
        try:
            return _decoded(body, "utf-8", "strict", whole=whole)
        except UnicodeDecodeError:
            if errors == "strict":
                raise
            codec = "cp1252"
    return _decoded(body[start:], codec, errors, whole=whole)


def _sniff(body: bytes, content_type: str) -> tuple[str | None, int]:
    """Return the codec that is said, and the length of the byte-order mark."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return codec, len(mark)
    for named in reversed(_PARAMETER.findall(content_type)):  # the last header counts, as in the Fetch standard
        if (known := codec_of(named)) is not None:
            return known, 0
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("", "text/html") or kind.endswith("xml"):
        return _declared(body[:SCANNED]), 0
    return None, 0


def _declared(start: bytes) -> str | None:
    """Return the codec that the beginning of a page names (HTML standard, "prescan a byte stream")."""
    for signature, codec in _UNMARKED:
        if start.startswith(signature):
            return codec
    if (found := _DECLARED.match(start)) and (named := _of_page(found[1])):
        return named
    at = 0
    while tag := _TAG.search(start, at):
        if tag[0] == b"<!--":
            at = start.find(b"-->", tag.start() + 2) + 3  # "<!-->" is a whole comment
            if at < 3:
                return None
        elif tag[0][:2] in (b"<!", b"<?", b"</") and not tag[0][2:]:
            at = start.find(b">", tag.end()) + 1
            if not at:
                return None
        else:
            at, attributes = _attributes(start, tag.end() if tag[1] else _name_end(start, tag.end()))
            if tag[1] and (named := _of_meta(attributes)):
                return named
    return None


def _name_end(start: bytes, at: int) -> int:
    while at < len(start) and start[at : at + 1] not in b"\t\n\f\r />":
        at += 1
    return at


def _attributes(start: bytes, at: int) -> tuple[int, dict[bytes, bytes]]:
    """Return where a tag ends, and its attributes; of equal ones the first counts."""
    found: dict[bytes, bytes] = {}
    while each := _ATTRIBUTE.match(start, at):
        found.setdefault(each[1].lower(), each[2] or each[3] or each[4] or b"")
        at = each.end()
    return at, found


def _of_meta(attributes: dict[bytes, bytes]) -> str | None:
    if named := attributes.get(b"charset"):
        return _of_page(named)
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return None
    found = _CONTENT.search(attributes.get(b"content", b""))
    return _of_page(found[1] or found[2] or found[3] or b"") if found else None


def _of_page(label: bytes) -> str | None:
    """Return the codec of a label that stands in the page: it could be read, so it is not UTF-16."""
    codec = codec_of(label.decode("latin-1"))
    if codec in ("utf-16-be", "utf-16-le"):
        return "utf-8"
    return "cp1252" if codec == "x-user-defined" else codec


def _decoded(body: bytes, codec: str, errors: Literal["strict", "replace"], *, whole: bool) -> str:
    if codec not in _MANY_BYTES:
        return codecs.charmap_decode(body, errors, _table(codec))[0]
    if len(body) <= _SLICE and whole:
        return body.decode(codec, errors)
    decoder = codecs.getincrementaldecoder(codec)(errors)
    parts = [decoder.decode(body[at : at + _SLICE]) for at in range(0, len(body), _SLICE)]
    return "".join(parts) + (decoder.decode(b"", True) if whole else "")


@cache
def _table(codec: str) -> str:
    """Return the characters of the 256 bytes; windows' unassigned C1 positions stay controls, as the standard says."""
    if codec == "x-user-defined":
        return "".join(chr(byte if byte < 0x80 else 0xF700 + byte) for byte in range(256))
    found = bytes(range(256)).decode(codec, "replace")
    return "".join(chr(at) if 0x80 <= at < 0xA0 and char == "\ufffd" else char for at, char in enumerate(found))
