"""The store's upkeep: in slices, nothing lost that a report tells, and no more room than was asked for."""

import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Keep, Observation, Outcome, Sample
from outagetui.facts.live import Beat
from outagetui.store.journal import Store
from outagetui.store.minutes import HOUR, hours_of
from outagetui.store.reader import Reader
from outagetui.store.retention import ROWS
from outagetui.store.schema import SCHEMA
from tests.kit.filled_stores import TO_FIRST

DAY = 86400.0
BEAT = Beat(1, 1.0)
NOW = 1000 * DAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.db")
    yield made
    made.close()


def fill(store: Store, since: float, until: float, every: float = 10.0, series: int = 3) -> int:
    seen = [
        Observation(f"c{number}.web", "here", at, Sample(Outcome.PASS, latency_ms=5.0, detail=f"look {number}"))
        for step in range(round((until - since) / every))
        for at in [since + step * every]
        for number in range(series)
    ]
    store.record(seen, [], BEAT)
    return len(seen)


def counted(store: Store, table: str) -> int:
    sums = {"samples": "count(*)"}.get(table, "sum(passed + warned + failed + unknown)")
    with sqlite3.connect(store.path) as db:
        return int(db.execute(f"SELECT coalesce({sums}, 0) FROM {table}").fetchone()[0])


def test_upkeep_goes_in_slices_of_bounded_rows_and_loses_nothing(store: Store) -> None:
    made = fill(store, NOW - 4 * DAY, NOW - 3 * DAY, every=30.0) + fill(store, NOW - 3600, NOW)
    changes = [store._db.total_changes]
    for _ in store.upkeep(NOW, words=True):
        changes.append(store._db.total_changes)
    slices = [later - earlier for earlier, later in pairwise(changes)]
    assert len(slices) > made / ROWS / 2
    assert max(slices) <= 4 * ROWS
    assert counted(store, "samples") == 3 * 360
    assert counted(store, "samples") + counted(store, "minutes") + counted(store, "hours") == made
    assert counted(store, "minutes") == 0  # plain ones, more than two days old


def test_nothing_old_is_seen_with_a_few_rows_read(store: Store) -> None:
    fill(store, NOW - 20 * 3600, NOW)
    list(store.upkeep(NOW, words=False))
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    store._db.set_progress_handler(count, 1000)
    list(store.upkeep(NOW, words=False))
    store._db.set_progress_handler(None, 0)
    assert steps < 40  # thousands of SQLite's instructions, for 21,600 rows


def test_samples_of_a_clock_that_was_ahead_hold_nothing_up(store: Store) -> None:
    fill(store, NOW + 300 * DAY, NOW + 300 * DAY + 12000, every=10.0)  # more than a slice
    old = fill(store, NOW - 3 * DAY, NOW - 3 * DAY + 7200)
    list(store.upkeep(NOW, words=False))
    assert counted(store, "samples") == 3600
    assert counted(store, "minutes") + counted(store, "hours") == old


def test_a_store_that_is_too_large_keeps_samples_for_less_long(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db", keep=Keep(samples=DAY, most=600_000))
    made = fill(store, NOW - 6 * 3600, NOW, every=2.0)
    list(store.upkeep(NOW, words=False))
    with sqlite3.connect(store.path) as db:
        used = (
            db.execute("PRAGMA page_count").fetchone()[0] - db.execute("PRAGMA freelist_count").fetchone()[0]
        ) * 4096
    assert used <= 650_000
    assert 3 * 1800 <= counted(store, "samples") < made / 2  # the last hour stays whatever comes
    assert counted(store, "samples") + counted(store, "minutes") == made
    store.close()
    tight = Store(tmp_path / "store.db", keep=Keep(samples=DAY, most=1))
    list(tight.upkeep(NOW, words=False))
    assert counted(tight, "samples") >= 3 * 1800
    tight.close()


@pytest.mark.parametrize("keep", [7200.0, 3 * DAY])
def test_samples_are_kept_as_long_as_was_asked_for(tmp_path: Path, keep: float) -> None:
    store = Store(tmp_path / "store.db", keep=Keep(samples=keep))
    fill(store, NOW - 4 * DAY, NOW, every=600.0, series=1)
    list(store.upkeep(NOW, words=False))
    oldest = min(seen.at for seen in Reader(store.path).history("c0.web", 0.0))
    assert NOW - oldest == pytest.approx(keep, abs=600)
    store.close()


def test_hours_in_which_something_failed_or_nothing_was_seen_keep_their_minutes(store: Store) -> None:
    begin = NOW - 5 * DAY
    store.record(
        [
            Observation("c.web", "here", begin + 10 * step, Sample(outcome))
            for step in range(3 * 360)
            if not 400 <= step < 440  # nobody looked in the second hour for some minutes
            for outcome in [Outcome.FAIL if step in (800, 801) else Outcome.PASS]
        ],
        [],
        BEAT,
    )
    list(store.upkeep(NOW, words=False))
    list(store.upkeep(NOW + 3600, words=False))
    reader = Reader(store.path)
    told = reader.tallies(["c.web"], begin, begin + 3 * 3600)["c.web"]
    assert [(at - begin, seconds) for at, seconds, *_ in told[:2]] == [(0.0, 3600.0), (3600.0, 60.0)]
    assert sum(passed for *_, passed, _ in told) == 1080 - 40 - 2
    assert [at - begin for at, _, _, failed in told if failed] == [7980.0]
    gaps = reader.silences(["c.web"], begin, begin + 3 * 3600, 120.0)
    assert [(round(since - begin), round(until - begin)) for since, until in gaps] == [(4020, 4380)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10 * HOUR), st.integers(0, 9), st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)
        ),
        unique_by=lambda row: row[0],
    )
)
def test_an_hour_stands_only_for_well_seen_minutes_and_counts_them_all(rows: list[tuple[int, ...]]) -> None:
    minutes = [(*row, 3, row[1] * 5, 7) for row in sorted(rows)]
    for hour, passed, *bad, least, total, most in hours_of(minutes):
        assert hour is not None
        own = [row for row in minutes if row[0] // HOUR == hour]
        assert bad == [0, 0, 0]
        assert (passed, least, total, most) == (sum(row[1] for row in own), 3, sum(row[6] for row in own), 7)
        assert len(own) >= 3


def test_words_that_come_into_use_while_they_are_collected_stay(store: Store) -> None:
    fill(store, NOW - 3 * DAY, NOW - 3 * DAY + 100)
    late = Observation("late.web", "here", NOW, Sample(Outcome.FAIL, detail="look 1"))
    fill(store, NOW - 3600, NOW, every=1.0, series=3)
    fresh = [Observation("fresh.web", "here", NOW, Sample(Outcome.PASS, detail="rare words"))]
    store.record(fresh, [], BEAT)
    store._db.execute("DELETE FROM samples WHERE detail=(SELECT id FROM words WHERE word='rare words')")
    once = True
    for _ in store.upkeep(NOW, words=True):
        if once and store._retention._used is not None:
            once = False
            store.record([late, *fresh], [], BEAT)  # known by the cache, and used by nothing so far
    assert not once
    seen = Reader(store.path).history("fresh.web", 0.0)
    assert [each.sample.detail for each in seen] == ["rare words"]
    assert Reader(store.path).history("late.web", 0.0)[0].sample.detail == "look 1"


def test_a_store_of_the_first_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = Store(path)
    made = fill(store, NOW - 3600, NOW)
    store.close()
    with sqlite3.connect(path) as db:
        db.executescript(TO_FIRST)
    (tmp_path / "store.db.beat").unlink()
    reader = Reader(path)  # by a command, before any daemon of this version
    assert len(reader.history("c0.web", 0.0)) == made / 3
    assert reader.beat() is None
    assert reader.tallies(["c0.web"], 0.0, NOW)["c0.web"]
    assert reader.silences(["c0.web"], NOW - 3600, NOW, 60.0) == []
    reader.close()
    store = Store(path)
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    list(store.upkeep(NOW + 4 * DAY, words=True))
    assert counted(store, "hours") + counted(store, "minutes") == made
    store.close()
