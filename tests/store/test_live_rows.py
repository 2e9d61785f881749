"""Live rows in turn: what is new is read and nothing else, and it is what reading all of them would give."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from outagetui.core.model import Observation, Sample, State
from outagetui.facts.live import Beat, Live
from outagetui.store import schema
from outagetui.store.journal import Store, StoreError
from outagetui.store.live_rows import LiveRows
from outagetui.store.reader import Reader
from outagetui.store.source import StoreSource
from tests.kit.filled_stores import TO_FIRST
from tests.kit.sample_business import PASS, PUBLIC, business, channel, live_row
from tests.kit.watch_stories import FAIL, OURS, Story, check, config
from tests.kit.watch_stories import PASS as SEEN

BEAT = Beat(1, 1000.0)


class Counting(Reader):
    """Counts the rows that it decodes."""

    rows = 0
    decoded = 0

    def written(self, after: int) -> list[tuple[int, int, Live]]:
        found = super().written(after)
        self.rows += len(found)
        return found

    def samples(self, first: int, wanted: Callable[[int, float], bool]) -> tuple[int, list[tuple[int, float, Sample]]]:
        after, found = super().samples(first, wanted)
        self.decoded += len(found)
        return after, found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.db")
    made.publish(business([channel(f"c{number}") for number in range(100)]), [f"c{n}.port@here" for n in range(100)])
    made.record([], [live_row(f"c{number}.port") for number in range(100)], BEAT)
    yield made
    made.close()


def look(name: str, at: float) -> Observation:
    return Observation(name, "here", at, replace(PASS, latency_ms=at % 100))


def test_only_rows_and_samples_that_are_new_are_read(store: Store) -> None:
    reader = Counting(store.path)
    lives = LiveRows(reader)
    assert len(lives.read()) == 100
    assert (reader.rows, reader.decoded) == (100, 0)
    assert lives.read() == set()
    store.record([look("c3.port", 1010.0)], [live_row("c5.port", State.DOWN, 1005.0)], BEAT)
    assert lives.read() == {"c3.port", "c5.port"}
    assert (reader.rows, reader.decoded) == (101, 1)
    assert lives.by_check["c3.port"][0].at == 1010.0
    assert lives.by_check["c5.port"][0].state is State.DOWN
    store.record([look("c3.port", 1020.0)], [], BEAT)
    assert lives.read() == {"c3.port"}
    assert (reader.rows, reader.decoded) == (101, 2)


def test_a_look_that_its_row_knows_of_already_counts_once(store: Store) -> None:
    at = 1010.0006  # a sample's time is kept in milliseconds, that of a row as it was
    row = replace(live_row("c3.port"), at=at, spark=(1.0, 2.0))
    store.record([look("c3.port", at)], [row], BEAT)
    assert rows_of(store)["c3.port"] == (row,)


def rows_of(store: Store) -> dict[str, tuple[Live, ...]]:
    lives = LiveRows(Reader(store.path))
    lives.read()
    return lives.by_check


def test_rows_of_what_is_no_longer_watched_go(store: Store) -> None:
    lives = LiveRows(Reader(store.path))
    lives.read()
    store.publish(business([channel("c1")]), ["c1.port@here"])
    assert len(lives.read()) == 100
    assert list(lives.by_check) == ["c1.port"]


def test_turns_rise_over_rows_that_went_and_over_daemons(store: Store) -> None:
    lives = LiveRows(Reader(store.path))
    for number in range(5):
        store.record([], [live_row("c99.port", since=1000.0 + number)], BEAT)
    lives.read()
    store.publish(PUBLIC, ["c1.port@here"])
    store.close()
    again = Store(store.path)
    again.publish(PUBLIC, ["c1.port@here"])
    again.record([], [live_row("c1.port", State.DOWN)], BEAT)
    again.close()
    lives.read()
    assert {name: rows[0].state for name, rows in lives.by_check.items()} == {"c1.port": State.DOWN}


def test_samples_are_followed_although_all_were_deleted(store: Store) -> None:
    store.record([look("c3.port", 1010.0 + number) for number in range(10)], [], BEAT)
    lives = LiveRows(Reader(store.path))
    lives.read()
    store._db.execute("DELETE FROM samples")
    store.record([look("c3.port", 1030.0)], [], BEAT)
    assert lives.read() == {"c3.port"}
    assert lives.by_check["c3.port"][0].at == 1030.0


def test_a_store_without_turns_is_read_whole_and_followed_when_it_gets_them(store: Store) -> None:
    path = store.path
    store._db.executescript(TO_FIRST)
    reader = Counting(path)
    lives = LiveRows(reader)
    lives.read()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM live WHERE series=(SELECT id FROM words WHERE word='c3.port@here')")
    assert len(lives.read()) == 100
    assert "c3.port" not in lives.by_check
    store.close()
    new = Store(path)
    new.publish(PUBLIC, ["c1.port@here", "c2.port@here"])
    assert reader.changed()
    lives.read()
    assert set(lives.by_check) == {"c1.port", "c2.port"}
    reader.rows = 0
    new.record([], [live_row("c2.port", State.DOWN)], BEAT)
    assert lives.read() == {"c2.port"}
    assert reader.rows == 1
    new.close()


def test_an_open_screen_says_that_a_newer_program_took_the_store_over(store: Store) -> None:
    source = StoreSource(store.path)
    source.changed()
    assert len(source.board(1001.0).channels) == 100
    with sqlite3.connect(store.path) as db:
        db.execute("DROP TABLE live")
        db.execute(f"PRAGMA user_version={schema.SCHEMA + 1}")
    words = rf"written by a newer outagetui \(schema {schema.SCHEMA + 1}, this version knows {schema.SCHEMA}\)"
    for _ in range(3):
        with pytest.raises(StoreError, match=words):
            source.changed()


NAMES = ("a.x", "a.y", "b.x")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(NAMES), st.sampled_from((SEEN, SEEN, FAIL, OURS))),
        st.tuples(st.just("flush"), st.sampled_from((1.0, 30.0, 61.0))),
        st.tuples(st.just("read"), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_rows_in_turn_are_those_read_at_once(steps: list[tuple[str, object]]) -> None:
    story = Story(config(*(check(name) for name in NAMES)))
    with tempfile.TemporaryDirectory() as place:
        store = Store(Path(place) / "store.db")
        store.publish(PUBLIC, [f"{name}@here" for name in NAMES])
        lives = LiveRows(Reader(store.path))
        for what, how in [*steps, ("flush", 1.0), ("read", None)]:
            if isinstance(how, Sample):
                story.see(what, how)
            elif isinstance(how, float):
                seen, rows, _ = story.watch.take(how)
                store.record(seen, rows, BEAT)
            else:
                lives.read()
                assert lives.by_check == rows_of(store)
        store.close()
