"""Outlets: where announcements are published, one module a kind, imported only when it is used."""

import asyncio
from importlib import import_module
from typing import Protocol, cast

from msgspec import Struct

from outagetui.model import Outlet
from outagetui.text import clean

_MODULES = {"page": "outagetui.outlets.page"}  # kind of outlet to the module that serves it


class Post(Struct, frozen=True, kw_only=True):
    """A part that was published earlier, of this announcement or of one before it. `at` is epoch seconds."""

    announcement: str
    part: int
    kind: str
    title: str
    body: str
    at: float


class Delivery(Struct, frozen=True, kw_only=True):
    """One part of an announcement for one outlet. Times are epoch seconds.

    `key` is the same for every try of this delivery, `accounts` are (name, address) pairs and the only ones an outlet
    may show, `history` holds the earlier parts, newest first.
    """

    announcement: str
    part: int
    key: str
    kind: str
    audience: str
    language: str
    title: str
    body: str
    since: float
    at: float
    next_update: float | None = None
    accounts: tuple[tuple[str, str], ...] = ()
    history: tuple[Post, ...] = ()


class Delivered(Struct, frozen=True):
    """What became of a delivery: `sent`, `failed`, `skipped`, or `unknown` when it may or may not be out."""

    state: str
    url: str = ""
    remote_id: str = ""
    detail: str = ""


class _Publisher(Protocol):
    """What the module of an outlet kind offers; both may raise OSError and ValueError."""

    async def publish(self, outlet: Outlet, delivery: Delivery, business: str, timezone: str) -> Delivered: ...

    async def find(self, outlet: Outlet, delivery: Delivery) -> Delivered | None: ...


def can_publish(kind: str) -> bool:
    """Return whether this version can publish to outlets of `kind`."""
    return kind in _MODULES


async def publish(outlet: Outlet, delivery: Delivery, business: str, timezone: str) -> Delivered:
    """Publish `delivery` within the outlet's timeout. Never raises: what goes wrong is one line in `detail`."""
    if not can_publish(outlet.kind):
        return Delivered("failed", detail=f"outlet kind {clean(outlet.kind, 40)} cannot publish in this version")
    if outlet.audience != delivery.audience:
        who = f"is for {outlet.audience}, the announcement for {clean(delivery.audience, 40)}"
        return Delivered("failed", detail=f"outlet {outlet.id} {who}")
    try:
        async with asyncio.timeout(outlet.timeout):
            return await _publisher(outlet.kind).publish(outlet, delivery, business, timezone)
    except TimeoutError:
        return Delivered(
            "unknown", outlet.url, detail=f"no answer within {outlet.timeout:g} s; it may still be published"
        )
    except Exception as error:  # an outlet must not be able to end the run that announces
        return Delivered("failed", outlet.url, detail=_words(error))


async def find(outlet: Outlet, delivery: Delivery) -> Delivered | None:
    """Read back whether `delivery` is there already, as after a crash; None: it is not. Never raises.

    `unknown` means that the outlet could not be read.
    """
    if not can_publish(outlet.kind):
        return None
    try:
        async with asyncio.timeout(outlet.timeout):
            return await _publisher(outlet.kind).find(outlet, delivery)
    except TimeoutError:
        return Delivered("unknown", outlet.url, detail=f"no answer within {outlet.timeout:g} s")
    except Exception as error:  # as in publish
        return Delivered("unknown", outlet.url, detail=_words(error))


def _publisher(kind: str) -> _Publisher:
    return cast("_Publisher", import_module(_MODULES[kind]))


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return clean(f"{where}{error.strerror}")
    return clean(str(error) or type(error).__name__)
