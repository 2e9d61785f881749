"""One daemon per store and per configuration, held for the life of the process.

The store has a lock beside the file. A directory that is moved takes its lock along, and one that is made anew has
none; so the configuration has one too, a name in the kernel (unix(7), abstract) that no file system can lose.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import socket
import struct
import time
from collections.abc import Collection
from pathlib import Path

from outagetui.store.damage import StoreError, refuse_strange

TRIES = 3
UNUSED = "cannot be the daemon's lock"
LEAVES_WITHIN = 3.0  # seconds in which a daemon whose store was taken from under it is gone


class LockedError(Exception):
    """Another daemon holds the store; the message names its process."""


def hold(store: Path) -> int:
    """Lock the store and return the descriptor that holds the lock. Raises LockedError, StoreError, OSError."""
    path = lock_of(store)
    handle = _opened(path)
    if not _taken(handle):
        holder = _process(handle)
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


def _opened(path: Path) -> int:
    # A link would have another's file emptied and written, and a pipe would wait for ever.
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o640)
    except OSError:
        if os.path.lexists(path):
            refuse_strange(path, path.lstat(), UNUSED, "remove it")
        raise
    try:
        refuse_strange(path, os.fstat(handle), UNUSED, "remove it")
    except StoreError:
        os.close(handle)
        raise
    return handle


def _process(handle: int) -> str:
    return os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"


def held(store: Path) -> str:
    """Return the number of the process that holds the store, `unknown` where it did not say it yet; empty: nobody.

    Raises OSError.
    """
    try:
        handle = os.open(lock_of(store), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return ""  # a link or a socket is nobody's lock
        raise
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process(handle)
    finally:
        os.close(handle)
    return ""


def hold_configuration(directory: Path, patience: float = LEAVES_WITHIN) -> socket.socket | None:
    """Take the name of a configuration directory for the life of the returned socket.

    A daemon whose store was moved gives it up by itself: it is waited for. Raises LockedError when another goes on.
    None: a user who has no business here keeps the name, which must not keep a daemon from starting.
    """
    name = b"\0outagetui/" + hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:32].encode()
    holders = {0, os.geteuid(), directory.stat().st_uid}
    limit = time.monotonic() + patience
    while True:
        mine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            mine.bind(name)
        except OSError as error:
            mine.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            mine.listen(1)
            return mine
        if time.monotonic() > limit:
            holder = _holder(name, holders)
            if not holder:
                return None
            raise LockedError(
                f"another daemon, process {holder}, runs this configuration ({directory}) on another store; end that"
            )
        time.sleep(0.05)


def _holder(name: bytes, trusted: Collection[int]) -> int:
    """Return the process that listens at `name`; 0 when it is none of the `trusted` users, or is gone."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as client:
        client.setblocking(False)
        try:
            client.connect(name)
            packed = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return 0
        pid, uid, _ = struct.unpack("3i", packed)
        return int(pid) if uid in trusted else 0


def lock_of(store: Path) -> Path:
    """Return where the lock of a store lies."""
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
