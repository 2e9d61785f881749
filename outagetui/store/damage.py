"""What is wrong with a store's file, in one line that says what to do: the same for every command and screen."""

import os
import sqlite3
import stat
from pathlib import Path

SAID = (sqlite3.Error, UnicodeError)  # the second where SQLite quotes a schema that is no text
CHECK = "see what can still be read: outagetui store check"
MEND = "name a plain file as [store] path"
TABLES = ("meta", "words", "samples", "minutes", "hours", "live", "journal")
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL = "the disk is full; make room, nothing is lost yet"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT})


class StoreError(Exception):
    """The store cannot be used; the message says why and what to do."""


class NoStoreError(StoreError):
    """There is no store at all, or a file into which nothing was written yet."""


class DamagedError(StoreError):
    """The store is there, and is not what was written into it."""


def sqlite_words(error: Exception) -> str:
    """Return what an error of SQLite (https://sqlite.org/rescode.html) means for a person, and what to do."""
    if isinstance(error, UnicodeError):
        return f"damaged: what it says of itself is no text; {CHECK}"
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
    if code in _LOCKED:
        return "another program keeps it locked; find it with fuser, and end it"
    if code == sqlite3.SQLITE_FULL:
        return f"{error}: {_FULL}"
    return f"damaged: {error}; {CHECK}" if code in _DAMAGED else str(error)


def of_sqlite(path: Path, error: Exception, doing: str = "cannot be read") -> StoreError:
    """Return the error to raise where SQLite says `error`, one of `SAID`, while the store at `path` was to be used."""
    damaged = isinstance(error, UnicodeError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
    kind = DamagedError if damaged else StoreError
    return kind(f"{path}: {doing}: {sqlite_words(error)}")


def newer(version: int, known: int) -> str:
    """Return what to say of a store of a later schema than the `known`."""
    words = f"written by a newer outagetui (schema {version}, this version knows {known})"
    return f"{words}; install that version, or name another store"


def missing(path: Path) -> NoStoreError:
    """Return the error to raise where there is no store at `path`."""
    return NoStoreError(f"{path}: there is no store yet; start the daemon")


def look(path: Path, doing: str = "cannot be read") -> os.stat_result:
    """Return what lies at `path`, which must be a plain file that this user may read. Raises StoreError."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        raise missing(path) from None
    except PermissionError as error:
        join = "you may not look into it; join the store's group (see outagetui init --system)"
        raise StoreError(f"{path.parent}: {join}") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: {doing}: {_strerror(error)}") from error
    refuse_strange(path, found, doing)
    if not os.access(path, os.R_OK):
        raise StoreError(f"{path}: you may not read it; join the store's group (see outagetui init --system)")
    return found


def refuse_strange(path: Path, found: os.stat_result, doing: str, mend: str = MEND) -> None:
    """Raise StoreError, with `mend` for what to do, unless `found` is a plain file.

    A pipe would wait for ever, and a link leads elsewhere.
    """
    if not stat.S_ISREG(found.st_mode):
        kind = next((words for is_a, words in _KINDS if is_a(found.st_mode)), "a device")
        raise StoreError(f"{path}: {doing}: it is {kind}; {mend}")


def _strerror(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
