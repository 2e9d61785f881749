"""Where a check points: the forms a target may have, and what each says of the host behind it. Pure."""

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

from outagetui.core.sip_uri import PORTS, read_uri

TLS_PORTS = {"https": 443, "wss": 443, "tls": 443, "imaps": 993, "ircs": 6697, "smtps": 465}
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?|_[\w-]{1,62}")
_PRIVATE = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1", "fe80::/10", "fc00::/7"),
    )
)


class Target(Struct, frozen=True, kw_only=True):
    """A form of target: `scheme://host:port`, and nothing behind it unless `path` says so.

    `words` are the form as people read it, `user` tells that the user may stand in it.
    """

    words: str = ""
    schemes: tuple[str, ...] = ()
    user: bool = False
    path: bool = False

    @property
    def expected(self) -> str:
        """What a target that is wrong should have been."""
        return f"expected {self.words}"

    def trouble(self, target: str) -> str:
        """Return what is wrong with `target`, or nothing."""
        if any(char.isspace() or not char.isprintable() for char in target):
            return f"{self.expected}, without spaces"
        try:
            parts = urlsplit(target)
            _ = parts.port
        except ValueError as error:
            return f"{self.expected}: {str(error)[:1].lower()}{str(error)[1:]}"
        return self._wrong(parts) if parts.scheme in self.schemes else self.expected

    def _wrong(self, parts: SplitResult) -> str:
        if parts.password is not None or (parts.username is not None and not self.user):
            return f"a {'password' if self.user else 'user or password'} must not stand in a target"
        if not parts.hostname or not _is_host(parts):
            return f"{self.expected}: the host is missing or no host name"
        return "port 0 cannot be reached" if parts.port == 0 else self._rest(parts)

    def _rest(self, parts: SplitResult) -> str:
        if self.path:
            return ""
        if parts.port is None:
            return f"{self.expected}: the port is missing"
        return self.expected if parts.path.strip("/") or parts.query or parts.fragment else ""

    def place(self, target: str) -> tuple[str, int, bool]:
        """Return the host a target names, its port, and whether it speaks TLS from the first byte."""
        try:
            parts = urlsplit(target if "://" in target else target.replace(":", "://", 1))
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "", 0, False
        return host, port or TLS_PORTS.get(parts.scheme, 80), parts.scheme in TLS_PORTS


class WebSocketTarget(Target, frozen=True):
    """A WebSocket, which has no fragment."""

    def _rest(self, parts: SplitResult) -> str:
        return "a WebSocket has no part behind #" if parts.fragment else ""


class UsualPortTarget(Target, frozen=True):
    """A mail server, whose port follows from the scheme: 143 or 993, 587 or 465."""

    def _rest(self, parts: SplitResult) -> str:
        usual = parts.port is None and not parts.path.strip("/") and not parts.query
        return "" if usual else super()._rest(parts)


class HostTarget(Target, frozen=True):
    """A host, or with `user` an account on it: no port stands in it, whatever is asked finds that itself."""

    def _rest(self, parts: SplitResult) -> str:
        whole = parts.username if self.user else True
        return self.expected if not whole or parts.port is not None or parts.path.strip("/") or parts.query else ""


class RoundtripTarget(Target, frozen=True):
    """A mail server, or the form of a website, whose query holds the place of the token."""

    def _rest(self, parts: SplitResult) -> str:
        if parts.scheme == "smtp":
            return super()._rest(parts)
        return "" if "{token}" in parts.query else f"{self.expected}: {{token}} is missing in its query"


class DnsTarget(Target, frozen=True):
    """A name to ask a server for, or without one the system's resolver."""

    def _wrong(self, parts: SplitResult) -> str:
        if not parts.netloc:
            return "" if is_name(parts.path) and not parts.query else self.expected
        return super()._wrong(parts)

    def _rest(self, parts: SplitResult) -> str:
        return "" if is_name(unquote(parts.path[1:])) and not parts.query else f"{self.expected}: the name is missing"


class NameTarget(Target, frozen=True):
    """Something of this machine, by a name that `pattern` matches."""

    pattern: str

    def trouble(self, target: str) -> str:
        named = re.fullmatch(self.pattern, target.partition(":")[2])
        return super().trouble(target) or ("" if named else self.expected)

    def _wrong(self, parts: SplitResult) -> str:
        return ""

    def place(self, target: str) -> tuple[str, int, bool]:
        return "", 0, False


class SipTarget(Target, frozen=True):
    """A SIP URI, with `user` one of somebody."""

    def trouble(self, target: str) -> str:
        if any(char.isspace() or not char.isprintable() for char in target):
            return f"{self.expected}, without spaces"
        uri = read_uri(target)
        if uri is None or not _is_domain(uri.host):
            return self.expected
        return self.expected if self.user and not uri.user else ""

    def place(self, target: str) -> tuple[str, int, bool]:
        uri = read_uri(target)
        if uri is None:
            return "", 0, False
        transport = uri.hop.transport or "udp"
        return uri.host, uri.port or PORTS[transport], transport == "tls"


WEB = Target(words="http://host/… or https://host/…", schemes=("http", "https"), path=True)
TCP = Target(words="tcp://host:port", schemes=("tcp",))
DNS = DnsTarget(words="dns://server:port/name, or dns:name for the system's resolver", schemes=("dns",))
IMAP = UsualPortTarget(words="imap://user@host:port or imaps://user@host:port", schemes=("imap", "imaps"), user=True)
SUBMISSION = UsualPortTarget(
    words="smtp://user@host:port or smtps://user@host:port", schemes=("smtp", "smtps"), user=True
)
WEBSOCKET = WebSocketTarget(words="ws://host/… or wss://host/…", schemes=("ws", "wss"))
XMPP = HostTarget(words="xmpp://user@domain", schemes=("xmpp",), user=True)


def connect_trouble(connect: str) -> str:
    """Return what is wrong with a `connect`, which names the TCP port to dial, or nothing."""
    return 'expected "host:port"' if TCP.trouble(f"tcp://{connect}") else ""


def is_name(name: str) -> bool:
    """Return whether `name` can be a name of the DNS."""
    if name == ".":  # the root zone
        return True
    labels = name.removesuffix(".").split(".")
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def is_private(url: str) -> bool:
    """Whether a URL's host is this machine, or an address of a private network."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return any(address.version == network.version and address in network for network in _PRIVATE)


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if "[" in parts.netloc or ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return True
    return is_name(host)


def _is_domain(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ":" not in host and is_name(host)
    return True
