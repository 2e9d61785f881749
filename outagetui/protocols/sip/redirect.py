"""Where a 3xx reply sends us (RFC 3261 section 8.1.3.4), as far as we may go: never to another number. Pure."""

from outagetui.core.sip_uri import SipUri
from outagetui.protocols.sip.dialog import uri_from
from outagetui.protocols.sip.message import Incoming, parameters, uri_of

REDIRECTS = 3  # that one request follows
_MOVED = (300, 301, 302, 305)


def moved_to(reply: Incoming, asked: SipUri) -> SipUri | None:
    """Return the best of the places that `reply` names where `asked` can be found, None when there is none.

    Only the same user there: a call costs money, and its number stands in the configuration.
    """
    if reply.code not in _MOVED:
        return None
    values = sorted(reply.every("contact"), key=lambda value: -_preference(parameters(value).get("q", "")))
    found = (uri_from(uri_of(value)) for value in values)
    return next((each for each in found if each and each.user == asked.user and _is_name(each.host)), None)


def is_abroad(place: SipUri, asked: SipUri) -> bool:
    """Return whether `place` is outside the domain that was asked, so that the password is not for it."""
    host, home = place.host.lower(), asked.host.lower()
    return host != home and not host.endswith(f".{home}")


def _is_name(host: str) -> bool:
    return ":" in host or all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))


def _preference(q: str) -> float:
    try:
        found = float(q)
    except ValueError:
        return 1.0
    return found if 0 <= found <= 1 else 1.0
