"""`outagetui`: the operator's screens."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outagetui.cli.common import UNUSABLE, directory, fail, readable, store
from outagetui.tui import terminal

if TYPE_CHECKING:
    from textual.app import App


def operator(options: dict[str, str | None]) -> int:
    """Show the operator's screens; return the exit status. Starts a daemon if this user may and there is none."""
    refused = terminal.refusal()
    if refused:
        fail(refused, UNUSABLE)
    path = store(options)
    trouble = asyncio.run(_ready(path, options))

    def make() -> "App[Any]":
        from outagetui.orders.client import OrderClient
        from outagetui.store.source import StoreSource
        from outagetui.tui.app import OutageApp

        return OutageApp(StoreSource(path), OrderClient(path), no_daemon=trouble)

    return terminal.run(make)


async def _ready(path: Path, options: dict[str, str | None]) -> str:
    """See that a daemon runs; if none can be started the board is shown if there is a store. Return why, in a line."""
    from outagetui.orders.launch import LaunchError, connect

    if options["store"]:
        trouble = readable(path)
        if trouble:
            fail(trouble, UNUSABLE)
        return ""
    try:
        client = await connect(path, directory(options))
    except LaunchError as error:
        if readable(path):
            fail(str(error), UNUSABLE)
        sys.stderr.write(f"{error}\n")
        first, *_ = str(error).splitlines() or [""]
        here = f"{directory(options)}/"
        wrong = first.startswith(here)
        return f"see outagetui validate: {first.removeprefix(here)}" if wrong else first
    else:
        await client.aclose()
        return ""
