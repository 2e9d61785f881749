"""Telling the user's own daemon what came of a drill: one order, and only where a daemon runs already."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from outagetui.board.practice import drilled
from outagetui.config import ConfigError, find
from outagetui.config.places import store_of
from outagetui.core.orders import Drilled
from outagetui.orders.client import OrderClient
from outagetui.orders.wire import socket_path
from outagetui.store.damage import StoreError
from outagetui.store.reader import Reader


def tell(options: Mapping[str, str | None], scenario: str, played: Path, score: int | None) -> str:
    """Send what the drill in the store `played` came to; return why it was not taken, in words, or nothing.

    Without a configuration of the user's own, without a daemon on its store, and when no playbook was run there is
    nobody to tell, or nothing.
    """
    store = _store(options)
    if store is None or not os.path.exists(socket_path(store)):  # noqa: PTH110 false where we may not look, too
        return ""
    try:
        ledger = Reader(played).ledger(frozenset())
    except StoreError as error:
        return f"the journal was not told of this drill: {error}"
    books = drilled(ledger.runs)
    if not books:
        return ""
    reply = asyncio.run(_send(store, Drilled(scenario=scenario, books=books, score=score)))
    return "" if reply.get("ok") else f"the journal was not told of this drill: {reply.get('error')}"


def _store(options: Mapping[str, str | None]) -> Path | None:
    named = options.get("store")
    if named:
        return Path(named)
    try:
        directory = find(options.get("config"), os.environ, Path.cwd(), Path.home())
        return Path(store_of(directory, os.environ))
    except (ConfigError, OSError):
        return None


async def _send(store: Path, order: Drilled) -> dict[str, object]:
    client = OrderClient(store)
    try:
        if not (await client.hello()).get("ok"):
            return {"ok": True}  # what is left of a daemon that was killed, or one that is not ours to talk to
        return await client.send(order)
    finally:
        await client.aclose()
