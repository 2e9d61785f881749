"""Stores with something in them, for those who read."""

from pathlib import Path

from outagetui.core.model import State
from outagetui.facts.events import Activated
from outagetui.facts.live import Beat
from outagetui.store.journal import Store
from outagetui.store.schema import FIRST, PUBLISHED
from tests.kit.sample_business import PUBLIC, live_row

TO_FIRST = f"""
DROP TABLE hours; DROP TABLE folded; ALTER TABLE live DROP COLUMN turn;
DELETE FROM meta WHERE key='{PUBLISHED}'; PRAGMA user_version={FIRST};
"""  # makes a store into one of the first version
BEAT = Beat(7, 1000.0, "", "")


def store_with_entries(path: Path, entries: int = 6) -> Store:
    store = Store(path)
    store.publish(PUBLIC, ["messenger.port@here"])
    store.record([], [live_row("messenger.port")], BEAT)
    for number in range(entries):
        store.append(1000.0 + number, "alice", Activated(channel=f"c{number}"))
    return store


def store_in_outage(path: Path) -> Store:
    store = Store(path)
    store.publish(PUBLIC, [])
    store.record([], [live_row("messenger.port", State.DOWN, 1000.0)], Beat(7, 1005.0))
    store.append(1001.0, "alice", Activated(channel="webchat"))
    return store
