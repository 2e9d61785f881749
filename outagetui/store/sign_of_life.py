"""The daemon's sign of life: a small file beside the store, and a lock on it that says when the daemon lived last.

The file holds what the daemon says of itself and is written when that changes, and every two minutes. Every second only
the lock moves: it stands at the byte whose number is the time in milliseconds, which costs no write to any disk,
whoever may read the file can see it, and it is gone with the daemon. Two copies of what is said take turns, each behind
its checksum, so that a reader always finds a whole one. When the file is lost or damaged, nobody is known to be alive,
and that is all.
"""

import contextlib
import fcntl
import os
import struct
import zlib
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from outagetui.facts.live import Beat
from outagetui.store.beside import NEVER_ELSEWHERE, open_beside

SLOT = 2048  # bytes of one copy: both lie in one page of memory
MOST_WORDS = 1000  # of a trouble that is too long for its copy
WRITTEN_EVERY = 120.0  # seconds after which the copy is renewed, for those who come when the daemon is gone
UNUSED = "cannot be used as the store's sign of life"
_FLOCK = "hhqqi"  # struct flock of fcntl(2): type, whence, start, length, process


class _Copy(Struct, frozen=True, array_like=True):
    """One copy, and which of the two is newer."""

    turn: int
    beat: Beat


def path_of(store: Path) -> Path:
    """Return where the sign of life of a store lies."""
    return store.with_name(store.name + ".beat")


class SignOfLife:
    """The daemon's hand on the file. Blocking, as the store's."""

    def __init__(self, store: Path) -> None:
        """Open the file, making it where it is missing. Raises StoreError."""
        self.path = path_of(store)
        self._handle, _ = open_beside(self.path, UNUSED)
        newest = _newest(self._handle)
        self._turn = newest.turn if newest is not None else 0
        self._said: Beat | None = None
        self._locked: int | None = None

    def write(self, beat: Beat) -> None:
        """Say that the daemon lives. Raises OSError."""
        said = self._said
        if said is None or replace(beat, at=said.at) != said or not 0 <= beat.at - said.at < WRITTEN_EVERY:
            self._write(beat)
        self._stand(round(beat.at * 1000))

    def _write(self, beat: Beat) -> None:
        self._turn += 1
        content = _content(_Copy(self._turn, beat))
        if len(content) > SLOT:
            content = _content(_Copy(self._turn, replace(beat, trouble=beat.trouble[:MOST_WORDS], progress={})))
        os.pwrite(self._handle, content.ljust(SLOT, b"\0"), self._turn % 2 * SLOT)
        self._said = beat

    def _stand(self, moment: int) -> None:
        """Move the lock; for an instant it stands at both places."""
        if moment == self._locked or moment < 0:
            return
        _lock(self._handle, fcntl.F_WRLCK, moment)
        if self._locked is not None:
            _lock(self._handle, fcntl.F_UNLCK, self._locked)
        self._locked = moment

    def close(self) -> None:
        """Close the file, and say with it that nobody lives."""
        with contextlib.suppress(OSError):
            os.close(self._handle)


def read(store: Path) -> Beat | None:
    """Return the newest sign of life of a store; None where there is none that can be read."""
    try:
        handle = os.open(path_of(store), os.O_RDONLY | NEVER_ELSEWHERE)
    except OSError:
        return None
    try:
        newest = _newest(handle)
        if newest is None:
            return None
        return replace(newest.beat, at=max(newest.beat.at, _stands(handle) / 1000))
    except OSError:
        return None
    finally:
        os.close(handle)


def _lock(handle: int, kind: int, moment: int) -> None:
    # Of the open file, not of the process (fcntl(2)): those of a process go when it closes the file anywhere.
    fcntl.fcntl(handle, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, moment, 1, 0))


def _stands(handle: int) -> int:
    """Return where the daemon's lock stands, in milliseconds since the epoch; 0 when there is none."""
    asked = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, start, _, _ = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_OFD_GETLK, asked))
    return int(start) if kind == fcntl.F_WRLCK else 0


def _newest(handle: int) -> _Copy | None:
    content = os.pread(handle, 2 * SLOT, 0)
    whole = [each for at in (0, SLOT) if (each := _copy(content[at : at + SLOT])) is not None]
    return max(whole, key=lambda each: each.turn, default=None)


def _content(copy: _Copy) -> bytes:
    body = msgspec.msgpack.encode(copy)
    return zlib.crc32(body).to_bytes(4, "big") + len(body).to_bytes(4, "big") + body


def _copy(slot: bytes) -> _Copy | None:
    body = slot[8 : 8 + int.from_bytes(slot[4:8], "big")]
    if not body or zlib.crc32(body).to_bytes(4, "big") != slot[:4]:
        return None
    try:
        return msgspec.msgpack.decode(body, type=_Copy)
    except (msgspec.MsgspecError, ValueError):
        return None
