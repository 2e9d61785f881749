"""The store: one SQLite file with samples, live verdicts and the chained journal. Only the daemon opens it to write.

Journal commits are `synchronous=FULL` and announced in the anchor before; samples are cheap, and those of the last calm
seconds may be lost. Times are integers: microseconds for the journal, milliseconds for samples.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import wait
from pathlib import Path

import msgspec

from outagetui.core.model import Entry, Keep, Observation
from outagetui.facts.events import Event, JournalAccepted, encode, kind_of
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Beat, Live, Public, live_of, pack
from outagetui.store.anchor import GENESIS, START, Anchor, AnchorFile, Head, booted
from outagetui.store.damage import SAID, StoreError, look, of_sqlite
from outagetui.store.entries import ACCEPTED, SELECT, chain, entry_of, text_of
from outagetui.store.folding import Snapshot, folded
from outagetui.store.retention import Retention
from outagetui.store.schema import OUTCOMES, PHASES, PUBLISHED, prepare, turn_of
from outagetui.store.sign_of_life import SignOfLife
from outagetui.store.verification import Verdict, Walk, accepted_in, unanchored

__all__ = ["GENESIS", "Store", "StoreError", "WriteError", "chain", "entry_of", "make_place"]

KEPT = Keep()
MOST_WORDS = 20_000  # numbers of words that are kept in mind


class WriteError(Exception):
    """Nothing was written; the message says why, in words for the operator."""


class Store:
    """The daemon's hands on the file. Every method is blocking; call them from one thread at a time."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, keep: Keep = KEPT) -> None:
        """Open or make the store and compare it with its anchor. Raises StoreError."""
        self.path = path
        self._db = _open(path)
        self._retention = Retention(self._db, keep)
        self._life = SignOfLife(path)
        self._words: dict[str, int] = {}
        try:
            self.head = self._newest()
            self._turn = self._last_turn()
            self._anchor = AnchorFile(path)
            self._settle(clock())
        except SAID as error:
            raise of_sqlite(path, error, _USED) from error

    @property
    def breach(self) -> str:
        """Say how the journal did not fit its anchor when it was found; empty when it did, or that was accepted."""
        return self._said.breach

    @property
    def _said(self) -> Anchor:
        assert self._anchor.said is not None
        return self._anchor.said

    def append(self, at: float, actor: str, *events: Event) -> list[Entry]:
        """Append `events` in one durable commit and return them as entries; on sqlite3.Error nothing was kept.

        OSError: the anchor could not be written; nothing was kept either.
        """
        return self._append(at, actor, events, self.breach)

    def _append(self, at: float, actor: str, events: Sequence[Event], breach: str) -> list[Entry]:
        seq, prev = self.head
        at_us = round(at * 1e6)
        entries: list[Entry] = []
        for event in events:
            seq += 1
            kind, document = kind_of(event), encode(event)
            digest = chain(seq, at_us, actor, kind, document, prev)
            entries.append(Entry(seq, at_us / 1e6, actor, kind, document, prev, digest))
            prev = digest
        head = Head(seq, prev)
        self._db.execute("PRAGMA synchronous=FULL")
        try:
            synced = self._anchor.announce(self.head, head, at, breach, self._said.noticed)
            with self._transaction():
                self._db.executemany(
                    "INSERT INTO journal VALUES(?,?,?,?,?,?,?)",
                    [(e.seq, at_us, e.actor, e.kind, e.document, e.prev, e.hash) for e in entries],
                )
                self._put("head", f"{seq}:{prev}".encode())
        finally:
            self._db.execute("PRAGMA synchronous=NORMAL")
            wait((synced,))
        self.head = head
        with contextlib.suppress(OSError):  # the commit is there; its intent holds until the next one
            self._anchor.confirm()
        return entries

    def entries(self) -> list[Entry]:
        """Return the whole journal, oldest first."""
        return [entry_of(row) for row in self._db.execute(f"{SELECT} ORDER BY seq")]

    def ledger(self, primaries: frozenset[str]) -> Ledger:
        """Return the journal folded, from the snapshot on where there is one that fits."""
        return folded(lambda query, values: self._db.execute(query, values).fetchall(), primaries)

    def leave_folded(self, made: Snapshot) -> None:
        """Keep a snapshot of the folded journal instead of the one before."""
        with self._transaction():
            self._db.execute("DELETE FROM folded")
            self._db.execute("INSERT INTO folded VALUES(?,?,?)", (made.seq, made.hash, made.document))

    def verify(self) -> Verdict:
        """Walk the journal, and compare its end with the anchor."""
        walk = Walk(self._said)
        for row in self._db.execute(f"{SELECT} ORDER BY seq"):
            walk.take(row)
        return walk.end(self._recorded())

    def accept(self, at: float, actor: str, reason: str) -> list[Entry]:
        """Journal that an operator accepts all that is not as it was written; nothing when all is."""
        faults = tuple(fault.words for fault in self.verify().faults)
        return self._append(at, actor, [JournalAccepted(reason=reason, faults=faults)], "") if faults else []

    def record(self, observations: Sequence[Observation], live: Sequence[Live], beat: Beat) -> None:
        """Keep samples and the live rows that changed in one commit, and the sign of life beside the store.

        OSError: the sign of life could not be written.
        """
        if observations or live:
            with self._transaction():
                self._db.executemany(
                    f"INSERT INTO samples VALUES({','.join('?' * (8 + PHASES))})",
                    [self._sample(seen) for seen in observations],
                )
                self._turn += 1
                self._db.executemany(
                    "INSERT OR REPLACE INTO live(series, document, turn) VALUES(?,?,?)",
                    [(self._word(f"{row.check}@{row.vantage}"), pack(row), self._turn) for row in live],
                )
        self._life.write(beat)

    def _sample(self, seen: Observation) -> tuple[int | float | None, ...]:
        sample = seen.sample
        names = list(sample.phases)[:PHASES]
        spans: list[int | None] = [round(sample.phases[name] * 1000) for name in names]
        spans += [None] * (PHASES - len(spans))
        return (
            round(seen.at * 1000),
            self._word(f"{seen.check}@{seen.vantage}"),
            OUTCOMES.index(sample.outcome),
            None if sample.latency_ms is None else round(sample.latency_ms * 1000),
            self._word(sample.code),
            self._word(sample.detail),
            sample.value,
            self._word(" ".join(names)),
            *spans,
        )

    def _word(self, word: str) -> int:
        found = self._words.get(word)
        if found is None:
            row = self._db.execute("SELECT id FROM words WHERE word=?", (word,)).fetchone()
            if row is None:
                row = self._db.execute("INSERT INTO words(word) VALUES(?) RETURNING id", (word,)).fetchone()
            if len(self._words) >= MOST_WORDS:
                self._words.clear()
            found = self._words[word] = int(row[0])
        self._retention.reused(found)
        return found

    def live(self) -> list[Live]:
        """Return the last known live rows, for a daemon that starts again."""
        rows = [live_of(row[0]) for row in self._db.execute("SELECT document FROM live")]
        return [row for row in rows if row is not None]

    def publish(self, public: Public, keep: Iterable[str]) -> None:
        """Write the screens' copy of the configuration and forget live rows of checks other than `keep`.

        In which turn that was is noted, so that a reader knows that rows may be gone.
        """
        with self._transaction():
            self._turn += 1
            self._put("public", pack(public))
            self._put(PUBLISHED, str(self._turn).encode())
            kept = dict.fromkeys(keep)
            # Numbered in the order of the configuration, so that the live rows that are renewed together lie together.
            self._db.execute(
                "INSERT OR IGNORE INTO words(word) SELECT value FROM json_each(?) ORDER BY key",
                (msgspec.json.encode([*kept]).decode(),),
            )
            rows = self._db.execute("SELECT word, series FROM live LEFT JOIN words ON id=series").fetchall()
            self._words.update((word, number) for word, number in rows if word in kept)
            gone = [(number,) for word, number in rows if word not in kept]
            self._db.executemany("DELETE FROM live WHERE series=?", gone)

    def upkeep(self, now: float, *, words: bool) -> Iterator[None]:
        """Do the upkeep as of `now`, one short commit for each item: see `retention`; `words` collects unused ones."""
        slices = self._retention.slices(now, words=words)
        while True:
            with self._transaction():
                gone = next(slices, None)
            if gone is None:
                return
            if gone:
                self._words.clear()
            yield

    def leave(self) -> None:
        """Checkpoint so that readers of another user find a complete file; the caller then ends with `os._exit`.

        The connection is not closed: that would remove `-shm`, which such readers must not create themselves.
        """
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file, for tests and for commands that own it for a moment."""
        self._db.close()
        self._anchor.close()
        self._life.close()

    def _settle(self, at: float) -> None:
        """Compare the journal with its anchor as it was found, and anchor it where it stands now."""
        said, last, place = self._anchor.said, self._last(), os.path.realpath(self.path)
        breach, noticed = (said.breach, said.noticed) if said is not None else ("", 0.0)
        if breach and breach in self._accepted():
            breach = ""  # a daemon that was killed between that word and its anchor
        if not breach:
            noticed = at
            if said is not None:
                commits = self._db.execute("SELECT count(DISTINCT at) FROM journal WHERE seq > ?", (said.head.seq,))
                breach = unanchored(said, last, self._hash_of(said.head.seq), commits.fetchone()[0], booted())
            elif self._anchor.trouble or self._meta("anchored") == os.fsencode(place):
                lost = self._anchor.trouble or f"{self._anchor.path}: the anchor is missing"
                breach = f"{lost}: whether entries behind {last.seq} were cut off cannot be told"
            if breach and breach in self._accepted():
                breach = ""
        try:
            self._anchor.settle(self.head, at, breach, noticed)
        except OSError as error:
            raise StoreError(f"{self._anchor.path}: cannot be written: {error.strerror}") from error
        if self._meta("anchored") != os.fsencode(place):
            self._put("anchored", os.fsencode(place))

    def _accepted(self) -> set[str]:
        rows = self._db.execute("SELECT document FROM journal WHERE kind=?", (ACCEPTED,))
        return {words for row in rows for words in accepted_in(text_of(row[0]))}

    def _hash_of(self, seq: int) -> str:
        row = self._db.execute("SELECT hash FROM journal WHERE seq=?", (seq,)).fetchone()
        return text_of(row[0]) if row else ""

    def _last(self) -> Head:
        row = self._db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(row[0], text_of(row[1])) if row else START

    def _meta(self, key: str) -> bytes:
        row = self._db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return row[0] if row and isinstance(row[0], bytes) else b""

    def _recorded(self) -> str:
        return self._meta("head").decode("utf-8", "replace") or f"0:{GENESIS}"

    def _newest(self) -> Head:
        """Return number and hash of the newest entry ever written.

        When the newest entries were cut off, the recorded head is ahead: going on behind it keeps the gap in evidence.
        """
        last = self._last()
        number, _, its = self._recorded().partition(":")
        ahead = number.isdecimal() and len(number) < 19 and int(number) > last.seq
        return Head(int(number), its) if ahead else last

    def _last_turn(self) -> int:
        """Return the greatest turn there was: that of the newest live row, or in which the rest of them went."""
        newest = self._db.execute("SELECT max(turn) FROM live WHERE typeof(turn) = 'integer'").fetchone()[0]
        return max(newest or 0, turn_of(self._meta(PUBLISHED)))

    def _put(self, key: str, value: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES(?,?)", (key, value))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._words.clear()  # those just made are rolled back too
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise


def make_place(path: Path) -> None:
    """Make the store's directory as a reader of another group needs it (2750), unless it is there. Raises OSError."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
        path.parent.chmod(0o2750)


_USED = "cannot be used as the store"


def _open(path: Path) -> sqlite3.Connection:
    try:
        make_place(path)
        fresh = not os.path.lexists(path)
        if not fresh:
            look(path, _USED)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        if fresh:
            path.chmod(0o640)
        prepare(db, path, _USED)
    except SAID as error:
        raise of_sqlite(path, error, _USED) from error
    except OSError as error:
        raise StoreError(f"{path}: {_USED}: {os.strerror(error.errno or 0)}") from error
    return db
