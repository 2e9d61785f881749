"""One daemon per store: a lock beside the file, held for the life of the process."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

TRIES = 3


class LockedError(Exception):
    """Another daemon holds the store; the message names its process."""


def hold(store: Path) -> int:
    """Lock the store and return the descriptor that holds the lock. Raises LockedError, OSError."""
    path = _lock_of(store)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    if not _taken(handle):
        holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise LockedError(
            f"another daemon, process {holder}, runs this store ({store}); stop it with: outagetui daemon --stop"
        )
    # Who can open the file can lock it, so it is not for the wall's group, which the directory would hand on.
    with contextlib.suppress(PermissionError):
        os.fchown(handle, -1, os.getegid())
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def held(store: Path) -> bool:
    """Whether a daemon holds the store. Raises OSError."""
    try:
        handle = os.open(_lock_of(store), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _lock_of(store: Path) -> Path:
    return store.with_name(store.name + ".lock")


def _taken(handle: int) -> bool:
    """Take the lock; who only looks whether it is `held` may have it for a moment."""
    for _ in range(TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False
