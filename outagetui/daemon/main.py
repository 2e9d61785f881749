"""`outagetui daemon`: from a configuration to a served store, and an exit status."""

import asyncio
import gc
import os
import sys
import time
from pathlib import Path

import msgspec

from outagetui.config import ConfigError, load
from outagetui.config.places import places_of
from outagetui.core.orders import OrderError
from outagetui.daemon.capabilities import keep_powers
from outagetui.daemon.lock import LockedError, hold, hold_configuration, lock_of
from outagetui.daemon.order_server import ListenError
from outagetui.daemon.service import Daemon
from outagetui.machine.open_places import listed_by_all, written_by_all
from outagetui.net.loop_turns import TurnLoop
from outagetui.orders.launch import BACKGROUND, LOCKED
from outagetui.store.damage import CHECK, SAID
from outagetui.store.journal import Store, StoreError, WriteError, make_place

UNUSABLE = 3
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
        for words in written_by_all(places_of(config)):
            _say(words)
            return UNUSABLE
        if config.secrets and (words := listed_by_all(Path(config.secrets))):
            _say(words)
        held = hold(path)
        named = hold_configuration(Path(config.directory))
        store = Store(path, keep=config.keep)
    except LockedError as error:
        _say(error)
        return LOCKED if BACKGROUND in os.environ else 1
    except StoreError as error:
        _say(error)
        return UNUSABLE
    except OSError as error:
        _say(f"{config.store}: cannot be used as the store: {error.strerror}")
        return UNUSABLE
    background = BACKGROUND in os.environ
    place = Path(os.environ[DRILL_PLACE]) if os.environ.get(DRILL_PLACE) else None

    def ready() -> None:
        gc.freeze()  # what is here stays, and need not be looked through while others wait
        if background:
            # Whoever started us may be gone by the time there is something to say.
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            os.close(null)

    async def serve() -> str:
        daemon = Daemon(config, store, background=background, drill=drill, clock=time.time, place=place)
        daemon.stands.take("lock", lock_of(path))
        reason = await daemon.serve(ready)
        if daemon.lost:
            _say(reason)
            sys.stderr.flush()
            os._exit(1)  # at once: what is still under way must not go on
        return reason

    try:
        with asyncio.Runner(loop_factory=TurnLoop) as runner:
            reason = runner.run(serve())
    except (OSError, OrderError, ListenError, ConfigError) as error:
        _say(error)
        return 1
    except WriteError as error:
        _say(error)
        return UNUSABLE
    except (*SAID, msgspec.MsgspecError) as error:
        _say(f"{path}: damaged, or not a store of this version: {error}; {CHECK}")
        return UNUSABLE
    status = 1 if reason.startswith("internal error") else 0
    if status:
        _say(reason)
    sys.stderr.flush()
    os.close(held)
    if named is not None:
        named.close()
    os._exit(status)


def _say(words: object) -> None:
    sys.stderr.write(f"{words}\n")
