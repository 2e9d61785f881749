"""Reading the store without being able to change it: what screens and `status` stand on."""

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from outagetui.core.model import Entry, Observation, Sample
from outagetui.facts.live import Beat, Live, Public
from outagetui.store.journal import GENESIS, OUTCOMES, PHASES, SCHEMA, StoreError, chain

BUSY_SECONDS = 1.0
DAY = 86400.0
T = TypeVar("T", Public, Beat, Live)
Counted = tuple[float, float, int, int]  # begin, seconds, passed or slow, failed


class Reader:
    """A read-only connection. Methods raise StoreError with words for the banner when the file cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._settled = not _beside(path, "-shm").exists()
        self._db = _open(path)
        self._file = path.stat().st_ino
        self._version = -1

    def changed(self) -> bool:
        """Whether another connection committed since the last call (`PRAGMA data_version`, microseconds)."""
        version: int = self._rows("PRAGMA data_version")[0][0]
        moved = version != self._version
        self._version = version
        return moved

    def outlived(self) -> bool:
        """Whether to open anew: the file was replaced, or a daemon may have come to one that was read as settled."""
        try:
            return self.path.stat().st_ino != self._file or (self._settled and _beside(self.path, "-shm").exists())
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
        packed = self._meta("beat")
        return None if packed is None else self._unpack(packed, Beat)

    def live(self) -> list[Live]:
        """Return the live row of every check and vantage."""
        return [self._unpack(row[0], Live) for row in self._rows("SELECT document FROM live")]

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the journal behind sequence number `after`, oldest first."""
        return [entry_of(row) for row in self._rows("SELECT * FROM journal WHERE seq > ? ORDER BY seq", (after,))]

    def newest(self, limit: int, before: int | None = None) -> list[Entry]:
        """Return up to `limit` entries older than `before`, newest first."""
        top = before if before is not None else 1 << 62
        rows = self._rows("SELECT * FROM journal WHERE seq < ? ORDER BY seq DESC LIMIT ?", (top, limit))
        return [entry_of(row) for row in rows]

    def history(self, check: str, since: float) -> list[Observation]:
        """Return the samples of `check` from every vantage since `since`, oldest first."""
        series = self._series(check)
        if not series:
            return []
        marks = ",".join("?" * len(series))
        rows = self._rows(
            f"SELECT * FROM samples WHERE series IN ({marks}) AND at >= ? ORDER BY at",  # noqa: S608 only placeholders vary
            (*series, round(since * 1000)),
        )
        used = {word for row in rows for word in (row[4], row[5], row[7])}
        words = dict(
            self._rows(f"SELECT id, word FROM words WHERE id IN ({','.join('?' * len(used))})", tuple(used))  # noqa: S608
        )
        return [_observation(row, series, words) for row in rows]

    def tallies(self, checks: Iterable[str], begin: float, end: float) -> dict[str, list[Counted]]:
        """Return by check what was counted from `begin` to `end` (epoch seconds), oldest first.

        A sample takes no time, a rolled-up minute sixty seconds; unknown samples are left out.
        """
        told: dict[str, list[Counted]] = {}
        for check in checks:
            series = tuple(self._series(check))
            marks = ",".join("?" * len(series))
            minutes = self._rows(
                f"SELECT minute * 60.0, 60.0, passed + warned, failed FROM minutes WHERE series IN ({marks})"  # noqa: S608 only placeholders vary
                " AND minute BETWEEN ? AND ? AND passed + warned + failed > 0",
                (*series, int(begin // 60), int(end // 60)),
            )
            samples = self._rows(
                f"SELECT at / 1000.0, 0.0, outcome < 2, outcome = 2 FROM samples WHERE series IN ({marks})"  # noqa: S608
                " AND at BETWEEN ? AND ? AND outcome < 3",
                (*series, round(begin * 1000), round(end * 1000)),
            )
            told[check] = sorted([*minutes, *samples])
        return told

    def silences(self, checks: Iterable[str], begin: float, end: float, longer: float) -> list[tuple[float, float]]:
        """Return the stretches of more than `longer` seconds, between samples of `checks`, that touch begin to end.

        Before the oldest sample that is kept and after the newest one nothing is known: no stretch lies there. One that
        reaches more than a day beyond begin or end is not found.
        """
        series = [number for check in checks for number in self._series(check)]
        bounds = {"begin": begin, "end": end, "first": begin - DAY, "last": end + DAY}
        bounds = {name: round(at * 1000) for name, at in bounds.items()}
        known = (
            "SELECT at FROM samples WHERE at BETWEEN :first AND :last UNION"  # noqa: S608 numbers of our own
            " SELECT minute * 60000 + edge FROM minutes, (SELECT 0 AS edge UNION SELECT 59999)"
            f" WHERE series IN ({','.join(map(str, series))}) AND minute BETWEEN :first / 60000 AND :last / 60000"
        )
        rows = self._rows(
            "SELECT at, after FROM"  # noqa: S608 numbers of our own
            f" (SELECT at, lead(at) OVER (ORDER BY at) AS after FROM ({known}))"
            " WHERE after - at > :longer AND after > :begin AND at < :end ORDER BY at",
            {**bounds, "longer": round(longer * 1000)},
        )
        return [(at / 1000, after / 1000) for at, after in rows]

    def verify(self) -> tuple[int, str]:
        """Walk the hash chain; return how many entries are sound and what breaks behind them ("" when nothing does)."""
        prev, count = GENESIS, 0
        for row in self._rows("SELECT * FROM journal ORDER BY seq"):
            seq, at_us, actor, kind, document, said, digest = row
            if seq != count + 1:
                return count, f"entry {count + 1} is missing: {seq} follows {count}"
            if said != prev:
                return count, f"entry {seq} does not follow entry {count}: its previous hash differs"
            if chain(seq, at_us, actor, kind, document, prev) != digest:
                return count, f"entry {seq} was changed: its content does not match its hash"
            prev, count = digest, seq
        head = (self._meta("head") or f"0:{GENESIS}".encode()).decode("utf-8", "replace")
        if head != f"{count}:{prev}":
            recorded = head.partition(":")[0][:20]
            return count, f"entries behind {count} are missing or not recorded: the store recorded {recorded}"
        return count, ""

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
        except msgspec.MsgspecError as error:
            raise StoreError(f"{self.path}: damaged, or written by another version: {error}") from error

    def _rows(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error


def entry_of(row: tuple[int, int, str, str, str, str, str]) -> Entry:
    """Return a journal row as an entry."""
    seq, at_us, actor, kind, document, prev, digest = row
    return Entry(seq, at_us / 1e6, actor, kind, document, prev, digest)


def _observation(row: tuple, series: dict[int, str], words: dict[int, str]) -> Observation:  # type: ignore[type-arg]
    at, which, outcome, latency, code, detail, value, shape, *spans = row
    check, _, vantage = series[which].rpartition("@")
    names = words.get(shape, "").split()
    sample = Sample(
        outcome=OUTCOMES[outcome],
        code=words.get(code, ""),
        detail=words.get(detail, ""),
        latency_ms=None if latency is None else latency / 1000,
        phases={name: span / 1000 for name, span in zip(names, spans[:PHASES], strict=False) if span is not None},
        value=value,
    )
    return Observation(check, vantage, at / 1000, sample)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _open(path: Path) -> sqlite3.Connection:
    """Open read-only and never create `-shm`: one made by a reader locks the daemon out of its own store."""
    if not path.exists():
        raise StoreError(f"{path}: there is no store yet; start the daemon")
    wal, shm = _beside(path, "-wal"), _beside(path, "-shm")
    settled = not wal.exists() or wal.stat().st_size == 0
    mode = "mode=ro" if shm.exists() else "mode=ro&immutable=1"
    if not shm.exists() and not settled:
        raise StoreError(f"{path}: has unfinished writes and no daemon; start the daemon once to settle them")
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=BUSY_SECONDS)
        version = db.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    if version > SCHEMA:
        raise StoreError(f"{path}: written by a newer outagetui (schema {version}, this version knows {SCHEMA})")
    if version == 0:
        raise StoreError(f"{path}: not a store of outagetui, or the daemon has not finished making it")
    db.execute("PRAGMA query_only=ON")
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")  # a damaged byte is for `verify` to name
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
