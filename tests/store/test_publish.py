"""Publishing the screens' copy: what it costs in statements, and which live rows it leaves."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.facts.live import Beat
from outagetui.store.journal import Store
from tests.kit.sample_business import PUBLIC, live_row


def filled(path: Path, count: int) -> Store:
    store = Store(path)
    store.record([], [replace(live_row("a.b"), check=f"c{n}.web") for n in range(count)], Beat(1, 1000.0))
    return store


def statements(store: Store, keep: list[str]) -> int:
    said: list[str] = []
    store._db.set_trace_callback(said.append)
    store.publish(PUBLIC, keep)
    store._db.set_trace_callback(None)
    return len(said)


@pytest.mark.parametrize("known", [True, False])
def test_it_asks_once_however_many_checks_there_are(tmp_path: Path, *, known: bool) -> None:
    counts = []
    for count in (10, 200):
        store = filled(tmp_path / f"{count}.db", count)
        if not known:  # a daemon that starts anew has no number in mind
            store.close()
            store = Store(tmp_path / f"{count}.db")
        here = live_row("a.b").vantage
        counts.append(statements(store, [f"c{n}.web@{here}" for n in range(count)]))
        store.close()
    assert counts[0] == counts[1] <= 6


def test_only_rows_of_checks_that_are_left_stay(tmp_path: Path) -> None:
    store = filled(tmp_path / "store.db", 5)
    here = live_row("a.b").vantage
    store.publish(PUBLIC, [f"c1.web@{here}", f"c3.web@{here}", f"new.web@{here}"])
    assert sorted(row.check for row in store.live()) == ["c1.web", "c3.web"]
    store.close()
