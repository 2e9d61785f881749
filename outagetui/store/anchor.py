"""The anchor: number and hash of the journal's head, in a second file beside the store.

What is missing at the end of a hash chain cannot be told from the chain alone. So every journal commit is announced
here first, as an intent: from the head `before` to the head to come. After a crash the store stands at one of the two;
anything else means that entries were cut off, rewritten or added behind the daemon's back. When the commit is done,
the anchor says so too.

The disk is asked to keep the intent while SQLite has it keep the commit, for one after the other would take twice as
long. So power loss, and nothing else, may leave the anchor behind by the one commit that nobody was told of yet.

Intents are written into two slots in turn, and what is done into a third, each with its own checksum: whatever write
power loss tears, an intent that was on the disk before stays.
"""

import contextlib
import os
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from outagetui.store.beside import NEVER_ELSEWHERE, open_beside

if TYPE_CHECKING:
    from concurrent.futures import Future

GENESIS = "0" * 64
SLOT = 4096  # bytes: a page of the disk, written whole and in place, so that it needs no room
SLOTS, DONE = 3, 2
DIGITS = 8  # hex digits of a hash in what people read
MOST_WORDS = 600
UNUSED = "cannot be used as the journal's anchor"


class Head(NamedTuple):
    """A place in the journal: the number of an entry, 0 for none, and its hash (hex)."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:DIGITS]}…"


START = Head(0, GENESIS)


class Anchor(Struct, frozen=True):
    """What the second file says: the store stands at `head`, as of `at` (epoch seconds), or still at `before`.

    The two are the same once a commit is done.

    `breach` says in words what did not fit when a daemon found it, at `noticed`; it stays until somebody accepts it.
    """

    head: Head
    before: Head
    at: float
    breach: str = ""
    noticed: float = 0.0
    turn: int = 0


class AnchorError(Exception):
    """The anchor is there and cannot be read; the message says why."""


def path_of(store: Path) -> Path:
    """Return where the anchor of a store lies."""
    return store.with_name(store.name + ".anchor")


def booted() -> float:
    """Return when this machine began to run (epoch seconds): what was written before may have met power loss."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def read(store: Path) -> Anchor | None:
    """Return the anchor of a store; None when there is none. Raises AnchorError."""
    path = path_of(store)
    try:
        handle = os.open(path, os.O_RDONLY | NEVER_ELSEWHERE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AnchorError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return _newest(handle, path)
    finally:
        os.close(handle)


class AnchorFile:
    """The daemon's hand on the file. Blocking, as the store's."""

    def __init__(self, store: Path) -> None:
        """Open the file, making it where it is missing. Raises StoreError; a damaged one is noted in `trouble`."""
        self.path = path_of(store)
        self.trouble = ""
        self._handle, self.made = open_beside(self.path, UNUSED)
        self.said: Anchor | None = None
        if not self.made:
            try:
                self.said = _newest(self._handle, self.path)
            except AnchorError as error:
                self.trouble = str(error)
        turns = [each.turn if each is not None else -1 for each in _slots(self._handle)[:DONE]]
        self._turn = self.said.turn if self.said is not None else 0
        from concurrent.futures import ThreadPoolExecutor  # readers start without it

        self._syncing = ThreadPoolExecutor(1, "anchor")
        self._intent = turns.index(max(turns))  # the last to be overwritten

    def settle(self, head: Head, at: float, breach: str = "", noticed: float = 0.0) -> None:
        """Say that the journal stands at `head`, in every slot, so that whatever lay there is gone. Raises OSError."""
        for _ in range(2):
            self.announce(head, head, at, breach, noticed).result()
        self.confirm()
        os.fdatasync(self._handle)
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def announce(self, before: Head, head: Head, at: float, breach: str = "", noticed: float = 0.0) -> "Future[None]":
        """Write that the journal goes from `before` to `head`; the result is there when it is on the disk.

        Both raise OSError.
        """
        self._intent = 1 - self._intent
        self._write(Anchor(head, before, at, breach[:MOST_WORDS], noticed, self._turn + 1), self._intent)
        return self._syncing.submit(os.fdatasync, self._handle)

    def confirm(self) -> None:
        """Say that what was announced last is done. Raises OSError."""
        assert self.said is not None
        self._write(replace(self.said, before=self.said.head, turn=self._turn + 1), DONE)

    def _write(self, said: Anchor, slot: int) -> None:
        body = msgspec.json.encode(said)
        content = f"{_checksum(body)} ".encode() + body
        os.pwrite(self._handle, content.ljust(SLOT - 1) + b"\n", slot * SLOT)
        self.said, self._turn = said, said.turn

    def close(self) -> None:
        """Close the file."""
        self._syncing.shutdown()
        with contextlib.suppress(OSError):
            os.close(self._handle)


def _newest(handle: int, path: Path) -> Anchor | None:
    """Return the newest slot that is whole; None for a file that was made and never written."""
    whole = [each for each in _slots(handle) if each is not None]
    if not whole and os.pread(handle, SLOTS * SLOT, 0).strip(b"\0"):
        raise AnchorError(f"{path}: damaged: none of its copies is whole")
    return max(whole, key=lambda each: each.turn, default=None)


def _slots(handle: int) -> list[Anchor | None]:
    content = os.pread(handle, SLOTS * SLOT, 0)
    return [_slot(content[at : at + SLOT]) for at in range(0, SLOTS * SLOT, SLOT)]


def _slot(content: bytes) -> Anchor | None:
    checksum, _, body = content.rstrip().partition(b" ")
    if _checksum(body).encode() != checksum:
        return None
    try:
        return msgspec.json.decode(body, type=Anchor)
    except (msgspec.MsgspecError, UnicodeError):
        return None


def _checksum(body: bytes) -> str:
    return f"{zlib.crc32(body):08x}"
