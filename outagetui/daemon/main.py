"""`outagetui daemon`: from a configuration to a served store, and an exit status."""

import asyncio
import os
import sqlite3
import sys
import time
from pathlib import Path

import msgspec

from outagetui.config import ConfigError, load
from outagetui.core.orders import OrderError
from outagetui.daemon.capabilities import keep_powers
from outagetui.daemon.lock import LockedError, hold
from outagetui.daemon.order_server import ListenError
from outagetui.daemon.service import Daemon
from outagetui.orders.launch import BACKGROUND, LOCKED
from outagetui.store.journal import Store, StoreError, WriteError, make_place

DRILL = "OUTAGETUI_DRILL"
DRILL_PLACE = "OUTAGETUI_DRILL_PLACE"  # the drill's own directory: no secret is loaded from anywhere else


def main(directory: Path) -> int:
    """Serve the configuration until told to end. Leaves with `os._exit`, so that `-shm` stays for other readers."""
    os.umask(0o027)
    keep_powers()
    try:
        config = load(directory)
    except ConfigError as error:
        _say(error)
        return 3
    drill = os.environ.get(DRILL, "")
    if drill:
        from outagetui.machine.loopback_only import loopback_only

        loopback_only()
    try:
        path = Path(config.store)
        make_place(path)
        held = hold(path)
        store = Store(path)
    except LockedError as error:
        _say(error)
        return LOCKED if BACKGROUND in os.environ else 1
    except StoreError as error:
        _say(error)
        return 1
    except OSError as error:
        _say(f"{config.store}: cannot be used as the store: {error.strerror}")
        return 1
    background = BACKGROUND in os.environ
    place = Path(os.environ[DRILL_PLACE]) if os.environ.get(DRILL_PLACE) else None

    def ready() -> None:
        if background:
            # Whoever started us may be gone by the time there is something to say.
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            os.close(null)

    async def serve() -> str:
        daemon = Daemon(config, store, background=background, drill=drill, clock=time.time, place=place)
        return await daemon.serve(ready)

    try:
        reason = asyncio.run(serve())
    except (OSError, OrderError, WriteError, ListenError, ConfigError) as error:
        _say(error)
        return 1
    except (sqlite3.Error, msgspec.MsgspecError) as error:
        _say(f"{path}: damaged, or not a store of this version: {error}")
        return 1
    status = 1 if reason.startswith("internal error") else 0
    if status:
        _say(reason)
    sys.stderr.flush()
    os.close(held)
    os._exit(status)


def _say(words: object) -> None:
    sys.stderr.write(f"{words}\n")
