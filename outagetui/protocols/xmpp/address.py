"""Addresses as people write them in options, without looking them up. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

# A bare address (RFC 7622 section 3), less strict than the servers: they have the last word.
_BARE = re.compile(r"[^\s\"&'/:<>@\x00-\x1f\x7f]+@[^\s\"&'/<>@\x00-\x1f\x7f]+")


def is_bare(address: str) -> bool:
    """Tell whether `address` looks like user@domain."""
    return _BARE.fullmatch(address) is not None and len(address.encode()) <= 2047


def whole_room(room: str, known: Iterable[str], channel: str) -> str:
    """Return the whole address of `room`; an empty string when it is a mere name and no host is known.

    The host is that of the first room in `known`, else of the room in the channel's own address, `xmpp:…?join`.
    """
    if "@" in room:
        return room if is_bare(room) else ""
    scheme, _, rest = channel.partition(":")
    address, _, action = rest.partition("?")
    joined = [unquote(address)] if scheme.lower() == "xmpp" and action.partition(";")[0] == "join" else []
    host = next((host for each in (*known, *joined) if (host := each.partition("@")[2])), "")
    found = f"{room}@{host}"
    return found if host and is_bare(found) else ""
