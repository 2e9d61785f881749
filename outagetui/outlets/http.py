"""HTTP to a service that publishes: one request at a time, and always known whether it was written.

Nothing of the environment is used (proxies, netrc), no cookie is kept, no connection is used twice, no redirection is
followed with a login, and a reply is read up to a limit.
"""

import html
import os
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct

from outagetui.core.model import Outlet
from outagetui.core.text import clean
from outagetui.outlets import MaybeSentError, Tools, UnsentError

LIMIT: Final = 1 << 20  # bytes of a reply
REDIRECTS: Final = 5
CONNECT_WITHIN: Final = 5.0
WORDS: Final = 160  # characters of a service's own words that are shown
LONGEST_WAIT: Final = 86400.0
READ_FOR_WORDS: Final = 20000  # characters of a page that are searched for words
_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")  # X; Mastodon; the IETF's draft and Bluesky
_EPOCH = 1e9  # a greater number is a time, a smaller one counts seconds from now
_PROXY = b"Guru Meditation"  # of Varnish, which says Retry-After also when what is behind it did what was asked
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_SAYING = ("error_description", "message", "detail", "error", "errors", "title", "reason")


class Reply(Struct, frozen=True):
    """An answer: `headers` by lower-case name, `body` up to the limit, `url` where it came from in the end."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body's JSON value; ValueError when it is none."""
        return msgspec.json.decode(self.body)


class Wire:
    """What one delivery says to its service; to be used with `async with`."""

    def __init__(self, outlet: Outlet, tools: Tools) -> None:
        self._tools = tools
        if tools.trail.written is None:
            tools.trail.written = False
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(),
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            timeout=httpx.Timeout(outlet.timeout, connect=min(outlet.timeout, CONNECT_WITHIN)),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": "outagetui", "Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> "Wire":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

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
        """Send one request and return its answer, whatever its status.

        Raises UnsentError when it surely had no effect, MaybeSentError when a request that `publishes` was written and
        no whole answer came. `follow` follows redirections, and must not be used with a login.
        """
        data = dict(form) if form is not None else None
        try:
            request = self._client.build_request(
                method, url, headers=dict(headers or {}), params=params, json=json, data=data
            )
        except httpx.InvalidURL as error:
            raise UnsentError(f"{clean(url, 80)}: {clean(error)}") from error
        begun = False

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal begun
            if event.endswith("send_request_headers.started"):
                begun = True
                if publishes:
                    self._tools.trail.written = True

        request.extensions["trace"] = trace
        try:
            reply = await self._send(request)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError) as error:
            said = f"{request.url.host}: {_reason(error)}"
            if publishes and begun:
                raise MaybeSentError(f"{said}; it may be published") from error
            raise UnsentError(said) from error
        hops = 0
        while follow and reply.status in (301, 302, 303, 307, 308) and "location" in reply.headers:
            hops += 1
            if hops > REDIRECTS:
                raise UnsentError(f"{request.url.host}: more than {REDIRECTS} redirections")
            reply = await self.ask(method, str(httpx.URL(reply.url).join(reply.headers["location"])))
        return reply

    async def _send(self, request: httpx.Request) -> Reply:
        response = await self._client.send(request, stream=True)
        body = bytearray()
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise httpx.DecodingError("the answer is packed, which was not asked for", request=request)
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LIMIT:
                    break
        except httpx.HTTPError:
            if response.status_code < 400:  # a refusal is one, even when its words are cut off
                raise
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, headers, bytes(body[:LIMIT]), str(request.url))

    def wait_of(self, reply: Reply) -> float | None:
        """Return the seconds that an answer asks to be left alone: Retry-After, or when its rate limit is reset."""
        told = reply.headers.get("retry-after", "").strip()
        resets = (reply.headers.get(name, "").strip() for name in _RESETS)
        reset = next(filter(None, resets), "") if reply.status != 503 else ""  # 503 is about the whole service
        try:
            if told.isdecimal():
                wait = float(told)
            elif told:
                wait = parsedate_to_datetime(told).timestamp() - self._tools.now()
            elif reset.isdecimal():
                wait = float(reset) - (self._tools.now() if float(reset) > _EPOCH else 0.0)
            elif reset:
                at = datetime.fromisoformat(reset)
                wait = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - self._tools.now()
            else:
                return None
        except (ValueError, OverflowError):
            return None
        return min(max(wait, 0.0), LONGEST_WAIT)

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


def words(reply: Reply, hide: Callable[[str], str] = str) -> str:
    """Return the service's own words for what is wrong: one short cleaned line, maybe empty.

    Secrets are hidden in it before it is cut, since half of one would not be known again.
    """
    try:
        found = _saying(reply.json(), 0)
    except ValueError:
        found = html.unescape(_TAG.sub(" ", hide(reply.text)[:READ_FOR_WORDS]))
    line = " ".join(hide(found).split())
    return clean(hide(clean(line, len(line) + 1)), WORDS)


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
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


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


def _reason(error: BaseException) -> str:
    """Return why a request failed, from the error that the system or TLS gave, if there is one."""
    deepest: BaseException = error
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            break
        if isinstance(seen, ssl.SSLCertVerificationError):
            return clean(f"its certificate is not trusted: {seen.verify_message}")
        if isinstance(seen, ssl.SSLError):  # whose numbers are not the system's
            return clean(f"no TLS with it: {seen.reason or seen}")
        if isinstance(seen, OSError) and seen.strerror and not isinstance(seen, TimeoutError):
            deepest = seen
        seen = seen.__cause__ or seen.__context__
    if isinstance(deepest, OSError) and deepest.errno is not None:
        return clean(os.strerror(deepest.errno) if deepest.errno > 0 else deepest.strerror)
    if isinstance(error, httpx.TimeoutException):
        return {"ConnectTimeout": "no connection in time", "ReadTimeout": "no answer in time"}.get(
            type(error).__name__, "no progress in time"
        )
    return clean(str(error) or type(error).__name__)
