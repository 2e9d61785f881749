"""What was handed to whom in a delivery, kept so that neither a crash nor another try repeats anything.

One file for a delivery, named by its key, which only we can read: a line before each hand-over, on the disk before it
begins, and a line after it. A hand-over without the second line is lost: nobody knows, so it is not repeated.
"""

import asyncio
import contextlib
import fcntl
import os
import re
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from outagetui.core.words import DeliveryState
from outagetui.outlets import Delivered, MaybeSentError, Tools, UnsentError

Fate = Literal["begun", "accepted", "refused", "later", "lost"]
SILENT: Final = "no answer came to it"
DAMAGED: Final = "the record of what was sent is damaged, so nothing more is sent"
_KEY = re.compile(r"[A-Za-z0-9._-]{1,100}")


class Mark(Struct, frozen=True, omit_defaults=True):
    """What became of one hand-over, and what was said to it.

    `accepted`, `refused` (surely not), `later` (surely not, it may be tried again) or `lost` (nobody knows); `begun`
    stands in files only. `before` is what was at the place before, for outlets that put that back.
    """

    fate: Fate
    said: str = ""
    url: str = ""
    remote_id: str = ""
    before: str = ""


class _Line(Struct, frozen=True):
    at: float
    to: str
    mark: Mark


class SentLog:
    """The open record of one delivery. `marks` tells what became of every hand-over so far, by its name."""

    def __init__(self, descriptor: int, now: Callable[[], float]) -> None:
        self.marks: dict[str, Mark] = {}
        self._now = now
        self._descriptor = descriptor
        self._closing = threading.Lock()  # held while the disk is waited for, beside the loop

    async def begin(self, names: Iterable[str]) -> None:
        """Note on the disk that something is about to be handed over. Cancelled, it surely was not."""
        names = list(names)
        self._write(dict.fromkeys(names, Mark("begun")))
        try:
            await asyncio.to_thread(self._sync)
        except asyncio.CancelledError:
            self.note(dict.fromkeys(names, Mark("later", "given up before it was sent")))
            raise
        self.marks |= dict.fromkeys(names, Mark("lost", SILENT))

    async def end(self, marks: Mapping[str, Mark]) -> None:
        """Note on the disk what became of it."""
        self.note(marks)
        await asyncio.to_thread(self._sync)

    def note(self, marks: Mapping[str, Mark]) -> None:
        """Note what became of something, which is on the disk when this record is closed."""
        self._write(marks)
        self.marks |= marks

    def close(self) -> None:
        """Bring it to the disk and close it."""
        with self._closing:
            descriptor, self._descriptor = self._descriptor, -1
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _write(self, marks: Mapping[str, Mark]) -> None:
        at = self._now()
        lines = b"".join(msgspec.json.encode(_Line(at, name, mark)) + b"\n" for name, mark in marks.items())
        while lines:
            lines = lines[os.write(self._descriptor, lines) :]

    def _sync(self) -> None:
        with self._closing:
            if self._descriptor >= 0:  # else it was closed meanwhile, which brought it to the disk
                os.fsync(self._descriptor)


@contextlib.contextmanager
def sent_log(tools: Tools, key: str) -> Iterator[SentLog]:
    """Open the record of the delivery `key`. Raises UnsentError when nothing can be kept, and MaybeSentError when what
    was kept cannot be read: then nothing may be sent.
    """
    path = _path(tools, key)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            content = _content(descriptor)
            whole = content.rfind(b"\n") + 1
            os.ftruncate(descriptor, whole)  # half a line was written by a daemon that then did nothing more
            _sync_directory(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
    except BlockingIOError:
        raise UnsentError("it is being sent by another process") from None
    except OSError as error:
        raise UnsentError(f"cannot keep a record of what is sent: {path}: {error.strerror}") from error
    log = SentLog(descriptor, tools.now)
    try:
        log.marks = _marks(content[:whole])
        yield log
    finally:
        log.close()


def recall(tools: Tools, key: str) -> dict[str, Mark]:
    """Return what became of the hand-overs of the delivery `key`, by name; nothing when none was begun.

    Raises UnsentError or MaybeSentError when that cannot be read.
    """
    path = _path(tools, key)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UnsentError(f"cannot read what was sent: {path}: {error.strerror}") from error
    return _marks(content[: content.rfind(b"\n") + 1])


async def once(tools: Tools, key: str, act: Callable[[SentLog], Awaitable[Delivered]]) -> Delivered:
    """Let `act` hand over a delivery that is one whole, unless it was or may have been: then say so."""
    with sent_log(tools, key) as log:
        if (there := settled(log.marks)) is not None:
            return there
        tools.trail.written = False
        await log.begin([""])
        tools.trail.written = True
        try:
            done = await act(log)
        except UnsentError as error:
            log.note({"": Mark("later", tools.hide(str(error)))})
            raise
        except MaybeSentError as error:
            log.note({"": Mark("lost", tools.hide(str(error)))})
            raise
        fate: Fate = (
            "accepted"
            if done.state == DeliveryState.SENT
            else "lost"
            if done.state == DeliveryState.UNKNOWN
            else "later"
        )
        log.note({"": Mark(fate, tools.hide(done.detail), done.url, done.remote_id)})
        return done


def settled(marks: Mapping[str, Mark]) -> Delivered | None:
    """Return what became of a delivery that is one whole; None when it is surely not there."""
    mark = marks.get("")
    if mark is None or mark.fate in ("refused", "later"):
        return None
    if mark.fate == "accepted":
        return Delivered("sent", mark.url, mark.remote_id, mark.said or "already there")
    return Delivered("unknown", mark.url, mark.remote_id, mark.said or SILENT)


def _path(tools: Tools, key: str) -> Path:
    if tools.place is None:
        raise UnsentError("there is no place to keep a record of what is sent")
    if not _KEY.fullmatch(key) or key.startswith("."):
        raise ValueError("a delivery's key is no name of a file")
    return tools.place / f"{key}.jsonl"


def _content(descriptor: int) -> bytes:
    chunks = []
    while chunk := os.read(descriptor, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def _marks(content: bytes) -> dict[str, Mark]:
    try:
        lines = [msgspec.json.decode(line, type=_Line) for line in content.splitlines()]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MaybeSentError(DAMAGED) from error
    return {line.to: Mark("lost", SILENT) if line.mark.fate == "begun" else line.mark for line in lines}


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
