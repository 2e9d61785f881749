"""What an HTTP answer says: its status in words, its body as text, a value in it."""

import html
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct

from outagetui.core.charsets import CharsetError, decode
from outagetui.core.model import Outcome
from outagetui.core.text import in_quotes
from outagetui.core.times import about
from outagetui.core.unread_json import why
from outagetui.net.aside import aside
from outagetui.net.trouble import Trouble, unknown

LIMIT: Final = 1 << 20  # bytes of a body
TOO_MANY: Final = 429  # requests: we asked too often, which is our own limit and says nothing of others
KEYS_LIMIT: Final = 60_000  # of all objects of a document: reading more holds the interpreter too long
NESTS_LIMIT: Final = 50_000  # objects and lists of a document: each costs a hundred times its bytes
_DATE: Final = 64  # characters of a date
_HEAD: Final = 4096  # bytes of a page in which its title stands
_LINE: Final = 300  # characters of a page that is a line
_TITLE: Final = re.compile(r"<title[^>]{0,100}>([^<]{1,300})", re.IGNORECASE)
_REPEATS: Final = ("", "error", "http", "temporarily")  # words that tell no more than a status
_SHORT: Final = 1 << 17  # bytes decoded on the spot
LONGEST_WAIT: Final = 86400.0  # seconds of a `Retry-After` that are believed


class Reply(Struct, frozen=True):
    """What came back in the end. Header names are lower-case, `url` is the last one after redirects.

    `body` holds at most `limit` bytes without their content coding, `truncated` tells that there was more, `unread` why
    it could not be decoded (empty where it was). `phases` are milliseconds, where they were taken. `expires` is the
    epoch second at which the first certificate on the way ends, None without TLS.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    phases: dict[str, float] = {}
    version: str = "1.1"
    expires: float | None = None
    truncated: bool = False
    unread: str = ""

    @property
    def text(self) -> str:
        """The body as text, for people; what cannot be read is replaced."""
        try:
            return self._decoded()
        except CharsetError:
            return self.body.decode("ascii", "replace")

    async def searchable(self) -> str:
        """Return the body as text in which something may be sought: decoded, in its own charset, beside the loop.

        What this program cannot read is unknown: `http.coding`, `http.charset`.
        """
        if self.unread:
            unknown("http.coding", f"the body cannot be read: {self.unread}")
        try:
            return await aside(self._decoded, None if len(self.body) > _SHORT else 0)
        except CharsetError as error:
            unknown("http.charset", str(error))

    def _decoded(self) -> str:
        return decode(self.body, self.headers.get("content-type", ""), whole=not self.truncated)

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


def at_path(text: str, path: str) -> object:
    """Return the one value at `path` (JSONPath, RFC 9535) in a JSON text.

    Raises `Trouble`: `value.missing`, `value.ambiguous`, `http.too-large`, or `option.invalid` for what is no JSONPath.
    """
    import jsonpath_rfc9535 as jsonpath

    try:
        query = jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        unknown("option.invalid", f"path: {path} is not a JSONPath: {error}")
    if text.count("{") + text.count("[") > NESTS_LIMIT:
        unknown("http.too-large", f"the page holds more than {NESTS_LIMIT} objects and lists")
    if text.count('":') + text.count('" :') > KEYS_LIMIT:
        unknown("http.too-large", f"the page holds objects with more than {KEYS_LIMIT} keys in all")
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        unknown("value.missing", f"the page is not JSON: {why(error)}")
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


def http_date(text: str) -> float | None:
    """Return the epoch second of a date in any form that is met in headers; None for what is none."""
    try:
        moment = parsedate_to_datetime(text[:_DATE])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that `retry-after` asks for, from 0 to a day, by the epoch second `now`; None without."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal():
        return believed(float(told[:_DATE]))
    moment = http_date(told)
    return None if moment is None else believed(moment - now)


def believed(seconds: float) -> float:
    """Return for how many seconds we stay away when asked to for `seconds`: none in the past, and at most a day."""
    return float(min(max(seconds, 0), LONGEST_WAIT))


def refused(reply: Reply, words: str, now: float) -> Trouble:
    """Return what a status means that is not as wanted: asking too often is our own limit, all else the far side's.

    The trouble knows for how long we are asked to wait.
    """
    outcome = Outcome.UNKNOWN if reply.status == TOO_MANY else Outcome.FAIL
    if outcome is Outcome.UNKNOWN:
        words = f"{words}: we asked too often"
    if told := said(reply):
        words = f"{words}, it says {in_quotes(told)}"
    wait = retry_after(reply.headers, now)
    if wait:
        words = f"{words}; it asks to wait {about(wait)}"
    return Trouble(outcome, f"http.{reply.status}", words, retry_after=wait)


def said(reply: Reply) -> str:
    """Return what a page that is none says of itself: its title, or the one line that it is; else nothing.

    Nothing, too, where it only repeats the status.
    """
    try:
        text = decode(reply.body[:_HEAD], reply.headers.get("content-type", ""), whole=False)
    except CharsetError:
        return ""
    title = _TITLE.search(text)
    is_a_line = len(text) < _LINE and not any(mark in text.strip() for mark in "\n<{[")
    words = (html.unescape(title[1]) if title else text if is_a_line else "").split()
    known = {*status_words(reply.status).lower().split(), *_REPEATS}
    return "" if known.issuperset(word.strip(":-|").lower() for word in words) else " ".join(words)
