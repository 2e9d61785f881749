"""HTTP to a service that publishes: one request at a time, and always known whether it was written.

Nothing of the environment is used (proxies, netrc), no cookie is kept, no connection is used twice, no redirection is
followed with a login, and a reply is read up to a limit.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from ssl import SSLContext
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from msgspec.structs import replace

from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.core.text import clean, clean_without
from outagetui.core.urls import read_url
from outagetui.net.aside import aside
from outagetui.net.trouble import Trouble, fail
from outagetui.net.vantage import client_context
from outagetui.outlets import MaybeSentError, Tools, UnsentError
from outagetui.protocols.http_answer import Reply, believed, retry_after
from outagetui.protocols.http_exchange import Progress, exchange
from outagetui.protocols.http_request import REDIRECTING, Request, request

REDIRECTS: Final = 5
CONNECT_WITHIN: Final = 5.0
WORDS: Final = 160  # characters of a service's own words that are shown
READ_FOR_WORDS: Final = 20000  # characters of a page that are searched for words
_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")  # X; Mastodon; the IETF's draft and Bluesky
_EPOCH = 1e9  # a greater number is a time, a smaller one counts seconds from now
_PROXY = b"Guru Meditation"  # of Varnish, which says Retry-After also when what is behind it did what was asked
_SAYING = ("error_description", "message", "detail", "error", "errors", "title", "reason")


class Wire:
    """What one delivery says to its service."""

    def __init__(self, outlet: Outlet, tools: Tools) -> None:
        self._tools, self._within = tools, outlet.timeout
        if tools.trail.written is None:
            tools.trail.written = False
        self._context: SSLContext | None = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        publishes: bool = False,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        follow: bool = False,
    ) -> Reply:
        """Send one request, with the headers of `login` if it has none; return its answer, whatever its status.

        Raises UnsentError when it surely had no effect, MaybeSentError when a request that `publishes` was written and
        no whole answer came. `follow` follows redirections, and must not be used with a login.
        """
        progress = Progress()
        wanted: Request | None = None
        try:
            own = self.login(method, url, params or {}) if headers is None else headers
            wanted = _request(method, url, own, params or {}, json, form)
            for _ in range(REDIRECTS + 1):
                reply = await self._send(wanted, progress)
                if not follow or reply.status not in REDIRECTING or "location" not in reply.headers:
                    return reply
                wanted = wanted.redirected(reply.status, reply.headers["location"])
            fail("http.redirects", f"more than {REDIRECTS} redirections")
        except Trouble as trouble:
            said = clean(trouble.detail if wanted is None else f"{wanted.host}: {trouble.detail}")
            if publishes and progress.sent:
                raise MaybeSentError(f"{said}; it may be published") from trouble
            raise UnsentError(said) from trouble
        finally:
            if publishes and progress.sent:
                self._tools.trail.written = True

    def login(self, method: str, url: str, params: Mapping[str, str]) -> Mapping[str, str]:
        """Return the headers that tell the service who asks."""
        return {}

    async def _send(self, wanted: Request, progress: Progress) -> Reply:
        connect_within = min(self._within, CONNECT_WITHIN)
        if self._context is None:
            self._context = await aside(partial(client_context, None))
        try:
            reply = await exchange(wanted, self._context, progress, within=self._within, connect_within=connect_within)
        except Trouble:
            if progress.reply is None or progress.reply.status < 400:
                raise
            reply = progress.reply  # a refusal is one, even when its words are cut off
        if reply.unread and reply.status < 400:
            fail("http.coding", f"the answer cannot be read: {reply.unread}")
        return reply

    def wait_of(self, reply: Reply) -> float | None:
        """Return the seconds that an answer asks to be left alone: Retry-After, or when its rate limit is reset."""
        told = reply.headers.get("retry-after", "").strip()
        resets = (reply.headers.get(name, "").strip() for name in _RESETS)
        reset = next(filter(None, resets), "") if reply.status != 503 else ""  # 503 is about the whole service
        try:
            if told:
                return retry_after(reply.headers, self._tools.now())
            if reset.isdecimal():
                wait = float(reset) - (self._tools.now() if float(reset) > _EPOCH else 0.0)
            elif reset:
                at = datetime.fromisoformat(reset)
                wait = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - self._tools.now()
            else:
                return None
        except (ValueError, OverflowError):
            return None
        return believed(wait)

    def words(self, reply: Reply) -> str:
        """Return the service's own words for what is wrong, without any secret that it repeats."""
        return words(reply, self._tools.hide)

    def refuse(self, reply: Reply, *, secret: str | None = None, publishes: bool = True) -> Exception:
        """Return what an answer other than success means, to be raised.

        A refusal is UnsentError with the service's own words. After 500, 502, 504 and the like the request may have
        been carried out, so for one that `publishes` they are MaybeSentError; so is a 503 of which nothing tells that
        it came from the service itself, since proxies give it for what took too long.
        """
        said = self.words(reply)
        told = f"{reply.status}{f': {said}' if said else ''}"
        if reply.status in (429, 420) or (reply.status == 503 and (not publishes or _is_own(reply))):
            wait = self.wait_of(reply)
            asks = f"asks to wait {wait:.0f} s" if wait is not None else "asks to wait"
            return UnsentError(f"{asks} ({told})", wait)
        if reply.status in (401, 403):
            return UnsentError(f"the login is refused ({told}){f'; check the secret {secret}' if secret else ''}")
        if reply.status < 400 and "location" in reply.headers:
            where = clean(self._tools.hide(reply.headers["location"]), 120)
            return UnsentError(f"redirects to {where}; set url to the final address")
        if publishes and reply.status >= 500:
            return MaybeSentError(f"failed with {told}; it may be published")
        if publishes and reply.status < 400:
            return MaybeSentError(f"an answer that is not understood ({told}); it may be published")
        return UnsentError(f"refused ({told})")


def _request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    params: Mapping[str, str],
    json: object,
    form: Mapping[str, str] | None,
) -> Request:
    """Return the request, filled in afterwards: `request` remembers what it was called with, which no secret may be."""
    wanted = request(method, url)
    if params:
        query = urlencode(params, quote_via=quote)
        wanted = replace(wanted, path=f"{wanted.path}{'&' if '?' in wanted.path else '?'}{query}")
    kind, body = "", b""
    if form is not None:
        kind, body = "application/x-www-form-urlencoded", urlencode(form).encode()
    elif json is not None:
        kind, body = "application/json", msgspec.json.encode(json)
    about = {"Accept": "application/json"} | ({"Content-Type": kind} if kind else {})
    return replace(wanted, headers=tuple((about | dict(headers)).items()), body=body)


def words(reply: Reply, hide: Callable[[str], str] = str) -> str:
    """Return the service's own words for what is wrong: one short cleaned line, maybe empty."""
    try:
        found = _saying(reply.json(), 0)
    except ValueError:
        found = text_of(hide(reply.text)[:READ_FOR_WORDS])
    return clean_without(found, hide, WORDS)


def _is_own(reply: Reply) -> bool:
    """Return whether a 503 is the service's own refusal: it says when to come back, or what is wrong."""
    if "retry-after" in reply.headers:
        return _PROXY not in reply.body
    try:
        return bool(_saying(reply.json(), 0)) and not isinstance(reply.json(), str)
    except ValueError:
        return False


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    return read_url(url).root


def base(outlet: Outlet) -> str:
    """Return where the outlet's service lives, without a slash at the end."""
    return (outlet.url or outlet.options.service).rstrip("/")


def _saying(value: object, depth: int) -> str:
    if isinstance(value, str):
        return value
    if depth < 4 and isinstance(value, list):
        return "; ".join(filter(None, (_saying(each, depth + 1) for each in value[:3])))
    if depth < 4 and isinstance(value, dict):
        for key in _SAYING:
            if key in value and (said := _saying(value[key], depth + 1)):
                return said
        pairs = ((key, _saying(each, depth + 1)) for key, each in list(value.items())[:3] if isinstance(each, list))
        return "; ".join(f"{key} {said}" for key, said in pairs if said)
    return ""
