"""Telling a feed's form by its content; a page's content type is often wrong."""

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from outagetui.core.probe_options import FeedFormat


class _Shape(Struct, rename={"heartbeats": "heartbeatList", "groups": "publicGroupList", "open": "activeIncidents"}):
    """The keys that tell the forms apart; what they hold is looked at by the form's own reader."""

    active_incidents: Raw | UnsetType = UNSET
    heartbeats: Raw | UnsetType = UNSET
    groups: Raw | UnsetType = UNSET
    results: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    included: Raw | UnsetType = UNSET
    open: Raw | UnsetType = UNSET
    page: Raw | UnsetType = UNSET
    status: Raw | UnsetType = UNSET
    components: Raw | UnsetType = UNSET


def form_of(text: str) -> FeedFormat | None:
    """Return the form of the feed `text`, None when it is neither JSON nor XML."""
    start = text.lstrip()[:1]
    if start == "<":
        return "rss"
    if start not in ("{", "["):
        return None
    try:
        if start == "[":
            first = msgspec.json.decode(text, type=list[Raw])[:1]
            gatus = bool(first) and _is_object(first[0]) and _has(msgspec.json.decode(first[0], type=_Shape).results)
            return "gatus" if gatus else "google"
        return _of_object(msgspec.json.decode(text, type=_Shape))
    except (msgspec.DecodeError, RecursionError, ValueError):
        return "google" if start == "[" else "statuspage"


def _of_object(shape: _Shape) -> FeedFormat:
    if _has(shape.active_incidents):
        return "slack"
    if _has(shape.heartbeats) or _has(shape.groups):
        return "uptime-kuma"
    if _has(shape.results):
        return "gatus"
    if _has(shape.data):
        return "betterstack" if _has(shape.included) else "cachet"
    if isinstance(shape.page, Raw) and _is_object(shape.page):
        own = msgspec.json.decode(shape.page, type=_Shape)
        return "instatus" if _has(shape.open) or _has(own.status) else "statuspage"
    if _has(shape.components) and not _has(shape.status):
        return "instatus"
    return "statuspage"


def _has(value: Raw | UnsetType) -> bool:
    return value is not UNSET


def _is_object(value: Raw) -> bool:
    return bytes(value).lstrip().startswith(b"{")
