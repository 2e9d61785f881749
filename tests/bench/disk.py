"""What the daemon does to a disk and to a sleeping processor: at 200 probes a second, and idle with 20 checks.

The bytes are those that the kernel sends to the disk for the daemon, and for what would move the log into the file: a
store on a tmpfs writes none.
"""

import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.bench import daemon as ours
from tests.bench.process import wakings, written
from tests.bench.report import Row, failed
from tests.bench.site import site

LOAD, IDLE = (2000, 10.0), (20, 30.0)  # checks, seconds between two looks


def run(*, quick: bool = False) -> list[Row]:
    """Measure both."""
    with site() as web:
        loaded, _, _ = _daemon(web.ports[0], *LOAD, 15.0 if quick else 45.0)
        idle, woken, windows = _daemon(web.ports[0], *IDLE, 20.0 if quick else 70.0)
    rows = [
        Row("disk: written at 200 probes a second", loaded / 1e9, "GB/h", 0.4),
        Row("disk: written idle, 20 checks", idle / 1e6, "MB/h", 4),
        Row("disk: wake-ups a second, idle", woken, "", 8, f"{windows:.0f} s long"),
    ]
    return rows if loaded else [failed("disk", "nothing was written: the temporary directory is not on a disk")]


def _daemon(port: int, checks: int, every: float, window: float) -> tuple[float, float, float]:
    """Return bytes written an hour, and wake-ups a second, and the seconds that were looked at."""
    targets = [f"http://127.0.0.1:{port}/{number}" for number in range(checks)]
    with tempfile.TemporaryDirectory() as place:
        directory = ours.configure(Path(place), targets, every=every, each=min(10, checks))
        with ours.daemon(directory) as (process, store), closing(sqlite3.connect(store)) as db:
            ours.settle(5.0)
            _checkpoint(db)
            began, bytes_before, woken_before = time.monotonic(), written(process.pid), wakings(process.pid)
            time.sleep(window)
            took = time.monotonic() - began
            sent, woken = written(process.pid) - bytes_before, wakings(process.pid) - woken_before
            sent += _checkpoint(db)
    return sent * 3600 / took, woken / took, took


def _checkpoint(db: sqlite3.Connection) -> int:
    """Move the log into the file; return the bytes that this process sent to the disk for it."""
    before = written(os.getpid())
    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    return written(os.getpid()) - before
