"""The small files that a daemon keeps beside its store: plain files of its own, and nothing that leads elsewhere."""

import os
from pathlib import Path

from outagetui.store.damage import StoreError, refuse_strange

NEVER_ELSEWHERE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MEND = "remove it"


def open_beside(path: Path, unused: str) -> tuple[int, bool]:
    """Open the file at `path` to read and write, and make it where it is missing; return its handle and whether it was.

    Raises StoreError, with `unused` for what cannot be, for anything but a plain file.
    """
    made = False
    try:
        try:
            handle = os.open(path, os.O_RDWR | NEVER_ELSEWHERE)
        except FileNotFoundError:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NEVER_ELSEWHERE, 0o640)
            made = True
        refuse_strange(path, os.fstat(handle), unused, _MEND)
    except OSError as error:
        if os.path.lexists(path):
            refuse_strange(path, path.lstat(), unused, _MEND)
        raise StoreError(f"{path}: {unused}: {error.strerror}") from error
    return handle, made
