"""A request before it has a way: who asks whom for what, in one conversation (RFC 3261 section 8.1.1)."""

import secrets

from msgspec import Struct

from outagetui.protocols.sip.message import compose
from outagetui.protocols.sip.transport import Transport

MAX_FORWARDS = 70
AGENT = "outagetui"


def new_tag() -> str:
    """Return a tag or Call-ID nobody else has."""
    return secrets.token_hex(12)


def new_branch() -> str:
    """Return a branch as RFC 3261 section 8.1.1.7 marks them."""
    return f"z9hG4bK{secrets.token_hex(16)}"


class Party(Struct, frozen=True):
    """The fixed part of a conversation: From and To values, and the Call-ID."""

    local: str
    remote: str
    call_id: str
    local_tag: str

    @classmethod
    def between(cls, local: str, remote: str) -> "Party":
        """Begin a conversation of the URI `local` with `remote`."""
        local_tag = new_tag()
        return cls(f"<{local}>;tag={local_tag}", f"<{remote}>", new_tag(), local_tag)


class Request(Struct, frozen=True):
    """One request; `more` are the headers beyond those every request has."""

    method: str
    uri: str
    party: Party
    seq: int
    more: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def encoded(self, transport: Transport, branch: str, *more: tuple[str, str]) -> bytes:
        """Return the bytes to send on `transport`, with `more` headers, such as authorization."""
        headers = [
            ("Via", f"SIP/2.0/{transport.protocol} {transport.local};rport;branch={branch}"),
            ("Max-Forwards", str(MAX_FORWARDS)),
            ("From", self.party.local),
            ("To", self.party.remote),
            ("Call-ID", self.party.call_id),
            ("CSeq", f"{self.seq} {self.method}"),
            ("User-Agent", AGENT),
        ]
        return compose(f"{self.method} {self.uri} SIP/2.0", (*headers, *self.more, *more), self.body)


def contact(transport: Transport, user: str) -> str:
    """Return the URI at which `transport` reaches us."""
    parameter = "" if transport.protocol == "UDP" else f";transport={transport.protocol.lower()}"
    return f"<sip:{user}@{transport.local}{parameter}>"
