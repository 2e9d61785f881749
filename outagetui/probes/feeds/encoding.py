"""The encoding of an XML document: by its byte-order mark, by its bytes, or as it declares where that can be."""

import re

from outagetui.protocols.http_answer import MARKS

_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,80}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
# Names of the WHATWG encoding standard that feeds are met in. Other codecs of Python are not for strangers to choose.
_KNOWN = {
    "big5": "big5",
    "euc-jp": "euc_jp",
    "euc-kr": "euc_kr",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-2022-jp": "iso2022_jp",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "shift_jis": "shift_jis",
    **{f"iso-8859-{part}": f"iso8859_{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **{f"windows-{page}": f"cp{page}" for page in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
}
_SHIFTED = frozenset(["iso2022_jp"])  # ASCII bytes mean something else


def encoding_of(body: bytes) -> tuple[str, int]:
    """Return the codec by which the XML document `body` is read, and how many bytes its mark has."""
    for mark, codec in MARKS:
        if body.startswith(mark):
            return codec, len(mark)
    for order in ("utf-16-be", "utf-16-le"):
        if body.startswith(("<?".encode(order), "<r".encode(order), "<f".encode(order))):
            return order, 0
    found = _DECLARED.match(body[:200])
    codec = _KNOWN.get(found[1].decode().lower(), "") if found else ""
    if codec in _SHIFTED:
        return codec, 0
    try:
        body.decode()  # many declare what they are not, and nothing else looks like UTF-8
    except UnicodeDecodeError:
        return codec or "cp1252", 0
    return "utf-8", 0
