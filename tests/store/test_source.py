"""The screens' source over a real store: boards, the log, and daemons that come, go and are replaced."""

from pathlib import Path

import pytest
from outagetui.core.model import State
from outagetui.facts.events import Activated, FaultInjected
from outagetui.facts.live import Beat
from outagetui.store.journal import Store, StoreError
from outagetui.store.source import REOPEN_AFTER, StoreSource
from tests.kit.filled_stores import store_in_outage
from tests.kit.sample_business import CHANNELS, PUBLIC, business


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "store.db"


def test_a_board_comes_from_the_store_alone(path: Path) -> None:
    store_in_outage(path)
    source = StoreSource(path)
    shown = source.board(1006.0)
    rows = {row.id: row for row in shown.channels}
    assert rows["messenger"].state is State.DOWN
    assert rows["webchat"].standing == "active"
    assert not shown.stale
    assert source.board(1100.0).stale


def test_the_journal_is_folded_only_forward(path: Path) -> None:
    store = store_in_outage(path)
    source = StoreSource(path)
    source.board(1006.0)
    boards = source._boards
    assert boards is not None
    ledger = boards.ledger
    store.append(1007.0, "alice", Activated(channel="jabber"))
    assert {row.id for row in source.board(1008.0).channels if row.standing == "active"} == {"webchat", "jabber"}
    assert source._boards is boards
    assert boards.ledger is ledger


def test_a_new_configuration_folds_the_journal_anew(path: Path) -> None:
    store = store_in_outage(path)
    source = StoreSource(path)
    source.board(1006.0)
    store.publish(business(CHANNELS[2:3]), [])
    assert [row.id for row in source.board(1007.0).channels] == ["webchat"]
    assert source.board(1007.0).channels[0].standing == "active"


def test_changes_are_noticed_cheaply(path: Path) -> None:
    store = store_in_outage(path)
    source = StoreSource(path)
    assert source.changed()
    assert not source.changed()
    store.record([], [], Beat(7, 1006.0, blind="no canary answers"))
    assert source.changed()


def test_the_log_tells_newest_first_and_the_history_oldest_first(path: Path) -> None:
    store = store_in_outage(path)
    store.append(1002.0, "daemon", FaultInjected(fault="fails", target="messenger"))
    source = StoreSource(path)
    assert [row.text for row in source.log(5)] == ["drill: messenger fails", "activated webchat by hand"]
    assert [row.seq for row in source.log(5, before=2)] == [1]
    assert source.span(0.0) == (0, 1)
    assert source.history("messenger.port", 0, 1) == ()


def test_a_store_that_is_not_there_yet_is_found_when_it_comes(path: Path) -> None:
    source = StoreSource(path)
    with pytest.raises(StoreError, match="there is no store yet"):
        source.board(1000.0)
    store = Store(path)
    with pytest.raises(StoreError, match="has not written its configuration yet"):
        source.board(1000.0)
    store.publish(PUBLIC, [])
    assert len(source.board(1000.0).channels) == 5


def test_a_daemon_that_comes_to_a_settled_store_is_followed(path: Path) -> None:
    store_in_outage(path).close()
    clock = Clock()
    source = StoreSource(path, clock)
    source.board(1006.0)
    store = Store(path)
    store.append(1007.0, "alice", Activated(channel="jabber"))
    clock.now += REOPEN_AFTER + 0.1
    assert source.changed()
    active = {row.id for row in source.board(1008.0).channels if row.standing == "active"}
    assert active == {"webchat", "jabber"}


def test_a_replaced_store_is_read_from_its_beginning(path: Path) -> None:
    store = store_in_outage(path)
    clock = Clock()
    source = StoreSource(path, clock)
    source.board(1006.0)
    store.close()
    for file in list(path.parent.iterdir()):
        file.unlink()
    fresh = Store(path)
    fresh.publish(PUBLIC, [])
    clock.now += REOPEN_AFTER + 0.1
    assert {row.standing for row in source.board(1006.0).channels} == {None, "standby"}
    source.close()
    source.close()  # twice is once


def test_a_damaged_entry_does_not_take_the_board_away(path: Path) -> None:
    store = store_in_outage(path)
    store.append(1007.0, "alice", Activated(channel="jabber"))
    store._db.execute("UPDATE journal SET document='{' WHERE seq=1")
    source = StoreSource(path)
    assert {row.id for row in source.board(1008.0).channels if row.standing == "active"} == {"jabber"}
    assert source.log(5)[-1].text == "a damaged entry: {"
