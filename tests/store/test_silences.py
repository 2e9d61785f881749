"""Silences between samples: those that a look at every sample finds, without a look at every sample."""

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.store.journal import Store
from outagetui.store.reader import DAY, Reader
from outagetui.store.silences import LOOKS, Asked, Gap, silences

LONGER = 60_000
ROLLED = [("minutes", "minute", 60.0), ("hours", "hour", 3600.0)]
time = st.integers(0, 40 * LONGER)


def store_of(times: list[int], minutes: list[tuple[int, int]], hours: list[tuple[int, int]]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE samples(at INTEGER)")
    db.executemany("INSERT INTO samples VALUES(?)", [(at,) for at in times])
    for (table, column, _), rows in zip(ROLLED, (minutes, hours), strict=True):
        db.execute(f"CREATE TABLE {table}(series INTEGER, {column} INTEGER)")
        db.executemany(f"INSERT INTO {table} VALUES(?,?)", rows)
    return db


def by_every_sample(times: list[int], rolled: list[int], asked: Asked) -> list[Gap]:
    known = sorted({at for at in times if asked.first <= at <= asked.last} | set(rolled))
    return [
        (since, until)
        for since, until in pairwise(known)
        if until - since > asked.longer and until > asked.begin and since < asked.end
    ]


@given(
    st.lists(time, max_size=60),
    st.sampled_from([1, 3, 50]),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 40)), max_size=6),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 1)), max_size=1),
    st.tuples(time, time).map(sorted),
)
def test_they_are_those_that_a_look_at_every_sample_finds(
    times: list[int], often: int, minutes: list[tuple[int, int]], hours: list[tuple[int, int]], between: list[int]
) -> None:
    times = [at + 200 * more for at in times for more in range(often)]
    asked = Asked(between[0], between[1], -5 * LONGER, 200 * LONGER, LONGER)
    db = store_of(times, minutes, hours)
    rolled = [minute for series, minute in minutes if series != 3]
    rolled += [hour * 60 + minute for series, hour in hours if series != 3 for minute in range(60)]
    edges = [edge for minute in rolled for edge in (minute * 60_000, minute * 60_000 + 59_999)]
    found = silences(
        lambda query, values: db.execute(query, values).fetchall(), asked, lambda _: (0, 10**6), [1, 2], ROLLED
    )
    assert found == by_every_sample(times, edges, asked)


def filled(path: Path, a_second: int) -> Store:
    """A store of three hours of samples, with ten minutes of silence in them."""
    store = Store(path)
    count = 3 * 3600 * a_second
    with sqlite3.connect(path) as db:
        db.executemany(
            "INSERT INTO samples(at, series, outcome) VALUES(?,?,0)",
            (
                (1_000_000_000 + number * 1000 // a_second, number % 7)
                for number in range(count)
                if not 3600 * a_second < number < 4200 * a_second
            ),
        )
    return store


@pytest.mark.parametrize("rows_of_one_second", [5, 20])
def test_a_look_costs_what_the_time_asks_for_and_not_what_the_store_holds(
    tmp_path: Path, rows_of_one_second: int
) -> None:
    store = filled(tmp_path / "store.db", rows_of_one_second)
    reader = Reader(store.path)
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 100
        return 0

    reader._db.set_progress_handler(step, 100)
    begin = 1_000_000.0
    assert reader.silences(["a.b"], begin, begin + 3 * 3600, 60.0) == [(begin + 3600, begin + 4200)]
    looks = LOOKS * (2 * DAY + 3 * 3600) / 60
    # What lies within some minutes of the silence is read row by row: rows stand only nearly in the order of time.
    near = 3 * 3600 * rows_of_one_second * 0.6
    assert steps < 20 * looks + 12 * near
