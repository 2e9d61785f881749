"""Whose session it is, and how its server is reached."""

from msgspec import Struct
from slixmpp import JID, InvalidJID

from outagetui.core.hosts import in_labels, in_letters, read_host, written, zone_of
from outagetui.core.probe_options import XmppOptions
from outagetui.core.text import in_quotes
from outagetui.core.urls import read_url
from outagetui.net.trouble import unknown


class Account(Struct, frozen=True):
    """One account and its way in: checks that agree in all of this share one session.

    `domain` is as XMPP names it, in letters; `zone` is that of a domain which is an address.
    """

    user: str
    domain: str
    secret: str
    ca: str | None = None
    direct_tls: bool = False
    connect: str | None = None
    zone: str = ""

    @property
    def jid(self) -> str:
        """The bare address."""
        return f"{self.user}@{self.domain}"

    @property
    def host(self) -> str:
        """The domain as name servers and certificates have it."""
        return read_host(self.domain) + (f"%{self.zone}" if self.zone else "")


def read_account(target: str, options: XmppOptions, connect: str | None) -> Account:
    """Return the account of `xmpp://user@domain`; a wrong target is unknown `target.invalid`."""
    try:
        url = read_url(target)
        jid = _jid(url.user, url.host)
        zone = zone_of(url.host)
        return Account(jid.user, jid.domain, options.secret, options.ca, options.direct_tls, connect, zone)
    except (ValueError, InvalidJID):
        unknown("target.invalid", f"{target} is not of the form xmpp://user@domain")


def read_room(room: str) -> str:
    """Return the normal form of a room's address; a wrong one is unknown `option.invalid`."""
    user, _, service = room.rpartition("@")
    try:
        jid = _jid(user, read_host(service))
    except (ValueError, InvalidJID):
        jid = JID()
    if not jid.user or jid.resource:
        unknown("option.invalid", f"{in_quotes(room)} is not a room's address, such as office@rooms.example.net")
    return str(jid.bare)


def _jid(user: str, host: str) -> JID:
    """Return an address with the domain in letters (RFC 7622 section 3.2).

    The library prepares domains as RFC 3454 did, which makes another name of some (ß becomes ss): those keep A-labels.
    """
    domain = written(host).removesuffix(".")
    jid = JID(f"{user}@{in_letters(domain)}")
    return jid if in_labels(jid.domain) == domain else JID(f"{user}@{domain}")
