"""A new store out of what a damaged one still holds. The damaged one, and whatever lies at the new place, stay."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from outagetui.core.own_fault import words_of
from outagetui.facts.events import JournalAccepted
from outagetui.store import anchor
from outagetui.store.damage import SAID, TABLES, StoreError
from outagetui.store.entries import sound
from outagetui.store.journal import Store
from outagetui.store.salvage import OF_TABLE, Salvage
from outagetui.store.schema import SCRIPT
from outagetui.store.verification import Verdict, Walk

OURS = ("head", "anchored")  # what the new store says of itself
FILES = ("", "-wal", "-shm", ".anchor", ".beat")


class Repaired(Struct, frozen=True, kw_only=True):
    """What came of a repair: rows `saved` by table, in words what was `lost`, and the journal's faults as accepted."""

    path: str
    saved: dict[str, int]
    lost: tuple[str, ...]
    verdict: Verdict


def repair(salvage: Salvage, damaged: Path, target: Path, actor: str, at: float) -> Repaired:
    """Write into `target`, which must not exist, what `salvage` can read of `damaged`.

    What is lost of the journal is said in it by an entry of `actor`. Raises StoreError, and then there is no `target`.
    """
    if not target.parent.is_dir():
        raise StoreError(f"{target.parent}: there is no such directory to write the new store to")
    for ending in FILES:
        if os.path.lexists(beside := target.with_name(target.name + ending)):
            raise StoreError(f"{beside}: is there already; nothing is ever overwritten, so name another --to")
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640))
        return _repaired(salvage, damaged, target, actor, at)
    except (OSError, *SAID) as error:
        _forget(target)
        words = words_of(error)
        raise StoreError(f"{target}: cannot be written: {words}") from error
    except BaseException:
        _forget(target)
        raise


def _repaired(salvage: Salvage, damaged: Path, target: Path, actor: str, at: float) -> Repaired:
    said, gone = anchored(damaged)
    saved, strange = dict.fromkeys(TABLES, 0), dict.fromkeys(TABLES, 0)
    walk = Walk(said)
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as new:
        new.executescript(f"BEGIN; {SCRIPT}")
        for table in TABLES:
            marks = ",".join("?" * len(OF_TABLE[table].split(", ")))
            for row in salvage.rows(table):
                if not _fits(table, row):
                    strange[table] += 1
                    continue
                if table == "journal":
                    walk.take(row)
                done = new.execute(f"INSERT OR IGNORE INTO {table}({OF_TABLE[table]}) VALUES({marks})", row)
                saved[table] += done.rowcount
        if not any(saved.values()):
            raise StoreError(f"{damaged}: nothing in it can be read; put a copy back: outagetui help upgrading")
        head = f"{walk.head.seq}:{walk.head.hash}"
        new.execute("INSERT INTO meta VALUES('head', ?)", (head.encode(),))
        new.execute("COMMIT")
    verdict = walk.end(head, lost=gone)
    with contextlib.closing(Store(target, lambda: at)) as store:
        if verdict.faults:
            faults = tuple(fault.words for fault in verdict.faults)
            store.append(at, actor, JournalAccepted(reason=f"repaired from {damaged}", faults=faults))
    lost = (*(fault.words for fault in verdict.faults), *_lost(salvage, strange))
    return Repaired(path=str(target), saved=saved, lost=lost, verdict=verdict)


def anchored(store: Path) -> tuple[anchor.Anchor | None, str]:
    """Return the anchor of a store, and why it cannot be read where that is so."""
    try:
        return anchor.read(store), ""
    except anchor.AnchorError as error:
        return None, str(error)


def _fits(table: str, row: Sequence[Any]) -> bool:
    """Whether a row has the form of its table; what the new store says of itself is not taken over."""
    if len(row) != len(OF_TABLE[table].split(", ")):
        return False
    if table == "journal":
        return sound(row)
    return row[0] is not None and not (table == "meta" and row[0] in OURS)


def _lost(salvage: Salvage, strange: dict[str, int]) -> Iterator[str]:
    for table in TABLES:
        if words := salvage.troubles.get(table):
            yield f"{table}: some of it cannot be read: {words}"
        if table != "meta" and strange[table]:
            yield f"{table}: {strange[table]} rows of another form were left out"


def _forget(target: Path) -> None:
    for ending in FILES:
        with contextlib.suppress(OSError):
            target.with_name(target.name + ending).unlink()
