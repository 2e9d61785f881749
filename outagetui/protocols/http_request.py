"""HTTP requests as values: reading a URL, and what a redirect turns a request into (Fetch standard, section 4.4)."""

import re
from base64 import b64encode
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.hosts import written, zone_of
from outagetui.core.text import clean
from outagetui.core.urls import Url, read_url
from outagetui.net.resolve import interface
from outagetui.net.trouble import Trouble, fail, unknown

PORTS: dict[str, int] = {"http": 80, "https": 443}
_SHOWN = 200  # characters of an address from outside in words
REDIRECTING = (301, 302, 303, 307, 308)
_ABOUT_BODY = frozenset({"content-encoding", "content-language", "content-length", "content-location", "content-type"})
_ABOUT_ORIGIN = frozenset({"authorization", "cookie", "host", "proxy-authorization"})
# Who is asking, in an address as it was sent, whole or not.
_USER = re.compile(r"^((?:[^/\\?#]*[/\\][/\\\t]+)|(?:[^/\\?#:]*:[/\\\t]*))[^/\\?#]*@")


class Request(Struct, frozen=True):
    """One request. `host` is as `core.hosts` reads it, with its zone, `path` holds the query too."""

    method: str
    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL: the scheme's own port is left out."""
        host = written(self.host)
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address as others may see it, without the zone."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def redirected(self, status: int, location: str, *, with_user: bool = False) -> "Request":
        """Return the request a browser makes next.

        `with_user` takes a user and password in `location` as browsers do: for its origin only, and where nothing else
        says who asks (RFC 7617). Raises `Trouble` `http.redirect` where it must not go: from https to http, to what is
        no web address, or otherwise to one with a user.
        """
        shown = clean(_without_user(location), _SHOWN)
        try:
            found = read_url(location, self._base)
        except ValueError as error:
            fail("http.redirect", f'redirected to "{shown}", which no browser could follow: {error}')
        named = bool(found.user or found.password)
        where = _place(replace(found, user="", password="") if with_user else found)
        if where is None:
            fail("http.redirect", f'redirected to "{shown}", which is no web address')
        if (zone := zone_of(found.host)) and zone != zone_of(self.host):
            try:
                interface(zone)
            except Trouble:
                fail("http.redirect", f'redirected to "{shown}", which names an interface that we have not')
        scheme, host, port, path = where
        if self.scheme == "https" and scheme == "http":
            fail("http.redirect", f"redirected from https to plain {shown}")
        method, body, dropped = self.method, self.body, frozenset[str]()
        if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
            method, body, dropped = "GET", b"", _ABOUT_BODY
        if (scheme, host, port) != (self.scheme, self.host, self.port):
            dropped |= _ABOUT_ORIGIN
        kept = tuple((name, value) for name, value in self.headers if name.lower() not in dropped)
        if named and not any(name.lower() == "authorization" for name, _ in kept):
            kept = (*kept, ("Authorization", f"Basic {_basic(found)}"))
        return replace(self, method=method, scheme=scheme, host=host, port=port, path=path, headers=kept, body=body)

    def joined(self, location: str) -> str:
        """Return the whole address that a redirect names, for people; as it was sent when it is none.

        Without a user and password in it.
        """
        try:
            return replace(read_url(location, self._base), user="", password="").sent
        except ValueError:
            return _without_user(location)

    @property
    def _base(self) -> Url:
        path, _, query = self.path.partition("?")
        return Url(self.scheme, self.host, None if self.port == PORTS[self.scheme] else self.port, path, query)


@lru_cache(4096)  # a check asks for the same each time
def request(method: str, url: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> Request:
    """Read `url` into a request; a URL that cannot be one is unknown `target.invalid`."""
    try:
        found = read_url(url)
    except ValueError as error:
        unknown("target.invalid", f"{url}: {error}")
    where = _place(found)
    if where is None:
        unknown("target.invalid", f"{url} is not an http or https address")
    scheme, host, port, path = where
    return Request(method, scheme, host, port, path, headers, body)


def _place(url: Url) -> tuple[Literal["http", "https"], str, int, str] | None:
    if url.scheme not in PORTS or url.port == 0 or url.user or url.password:
        return None
    return ("https" if url.scheme == "https" else "http"), url.host, url.port or PORTS[url.scheme], url.asked


def _basic(url: Url) -> str:
    return b64encode(f"{url.user}:{url.password}".encode("utf-8", "replace")).decode()


def _without_user(location: str) -> str:
    return _USER.sub(r"\1…@", location)
