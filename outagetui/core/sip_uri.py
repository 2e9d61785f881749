"""Where a target points: a SIP URI (RFC 3261 section 19.1) as the configuration writes it, and its hop. Pure."""

import re

from msgspec import Struct

from outagetui.core.hosts import read_host, written

TRANSPORTS = ("udp", "tcp", "tls")
PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}
_URI = re.compile(
    r"(?P<scheme>[Ss][Ii][Pp][Ss]?):(?:(?P<user>[A-Za-z0-9_.!~*'()&=+$,;?/%-]+)@)?"
    r"(?P<host>\[[^\]]+\]|[^\s:;?<>\"@\[\]]+)(?::(?P<port>\d{1,5}))?(?P<parameters>(?:;[^\s;<>\"@]+)*)",
    re.ASCII,
)


class Hop(Struct, frozen=True):
    """The next place a message goes: without a port the name's SRV records say which."""

    host: str
    port: int | None
    transport: str | None


class SipUri(Struct, frozen=True):
    """A SIP URI taken apart; `host` is as `core.hosts` reads it, with its zone."""

    scheme: str
    user: str
    host: str
    port: int | None
    transport: str | None
    loose: bool = False

    @property
    def name(self) -> str:
        """The host as a URI writes it."""
        return written(self.host)

    @property
    def domain(self) -> str:
        """Host and port as a URI writes them."""
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @property
    def bare(self) -> str:
        """The URI without parameters."""
        return f"{self.scheme}:{self.user}@{self.domain}" if self.user else f"{self.scheme}:{self.domain}"

    @property
    def hop(self) -> Hop:
        """Where a request for this URI goes."""
        return Hop(self.host, self.port, "tls" if self.scheme == "sips" else self.transport)


def read_uri(text: str) -> SipUri | None:
    """Return `text` as a URI, or None when it is none we could use."""
    found = _URI.fullmatch(text)
    if found is None:
        return None
    names = [each.partition("=") for each in found["parameters"].split(";")[1:]]
    parameters = {name.lower(): value.lower() for name, _, value in names}
    transport = parameters.get("transport")
    port = int(found["port"]) if found["port"] else None
    if (transport is not None and transport not in TRANSPORTS) or (port is not None and not 0 < port < 65536):
        return None
    try:
        host = read_host(found["host"])
    except ValueError:
        return None
    return SipUri(found["scheme"].lower(), found["user"] or "", host, port, transport, "lr" in parameters)


def read_hop(text: str) -> Hop | None:
    """Return an option such as `proxy = "host:port;transport=tcp"` as a hop, or None when it is none."""
    found = read_uri(f"sip:{text}")
    return found.hop if found is not None and not found.user else None
