"""Replacing files of a public directory whole: whoever reads sees the old or the new one, also after power loss."""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

_MARK = ".outagetui-"  # how our unfinished files begin, so that those of a killed writer can be told and removed
_MODE = 0o644  # a web server of another user reads them

Files = Sequence[tuple[str, bytes]]  # name and content
Put = Callable[[Files], None]


def replace(directory: Path, files: Files, patience: float = 5.0) -> None:
    """Replace `files` (name, content) in `directory`, in order: the last is renamed when all others are in place.

    Every new content is on disk before the first rename, so a full disk changes nothing. Another writer in the same
    directory is waited for `patience` seconds. OSError says which file and why; no unfinished file is left.
    """
    with only_writer(directory, patience) as put:
        put(files)


@contextlib.contextmanager
def only_writer(directory: Path, patience: float = 5.0) -> Iterator[Put]:
    """Give what writes as `replace`, to whoever must look at what lies there first and find it so when it writes."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        until = time.monotonic() + patience
        while not _lock(descriptor):
            if time.monotonic() >= until:
                raise OSError(None, "another writer is at work there", str(directory))
            time.sleep(0.02)
        yield partial(_put, directory, descriptor)
    finally:
        os.close(descriptor)


def content(path: Path, limit: int) -> bytes:
    """Return at most the first `limit` bytes of a regular file; OSError for anything else: nobody may fill a FIFO."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            words = os.strerror(errno.EISDIR) if stat.S_ISDIR(mode) else "is no regular file"
            raise OSError(errno.EINVAL, words, str(path))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)


def _put(directory: Path, descriptor: int, files: Files) -> None:
    _sweep(directory)
    fresh: list[tuple[Path, Path]] = []
    try:
        for name, content in files:
            beside = directory / f"{_MARK}{secrets.token_hex(8)}"
            fresh.append((beside, directory / name))
            _write(beside, content, directory / name)
        *others, last = fresh
        for beside, place in others:
            _rename(beside, place)
        os.fsync(descriptor)
        _rename(*last)
        os.fsync(descriptor)
    finally:
        for beside, _ in fresh:
            with contextlib.suppress(OSError):
                beside.unlink()


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(directory: Path) -> None:
    for left in directory.glob(f"{_MARK}*"):
        with contextlib.suppress(OSError):
            left.unlink()


def _write(beside: Path, content: bytes, place: Path) -> None:
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fchmod(descriptor, _MODE)  # whatever our umask is
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(place)) from error


def _rename(beside: Path, place: Path) -> None:
    try:
        os.replace(beside, place)  # noqa: PTH105  the test that kills at every step counts these calls
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(place)) from error
