"""Minutes out of the store: an hour of them from before, in slices, then what is new."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.core.model import Observation, State
from outagetui.facts.events import StateChanged
from outagetui.facts.live import Beat
from outagetui.facts.minute_by_minute import FAILED, Minutes
from outagetui.store import minute_rows
from outagetui.store.journal import Store
from outagetui.store.minute_rows import MinuteRows
from outagetui.store.reader import Reader
from outagetui.store.source import StoreSource
from tests.kit.sample_business import PASS, PUBLIC, live_row
from tests.kit.watch_stories import FAIL

END = 100_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.db")
    made.publish(PUBLIC, ["messenger.port@here", "mail.port@here"])
    made.record([], [live_row("messenger.port"), live_row("mail.port")], Beat(1, END))
    yield made
    made.close()


def look(at: float, latency: float | None = 10.0, check: str = "messenger.port") -> Observation:
    return Observation(check, "here", at, FAIL if latency is None else replace(PASS, latency_ms=latency))


def read_all(rows: MinuteRows) -> set[str]:
    ended = rows.read()
    while rows.behind:
        ended |= rows.read()
    return ended


def test_an_hour_of_before_is_read_and_no_more(store: Store) -> None:
    old = [look(END - 7200 + 30 * n, 5.0) for n in range(100)]
    young = [look(END - 600 + 30 * n, 20.0) for n in range(20)]
    store.record([*old, *young], [], Beat(1, END))
    minutes = Minutes()
    assert read_all(MinuteRows(Reader(store.path), minutes)) == {"messenger.port"}
    hour = minutes.of("messenger.port")
    assert hour.minutes[-8:] == (20.0,) * 8
    assert hour.took == 20.0


def test_it_is_read_in_slices_until_nothing_is_left(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minute_rows, "SLICE", 7)
    store.record([look(END - 600 + 30 * n) for n in range(20)], [], Beat(1, END))
    rows = MinuteRows(Reader(store.path), Minutes())
    turns = 0
    while rows.behind:
        rows.read()
        turns += 1
    assert turns == 3


def test_what_comes_later_follows(store: Store) -> None:
    minutes = Minutes()
    rows = MinuteRows(Reader(store.path), minutes)
    assert read_all(rows) == set()
    store.record([look(END), look(END + 10, None)], [], Beat(1, END))
    assert rows.read() == set()
    store.record([look(END + 60, 7.0), look(END + 61, 7.0, "mail.port")], [], Beat(1, END))
    assert rows.read() == {"messenger.port"}
    assert minutes.of("messenger.port").minutes == (FAILED,)


def test_a_damaged_sample_is_passed_over(store: Store) -> None:
    store.record([look(END - 120), look(END - 60)], [], Beat(1, END))
    store._db.execute("UPDATE samples SET outcome='x' WHERE rowid=1")
    assert Reader(store.path).outcomes(0, 10)[1] == [(1, END - 60, PASS.outcome, 10.0)]


def test_the_second_board_has_the_hour_and_the_first_does_not_wait_for_it(store: Store) -> None:
    store.append(END - 500.0, "probe", StateChanged(id="messenger", was="up", now="down", why="x"))
    store.append(END - 300.0, "probe", StateChanged(id="messenger", was="down", now="up", why="x"))
    store.record([look(END - 600 + 30 * n) for n in range(20)], [], Beat(1, END))
    source = StoreSource(store.path)
    assert source.board(END).history == ()
    assert source.changed()
    shown = source.board(END)
    row = next(each for each in shown.channels if each.id == "messenger")
    assert set(row.minutes) == {10.0}
    assert row.took == 10.0
    customers = shown.history[0]
    assert max(lost for lost in customers.lost if lost is not None) == 0.6
    assert [mark.sign for mark in customers.marks] == ["✖", "●"]
    store.append(END, "alice", StateChanged(id="messenger", was="up", now="down", why="x"))
    store.record([], [live_row("messenger.port", State.DOWN, END)], Beat(1, END))
    assert [mark.sign for mark in source.board(END + 1.0).history[0].marks] == ["✖", "●", "✖"]
