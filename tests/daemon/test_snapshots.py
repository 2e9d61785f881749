"""When the daemon leaves the folded journal in its store: seldom, beside the loop, and for the primaries of now."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from outagetui.core.model import primaries_of
from outagetui.daemon import snapshots
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.facts.events import Event, FaultInjected
from outagetui.facts.folded import unpack
from outagetui.store.folding import Snapshot
from outagetui.store.journal import Store
from tests.kit.sample_business import CHANNELS, PUBLIC, business
from tests.kit.waiting import until

PRIMARIES = primaries_of(PUBLIC.channels)
FAULT: Event = FaultInjected(fault="fails", target="messenger")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[JournalWriter]:
    store = Store(tmp_path / "store.db", lambda: 1e6)
    writer = JournalWriter(store, PRIMARIES, lambda: 1e6)
    yield writer
    writer._pool.shutdown()
    store.close()


def left(tmp_path: Path) -> list[tuple[int, object]]:
    rows = sqlite3.connect(tmp_path / "store.db").execute("SELECT seq, document FROM folded").fetchall()
    return [(seq, document) for seq, document in rows]


async def settled(journal: JournalWriter) -> None:
    await until(lambda: not journal._snapshots._background)


async def test_one_comes_with_so_many_entries_and_no_other_before_as_many_again(
    journal: JournalWriter, tmp_path: Path
) -> None:
    await journal.write("a", *[FAULT] * (snapshots.EVERY - 1))
    assert not journal._snapshots._background
    await journal.write("a", FAULT)
    await settled(journal)
    [(seq, document)] = left(tmp_path)
    assert seq == snapshots.EVERY
    assert unpack(document, PRIMARIES) == journal.ledger
    await journal.write("a", *[FAULT] * (snapshots.EVERY - 1))
    assert not journal._snapshots._background
    await journal.write("a", FAULT)
    await settled(journal)
    assert [seq for seq, _ in left(tmp_path)] == [2 * snapshots.EVERY]


async def test_other_primaries_make_another_at_once(journal: JournalWriter, tmp_path: Path) -> None:
    await journal.write("a", *[FAULT] * snapshots.EVERY)
    await settled(journal)
    await journal.publish(PUBLIC, [])
    assert not journal._snapshots._background  # nobody opens an incident who did not before
    await journal.publish(business(CHANNELS[2:3]), [])
    await settled(journal)
    [(seq, document)] = left(tmp_path)
    ledger = unpack(document, primaries_of(CHANNELS[2:3]))
    assert ledger is not None
    assert (seq, ledger.seq) == (snapshots.EVERY, snapshots.EVERY)


async def test_leaving_makes_the_last_one_where_it_is_worth_one(journal: JournalWriter, tmp_path: Path) -> None:
    await journal.write("a", *[FAULT] * snapshots.AT_THE_END)
    await journal.leave()
    assert [seq for seq, _ in left(tmp_path)] == [snapshots.AT_THE_END]


async def test_a_small_journal_needs_none(journal: JournalWriter, tmp_path: Path) -> None:
    await journal.write("a", FAULT)
    await journal.leave()
    assert left(tmp_path) == []


async def test_a_large_one_comes_more_seldom_and_one_that_is_too_large_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []

    async def keep(made: Snapshot) -> None:
        kept.append(made.seq)

    size = 1000 * snapshots.BYTES_PER_ENTRY
    monkeypatch.setattr(snapshots, "_read", lambda path, primaries: Snapshot(0, "", bytes(size)))
    made = snapshots.Snapshots(tmp_path, keep)
    for seq in (500, 1499, 1500):
        made.heed(seq, PRIMARIES)
        await until(lambda: not made._background)
    assert len(kept) == 2
    size = snapshots.MOST_BYTES + 1
    made.heed(2500, PRIMARIES)
    await until(lambda: not made._background)
    assert len(kept) == 2


async def test_a_store_that_cannot_be_read_is_no_failure_of_its_own(tmp_path: Path) -> None:
    async def keep(made: Snapshot) -> None:
        raise AssertionError

    made = snapshots.Snapshots(tmp_path / "nowhere", keep)
    made.heed(snapshots.EVERY, PRIMARIES)
    await until(lambda: not made._background)
    await made.leave(snapshots.EVERY + snapshots.AT_THE_END, PRIMARIES)
