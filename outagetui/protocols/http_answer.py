"""What an HTTP answer says: its status in words, its body as text, a value in it."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from http import HTTPStatus
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from outagetui.core.text import in_quotes
from outagetui.net.trouble import unknown

LIMIT = 1 << 20  # bytes of a body
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


class Reply(Struct, frozen=True):
    """What came back in the end. Header names are lower-case, `url` is the last one after redirects.

    `body` holds at most `limit` bytes, `truncated` tells that there was more. `phases` are milliseconds, where they
    were taken. `expires` is the epoch second at which the first certificate on the way ends, None without TLS.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    phases: dict[str, float] = {}
    version: str = "1.1"
    expires: float | None = None
    truncated: bool = False

    @property
    def text(self) -> str:
        """The body in the charset the reply names, UTF-8 otherwise; what cannot be read is replaced."""
        named = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.body.decode(named[1] if named else "utf-8", "replace")
        except (LookupError, UnicodeError):
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body's JSON value; ValueError when it is none."""
        return msgspec.json.decode(self.body)


def accepted(status: int, wanted: tuple[str | int, ...]) -> bool:
    """Tell whether `status` is among codes and ranges such as `404` and `"200-399"`."""
    try:
        for each in wanted:
            first, _, last = str(each).partition("-")
            if int(first) <= status <= int(last or first):
                return True
    except ValueError:
        unknown("option.invalid", f"status {in_quotes(each)} is neither a code nor a range such as 200-399")
    return False


def status_words(status: int) -> str:
    """Return a status code with its phrase, such as `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def at_path(body: bytes, path: str) -> object:
    """Return the one value at `path` (JSONPath, RFC 9535) in the JSON text `body`.

    Raises `Trouble`: `value.missing`, `value.ambiguous`, or `option.invalid` for what is not a JSONPath.
    """
    import jsonpath_rfc9535 as jsonpath

    try:
        query = jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        unknown("option.invalid", f"path: {path} is not a JSONPath: {error}")
    try:
        document = msgspec.json.decode(decode(body))
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        unknown("value.missing", f"the page is not JSON: {error}")
    try:
        nodes = list(islice(query.finditer(document), 2))
    except (jsonpath.JSONPathError, RecursionError) as error:
        unknown("value.missing", f"{path} cannot be followed: {error}")
    if not nodes:
        unknown("value.missing", f"nothing at {path}")
    if len(nodes) > 1:
        unknown("value.ambiguous", f"more than one value at {path}")
    value: object = nodes[0].value
    return value


_MARKS = (  # the longer first: a UTF-32-LE mark begins with the UTF-16-LE one
    (BOM_UTF32_LE, "utf-32-le"),
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF8, "utf-8"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)


def decode(body: bytes, errors: str = "strict") -> str:
    """Return `body` as text by its byte-order mark, UTF-8 without one; raises `UnicodeDecodeError`."""
    encoding, start = next(((name, len(mark)) for mark, name in _MARKS if body.startswith(mark)), ("utf-8", 0))
    return body[start:].decode(encoding, errors)
