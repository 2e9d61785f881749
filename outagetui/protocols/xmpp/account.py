"""Whose session it is, and how its server is reached."""

from urllib.parse import unquote, urlsplit

from msgspec import Struct
from slixmpp import JID, InvalidJID

from outagetui.core.probe_options import XmppOptions
from outagetui.core.text import in_quotes
from outagetui.net.trouble import unknown


class Account(Struct, frozen=True):
    """One account and its way in: checks that agree in all of this share one session."""

    user: str
    domain: str
    secret: str
    ca: str | None = None
    direct_tls: bool = False
    connect: str | None = None

    @property
    def jid(self) -> str:
        """The bare address."""
        return f"{self.user}@{self.domain}"


def read_account(target: str, options: XmppOptions, connect: str | None) -> Account:
    """Return the account of `xmpp://user@domain`; a wrong target is unknown `target.invalid`."""
    try:
        parts = urlsplit(target)
        jid = JID(f"{unquote(parts.username or '')}@{parts.hostname or ''}")
        return Account(jid.user, jid.domain, options.secret, options.ca, options.direct_tls, connect)
    except (ValueError, InvalidJID):
        unknown("target.invalid", f"{target} is not of the form xmpp://user@domain")


def read_room(room: str) -> str:
    """Return the normal form of a room's address; a wrong one is unknown `option.invalid`."""
    try:
        jid = JID(room)
    except InvalidJID:
        jid = JID()
    if not jid.user or jid.resource:
        unknown("option.invalid", f"{in_quotes(room)} is not a room's address, such as office@rooms.example.net")
    return str(jid.bare)
