"""Reading the store without being able to change it: what screens and `status` stand on."""

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from outagetui.core.model import Entry, Observation, Outcome, Sample
from outagetui.core.times import LATEST
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Beat, Live, Public, live_of
from outagetui.store import anchor, sign_of_life
from outagetui.store.damage import CHECK, SAID, DamagedError, NoStoreError, StoreError, look, of_sqlite
from outagetui.store.entries import SELECT, entry_of, text_of
from outagetui.store.folding import Snapshot, fold_on, folded, snapshot
from outagetui.store.live_rows import LiveRows
from outagetui.store.sample_rows import observation_of, sample_of, timed, words_in
from outagetui.store.schema import FIRST, OUTCOMES, PUBLISHED, SAMPLES, careful, turn_of, version_of
from outagetui.store.silences import Asked, Gap, silences
from outagetui.store.verification import Verdict, Walk

BUSY_SECONDS = 1.0
DAY = 86400.0
MOST_VALUES = 30_000  # in one query
DISORDER = 600.0  # seconds that a row of samples may stand away from its place in time
T = TypeVar("T", Public, Beat)
Counted = tuple[float, float, int, int]  # begin, seconds, passed or slow, failed


class Reader:
    """A read-only connection. Methods raise StoreError with words for the banner when the file cannot be read."""

    def __init__(self, path: Path, patience: float = BUSY_SECONDS) -> None:
        """Open the store, waiting `patience` seconds where another program keeps it locked."""
        self.path = path
        real = Path(os.path.realpath(path))
        self._file = look(real).st_ino
        self._settled = not _beside(real, "-shm").exists()
        self._real, self._db = real, _open(real, patience)
        self.schema = self._schema()
        self._version = -1
        self._said: Beat | None = None

    def changed(self) -> bool:
        """Whether another connection committed since the last call, or the daemon says something else of itself.

        `PRAGMA data_version` and a look at a small file: microseconds. Raises StoreError when a newer outagetui made
        the file its own since: what it writes means something else now.
        """
        version = self.version()
        if version != self._version:
            self.schema = self._schema()
        beat = sign_of_life.read(self._real)
        said = None if beat is None else replace(beat, at=0.0)
        moved = (version, said) != (self._version, self._said)
        self._version, self._said = version, said
        return moved

    def version(self) -> int:
        """Return a number that is another one when another connection committed."""
        version: int = self._rows("PRAGMA data_version")[0][0]
        return version

    def _schema(self) -> int:
        try:
            return version_of(self._db, self.path, "cannot be read")
        except SAID as error:
            raise of_sqlite(self.path, error) from error

    def outlived(self) -> bool:
        """Whether to open anew: the file was replaced, or a daemon may have come to one that was read as settled."""
        try:
            return self.path.stat().st_ino != self._file or (self._settled and _beside(self._real, "-shm").exists())
        except OSError:
            return True

    def same_file(self, other: "Reader") -> bool:
        """Whether `other`, which is still open, reads the same file: else the store was replaced."""
        return self._file == other._file

    def public(self) -> Public | None:
        """Return the screens' copy of the configuration; None before a daemon wrote one."""
        packed = self._meta("public")
        return None if packed is None else self._unpack(packed, Public)

    def beat(self) -> Beat | None:
        """Return the daemon's last sign of life."""
        if (beat := sign_of_life.read(self._real)) is not None:
            return beat
        packed = self._meta("beat")  # where a version before this one kept it
        return None if packed is None else self._unpack(packed, Beat)

    def published(self) -> int:
        """Return the turn in which the configuration was written, and rows of what is no longer watched went.

        Turns are the numbers of the commits of live rows. 0 for a store of before there were turns.
        """
        return turn_of(self._meta(PUBLISHED))

    def live(self) -> list[Live]:
        """Return the live row of every check and vantage; a damaged one counts as not looked at yet."""
        rows = LiveRows(self)
        rows.read()
        return rows.all()

    def written(self, after: int) -> list[tuple[int, int, Live]]:
        """Return series, turn and what it says of every live row that was written after the turn `after`."""
        turn = "turn" if self.schema > FIRST else "0"
        rows = self._rows(f"SELECT series, {turn}, document FROM live WHERE {turn} > ? ORDER BY series", (after,))  # noqa: S608
        return [
            (series, turn, row)
            for series, turn, packed in rows
            if isinstance(turn, int) and (row := live_of(packed)) is not None
        ]

    def recent(self, seconds: float) -> int:
        """Return a row number of samples before which nothing is of the last `seconds` of the daemon."""
        _, end = self._ends()
        newest = self._rows("SELECT at FROM samples WHERE rowid = ?", (end - 1,))
        if not newest or not isinstance(newest[0][0], int):
            return end
        return self._row_at(newest[0][0] / 1000 - seconds, 0.0)

    def samples(self, first: int, wanted: Callable[[int, float], bool]) -> tuple[int, list[tuple[int, float, Sample]]]:
        """Return the row number of the next sample, and series, time and sample of those from number `first` on.

        They come as they were written, and of each series and time that is `wanted`.
        """
        low, end = self._ends()
        if first > end:  # all were deleted since, and numbers are given anew
            first = low
        found = self._rows(f"SELECT {SAMPLES}, rowid FROM samples WHERE rowid >= ? ORDER BY rowid", (first,))  # noqa: S608
        rows = [row[:-1] for row in found if timed(row) and wanted(row[1], row[0] / 1000)]
        words = self._words({word for row in rows for word in words_in(row)})
        made = ((row[1], row[0] / 1000, sample_of(row, words)) for row in rows)
        after = found[-1][-1] + 1 if found else first
        return after, [(series, at, sample) for series, at, sample in made if sample is not None]

    def outcomes(self, first: int, limit: int) -> tuple[int, list[tuple[int, float, Outcome, float | None]]]:
        """Return the row number of the next sample, and series, time, outcome and ms of up to `limit` samples.

        They come as they were written, from row number `first` on.
        """
        low, end = self._ends()
        first = low if first > end else first  # all were deleted since, and numbers are given anew
        found = self._rows(
            "SELECT rowid, at, series, outcome, latency FROM samples WHERE rowid >= ? ORDER BY rowid LIMIT ?",
            (first, limit),
        )
        made = [
            (series, at / 1000, OUTCOMES[outcome], None if latency is None else latency / 1000)
            for _, at, series, outcome, latency in found
            if timed((at, series)) and outcome in range(len(OUTCOMES)) and isinstance(latency, int | None)
        ]
        return (found[-1][0] + 1 if found else max(first, low)), made

    def series(self) -> dict[int, str]:
        """Return the check of every series, by the number of the series."""
        named = self._rows("SELECT id, word FROM words WHERE id IN (SELECT series FROM live)")
        return {number: text_of(word).rpartition("@")[0] for number, word in named}

    def _observations(self, rows: Sequence[tuple]) -> list[Observation]:  # type: ignore[type-arg]
        words = self._words({word for row in rows for word in (row[1], *words_in(row))})
        return [seen for seen in (observation_of(row, words) for row in rows) if seen is not None]

    def _words(self, used: Collection[int]) -> dict[int, str]:
        """Return the words of these numbers, as far as they are there."""
        words: dict[int, str] = {}
        numbers = tuple(used)
        for at in range(0, len(numbers), MOST_VALUES):
            part = numbers[at : at + MOST_VALUES]
            found = self._rows(f"SELECT id, word FROM words WHERE id IN ({','.join('?' * len(part))})", part)  # noqa: S608
            words |= {number: text_of(word) for number, word in found}
        return words

    def ledger(self, primaries: frozenset[str]) -> Ledger:
        """Return the journal folded, from the daemon's snapshot on where there is one that fits."""
        return folded(self._rows, primaries)

    def fold_on(self, ledger: Ledger) -> None:
        """Fold what came after the entry that `ledger` was folded up to."""
        fold_on(self._rows, ledger)

    def snapshot(self, primaries: frozenset[str]) -> Snapshot | None:
        """Return the journal folded, to be left in the store; None where there is nothing to leave."""
        return snapshot(self._rows, primaries)

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the journal behind sequence number `after`, oldest first."""
        return [entry_of(row) for row in self._rows(f"{SELECT} WHERE seq > ? ORDER BY seq", (after,))]

    def newest(self, limit: int, before: int | None = None) -> list[Entry]:
        """Return up to `limit` entries older than `before`, newest first."""
        top = before if before is not None else 1 << 62
        rows = self._rows(f"{SELECT} WHERE seq < ? ORDER BY seq DESC LIMIT ?", (top, limit))
        return [entry_of(row) for row in rows]

    def history(self, check: str, since: float, until: float = LATEST) -> list[Observation]:
        """Return the samples of `check` from every vantage between two moments (epoch seconds), oldest first."""
        series = self._series(check)
        if not series:
            return []
        marks = ",".join("?" * len(series))
        rows = self._rows(
            f"SELECT {SAMPLES} FROM samples WHERE rowid BETWEEN ? AND ? AND series IN ({marks})"  # noqa: S608 only placeholders vary
            " AND at BETWEEN ? AND ? ORDER BY at",
            (self._row_at(since), self._row_after(until), *series, round(since * 1000), round(until * 1000)),
        )
        return self._observations(rows)

    def span(self, since: float) -> tuple[int, int]:
        """Return a row number of samples before which nothing is as young as `since`, and that of the next sample."""
        return self._row_at(since), self._ends()[1]

    def slice(self, check: str, first: int, after: int) -> list[Observation]:
        """Return the samples of `check` among the rows from `first` up to before `after`, in order of time."""
        series = self._series(check)
        marks = ",".join("?" * len(series))
        rows = self._rows(
            f"SELECT {SAMPLES} FROM samples WHERE rowid >= ? AND rowid < ? AND series IN ({marks}) ORDER BY at",  # noqa: S608 only placeholders vary
            (first, after, *series),
        )
        return self._observations(rows)

    def tallies(self, checks: Collection[str], begin: float, end: float) -> dict[str, list[Counted]]:
        """Return by check what was counted from `begin` to `end` (epoch seconds), oldest first.

        A sample takes no time, a rolled-up minute or hour its own; unknown samples are left out.
        """
        owners = {series: check for check in checks for series in self._series(check)}
        told: dict[str, list[Counted]] = {check: [] for check in checks}
        for table, column, seconds in self._rolled():
            for series in owners:
                rows = self._rows(
                    f"SELECT {column} * {seconds}, {seconds}, passed + warned, failed FROM {table} WHERE series = ?"  # noqa: S608
                    f" AND {column} BETWEEN ? AND ? AND passed + warned + failed > 0",
                    (series, int(begin // seconds), int(end // seconds)),
                )
                told[owners[series]] += filter(_counted, rows)
        rows = self._rows(
            "SELECT series, at / 1000.0, outcome < 2, outcome = 2 FROM samples WHERE rowid BETWEEN ? AND ?"
            " AND at BETWEEN ? AND ? AND outcome < 3 AND series IN (SELECT value FROM json_each(?))",
            (self._row_at(begin), self._row_after(end), round(begin * 1000), round(end * 1000), _json(owners)),
        )
        for series, at, passed, failed in rows:
            if _counted((at, passed, failed)):
                told[owners[series]].append((at, 0.0, passed, failed))
        return {check: sorted(rows) for check, rows in told.items()}

    def silences(self, checks: Iterable[str], begin: float, end: float, longer: float) -> list[tuple[float, float]]:
        """Return the stretches of more than `longer` seconds, between samples of `checks`, that touch begin to end.

        Before the oldest sample that is kept and after the newest one nothing is known: no stretch lies there. One that
        reaches more than a day beyond begin or end is not found.
        """
        series = dict.fromkeys(number for check in checks for number in self._series(check))
        first, last = begin - DAY, end + DAY
        asked = Asked(*(round(at * 1000) for at in (begin, end, first, last, longer)))

        def rows_of(gap: Gap) -> tuple[int, int]:
            return self._row_at(gap[0] / 1000), self._row_after(gap[1] / 1000)

        found = silences(self._rows, asked, rows_of, series, self._rolled())
        return [(since / 1000, until / 1000) for since, until in found]

    def _rolled(self) -> list[tuple[str, str, float]]:
        """Return the tables of what was rolled up, the column of their times, and how many seconds one row spans."""
        there = self._rows("SELECT 1 FROM sqlite_master WHERE name='hours'")  # a first version has none
        return [("minutes", "minute", 60.0), *([("hours", "hour", 3600.0)] if there else [])]

    def _row_at(self, at: float, disorder: float = DISORDER) -> int:
        """Return a row number of samples before which nothing is as young as `at` (epoch seconds), by halving.

        Rows are appended as probes end, so they stand nearly in the order of their times; `disorder` is for the rest.
        """
        wanted = round((at - disorder) * 1000)
        low, high = self._ends()
        while low < high:
            middle = (low + high) // 2
            found = self._rows("SELECT rowid, at FROM samples WHERE rowid >= ? ORDER BY rowid LIMIT 1", (middle,))
            if found and isinstance(found[0][1], int) and found[0][1] < wanted:
                low = found[0][0] + 1
            else:
                high = middle
        return low

    def _row_after(self, at: float) -> int:
        """Return a row number of samples behind which nothing is as old as `at` (epoch seconds)."""
        return self._row_at(at + 2 * DISORDER)

    def _ends(self) -> tuple[int, int]:
        first, last = self._rows("SELECT (SELECT min(rowid) FROM samples), (SELECT max(rowid) FROM samples)")[0]
        return (first or 0), (last or 0) + 1

    def verify(self) -> tuple[int, str]:
        """Walk the journal; return how many entries are sound and what is wrong behind them ("" when nothing is)."""
        verdict = self.verdict()
        first = next(iter(verdict.faults), None)
        return (verdict.entries, "") if first is None else (first.sound, first.words)

    def verdict(self) -> Verdict:
        """Walk the journal, and compare its end with the anchor beside it."""
        found, lost = None, ""
        try:
            # Read before the journal, of which it may then be older: the daemon writes it first.
            found = anchor.read(self._real)
        except anchor.AnchorError as error:
            lost = str(error)
        walk = Walk(found)
        self._rows("BEGIN")
        try:
            for row in self._rows(f"{SELECT} ORDER BY seq"):
                walk.take(row)
            recorded = self._meta("head")
            # A copy that lies elsewhere, such as a backup, has none.
            if found is None and not lost and self._meta("anchored") == os.fsencode(self._real):
                lost = f"{anchor.path_of(self._real)}: the anchor is missing"
        finally:
            self._rows("ROLLBACK")
        return walk.end(text_of(recorded) or f"0:{anchor.GENESIS}", lost=lost)

    def holds(self, seq: int, digits: str) -> bool | None:
        """Whether entry `seq` has a hash that begins with `digits`; None when there is no such entry."""
        rows = self._rows("SELECT hash FROM journal WHERE seq=?", (seq,))
        return text_of(rows[0][0]).startswith(digits) if rows else None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _series(self, check: str) -> dict[int, str]:
        """Return the number and name of every series of `check`, one a vantage."""
        names = (f"{check}@", f"{check}A")  # A follows @: every name that begins so
        return dict(self._rows("SELECT id, word FROM words WHERE word >= ? AND word < ?", names))

    def _meta(self, key: str) -> bytes | None:
        rows = self._rows("SELECT value FROM meta WHERE key=?", (key,))
        return rows[0][0] if rows else None

    def _unpack(self, packed: bytes, kind: type[T]) -> T:
        try:
            return msgspec.msgpack.decode(packed, type=kind)
        except (msgspec.MsgspecError, TypeError, ValueError) as error:
            raise DamagedError(f"{self.path}: damaged, or written by another version; {CHECK}") from error

    def _rows(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query, values).fetchall()
        except SAID as error:
            raise of_sqlite(self.path, error) from error


def _json(numbers: Iterable[int]) -> str:
    return f"[{','.join(map(str, numbers))}]"


def _counted(row: Sequence[object]) -> bool:
    """Whether a row holds numbers only, as all do that are not damaged."""
    return all(isinstance(each, int | float) for each in row)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _open(path: Path, patience: float) -> sqlite3.Connection:
    """Open read-only and never create `-shm`: one made by a reader locks the daemon out of its own store."""
    wal, shm = _beside(path, "-wal"), _beside(path, "-shm")
    settled = not wal.exists() or wal.stat().st_size == 0
    mode = "mode=ro" if shm.exists() else "mode=ro&immutable=1"
    if not shm.exists() and not settled:
        raise StoreError(f"{path}: has unfinished writes and no daemon; start the daemon once to settle them")
    try:
        db = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, isolation_level=None, timeout=patience)
        careful(db)
        if not version_of(db, path, "cannot be read"):
            raise NoStoreError(f"{path}: not a store of outagetui, or the daemon has not finished making it; {CHECK}")
    except SAID as error:
        raise of_sqlite(path, error) from error
    db.execute("PRAGMA query_only=ON")
    return db


def wait_for_store(path: Path, seconds: float) -> Reader:
    """Return a reader as soon as the store can be read; raises StoreError after `seconds`."""
    limit = time.monotonic() + seconds
    while True:
        try:
            return Reader(path)
        except StoreError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
