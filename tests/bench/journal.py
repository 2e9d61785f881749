"""The store: a durable journal entry beside the barest one SQLite can make, and how soon a reader follows."""

import os
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from outagetui.facts.events import StateChanged
from outagetui.facts.live import Beat
from outagetui.store.journal import Store
from outagetui.store.reader import Reader
from outagetui.tui.board_feed import POLL
from tests.bench.process import until
from tests.bench.report import Row, median, percentile
from tests.bench.writer import config, first

ENTRIES, ROUNDS, FOLLOWED, POLLS = 100, 5, 60, 1000


def run() -> list[Row]:
    """Append in turn, then follow."""
    ours: list[float] = []
    bare: list[float] = []
    event = StateChanged(id="messenger", was="up", now="down", why="3 of 3 failed")
    with tempfile.TemporaryDirectory() as place:
        store, peer = Store(Path(place) / "store.db"), _bare(Path(place) / "bare.db")
        for _ in range(ROUNDS):
            bare += [_timed(partial(peer.execute, "INSERT INTO t(x) VALUES('y')")) for _ in range(ENTRIES)]
            ours += [_timed(partial(store.append, time.time(), "daemon", event)) for _ in range(ENTRIES)]
        peer.close()
        delays, poll = _follow(store)
        store.close()
    least = 1000 * median(bare)
    return [
        Row("journal: one durable entry, p50", 1000 * median(ours), "ms", note="a bare FULL insert", peer=least),
        Row("journal: one durable entry, p95", 1000 * percentile(ours, 0.95), "ms"),
        Row("journal: until a reader knows, p95", 1000 * percentile(delays, 0.95), "ms", note=f"polled every {POLL} s"),
        Row("journal: one poll of data_version", 1e6 * poll, "us"),
    ]


def _bare(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE t(x)")
    return db


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _follow(store: Store) -> tuple[list[float], float]:
    """Write at random moments from a thread while polling as the screens do; return delays and a poll's cost."""
    draw = random.Random(3)
    reader = Reader(store.path)
    delays: list[float] = []
    written = 0.0

    row = first(config(1).channels[0].checks[0], time.time())

    def write() -> None:
        nonlocal written
        written = time.perf_counter()
        store.record([], [row], Beat(os.getpid(), time.time()))

    reader.changed()
    for _ in range(FOLLOWED):
        timer = threading.Timer(draw.uniform(0, POLL), write)
        timer.start()
        until(reader.changed, "what was written", 10.0, POLL)
        delays.append(time.perf_counter() - written)
        timer.join()
    poll = _timed(lambda: [reader.changed() for _ in range(POLLS)]) / POLLS
    reader.close()
    return delays, poll
