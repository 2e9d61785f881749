"""Telling a feed's form by its content; a page's content type is often wrong."""

from typing import TypeGuard

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from outagetui.core.probe_options import FeedFormat
from outagetui.probes.feeds.statements import Unreadable


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
    """Return the form of the feed `text`, None when it is neither JSON nor XML.

    Raises `Unreadable` for a list of nothing, which several forms send, and every other service too.
    """
    start = text.lstrip()[:1]
    if start == "<":
        return "rss"
    if start not in ("{", "["):
        return None
    if start == "[":
        if not text.strip()[1:-1].strip():
            raise Unreadable("feed.silent", "an empty list says nothing of whose it is: name the format")
        return "gatus" if '"results"' in text and '"key"' in text else "google"
    try:
        return _of_object(msgspec.json.decode(text, type=_Shape))
    except (msgspec.DecodeError, RecursionError, ValueError):
        return "statuspage"


def _of_object(shape: _Shape) -> FeedFormat:
    if _has(shape.active_incidents):
        return "slack"
    if _has(shape.heartbeats) or _has(shape.groups):
        return "uptime-kuma"
    if _has(shape.results):
        return "gatus"
    if _has(shape.data):
        return "betterstack" if _has(shape.included) and _is_object(shape.data) else "cachet"
    if _is_object(shape.page):
        own = msgspec.json.decode(shape.page, type=_Shape)
        return "instatus" if _has(shape.open) or _has(own.status) else "statuspage"
    if _has(shape.components) and not _has(shape.status):
        return "instatus"
    return "statuspage"


def _has(value: Raw | UnsetType) -> bool:
    return value is not UNSET


def _is_object(value: Raw | UnsetType) -> TypeGuard[Raw]:
    return isinstance(value, Raw) and bytes(value).lstrip().startswith(b"{")
