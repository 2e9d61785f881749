"""What commands share: finding configuration and store, talking to the daemon, words for refusals."""

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from outagetui.core.model import Check, Outcome, Sample, State
from outagetui.core.text import clean

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from outagetui.core.orders import Order
    from outagetui.facts.live import PublicCheck
    from outagetui.orders.client import OrderClient
    from outagetui.store.source import StoreSource

T = TypeVar("T")
UP, SLOW, DOWN, UNUSABLE = 0, 1, 2, 3
REFUSED = 1
STATUS = {State.UP: 0, State.SLOW: 1, State.PARTIAL: 1, State.DOWN: 2, State.UNKNOWN: 3, State.BLIND: 3}


def fail(message: str, status: int) -> NoReturn:
    """End with one clear message on standard error."""
    sys.stderr.write(f"{message}\n")
    sys.exit(status)


def unusable(error: Exception) -> NoReturn:
    """End with the one message of a store that cannot be used; whatever else `error` is goes on."""
    from outagetui.core.own_fault import words_of
    from outagetui.store.damage import StoreError

    if not isinstance(error, StoreError):
        raise error
    fail(words_of(error), UNUSABLE)


async def heard(work: "Awaitable[T]") -> T:
    """Return what `work` does; what fails beside it is told in a line, and not by the loop's own report."""
    from outagetui.core.own_fault import own_fault
    from outagetui.machine.background import hear_failures

    hear_failures(lambda error: sys.stderr.write(f"internal: {own_fault(error)}\n"))
    return await work


def check_document(check: "Check | PublicCheck", sample: Sample | None) -> dict[str, Any]:
    """Return what `status --json` and `check --json` say of a check and its last sample; None before the first."""
    seen = sample or Sample(Outcome.UNKNOWN)
    return {
        "id": check.id,
        "probe": check.probe,
        "outcome": None if sample is None else sample.outcome.value,
        "expect": check.expect,
        "latency_ms": None if seen.latency_ms is None else round(seen.latency_ms, 1),
        "phases": {name: round(span, 1) for name, span in seen.phases.items()},
        "code": seen.code,
        "detail": clean(seen.detail),
        "value": seen.value,
    }


def directory(options: dict[str, str | None]) -> Path:
    """Return the configuration directory; ends with status 3 when there is none."""
    from outagetui.config import ConfigError, find

    try:
        return find(options["config"], os.environ, Path.cwd(), Path.home())
    except ConfigError as error:
        fail(str(error), UNUSABLE)


def configuration(options: dict[str, str | None]) -> Any:
    """Return the loaded configuration; ends with status 3 and every problem."""
    from outagetui.config import ConfigError, load

    try:
        return load(directory(options))
    except ConfigError as error:
        fail(str(error), UNUSABLE)


def store(options: dict[str, str | None]) -> Path:
    """Return the store's path, named or from the configuration."""
    if options["store"]:
        return Path(options["store"])
    from outagetui.config.places import store_of

    return Path(store_of(directory(options), os.environ))


async def client(options: dict[str, str | None]) -> "OrderClient":
    """Return a client of the store's daemon, starting one if this user may; ends with status 3 when there is none."""
    from outagetui.orders.launch import LaunchError, connect

    try:
        return await connect(store(options), directory(options))
    except LaunchError as error:
        fail(str(error), UNUSABLE)


@contextlib.asynccontextmanager
async def ordering(
    options: dict[str, str | None],
) -> "AsyncIterator[Callable[[Order], Awaitable[dict[str, Any]]]]":
    """Hold a connection to the store's daemon; what is entered gives an order over it and returns the reply.

    A refusal ends the command with status 1 and its words. A daemon that was started for this ends only some time after
    its last client left: whoever waits for what comes of an order holds the connection until then.
    """
    from outagetui.orders.client import waiting

    orders = await client(options)

    async def give(order: "Order") -> dict[str, Any]:
        with waiting(lambda words: sys.stderr.write(f"{words}\n")):
            reply = await orders.send(order)
        if not reply.get("ok"):
            fail(str(reply.get("error")), REFUSED)
        return reply

    try:
        yield give
    finally:
        await orders.aclose()


def source(options: dict[str, str | None]) -> "StoreSource":
    """Return the store to read from; ends with status 3 when it cannot be read."""
    from outagetui.store.damage import StoreError
    from outagetui.store.source import StoreSource

    path = store(options)
    found = StoreSource(path)
    try:
        found.changed()
    except StoreError as error:
        fail(str(error), UNUSABLE)
    except PermissionError as error:
        fail(readable(path) or f"{path}: cannot be read: {error.strerror}", UNUSABLE)
    return found


def readable(path: Path) -> str:
    """Return why this user cannot read the store at `path`, or nothing."""
    try:
        if not path.exists():
            return f"{path}: there is no store to show; start the daemon first"
        if not os.access(path, os.R_OK):
            return f"{path}: you may not read it; join the store's group (see outagetui init --system)"
    except PermissionError:
        return f"{path.parent}: you may not look into it; join the store's group (see outagetui init --system)"
    return ""


def leave(status: int) -> NoReturn:
    """End at once: a name look-up that hangs in a thread must not hold the command."""
    with contextlib.suppress(SystemExit):  # nobody reads it
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
