"""What becomes of old samples: a day is kept, then minutes for two days, then hours for 90 days; words while used.

Minutes in which not all was well, or not all was looked at, stay as long as hours do: see `minutes`.

All of it is done in slices, each a short transaction bounded by row numbers, because the thread that does it also
writes the journal: an intent must never wait behind a look through millions of rows.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final

from outagetui.core.model import Keep
from outagetui.store.minutes import hours_of

DAY: Final = 86400.0
KEEP_MINUTES: Final = 2 * DAY
KEEP_HOURS: Final = 90 * DAY
LEAST_SAMPLES: Final = 3600.0  # seconds of samples that are kept however large the store is
ROWS: Final = 1000  # folded in one slice
READ: Final = 5000  # read in one slice
SKEW: Final = 60.0  # seconds that a sample may be ahead of the clock before its time counts for nothing
COUNTS: Final = "passed, warned, failed, unknown, least, total, most"
_ADD = (
    " ON CONFLICT DO UPDATE SET passed=passed+excluded.passed, warned=warned+excluded.warned,"
    " failed=failed+excluded.failed, unknown=unknown+excluded.unknown,"
    " least=coalesce(min(least, excluded.least), least, excluded.least), total=total+excluded.total,"
    " most=coalesce(max(most, excluded.most), most, excluded.most)"
)
_TO_MINUTES = (
    "INSERT INTO minutes SELECT series, at/60000, sum(outcome=0), sum(outcome=1), sum(outcome=2), sum(outcome=3),"  # noqa: S608
    " min(latency), coalesce(sum(latency), 0), max(latency)"
    f" FROM samples WHERE rowid BETWEEN ? AND ? AND at < ? GROUP BY series, at/60000 {_ADD}"
)
_TO_HOURS = f"INSERT INTO hours VALUES({','.join('?' * 9)}) {_ADD}"
_SPAN: Final = 16 * 60  # minutes of a series that are read at once
_UNTIL: Final = "hours"  # the key of `meta` that holds the minute up to which hours were made
_WORDS = ("code", "detail", "shape", "series")  # columns of samples that hold the number of a word


class Retention:
    """The slices of one store's upkeep. `reused` hears of every word that is written while words are collected."""

    def __init__(self, db: sqlite3.Connection, keep: Keep) -> None:
        self._db, self.keep = db, keep
        self._used: bytearray | None = None

    def slices(self, now: float, *, words: bool) -> Iterator[bool]:
        """Do one slice for each item, as of `now` (epoch seconds): run each in a transaction of its own.

        With `words`, those that nothing uses any more are collected at the end. An item says whether words are gone.
        """
        yield from self._samples(now)
        yield from self._minutes(int((now - KEEP_MINUTES) // 3600) * 60)
        yield from self._old(round((now - KEEP_HOURS) / 3600))
        if words:
            try:
                yield from self._collect()
            finally:
                self._used = None

    def reused(self, word: int) -> None:
        """Note that a word was written, so that it is not collected."""
        if self._used is not None:
            _mark(self._used, word)

    def _samples(self, now: float) -> Iterator[bool]:
        """Fold what is older than it is kept, from the oldest row on."""
        cut = round((now - self.keep.samples) * 1000) // 60000 * 60000
        latest = round((now - LEAST_SAMPLES) * 1000)
        row = 0
        while (first := self._one("SELECT min(rowid) FROM samples WHERE rowid > ?", row)) is not None:
            row = first + ROWS - 1
            least, most = self._two("SELECT min(at), max(at) FROM samples WHERE rowid BETWEEN ? AND ?", first, row)
            before = cut
            if self._too_large():
                before = max(cut, min(most // 60000 * 60000 + 60000, latest))
            if least < before:
                self._db.execute(_TO_MINUTES, (first, row, before))
                self._db.execute("DELETE FROM samples WHERE rowid BETWEEN ? AND ? AND at < ?", (first, row, before))
                yield False
            elif most <= (now + SKEW) * 1000:
                return  # what follows is younger; rows from a clock that was ahead say nothing of what follows

    def _too_large(self) -> bool:
        if self.keep.most is None:
            return False
        count, free, size = (self._one(f"PRAGMA {name}") or 0 for name in ("page_count", "freelist_count", "page_size"))
        return (count - free) * size > self.keep.most

    def _minutes(self, limit: int) -> Iterator[bool]:
        """Fold plain minutes before `limit` into hours, series by series."""
        done = self._one("SELECT CAST(max(value) AS INTEGER) FROM meta WHERE key=?", _UNTIL) or 0
        rows = 0
        for series in self._series("minutes"):
            before = done
            while (first := self._first_minute(series, before)) is not None and first < limit:
                first -= first % 60
                before = min(limit, first + _SPAN)
                rows += self._fold(series, first, before)
                if rows >= ROWS:
                    rows = 0
                    yield False
        self._db.execute("INSERT OR REPLACE INTO meta VALUES(?,?)", (_UNTIL, str(limit).encode()))
        yield False

    def _fold(self, series: int, since: int, before: int) -> int:
        """Fold the plain hours among a series' minutes; return how many rows were looked at."""
        found = self._db.execute(
            f"SELECT minute, {COUNTS} FROM minutes WHERE series=? AND minute >= ? AND minute < ? ORDER BY minute",  # noqa: S608
            (series, since, before),
        ).fetchall()
        hours = hours_of(found)
        self._db.executemany(_TO_HOURS, [(series, *hour) for hour in hours])
        self._db.executemany(
            "DELETE FROM minutes WHERE series=? AND minute BETWEEN ? AND ?",
            [(series, (hour[0] or 0) * 60, (hour[0] or 0) * 60 + 59) for hour in hours],
        )
        return len(found)

    def _old(self, limit: int) -> Iterator[bool]:
        """Drop hours, and minutes that were kept, before the hour `limit`, series by series."""
        rows = 0
        for table, column, before in (("hours", "hour", limit), ("minutes", "minute", limit * 60)):
            for series in self._series(table):
                rows += 1
                rows += self._db.execute(
                    f"DELETE FROM {table} WHERE series=? AND {column} < ?",  # noqa: S608
                    (series, before),
                ).rowcount
                if rows >= ROWS:
                    rows = 0
                    yield False
        if rows:
            yield False

    def _collect(self) -> Iterator[bool]:
        """Drop the words that nothing uses: mark those that are used, then sweep those that were there before."""
        highest = self._one("SELECT max(id) FROM words") or 0
        self._used = used = bytearray(highest // 8 + 1)
        row = 0
        while (first := self._one("SELECT min(rowid) FROM samples WHERE rowid > ?", row)) is not None:
            row = first + READ - 1
            for column in _WORDS:
                for (word,) in self._db.execute(
                    f"SELECT DISTINCT {column} FROM samples WHERE rowid BETWEEN ? AND ?",  # noqa: S608
                    (first, row),
                ):
                    _mark(used, word)
            yield False
        for table in ("minutes", "hours", "live"):
            for count, series in enumerate(self._series(table)):
                _mark(used, series)
                if count % ROWS == ROWS - 1:
                    yield False
        for first in range(1, highest + 1, READ):
            rows = self._db.execute("SELECT id FROM words WHERE id BETWEEN ? AND ?", (first, first + READ - 1))
            gone = [(word,) for (word,) in rows if word <= highest and not _marked(used, word)]
            for at in range(0, len(gone), ROWS):
                self._db.executemany("DELETE FROM words WHERE id=?", gone[at : at + ROWS])
                yield True

    def _series(self, table: str) -> Iterator[int]:
        """Yield every series of a table, each found by one step in its key."""
        series = -1
        while (found := self._one(f"SELECT min(series) FROM {table} WHERE series > ?", series)) is not None:  # noqa: S608
            series = found
            yield series

    def _first_minute(self, series: int, since: int) -> int | None:
        return self._one("SELECT min(minute) FROM minutes WHERE series=? AND minute >= ?", series, since)

    def _one(self, query: str, *values: int | str) -> int | None:
        found = self._db.execute(query, values).fetchone()[0]
        return found if isinstance(found, int) else None

    def _two(self, query: str, *values: int) -> tuple[int, int]:
        least, most = self._db.execute(query, values).fetchone()
        return (least or 0), (most or 0)


def _mark(used: bytearray, word: object) -> None:
    if isinstance(word, int) and 0 <= word < len(used) * 8:
        used[word >> 3] |= 1 << (word & 7)


def _marked(used: bytearray, word: int) -> bool:
    return bool(used[word >> 3] & 1 << (word & 7)) if 0 <= word < len(used) * 8 else False
