"""The daemon's sign of life: a small file beside the store, written every second without a page of the journal.

Two copies take turns, each behind its checksum, so that a reader always finds a whole one. The file says nothing that
is not said anew a second later: when it is lost or damaged, nobody is known to be alive, and that is all.
"""

import contextlib
import os
import zlib
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from outagetui.facts.live import Beat
from outagetui.store.damage import StoreError, refuse_strange

SLOT = 2048  # bytes of one copy: both lie in one page of memory, so that a minute's signs are one write to the disk
MOST_WORDS = 1000  # of a trouble that is too long for its copy
UNUSED = "cannot be used as the store's sign of life"
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


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
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o640)
            refuse_strange(self.path, os.fstat(self._handle), UNUSED, "remove it")
        except OSError as error:
            if os.path.lexists(self.path):
                refuse_strange(self.path, self.path.lstat(), UNUSED, "remove it")
            raise StoreError(f"{self.path}: {UNUSED}: {error.strerror}") from error
        newest = _newest(self._handle)
        self._turn = newest.turn if newest is not None else 0

    def write(self, beat: Beat) -> None:
        """Write that the daemon lives. Raises OSError."""
        self._turn += 1
        content = _content(_Copy(self._turn, beat))
        if len(content) > SLOT:
            content = _content(_Copy(self._turn, replace(beat, trouble=beat.trouble[:MOST_WORDS], progress={})))
        os.pwrite(self._handle, content.ljust(SLOT, b"\0"), self._turn % 2 * SLOT)

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.close(self._handle)


def read(store: Path) -> Beat | None:
    """Return the newest sign of life of a store; None where there is none that can be read."""
    try:
        handle = os.open(path_of(store), os.O_RDONLY | _FLAGS)
    except OSError:
        return None
    try:
        newest = _newest(handle)
    except OSError:
        return None
    finally:
        os.close(handle)
    return newest.beat if newest is not None else None


def _newest(handle: int) -> _Copy | None:
    content = os.pread(handle, 2 * SLOT, 0)
    whole = [each for at in (0, SLOT) if (each := _copy(content[at : at + SLOT])) is not None]
    return max(whole, key=lambda each: each.turn, default=None)


def _content(copy: _Copy) -> bytes:
    body = msgspec.msgpack.encode(copy)
    return zlib.crc32(body).to_bytes(4, "big") + len(body).to_bytes(2, "big") + body


def _copy(slot: bytes) -> _Copy | None:
    body = slot[6 : 6 + int.from_bytes(slot[4:6], "big")]
    if not body or zlib.crc32(body).to_bytes(4, "big") != slot[:4]:
        return None
    try:
        return msgspec.msgpack.decode(body, type=_Copy)
    except (msgspec.MsgspecError, ValueError):
        return None
