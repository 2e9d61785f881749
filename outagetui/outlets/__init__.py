"""Outlets: where announcements are published, one module a kind, imported only when it is used.

A module has `publish`, `retract` (take back all that is placed), `find` (look up what may be there), `update` where a
later part (`delivery.placed` tells of earlier ones) is not published as the first is, `opened` where later parts go
into what the first one opened (its id), `seen` (read it back without a login) where that can be done, and `first` where
it shows something before anything is announced. What it raises becomes a state: `UnsentError` and `SecretError` are
`failed`, `MaybeSentError` is `unknown`. What an outlet cannot look up at its service is looked up in our own record of
it (`sentlog`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from outagetui.core.masking import mask_people, texts_in
from outagetui.core.model import Command, Contact, Outlet
from outagetui.core.outlet_options import OUTLETS, OutletOptions, publishes
from outagetui.core.own_fault import words_of
from outagetui.core.text import clean, in_quotes
from outagetui.core.words import DeliveryState
from outagetui.machine.secrets import SecretError
from outagetui.net.aside import loaded
from outagetui.wording.delivery import Delivered, Delivery, Fitted, Placed, Post

__all__ = [
    "Delivered",
    "Delivery",
    "Fitted",
    "MaybeSentError",
    "Placed",
    "Post",
    "Tools",
    "Trail",
    "UnsentError",
    "can_publish",
    "find",
    "first",
    "publish",
    "retract",
    "seen",
]


class UnsentError(Exception):
    """It is surely not published. `retry_after` are the seconds the service asks to be left alone."""

    def __init__(self, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class MaybeSentError(Exception):
    """It may or may not be published: the request was written, and no answer tells."""


class Trail(Struct):
    """How far a delivery has come: whether a request that publishes was begun; None where that cannot be told."""

    written: bool | None = None


class Tools(Struct, frozen=True):
    """What an outlet may use, made by the daemon.

    `secret` returns a secret by its reference or raises SecretError, `hide` replaces every secret read so far, `now`
    tells epoch seconds, `kept` is where outlets keep a login between deliveries, by outlet id. `place` is the directory
    where they keep what must outlive us; without one, what could not be looked up is not sent. `commands` and
    `contacts` are those of the configuration, the first by name. `journal` tells number and first digits of its head.
    """

    business: str
    timezone: str
    secret: Callable[[str], str]
    hide: Callable[[str], str]
    now: Callable[[], float]
    kept: dict[str, object] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)
    place: Path | None = None
    commands: Mapping[str, Command] = {}
    contacts: tuple[Contact, ...] = ()
    journal: Callable[[], str] = str

    @classmethod
    def bare(cls, business: str, timezone: str, now: Callable[[], float]) -> "Tools":
        """Return tools without any secret, as for a drill."""
        return cls(business, timezone, _no_secret, str, now)


class _Publisher(Protocol):
    """What the module of an outlet kind offers; all may raise."""

    async def publish(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered: ...

    async def retract(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered: ...

    async def find(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None: ...

    async def seen(self, outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered: ...


def can_publish(outlet: Outlet) -> bool:
    """Return whether this version can publish to `outlet`: its kind is served, and it has a login if it needs one."""
    return outlet.kind in OUTLETS and publishes(outlet.kind, outlet.options)


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Publish `delivery` within the outlet's timeout. Never raises: what goes wrong is one line in `detail`."""
    if trouble := _trouble(outlet):
        return Delivered("failed", detail=trouble)
    if outlet.audience != delivery.audience:
        who = f"is for {outlet.audience}, the announcement for {clean(delivery.audience, 40)}"
        return Delivered("failed", detail=f"outlet {outlet.id} {who}")
    if delivery.again and not OutletOptions.of(outlet.kind).repeatable:
        there = await find(outlet, delivery, tools)
        if there is not None and there.state == DeliveryState.UNKNOWN:
            return replace(there, detail=clean(f"not sent again, since it may be there: {there.detail}"))
        if there is not None:
            return there
    module = await _publisher(outlet.kind)
    act = getattr(module, "update", module.publish) if delivery.placed else module.publish
    done = await _done(outlet, tools, lambda own: act(outlet, delivery, own), "it may still be published")
    others = [place[-1].url or place[-1].remote_id for place in _places(module, delivery.placed)[:-1]]
    if not others:
        return done
    words = f"{done.detail}; unchanged since an earlier doubt: {', '.join(others)}"
    return replace(done, detail=clean(words.strip("; ")))


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Take back everything of the announcement that `delivery.placed` names. Never raises; `retracted` is success."""
    if trouble := _trouble(outlet):
        return Delivered("failed", detail=trouble)
    if not delivery.placed:
        return Delivered("skipped", detail="nothing of it is there")
    module = await _publisher(outlet.kind)
    places = _places(module, delivery.placed)
    once = replace(delivery, placed=tuple(place[-1] for place in places)) if places else delivery
    return await _done(outlet, tools, lambda own: module.retract(outlet, once, own), "it may still be there")


async def first(outlet: Outlet, tools: Tools) -> Delivered | None:
    """Put in place what an outlet shows before anything is announced; None where its kind shows nothing. Never raises.

    `skipped` when something lies there.
    """
    begin = getattr(await _publisher(outlet.kind), "first", None)
    return None if _trouble(outlet) or begin is None else await _done(outlet, tools, lambda own: begin(outlet, own), "")


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Read back whether `delivery` is there already, as after a crash; None: it is not. Never raises.

    `unknown` means that the outlet could not be read.
    """
    if _trouble(outlet):
        return None
    try:
        async with asyncio.timeout(outlet.timeout):
            found = await _find(await _publisher(outlet.kind), outlet, delivery, tools)
    except TimeoutError:
        return Delivered("unknown", outlet.url, detail=f"no answer within {outlet.timeout:g} s")
    except Exception as error:  # as in publish
        return Delivered("unknown", outlet.url, detail=_words(error, outlet, tools))
    return None if found is None else _hidden(found, outlet, tools)


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read back without a login what was `sent`: `seen` when the text is there, else as it was, with why. Never raises.

    What was not sent, or cannot be read, comes back as it is.
    """
    if delivered.state != DeliveryState.SENT or _trouble(outlet):
        return delivered
    module = await _publisher(outlet.kind)
    if not hasattr(module, "seen"):
        return delivered
    try:
        async with asyncio.timeout(outlet.timeout):
            read = await module.seen(outlet, delivered, delivery, tools)
    except TimeoutError:
        return replace(delivered, detail=f"could not be read back within {outlet.timeout:g} s")
    except Exception as error:  # as in publish
        return replace(delivered, detail=clean(f"could not be read back: {_words(error, outlet, tools)}"))
    return _hidden(read, outlet, tools)


async def _find(module: _Publisher, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look into each place that parts opened, and for one that this part opened while nothing was known to be there."""
    places = _places(module, delivery.placed)
    for placed in [*places, ()] if places else [delivery.placed]:
        found = await module.find(outlet, replace(delivery, placed=placed), tools)
        if found is not None:
            return found
    return None


def _places(module: _Publisher, placed: tuple[Placed, ...]) -> list[tuple[Placed, ...]]:
    """Return what is in each thing that a part opened; nothing where parts stand by themselves.

    A part that is sent while an earlier one is in doubt opens its own, and the earlier one may turn out to be there.
    """
    opened = getattr(module, "opened", None)
    if opened is None:
        return []
    ids = dict.fromkeys(opened(each) for each in placed)
    return [tuple(each for each in placed if opened(each) == id) for id in ids]


async def _done(outlet: Outlet, tools: Tools, act: Callable[[Tools], Awaitable[Delivered]], doubt: str) -> Delivered:
    trail = Trail()
    try:
        async with asyncio.timeout(outlet.timeout):
            return _hidden(await act(replace(tools, trail=trail)), outlet, tools)
    except TimeoutError:
        if trail.written is False:
            return Delivered("failed", outlet.url, detail=f"could not be handed over within {outlet.timeout:g} s")
        return Delivered("unknown", outlet.url, detail=f"no answer within {outlet.timeout:g} s; {doubt}")
    except UnsentError as error:
        return Delivered("failed", outlet.url, detail=_words(error, outlet, tools), retry_after=error.retry_after)
    except MaybeSentError as error:
        return Delivered("unknown", outlet.url, detail=_words(error, outlet, tools))
    except SecretError as error:
        return Delivered("failed", outlet.url, detail=_words(error, outlet, tools))
    except Exception as error:  # an outlet must not be able to end the run that announces
        state = "unknown" if trail.written else "failed"
        return Delivered(state, outlet.url, detail=_words(error, outlet, tools))


def _trouble(outlet: Outlet) -> str:
    if outlet.kind not in OUTLETS:
        return f"outlet kind {clean(outlet.kind, 40)} cannot publish in this version"
    key = outlet.options.published_with
    return "" if can_publish(outlet) else f"outlet {outlet.id} has no {key}, so it is only watched"


async def _publisher(kind: str) -> _Publisher:
    name = f"{__name__}.{kind}"
    await loaded(name)
    return cast("_Publisher", import_module(name))


def _no_secret(name: str) -> str:
    raise SecretError(f"secret {in_quotes(name)}: no secret is loaded here")


def _hidden(done: Delivered, outlet: Outlet, tools: Tools) -> Delivered:
    url, remote_id = tools.hide(done.url), tools.hide(done.remote_id)
    return replace(done, url=url, remote_id=remote_id, detail=_shown(done.detail, outlet, tools))


def _words(error: Exception, outlet: Outlet, tools: Tools) -> str:
    return _shown(words_of(error), outlet, tools)


def _shown(text: str, outlet: Outlet, tools: Tools) -> str:
    """Return `text` without secrets, and without anybody's address but those of the outlet itself."""
    return clean(mask_people(tools.hide(text), texts_in(msgspec.to_builtins(outlet))))
