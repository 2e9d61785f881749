"""HTTP requests as values: reading a URL, and what a redirect turns a request into (Fetch standard, section 4.4)."""

from functools import lru_cache
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.text import in_quotes
from outagetui.net.trouble import fail, unknown

PORTS: dict[str, int] = {"http": 80, "https": 443}
REDIRECTING = (301, 302, 303, 307, 308)
# Left alone when a path or query is made plain ASCII: all that may stand there, and what is encoded already.
_SAFE = "%/:=&?~#+!$,;'@()*[]"
_ABOUT_BODY = frozenset({"content-encoding", "content-language", "content-length", "content-location", "content-type"})
_ABOUT_ORIGIN = frozenset({"authorization", "cookie", "host", "proxy-authorization"})


class Request(Struct, frozen=True):
    """One request. `host` is ASCII and bare, `path` holds the query too."""

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
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def redirected(self, status: int, location: str) -> "Request":
        """Return the request a browser makes next.

        Raises `Trouble` `http.redirect` where it must not go: from https to http, or to what is no web address.
        """
        where = _read(urljoin(self.url, location))
        if where is None:
            fail("http.redirect", f"redirected to {in_quotes(location)}, which is no web address")
        scheme, host, port, path = where
        if self.scheme == "https" and scheme == "http":
            fail("http.redirect", f"redirected from https to plain {location}")
        method, body, dropped = self.method, self.body, frozenset[str]()
        if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
            method, body, dropped = "GET", b"", _ABOUT_BODY
        if (scheme, host, port) != (self.scheme, self.host, self.port):
            dropped |= _ABOUT_ORIGIN
        kept = tuple((name, value) for name, value in self.headers if name.lower() not in dropped)
        return replace(self, method=method, scheme=scheme, host=host, port=port, path=path, headers=kept, body=body)


@lru_cache(4096)  # a check asks for the same each time
def request(method: str, url: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> Request:
    """Read `url` into a request; a URL that cannot be one is unknown `target.invalid`."""
    where = _read(url)
    if where is None:
        unknown("target.invalid", f"{in_quotes(url)} is not an http or https address")
    scheme, host, port, path = where
    return Request(method, scheme, host, port, path, headers, body)


def _read(url: str) -> tuple[Literal["http", "https"], str, int, str] | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            import idna

            host = idna.encode(host, uts46=True).decode()
    except ValueError:  # IDNAError is one
        return None
    scheme = parts.scheme
    if scheme not in ("http", "https") or not host or "@" in parts.netloc or any(char <= " " for char in host):
        return None
    path = quote(parts.path or "/", _SAFE) + (f"?{quote(parts.query, _SAFE)}" if parts.query else "")
    return ("https" if scheme == "https" else "http"), host, port or PORTS[scheme], path
