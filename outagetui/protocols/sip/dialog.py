"""An answered call as our side knows it (RFC 3261 section 12.1.2): where its requests go, and by which way."""

import re

from outagetui.core.sip_uri import Hop, SipUri, read_uri
from outagetui.protocols.sip.message import Incoming, uri_of
from outagetui.protocols.sip.request import Party, Request
from outagetui.protocols.sip.transaction import Transaction

_VERBATIM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,1000}")
_SCHEME = re.compile(r"sips?:", re.IGNORECASE)


def uri_from(text: str) -> SipUri | None:
    """Return a URI that somebody else wrote: any case, with a password or headers, which are no matter of ours."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return None
    rest = text[scheme.end() :]
    if "@" not in rest.partition(";")[0]:
        rest = rest.partition("?")[0]
    else:
        user, _, host = rest.rpartition("@")
        rest = f"{user.partition(':')[0]}@{host.partition('?')[0]}"
    return read_uri(scheme[0].lower() + rest)


class Dialog:
    """The dialog that `reply` to `invite` began."""

    def __init__(self, invite: Transaction, reply: Incoming) -> None:
        mine = invite.request.party
        self.invite = invite
        self.party = Party(mine.local, reply.first("to"), mine.call_id, mine.local_tag)
        self.tag = reply.to_tag
        self.seq = self.invited = reply.seq
        self.authorization = invite.more
        self.transport = self.first_transport = invite.transport
        self.acknowledged = self.over = False
        self.bye: Transaction | None = None
        # The best guess where the far side does not say is the address that was called, by the way the call went.
        self.target, self._known = invite.request.uri, False
        self.routes = list(reversed(reply.every("record-route")))
        if contacts := reply.every("contact"):
            self.moved(contacts[0])

    def moved(self, contact: str) -> None:
        """Take the far side's Contact value as where it is from now on (section 12.2.1.2), as it is written."""
        uri = uri_of(contact)
        if _VERBATIM.fullmatch(uri):
            self.target, self._known = uri, True

    def request(self, method: str, seq: int, more: tuple[tuple[str, str], ...] = ()) -> Request:
        """Return a request within this dialog, by its route set (section 12.2.1.1)."""
        uri, routes = self.target, self.routes
        first = uri_from(uri_of(routes[0])) if routes else None
        if first is not None and not first.loose:  # a strict router of RFC 2543 wants itself as the address
            uri, routes = first.bare, [*routes[1:], f"<{self.target}>"]
        return Request(method, uri, self.party, seq, (*(("Route", route) for route in routes), *more))

    def begun(self, bye: Transaction) -> None:
        """Note a BYE that is on its way."""
        self.bye, self.seq = bye, bye.request.seq

    def ended_by(self, reply: Incoming) -> None:
        """Note the reply to our BYE: 481 and 408 end a dialog as well (section 15.1.1)."""
        self.over = reply.code < 300 or reply.code in (408, 481)

    @property
    def next(self) -> Hop | None:
        """Where its requests go first, None when the far side did not say, or says what we cannot follow."""
        first = self.routes[0] if self.routes else self.target if self._known else ""
        uri = uri_from(uri_of(first) if self.routes else first)
        return None if uri is None else uri.hop
