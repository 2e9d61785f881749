"""Where a check points: the forms a target may have, and what each says of the host behind it. Pure."""

import re
from urllib.parse import unquote

from msgspec import Struct

from outagetui.core import hosts
from outagetui.core.hosts import is_name
from outagetui.core.sip_uri import PORTS, read_uri
from outagetui.core.urls import Url, read_place, read_url

TLS_PORTS = {"https": 443, "wss": 443, "tls": 443, "imaps": 993, "ircs": 6697, "smtps": 465}


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
        if target.partition(":")[0].lower() not in self.schemes:
            return self.expected
        try:
            return self._wrong(read_url(target))
        except ValueError as error:
            return f"{self.expected}: {error}"

    def _wrong(self, url: Url) -> str:
        if url.password or (url.user and not self.user):
            return f"a {'password' if self.user else 'user or password'} must not stand in a target"
        if not url.host or not hosts.is_plain(url.host):
            return f"{self.expected}: the host is missing or no host name"
        return "port 0 cannot be reached" if url.port == 0 else self._rest(url)

    def _rest(self, url: Url) -> str:
        if self.path:
            return ""
        if url.port is None:
            return f"{self.expected}: the port is missing"
        return self.expected if _has_more(url) or url.fragment else ""

    def place(self, target: str) -> tuple[str, int, bool]:
        """Return the host a target names, its port, and whether it speaks TLS from the first byte."""
        try:
            url = read_url(target)
        except ValueError:
            return "", 0, False
        return url.host, url.port or TLS_PORTS.get(url.scheme, 80), url.scheme in TLS_PORTS


class WebSocketTarget(Target, frozen=True):
    """A WebSocket, which has no fragment."""

    def _rest(self, url: Url) -> str:
        return "a WebSocket has no part behind #" if url.fragment else ""


class UsualPortTarget(Target, frozen=True):
    """A mail server, whose port follows from the scheme: 143 or 993, 587 or 465."""

    def _rest(self, url: Url) -> str:
        return "" if url.port is None and not _has_more(url) else super()._rest(url)


class HostTarget(Target, frozen=True):
    """A host, or with `user` an account on it: no port stands in it, whatever is asked finds that itself."""

    def _rest(self, url: Url) -> str:
        whole = url.user if self.user else True
        return self.expected if not whole or url.port is not None or _has_more(url) else ""


class RoundtripTarget(Target, frozen=True):
    """A mail server, or the form of a website, whose query holds the place of the token."""

    def _rest(self, url: Url) -> str:
        if url.scheme == "smtp":
            return super()._rest(url)
        return "" if "{token}" in url.query else f"{self.expected}: {{token}} is missing in its query"


class DnsTarget(Target, frozen=True):
    """A name to ask a server for, or without one the system's resolver."""

    def trouble(self, target: str) -> str:
        server, name = self.split(target)
        if not target.lower().startswith("dns:"):
            return self.expected
        wrong = super().trouble(f"dns://{server}") if server or target[4:6] == "//" else ""
        # An address is asked for in the reverse tree.
        if wrong or is_name(name) or hosts.address_of(name) is not None:
            return wrong
        return f"{self.expected}: the name is missing" if target[4:6] == "//" else self.expected

    def _rest(self, url: Url) -> str:
        return self.expected if _has_more(url) or url.fragment else ""

    def split(self, target: str) -> tuple[str, str]:
        """Return the server of a target, "host:port" or empty for the system's, and the name, as they are written."""
        text = target.partition(":")[2]
        if not text.startswith("//"):
            return "", unquote(text)
        server, _, name = text[2:].partition("/")
        return server, unquote(name)

    def place(self, target: str) -> tuple[str, int, bool]:
        server, name = self.split(target)
        try:
            host, port = read_place(server or name)
        except ValueError:
            return "", 0, False
        return host, port or 80, False


class NameTarget(Target, frozen=True):
    """Something of this machine, by a name that `pattern` matches."""

    pattern: str

    def trouble(self, target: str) -> str:
        named = re.fullmatch(self.pattern, target.partition(":")[2])
        return super().trouble(target) or ("" if named else self.expected)

    def _wrong(self, url: Url) -> str:
        return ""

    def place(self, target: str) -> tuple[str, int, bool]:
        return "", 0, False


class SipTarget(Target, frozen=True):
    """A SIP URI, with `user` one of somebody."""

    def trouble(self, target: str) -> str:
        if any(char.isspace() or not char.isprintable() for char in target):
            return f"{self.expected}, without spaces"
        uri = read_uri(target)
        if uri is None or not hosts.is_plain(uri.host):
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


def is_private_or_tls(url: str) -> bool:
    """Whether a secret may go to a web address: by TLS, or to this machine or an address of a private network."""
    try:
        found = read_url(url)
    except ValueError:
        return False
    return found.scheme == "https" or hosts.is_private(found.host)


def is_loopback_or_tls(url: str) -> bool:
    """Whether nobody on the way to a web address can read what is sent: TLS, or this machine itself."""
    try:
        found = read_url(url)
    except ValueError:
        return False
    return found.scheme == "https" or hosts.is_loopback(found.host)


def _has_more(url: Url) -> bool:
    return bool(url.path.strip("/") or url.query)
