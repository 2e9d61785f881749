"""The store as the daemon writes it: durable, append-only, chained, and small."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Observation, Outcome, Sample, State
from outagetui.facts.events import Activated, DaemonStarted, Deactivated, StateChanged, decode
from outagetui.facts.live import Beat, Live, Public
from outagetui.facts.verdict import Track
from outagetui.store import schema
from outagetui.store.journal import GENESIS, Store, StoreError, chain
from outagetui.store.reader import Reader
from tests.kit.sample_business import PUBLIC, live_row

BEAT = Beat(1, 1000.0)
DAY = 86400.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store" / "store.db")


def seen(
    at: float, outcome: Outcome = Outcome.PASS, latency: float | None = 1.0, check: str = "a.b", **more: Any
) -> Observation:
    return Observation(check, "here", at, Sample(outcome, latency_ms=latency, **more))


def raw(store: Store) -> sqlite3.Connection:
    return sqlite3.connect(store.path, isolation_level=None)


def test_a_fresh_store_has_its_schema_and_the_modes_a_reader_needs(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        store = Store(tmp_path / "var" / "store.db")
        store.append(1.0, "daemon", Activated(channel="a"))
    finally:
        os.umask(old)
    assert (tmp_path / "var").stat().st_mode & 0o7777 == 0o2750
    for suffix in ("", "-wal", "-shm"):
        assert Path(f"{store.path}{suffix}").stat().st_mode & 0o777 == 0o640
    with raw(store) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    assert tables == {"meta", "words", "samples", "minutes", "hours", "live", "journal", "folded"}


def test_an_existing_directory_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o700)
    Store(tmp_path / "var" / "store.db").close()
    assert (tmp_path / "var").stat().st_mode & 0o7777 == 0o700


def test_entries_come_back_as_they_were_written_and_chained(store: Store) -> None:
    first = store.append(1000.123456, "alice", Activated(channel="a"), Activated(channel="b"))
    second = store.append(1001.0, "daemon", StateChanged(id="ü", was="up", now="down", why="„x“"))
    entries = store.entries()
    assert entries == first + second
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert entries[0].at == 1000.123456
    prev = GENESIS
    for entry in entries:
        assert entry.prev == prev
        prev = chain(entry.seq, round(entry.at * 1e6), entry.actor, entry.kind, entry.document, entry.prev)
        assert entry.hash == prev


def test_the_chain_goes_on_after_a_restart(store: Store) -> None:
    store.append(1.0, "daemon", Activated(channel="a"))
    store.close()
    again = Store(store.path)
    again.append(2.0, "daemon", Deactivated(channel="a"))
    assert Reader(store.path).verify() == (2, "")


def test_every_journal_commit_is_synchronous_full_and_samples_are_not(store: Store) -> None:
    trace: list[str] = []
    store._db.set_trace_callback(trace.append)
    store.append(1.0, "daemon", Activated(channel="a"))
    begin, commit = trace.index("BEGIN IMMEDIATE"), trace.index("COMMIT")
    assert "PRAGMA synchronous=FULL" in trace[:begin]
    assert not any("synchronous" in line for line in trace[begin:commit])
    assert trace[-1] == "PRAGMA synchronous=NORMAL"
    trace.clear()
    store.record([seen(1.0)], [], BEAT)
    assert not any("FULL" in line for line in trace)
    assert store._db.execute("PRAGMA synchronous").fetchone() == (1,)


def test_several_events_are_one_commit(store: Store) -> None:
    trace: list[str] = []
    store._db.set_trace_callback(trace.append)
    store.append(1.0, "daemon", *(Activated(channel=f"c{n}") for n in range(10)))
    assert trace.count("COMMIT") == 1


def test_a_failed_append_keeps_nothing_and_the_chain_goes_on(store: Store) -> None:
    store.append(1.0, "daemon", Activated(channel="a"))
    with raw(store) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(sqlite3.Error, match="disk full"):
        store.append(2.0, "daemon", Activated(channel="b"), Activated(channel="c"))
    assert store._db.execute("PRAGMA synchronous").fetchone() == (1,)
    with raw(store) as db:
        db.execute("DROP TRIGGER full")
    store.append(3.0, "daemon", Activated(channel="d"))
    assert [entry.seq for entry in store.entries()] == [1, 2]
    assert Reader(store.path).verify() == (2, "")


@pytest.mark.parametrize("table", ["samples", "live"])
def test_words_of_a_rolled_back_write_are_written_again(store: Store, table: str) -> None:
    with raw(store) as db:
        db.execute(f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(sqlite3.Error):
        store.record([seen(1.0, detail="new words")], [live_row("a.b")], BEAT)
    with pytest.raises(sqlite3.Error):
        store.record([seen(1.0)], [live_row("a.b")], BEAT)
    with raw(store) as db:
        db.execute("DROP TRIGGER full")
    store.record([seen(1.0, detail="new words")], [live_row("a.b")], BEAT)
    reader = Reader(store.path)
    assert [each.sample.detail for each in reader.history("a.b", 0.0)] == ["new words"]
    assert [row.check for row in reader.live()] == ["a.b"]


def test_nothing_in_the_program_changes_or_deletes_journal_entries() -> None:
    package = Path(schema.__file__).parent
    for file in package.rglob("*.py"):
        assert not re.search(
            r"(UPDATE|DELETE FROM|REPLACE INTO|DROP TABLE)\s+journal", file.read_text(), re.IGNORECASE
        ), file


def test_a_newer_store_is_refused_by_both_hands(store: Store) -> None:
    store.append(1.0, "daemon", Activated(channel="a"))
    store.close()
    with raw(store) as db:
        db.execute(f"PRAGMA user_version={schema.SCHEMA + 1}")
    db.close()
    before = store.path.read_bytes()
    for hand in (Store, Reader):
        with pytest.raises(StoreError, match=r"store.db: written by a newer outagetui \(schema 3"):
            hand(store.path)
    assert store.path.read_bytes() == before


def test_what_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but a long enough text to be taken for one" * 100)
    with pytest.raises(StoreError, match=r"notes.txt: cannot be used as the store"):
        Store(text)
    assert text.read_text().startswith("not a database")
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE theirs(a)")
    db.close()
    with pytest.raises(StoreError, match=r"an SQLite file of another program"):
        Store(other)
    with pytest.raises(StoreError, match=r"cannot be used as the store"):
        Store(tmp_path)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StoreError, match=r"cannot be used as the store"):
        Store(file / "below" / "store.db")


def test_live_rows_are_replaced_and_forgotten_with_their_check(store: Store) -> None:
    store.record([], [live_row("a.b"), live_row("c.d")], BEAT)
    store.record([], [live_row("a.b", State.DOWN)], BEAT)
    assert {row.check: row.state for row in store.live()} == {"a.b": State.DOWN, "c.d": State.UP}
    store.publish(PUBLIC, ["a.b@here"])
    assert [row.check for row in store.live()] == ["a.b"]


def test_a_live_row_survives_as_it_is(store: Store) -> None:
    row = Live("a.b", "here", State.DOWN, 5.0, "why", 1.0, 6.0, Sample(Outcome.FAIL, "x"), (1.5, None), Track(quick=2))
    store.record([], [row], BEAT)
    assert store.live() == [row]


def minutes(store: Store) -> list[tuple[int, ...]]:
    with raw(store) as db:
        return db.execute(
            "SELECT minute, passed, warned, failed, unknown, least, total, most FROM minutes ORDER BY minute"
        ).fetchall()


def test_samples_of_a_day_ago_become_minutes(store: Store) -> None:
    now = 100 * DAY
    old = now - DAY - 600
    store.record(
        [
            seen(old, latency=2.0),
            seen(old + 10, Outcome.WARN, 4.0),
            seen(old + 20, Outcome.FAIL, None),
            seen(old + 30, Outcome.UNKNOWN, None),
            seen(old + 60, latency=7.0),
            seen(now - 10),
        ],
        [],
        BEAT,
    )
    list(store.upkeep(now, words=True))
    minute = round(old // 60)
    assert minutes(store) == [(minute, 1, 1, 1, 1, 2000, 6000, 4000), (minute + 1, 1, 0, 0, 0, 7000, 7000, 7000)]
    assert [each.at for each in Reader(store.path).history("a.b", 0.0)] == [now - 10]


def test_a_minute_is_rolled_up_whole_and_late_samples_add_to_it(store: Store) -> None:
    now = 100 * DAY + 30  # in the middle of a minute
    edge = now - DAY
    store.record([seen(edge - 20), seen(edge + 20)], [], BEAT)
    list(store.upkeep(now, words=True))
    assert minutes(store) == []
    list(store.upkeep(now + 60, words=True))
    assert minutes(store)[0][1] == 2
    late = seen(edge - 10, Outcome.FAIL, None)
    store.record([late, seen(edge - 5, latency=0.5)], [], BEAT)
    list(store.upkeep(now + 60, words=True))
    assert minutes(store) == [(round(edge // 60), 3, 0, 1, 0, 500, 2500, 1000)]


def test_a_late_failure_does_not_erase_a_minutes_extremes(store: Store) -> None:
    now = 100 * DAY
    store.record([seen(now - 2 * DAY, latency=3.0)], [], BEAT)
    list(store.upkeep(now, words=True))
    store.record([seen(now - 2 * DAY, Outcome.FAIL, None)], [], BEAT)
    list(store.upkeep(now, words=True))
    assert minutes(store)[0][1:] == (1, 0, 1, 0, 3000, 3000, 3000)


def test_hours_and_minutes_are_dropped_after_ninety_days(store: Store) -> None:
    now = 200 * DAY
    for day in (91, 89):
        begin = now - day * DAY
        plain = [seen(begin + 60 * n, check="plain.web") for n in range(60)]
        store.record([*plain, seen(begin, Outcome.FAIL, None)], [], BEAT)
    list(store.upkeep(now, words=True))
    assert [row[0] for row in minutes(store)] == [round((now - 89 * DAY) // 60)]
    with raw(store) as db:
        assert db.execute("SELECT hour, passed, failed FROM hours").fetchall() == [
            (round(now - 89 * DAY) // 3600, 60, 0)
        ]


def test_words_nobody_uses_any_more_are_collected(store: Store) -> None:
    now = 100 * DAY
    store.record([seen(now - 2 * DAY, code="x.old", detail="old words")], [live_row("a.b")], BEAT)
    store.record([seen(now, code="x.new", detail="new words")], [], BEAT)
    list(store.upkeep(now, words=True))
    with raw(store) as db:
        words = {word for (word,) in db.execute("SELECT word FROM words")}
    assert "old words" not in words
    assert "x.old" not in words
    assert {"a.b@here", "x.new", "new words"} <= words
    store.record([seen(now, code="x.old", detail="old words")], [], BEAT)  # the same words later are new ones
    assert Reader(store.path).history("a.b", 0.0)[-1].sample.detail == "old words"


def test_the_journal_is_never_rolled_up(store: Store) -> None:
    store.append(1.0, "daemon", Activated(channel="a"))
    list(store.upkeep(1000 * DAY, words=True))
    assert len(store.entries()) == 1


def test_cutting_off_the_newest_entries_stays_in_evidence_when_the_daemon_goes_on(store: Store) -> None:
    for number in range(5):
        store.append(float(number), "daemon", Activated(channel=f"c{number}"))
    store.close()
    with raw(store) as db:
        db.execute("DELETE FROM journal WHERE seq > 3")
    db.close()
    assert Reader(store.path).verify() == (3, "entries behind 3 are missing or not recorded: the store recorded 5")
    Store(store.path).append(9.0, "daemon", Activated(channel="later"))
    count, words = Reader(store.path).verify()
    assert count == 3
    assert words == "entry 4 is missing: 6 follows 3"


WRITER = """
    import sys
    from pathlib import Path
    from outagetui.facts.events import Activated
    from outagetui.store.journal import Store
    store = Store(Path(sys.argv[1]))
    number = 0
    while True:
        number += 1
        store.append(float(number), "daemon", Activated(channel=f"c{number}"))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
"""


def test_what_was_acknowledged_survives_kill_nine(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        acknowledged = 20 + len(writer.stdout.read().splitlines())
        writer.wait()
        writer.stdout.close()
        store = Store(path)
        written = [decode(entry.kind, entry.document) for entry in store.entries()][-acknowledged - 1 :]
        assert Activated(channel=f"c{acknowledged}") in written
        assert Reader(path).verify()[1] == ""
        store.close()


def test_a_daemon_that_started_is_told_with_its_drill(store: Store) -> None:
    event = DaemonStarted(version="1", pid=7, vantage="here", digest="d", drill="x")
    (entry,) = store.append(1.0, "daemon", event)
    assert entry.kind == "daemon.start"
    assert entry.document == '{"digest":"d","drill":"x","pid":7,"vantage":"here","version":"1"}'


def test_the_screens_copy_round_trips(store: Store) -> None:
    store.publish(PUBLIC, [])
    public = Reader(store.path).public()
    assert isinstance(public, Public)
    assert public == PUBLIC


def test_checks_are_numbered_in_the_order_of_the_configuration(store: Store) -> None:
    """Then live rows that are renewed together lie in few pages, whichever check was looked at first."""
    series = [f"c{number}.web@here" for number in range(200)]
    store.publish(PUBLIC, series)
    store.record([seen(1.0, check=f"c{number}.web") for number in reversed(range(200))], [], BEAT)
    with raw(store) as db:
        numbers = dict(db.execute("SELECT word, id FROM words").fetchall())
    assert [numbers[name] for name in series] == sorted(numbers[name] for name in series)
    store.publish(PUBLIC, [*series, "late.web@here"])
    with raw(store) as db:
        assert db.execute("SELECT count(*) FROM words WHERE word LIKE '%@here'").fetchone() == (201,)
