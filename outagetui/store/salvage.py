"""Reading what a damaged store still holds: table by table, from both ends, around the pages that cannot be read.

Nothing of the damaged store is changed: SQLite opens it as a file that nobody writes, or, when its newest writes still
lie in the `-wal` file, a copy of both.
"""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from outagetui.store.damage import SAID, look, newer
from outagetui.store.entries import COLUMNS
from outagetui.store.leaf_pages import journal_rows
from outagetui.store.schema import FIRST, LATER, SAMPLES, SCHEMA

MOST_TRIES = 10_000  # ranges of one table that are tried
MOST_IN_VAIN = 300  # in a row: SQLite looks up the page anew each time, and finds it as bad
LAST = (1 << 63) - 1
KEYS = {"meta": "key", "minutes": "series, minute", "hours": "series, hour"}  # of the tables without a row number
OF_TABLE = {
    "meta": "key, value",
    "words": "id, word",
    "samples": SAMPLES,
    "minutes": "series, minute, passed, warned, failed, unknown, least, total, most",
    "hours": "series, hour, passed, warned, failed, unknown, least, total, most",
    "live": "series, document",  # a new store has no reader yet that would ask for what is of a later turn
    "journal": COLUMNS,
}
Row = tuple[Any, ...]


class Salvage:
    """What can be read. `troubles` says of each table why something could not be, the first reason only."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db, self._path = db, path
        self.troubles: dict[str, str] = {}

    def integrity(self, most: int = 20) -> list[str]:
        """Return what SQLite finds wrong in the file itself; nothing when all is well."""
        try:
            found = [str(row[0]) for row in self._db.execute(f"PRAGMA integrity_check({most})")]
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            found += [newer(version, SCHEMA)] if version > SCHEMA else []
        except SAID as error:
            return [str(error)]
        return [line for words in found if words != "ok" for line in words.splitlines()]

    def rows(self, table: str) -> Iterator[Row]:
        """Yield every row of a table that can be read; a journal's in the order of their numbers."""
        if table in LATER and self._is_first():
            return
        if table == "journal":
            found = {row[0]: row for row in self._numbered(table)}
            if table in self.troubles or not found:
                with contextlib.suppress(OSError):
                    found = {row[0]: row for row in journal_rows(self._path)} | found
            yield from (found[seq] for seq in sorted(found))
        elif table in KEYS:
            yield from self._keyed(table, KEYS[table])
        else:
            yield from self._numbered(table)

    def _is_first(self) -> bool:
        with contextlib.suppress(*SAID):
            return bool(self._db.execute("PRAGMA user_version").fetchone()[0] <= FIRST)
        return False

    def _numbered(self, table: str) -> Iterator[Row]:
        """Read a table by its row numbers, halving what cannot be read until only the bad rows are left out."""
        rowid = "seq" if table == "journal" else "rowid"
        query = f"SELECT {rowid}, {OF_TABLE[table]} FROM {table} WHERE {rowid} BETWEEN ? AND ? ORDER BY {rowid}"  # noqa: S608
        ranges = [(1, LAST)]
        vain = 0
        for _ in range(MOST_TRIES):
            if not ranges or vain > MOST_IN_VAIN or "no such" in self.troubles.get(table, ""):
                return
            low, high = ranges.pop()
            first = yield from self._from_one_end(table, query, (low, high), up=True)
            if first is None:
                continue
            last = yield from self._from_one_end(table, f"{query} DESC", (first, high), up=False)
            vain = vain + 1 if (first, last) == (low, high) else 0
            if last is None or first >= last:
                continue
            if last == LAST:  # numbers have few gaps, so what cannot be read begins and ends near what could be
                last = min(last, first + self._most())
            elif first == 1:
                first = max(first, last - self._most())
            middle = (first + last) // 2
            ranges += [(middle + 1, last), (first, middle)]

    def _from_one_end(
        self, table: str, query: str, bounds: tuple[int, int], *, up: bool
    ) -> Generator[Row, None, int | None]:
        """Yield rows until one cannot be read; return the number where to go on, None when all were read."""
        low, high = bounds
        try:
            for number, *row in self._db.execute(query, bounds):
                yield tuple(row)
                low, high = (number + 1, high) if up else (low, number - 1)
        except SAID as error:
            self.troubles.setdefault(table, str(error))
            return low if up else high
        return None

    def _most(self) -> int:
        """Return more rows than the file can hold."""
        return self._path.stat().st_size // 8 + 1024

    def _keyed(self, table: str, key: str) -> Iterator[Row]:
        """Read a table without row numbers from both ends."""
        seen: set[Row] = set()
        size = len(key.split(","))
        descending = ", ".join(f"{name} DESC" for name in key.split(", "))
        for order in (key, descending):
            try:
                for row in self._db.execute(f"SELECT {OF_TABLE[table]} FROM {table} ORDER BY {order}"):  # noqa: S608
                    if order == descending and row[:size] in seen:
                        return
                    seen.add(row[:size])
                    yield row
                return
            except SAID as error:
                self.troubles.setdefault(table, str(error))


@contextlib.contextmanager
def salvaging(path: Path, *, live: bool = False) -> Iterator[Salvage]:
    """Open the store at `path` for reading what it holds; `live`: a daemon has it open. Raises StoreError, OSError."""
    look(path)
    wal = path.with_name(path.name + "-wal")
    with contextlib.ExitStack() as stack:
        place, mode = path, "mode=ro&immutable=1"
        if live:
            mode = "mode=ro"
        elif wal.exists() and wal.stat().st_size:
            there = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outagetui-salvage-")))
            place, mode = there / "store.db", "mode=rw"
            shutil.copyfile(path, place)
            shutil.copyfile(wal, there / "store.db-wal")
        db = sqlite3.connect(f"{place.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=1.0)
        stack.callback(db.close)
        db.text_factory = _text
        yield Salvage(db, place)


def _text(raw: bytes) -> str | bytes:
    """Return text as it is, and bytes that are none as bytes, so that they are saved as they are."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
