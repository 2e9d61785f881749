"""A store of millions of samples and a long journal, made in seconds: SQLite itself makes the rows."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from outagetui.daemon.watch import series_of
from outagetui.facts.events import Acked, Event, StateChanged, encode, kind_of
from outagetui.facts.live import Beat, public
from outagetui.store.entries import chain
from outagetui.store.journal import GENESIS, Store, make_place
from outagetui.store.schema import SCRIPT
from tests.bench.writer import config, first

SPAN = 86_000.0  # seconds that the samples span: none is older than a day
LAST = 3600.0  # seconds ago that the last incident began
INCIDENT, BETWEEN = 100, 7200.0  # entries of one, and seconds between two
FEW = 5  # channels that fail in one
STEP = 2.0  # seconds between two entries of an incident
AT_ONCE = 1_000_000
_SAMPLES = """
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO samples SELECT :begin + i * :span / :count, (SELECT id FROM temp.series WHERE number = i % :series),
  i % 5000 = 0, 20000 + i * 7919 % 5000, :code, :detail, NULL, :shape, 400, 19000 + i % 900, NULL, NULL, NULL, NULL
FROM n
"""


def fill(path: Path, *, samples: int, entries: int, channels: int, now: float) -> None:
    """Make a store of `channels` with a check each, in which every incident is over at `now` (epoch seconds)."""
    make_place(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(f"BEGIN; {SCRIPT} COMMIT;")
        _journal(db, entries, channels, now)
    made = config(channels)
    store = Store(path)
    store.publish(public(made, (), ""), series_of(made.checks(), "vps-1"))
    store.record([], [first(check, now) for check in made.checks()], Beat(1, now))
    numbers = [store._word(name) for name in (*series_of(made.checks(), "vps-1"), "", "200 OK", "connect first_byte")]
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        _samples(db, samples, numbers, now)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _samples(db: sqlite3.Connection, count: int, numbers: list[int], now: float) -> None:
    *series, code, detail, shape = numbers
    db.execute("CREATE TEMP TABLE series(number INTEGER PRIMARY KEY, id INTEGER)")
    db.executemany("INSERT INTO temp.series VALUES(?,?)", enumerate(series))
    values = {"series": len(series), "code": code, "detail": detail, "shape": shape, "count": count}
    values |= {"begin": round((now - SPAN) * 1000), "span": round(SPAN * 1000)}
    for start in range(0, count, AT_ONCE):
        db.execute(_SAMPLES, values | {"first": start, "last": min(count, start + AT_ONCE) - 1})


def _journal(db: sqlite3.Connection, count: int, channels: int, now: float) -> None:
    prev, rows = GENESIS, []
    for seq, (at, event) in enumerate(events(count, channels, now), 1):
        at_us, kind, document = round(at * 1e6), kind_of(event), encode(event)
        digest = chain(seq, at_us, "daemon", kind, document, prev)
        rows.append((seq, at_us, "daemon", kind, document, prev, digest))
        prev = digest
    db.execute("BEGIN")
    db.executemany("INSERT INTO journal VALUES(?,?,?,?,?,?,?)", rows)
    db.execute("INSERT INTO meta VALUES('head',?)", (f"{count}:{prev}".encode(),))
    db.execute("COMMIT")


def events(count: int, channels: int, now: float) -> Iterator[tuple[float, Event]]:
    """Yield `count` entries of a journal of incidents, oldest first: channels that go down and come up, acks."""
    incidents = -(-count // INCIDENT)
    for number in range(count):
        incident, place = divmod(number, INCIDENT)
        at = now - LAST - (incidents - 1 - incident) * BETWEEN + place * STEP
        pair, up = divmod(place, 2)
        channel = f"channel-{(incident * FEW + pair % FEW) % channels:04}"
        was, after = ("down", "up") if up else ("up", "down")
        if place == INCIDENT - 2:
            yield at, Acked(incident="", note="looked at")
        else:
            yield at, StateChanged(id=channel, was=was, now=after, why="3 of 3 failed" if after == "down" else "200 OK")


def bytes_of(table: str, path: Path, rows: int = 200_000) -> float:
    """Return how many bytes a row of `minutes` or `hours` takes in a file at `path` of its own."""
    column = {"minutes": "minute", "hours": "hour"}[table]
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(SCRIPT)
        before = _bytes(db)
        start = int(time.time()) // 60
        db.execute("BEGIN")
        db.executemany(
            f"INSERT INTO {table}(series, {column}, passed, warned, failed, unknown, least, total, most)"
            " VALUES(?,?,2,0,0,0,19000,40000,21000)",
            ((1 + row // 1000, start + row % 1000) for row in range(rows)),
        )
        db.execute("COMMIT")
        return (_bytes(db) - before) / rows


def _bytes(db: sqlite3.Connection) -> int:
    count: int = db.execute("PRAGMA page_count").fetchone()[0]
    size: int = db.execute("PRAGMA page_size").fetchone()[0]
    return count * size
