"""What the store still tells of samples long after: counts, and stretches in which there were none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from outagetui.core.model import Outcome
from outagetui.facts.live import Beat
from outagetui.store.journal import Store
from outagetui.store.reader import Reader
from tests.report.story import sample

DAY = 86400.0
BEGIN = 60.0 * 1000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.db")
    outcomes = (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN)
    seen = [sample("chat.port", BEGIN + 10.0 * number, outcomes[number % 4]) for number in range(12)]
    seen += [sample("chat.portal", BEGIN + 500.0, Outcome.PASS), sample("chat.port", BEGIN + 700.0, Outcome.FAIL)]
    made.record(seen, [], Beat(1, BEGIN))
    yield made
    made.close()


def test_samples_are_counted_one_by_one(store: Store) -> None:
    told = Reader(store.path).tallies(["chat.port", "none"], BEGIN + 10, BEGIN + 40)
    assert told == {
        "chat.port": [(BEGIN + 10, 0.0, 1, 0), (BEGIN + 20, 0.0, 0, 1), (BEGIN + 40, 0.0, 1, 0)],
        "none": [],
    }


def test_what_was_rolled_up_is_counted_by_the_minute(store: Store) -> None:
    list(store.upkeep(BEGIN + 60 + DAY, words=True))
    told = Reader(store.path).tallies(["chat.port"], BEGIN, BEGIN + 80)
    assert told == {"chat.port": [(BEGIN, 60.0, 4, 1), (BEGIN + 60, 0.0, 0, 1), (BEGIN + 80, 0.0, 1, 0)]}


@pytest.mark.parametrize("rolled", [False, True], ids=["samples", "minutes"])
def test_stretches_without_samples_are_found(store: Store, rolled: bool) -> None:
    if rolled:
        list(store.upkeep(BEGIN + 5 * DAY, words=True))
    found = Reader(store.path).silences(["chat.port", "chat.portal"], BEGIN, BEGIN + 900, 60.0)
    wanted = [(110, 500), (500, 700)] if not rolled else [(120, 480), (540, 660)]
    assert [(round(begin - BEGIN), round(end - BEGIN)) for begin, end in found] == wanted
    reader = Reader(store.path)
    assert reader.silences(["chat.port"], BEGIN, BEGIN + 100, 60.0) == []
    assert reader.silences([], BEGIN + 2 * DAY, BEGIN + 3 * DAY, 60.0) == []
