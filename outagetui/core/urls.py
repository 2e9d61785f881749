"""URLs as browsers read them (WHATWG URL standard), whatever their scheme, and a Location joined to its base. Pure."""

import re
from urllib.parse import quote, unquote

from msgspec import Struct

from outagetui.core import hosts

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}  # the schemes that the standard reads as those of the web
# The zone of an address, which the standard has no place for: it is taken off before the URL is read (RFC 6874).
_ZONED = re.compile(
    r"(?P<head>[\x00-\x20]*(?:(?:https?|wss?):[/\\]*|(?:[a-z][a-z0-9+.-]*:)?[/\\]{2,})(?:[^/\\?#@]*@)?\[[0-9A-Fa-f:.]+)"
    r"%(?P<zone>[^\]/\\?#@]+)(?P<tail>\].*)",
    re.DOTALL | re.IGNORECASE,
)
# What the standard leaves as it is, which is most of what is configured: `hosts.is_settled` judges the host.
_PLAIN = re.compile(
    r"(?P<scheme>https?|wss?)://(?P<host>[a-z0-9.-]{1,253})(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/(?!\.{1,2}(?:[/?]|$))[A-Za-z0-9._~!$&'()*+,;=:@-]*)*)(?:\?(?P<query>[A-Za-z0-9._~!$&()*+,;=:@/?-]+))?"
)
_HOST = re.compile(r"[^/\\]*[/\\]+(?:[^/\\?#@]*@)?(?P<host>[^/\\?#:]*)")
_BRACKET = re.compile(r"[^/\\]*[/\\]{2}[^/\\?#]*[\[\]]")
_COLONS = re.compile(r"[^/\\]*[/\\]{2}[^/\\?#:]*:[^/\\?#:]*:")
_PORT = re.compile(r"[^/\\]*[/\\]{2}[^/\\?#]*:(?P<port>\d+)(?:[/\\?#].*)?", re.DOTALL)


class Url(Struct, frozen=True):
    """A URL taken apart. `host` is as `hosts` has it, with its zone, and empty where a scheme needs none.

    `port` is None where none stands, or the scheme's own. `user` and `password` are decoded; `path`, `query` and
    `fragment` are as they are sent, the last two without their sign.
    """

    scheme: str
    host: str = ""
    port: int | None = None
    path: str = ""
    query: str = ""
    fragment: str = ""
    user: str = ""
    password: str = ""

    @property
    def place(self) -> str:
        """Host and port as they are sent: without the zone, and without the scheme's own port."""
        host = hosts.written(self.host)
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port as they are sent (RFC 6454)."""
        return f"{self.scheme}://{self.place}"

    @property
    def root(self) -> str:
        """Scheme, host and port with the zone: where the paths of a service begin, for ourselves."""
        return Url(self.scheme, self.host, self.port).text

    @property
    def asked(self) -> str:
        """Path and query, as a request holds them."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def text(self) -> str:
        """The whole URL, with its zone: reading it again gives an equal one."""
        return self._whole(hosts.zone_of(self.host))

    @property
    def sent(self) -> str:
        """The whole URL as others may see it, without the zone."""
        return self._whole("")

    def _whole(self, zone: str) -> str:
        place = self.place.replace("]", f"%25{quote(zone, safe='')}]") if zone else self.place
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        user = f"{quote(self.user, safe='')}{secret}@" if self.user or secret else ""
        authority = f"//{user}{place}" if self.host or self.path.startswith("//") else ""
        return f"{self.scheme}:{authority}{self.asked}{f'#{self.fragment}' if self.fragment else ''}"


def read_url(text: str, base: Url | None = None) -> Url:
    """Return `text` as a URL, relative to `base` where there is one. ValueError with words for people when it is none.

    An address that `base` reached by a zone keeps it: who answers there cannot know what our interface is called.
    """
    plain = _read_plain(text) if base is None else None
    return plain or _read_by_the_standard(text, base)


def _read_plain(text: str) -> Url | None:
    """Return a plain URL of the web; None for any other."""
    found = _PLAIN.fullmatch(text)
    if found is None or not hosts.is_settled(found["host"]) or int(found["port"] or 0) > 65535:
        return None
    scheme, host = found["scheme"], hosts.within_dns(found["host"])
    port = int(found["port"]) if found["port"] else None
    return Url(scheme, host, None if port == PORTS[scheme] else port, found["path"] or "/", found["query"] or "")


def _read_by_the_standard(text: str, base: Url | None) -> Url:
    import ada_url  # as in hosts

    zoned = _ZONED.fullmatch(text)
    bare = f"{zoned['head']}{zoned['tail']}" if zoned else text
    try:
        found = ada_url.URL(bare) if base is None else ada_url.URL(bare, base=base.sent)
    except ValueError:
        raise ValueError(_why_not(bare)) from None
    scheme = found.protocol.removesuffix(":")
    host = _host(found.hostname, web=scheme in PORTS)
    if zoned:
        host = f"{host}%{hosts.read_zone(zoned['zone'])}"
    elif (
        base is not None
        and (zone := hosts.zone_of(base.host))
        and (host == hosts.unzoned(base.host) or (_is_local(host) and _is_local(base.host)))
    ):
        host = f"{host}%{zone}"
    return Url(
        scheme,
        host,
        int(found.port) if found.port else None,
        found.pathname,
        found.search.removeprefix("?"),
        found.hash.removeprefix("#"),
        unquote(found.username),
        unquote(found.password),
    )


def _host(parsed: str, *, web: bool) -> str:
    """Return the host of a parsed URL; where the standard leaves it alone it is read as that of a web address."""
    if not parsed:
        return ""
    if parsed.startswith("["):
        return parsed[1:-1]
    return hosts.within_dns(parsed) if web else hosts.read_host(unquote(parsed))


def _is_local(host: str) -> bool:
    address = hosts.address_of(host)
    return address is not None and address.version == 6 and address.is_link_local


def _why_not(text: str) -> str:
    port = _PORT.fullmatch(text)
    digits = port["port"].lstrip("0") if port is not None else ""
    if len(digits) > 5 or int(digits or 0) > 65535:
        return "port out of range 0-65535"
    if _BRACKET.match(text):
        return "invalid IPv6 URL"
    if _COLONS.match(text):
        return "an IPv6 address must stand in brackets, as in [::1]:80"
    host = _HOST.match(text)
    return hosts.why_not(host["host"] if host else "")


def read_place(text: str) -> tuple[str, int | None]:
    """Return host and port of `host`, `host:port`, `[v6]:port` or a bare IPv6 address; ValueError when it is none."""
    if text.count(":") > 1 and not text.startswith("["):
        return hosts.read_host(text), None
    found = read_url(f"place://{text}")
    if not found.host or found.asked or found.fragment or found.user or found.password:
        raise ValueError("the host is missing or no host name")
    return found.host, found.port
