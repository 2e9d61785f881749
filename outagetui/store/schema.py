"""The tables of the store, their versions, and the step from an older one."""

import sqlite3
from pathlib import Path
from typing import Final

from outagetui.core.model import Outcome
from outagetui.store.damage import CHECK, TABLES, DamagedError, StoreError, newer

SCHEMA: Final = 2
FIRST: Final = 1  # what it was without hours and turns, and with the sign of life among its rows
PUBLISHED: Final = "published"  # the key in `meta` of the turn in which the configuration was written last
OUTCOMES: Final = (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN)
PHASES: Final = 6
SAMPLES: Final = (
    f"at, series, outcome, latency, code, detail, value, shape, {', '.join(f'p{n}' for n in range(PHASES))}"
)
_COUNTS = "passed INTEGER, warned INTEGER, failed INTEGER, unknown INTEGER, least INTEGER, total INTEGER, most INTEGER"
_HOURS = f"CREATE TABLE hours(series INTEGER, hour INTEGER, {_COUNTS}, PRIMARY KEY(series, hour)) WITHOUT ROWID;"
# Each commit of live rows is a `turn`, a number that rises, so that a reader takes only the rows it has not seen.
_TURN = "turn INTEGER NOT NULL DEFAULT 0"
_FOLDED = "CREATE TABLE folded(seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, document BLOB NOT NULL);"
SCRIPT: Final = f"""
CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE words(id INTEGER PRIMARY KEY, word TEXT UNIQUE NOT NULL);
CREATE TABLE samples(at INTEGER, series INTEGER, outcome INTEGER, latency INTEGER, code INTEGER, detail INTEGER,
  value REAL, shape INTEGER, {", ".join(f"p{n} INTEGER" for n in range(PHASES))});
CREATE TABLE minutes(series INTEGER, minute INTEGER, {_COUNTS}, PRIMARY KEY(series, minute)) WITHOUT ROWID;
{_HOURS}
CREATE TABLE live(series INTEGER PRIMARY KEY, document BLOB NOT NULL, {_TURN});
CREATE TABLE journal(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,
  document TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL);
{_FOLDED}
PRAGMA user_version={SCHEMA};
"""
# What a first version becomes at once. What it holds too much of, minutes of more than two days, the upkeep takes away
# in its slices.
_FROM_FIRST = (
    f"{_HOURS} {_FOLDED} ALTER TABLE live ADD COLUMN {_TURN};"  # noqa: S608 words of our own
    f" DELETE FROM meta WHERE key='beat'; PRAGMA user_version={SCHEMA};"
)
LATER: Final = frozenset({"hours", "folded"})  # tables that a first version does not have


def careful(db: sqlite3.Connection) -> None:
    """Let a connection take nothing on trust that a damaged or made-up file says of itself."""
    db.execute("PRAGMA trusted_schema=OFF")
    db.execute("PRAGMA cell_size_check=ON")
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")  # a damaged byte is for `verify` to name


def version_of(db: sqlite3.Connection, path: Path, doing: str) -> int:
    """Return the schema's version, 0 for an empty file. Raises StoreError for whatever is no store of ours."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if tables and not tables & {"meta", "journal"}:
        raise StoreError(f"{path}: an SQLite file of another program; name another store")
    if version > SCHEMA:
        raise StoreError(f"{path}: {newer(version, SCHEMA)}")
    wanted = {*TABLES, *LATER} - (LATER if version <= FIRST else set())
    if lost := wanted - tables if tables or version else ():
        raise DamagedError(f"{path}: {doing}: damaged: it has no table {min(lost)}; {CHECK}")
    return version if tables else 0


def turn_of(packed: bytes | None) -> int:
    """Return the turn that `meta` holds under PUBLISHED; 0 where there is none."""
    return int(packed) if isinstance(packed, bytes) and packed.isdigit() and len(packed) < 19 else 0


def prepare(db: sqlite3.Connection, path: Path, doing: str) -> None:
    """See that it is a store of ours before anything is changed in it, and make or renew its tables."""
    careful(db)
    version = version_of(db, path, doing)
    if db.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
        raise StoreError(f"{path}: the file system does not support SQLite's WAL mode; name a store on a local disk")
    db.execute("PRAGMA synchronous=NORMAL")
    if version != SCHEMA:
        db.executescript(f"BEGIN IMMEDIATE; {SCRIPT if version == 0 else _FROM_FIRST} COMMIT;")
