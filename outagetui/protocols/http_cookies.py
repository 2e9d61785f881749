"""The cookies of one walk of redirects: set and sent on the way, and forgotten after it (RFC 6265, sections 5.2-5.4).

Left out is what needs a browser's memory or a list of public suffixes: a cookie for a whole top-level domain is refused
because it has no dot, `SameSite` does not matter on a walk that nobody's page began.
"""

import re
from typing import Final

from msgspec import Struct

from outagetui.core.hosts import address_of, is_loopback
from outagetui.protocols.http_answer import http_date
from outagetui.protocols.http_request import Request

MOST: Final = 50  # cookies of a walk
LONGEST: Final = 4096  # bytes of one, as in browsers
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class _Cookie(Struct, frozen=True):
    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool

    def goes_to(self, wanted: Request) -> bool:
        same = wanted.host == self.domain or (not self.host_only and wanted.host.endswith(f".{self.domain}"))
        path = wanted.path.partition("?")[0]
        inside = path == self.path or path.startswith(self.path if self.path.endswith("/") else f"{self.path}/")
        return same and inside and (not self.secure or _is_safe(wanted))


class Cookies:
    """What servers asked to be told again during one walk."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], _Cookie] = {}

    def take(self, asked: Request, lines: list[bytes], now: float) -> None:
        """Keep or forget what the `Set-Cookie` lines of the answer to `asked` say; `now` is in epoch seconds."""
        for line in lines:
            found = _read(asked, line.decode("utf-8", "surrogateescape"), now)
            if found is None:
                continue
            cookie, lives = found
            key = cookie.name, cookie.domain, cookie.path
            if not lives:
                self._kept.pop(key, None)
            elif key in self._kept or len(self._kept) < MOST:
                self._kept[key] = cookie

    def header(self, wanted: Request) -> str:
        """Return the value of `Cookie` for a request: longer paths first, its own where nothing newer has that name.

        It is empty where there is nothing to add.
        """
        fitting = [each for each in self._kept.values() if each.goes_to(wanted)] if self._kept else []
        if not fitting:
            return ""
        newer = {each.name for each in fitting}
        given = [value for name, value in wanted.headers if name.lower() == "cookie"]
        own = (each.strip() for value in given for each in value.split(";"))
        pairs = [each for each in own if each and each.partition("=")[0].strip() not in newer]
        fitting.sort(key=lambda each: -len(each.path))
        return "; ".join(pairs + [f"{each.name}={each.value}" if each.name else each.value for each in fitting])


def _read(asked: Request, line: str, now: float) -> tuple[_Cookie, bool] | None:
    """Return the cookie that a `Set-Cookie` line sets, and whether it lives; None when it is to be ignored."""
    pair, *rest = line.split(";")
    name, value = pair.split("=", 1) if "=" in pair else ("", pair)
    name, value = name.strip(), value.strip()
    if not (name or value) or len(name) + len(value) > LONGEST or _CONTROL.search(line):
        return None
    about: dict[str, str] = {}
    for attribute in rest:
        key, _, word = attribute.partition("=")
        about[key.strip().lower()] = word.strip()  # the last of a name counts
    domain = about.get("domain", "").removeprefix(".").lower()
    if domain == asked.host:
        host_only = address_of(domain) is not None
    elif domain:
        if "." not in domain or address_of(asked.host) is not None or not asked.host.endswith(f".{domain}"):
            return None
        host_only = False
    else:
        domain, host_only = asked.host, True
    path = about.get("path", "")
    if not path.startswith("/"):
        path = asked.path.partition("?")[0].rpartition("/")[0] or "/"
    secure = "secure" in about
    if secure and not _is_safe(asked):
        return None
    if name.lower().startswith("__secure-") and not secure:
        return None
    if name.lower().startswith("__host-") and not (secure and path == "/" and not about.get("domain")):
        return None
    return _Cookie(name, value, domain, host_only, path, secure), _lives(about, now)


def _lives(about: dict[str, str], now: float) -> bool:
    """Return whether a cookie is to be kept; what cannot be read as a time sets none."""
    seconds = about.get("max-age", "")
    if seconds.removeprefix("-").isdecimal() and seconds.isascii():
        return not seconds.startswith("-") and bool(seconds.strip("0"))
    ends = http_date(about.get("expires", ""))
    return ends is None or ends > now


def _is_safe(request: Request) -> bool:
    """Whether a secure cookie may go there: by TLS, or within this machine, as in browsers."""
    return request.scheme == "https" or is_loopback(request.host)
