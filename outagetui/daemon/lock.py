"""One daemon per store: a lock beside the file, held for the life of the process."""

import fcntl
import os
from pathlib import Path


class LockedError(Exception):
    """Another daemon holds the store; the message names its process."""


def hold(store: Path) -> int:
    """Lock the store and return the descriptor that holds the lock. Raises LockedError, OSError."""
    path = store.with_name(store.name + ".lock")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise LockedError(
            f"another daemon, process {holder}, runs this store ({store}); stop it with: outagetui daemon --stop"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle
