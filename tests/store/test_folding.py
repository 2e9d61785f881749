"""A store's journal folded: a reader folds what came after the snapshot, and never trusts one that does not fit."""

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.core.model import primaries_of
from outagetui.facts.events import Activated, StateChanged
from outagetui.facts.ledger import Ledger
from outagetui.store import folding
from outagetui.store.journal import Store
from outagetui.store.reader import Reader
from outagetui.store.source import StoreSource
from tests.kit.sample_business import CHANNELS, PUBLIC, business

PRIMARIES = primaries_of(PUBLIC.channels)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "store.db"


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the entries that are folded."""
    seen: list[int] = []
    inner = Ledger.apply

    def apply(self: Ledger, entry: object) -> None:
        inner(self, entry)  # type: ignore[arg-type]
        seen.append(self.seq)

    monkeypatch.setattr(Ledger, "apply", apply)
    return seen


def filled(path: Path, entries: int = 2500) -> Store:
    store = Store(path, lambda: 1e6)
    store.publish(PUBLIC, [])
    changes = [
        StateChanged(id=("messenger", "webchat")[number % 2], was="up", now=("down", "up")[number % 3 > 0], why="w")
        for number in range(entries)
    ]
    store.append(1e6, "outagetui", *changes)
    return store


def leave(store: Store) -> None:
    made = Reader(store.path).snapshot(PRIMARIES)
    assert made is not None
    store.leave_folded(made)


def change(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute(statement, values)


def test_only_what_came_after_the_snapshot_is_folded(path: Path, folds: list[int]) -> None:
    store = filled(path)
    whole = Reader(path).ledger(PRIMARIES)
    assert folds == list(range(1, 2501))
    leave(store)
    store.append(1e6 + 1, "alice", Activated(channel="webchat"))
    whole.apply(store.entries()[-1])
    for read in (Reader(path), store):
        folds.clear()
        assert read.ledger(PRIMARIES) == whole
        assert folds == [2501]


def test_a_screen_folds_on_and_anew_only_for_other_primaries(path: Path, folds: list[int]) -> None:
    store = filled(path)
    leave(store)
    folds.clear()
    source = StoreSource(path)
    source.board(1e6)
    assert folds == []
    store.append(1e6 + 1, "alice", Activated(channel="webchat"))
    store.publish(replace(PUBLIC, business="Another"), [])
    source.board(1e6 + 1)
    assert folds == [2501]
    store.publish(business(CHANNELS[2:3]), [])
    source.board(1e6 + 1)
    assert folds == [2501, *range(1, 2502)]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE folded SET hash = 'another'",
        "UPDATE folded SET hash = 7",
        "UPDATE folded SET seq = 2499",
        "UPDATE folded SET document = 'text'",
        "UPDATE folded SET document = substr(document, 1, 60)",
        "UPDATE folded SET document = x'ff' || substr(document, 2)",
        "UPDATE journal SET hash = 'rewritten' WHERE seq = 2500",
        "DELETE FROM journal WHERE seq = 2500",
        "DROP TABLE folded",
        "UPDATE folded SET seq = -1",
    ],
)
def test_a_snapshot_that_does_not_fit_counts_for_nothing(path: Path, folds: list[int], damage: str) -> None:
    leave(filled(path))
    change(path, damage)
    folds.clear()
    rows = sqlite3.connect(path).execute
    left = folding.folded(lambda query, values: rows(query, tuple(values)).fetchall(), PRIMARIES)
    assert folds == list(range(1, left.seq + 1))
    assert left.seq >= 2499


def test_the_newest_counts_and_the_one_before_is_gone(path: Path) -> None:
    store = filled(path, 3)
    leave(store)
    store.append(1e6 + 1, "alice", Activated(channel="webchat"))
    leave(store)
    assert sqlite3.connect(path).execute("SELECT seq FROM folded").fetchall() == [(4,)]


def test_verifying_walks_through_the_whole_journal_all_the_same(path: Path) -> None:
    store = filled(path)
    leave(store)
    change(path, "UPDATE journal SET document = '{}' WHERE seq = 3")
    entries, words = Reader(path).verify()
    assert (entries, words) == (2, "entry 3 was changed: its content does not match its hash")
    assert len(store.verify().faults) == 1


def test_a_journal_of_nothing_leaves_nothing(path: Path) -> None:
    Store(path).publish(PUBLIC, [])
    assert Reader(path).snapshot(PRIMARIES) is None


def test_numbers_that_go_back_in_a_damaged_file_end_the_fold() -> None:
    row = (1, 1_000_000, "a", "activate", '{"channel":"x"}', "", "h")
    asked: list[object] = []

    def rows(query: str, values: object) -> list[tuple[object, ...]]:
        asked.append(values)
        return [row] if "ORDER BY seq LIMIT" in query else []

    ledger = Ledger(seq=5)
    folding.fold_on(rows, ledger)
    assert asked == [(5,)]
