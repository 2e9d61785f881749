"""Ten million samples, and 100,000 journal entries: who reads them, and the upkeep, which must hold up nobody.

`--quick` takes a million. The whole upkeep would take minutes, so it is looked at for a while from its begin.
"""

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path

from outagetui.core.model import Keep
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.facts.events import Acked
from outagetui.store.journal import Store
from outagetui.store.reader import Reader
from outagetui.store.retention import DAY, KEEP_HOURS, KEEP_MINUTES
from tests.bench import daemon as ours
from tests.bench.big_store import bytes_of, fill
from tests.bench.process import cpu_seconds, free_port
from tests.bench.report import Row, failed, percentile
from tests.bench.status import timed
from tests.bench.writer import writing
from tests.kit.pty_driver import Pty, python

CHANNELS, ENTRIES = 1000, 100_000
CROWD, EVERY = 10_000, 30.0  # whose store is reckoned
KEYS = 10
APART = 0.05  # seconds between two intents
WAITED = 20.0  # seconds until a page or a key counts as never answered


def run(*, quick: bool = False) -> list[Row]:
    """Make the stores, read them, open a channel's page on one, and take its old samples away."""
    samples, seconds, limit = (1_000_000, 6.0, 5.0) if quick else (10_000_000, 30.0, 30.0)
    name, long = f"store, {samples / 1e6:.0f} million samples", f"store, {ENTRIES:,} entries"
    with tempfile.TemporaryDirectory() as place:
        now = time.time()
        big, small, old = (Path(place) / kind / "store" / "store.db" for kind in ("big", "small", "old"))
        fill(small, samples=100_000, entries=1000, channels=20, now=now)
        fill(big, samples=samples, entries=1000, channels=CHANNELS, now=now)
        fill(old, samples=100_000, entries=ENTRIES, channels=CHANNELS, now=now)
        return [
            Row(f"{name}: file", big.stat().st_size / 1e6, "MB"),
            _reckoned(Path(place) / "rows"),
            _command("store, an ordinary incident: report", small, limit, 0.5, "report"),
            _command(f"{name}: report", big, limit, 3.0, "report"),
            _history(name, big, now),
            *_page(name, big),
            *_upkeep(name, big, now, seconds),
            _served(long, old, limit),
            _command(f"{long}: status", old, limit, 0.15, "status"),
            _command(f"{long}: status --json", old, limit, None, "status", "--json"),
            _command(f"{long}: report", old, limit, None, "report"),
        ]


def _served(name: str, path: Path, limit: float) -> Row:
    """Let the real daemon take the store for a moment, as it would have kept it all the time."""
    targets = [f"http://127.0.0.1:{free_port()}/"] * CHANNELS
    directory = ours.configure(path.parent.parent, targets, every=3600.0)
    name = f"{name}: daemon start to order socket"
    try:
        with ours.started(directory, limit) as (process, _):
            return Row(name, cpu_seconds(process.pid), "CPU s")
    except TimeoutError as error:
        return failed(name, error)


def size_after(keep: Keep, checks: int, every: float, sample: float, minute: float, hour: float) -> float:
    """Return the bytes that a store comes to: samples, minutes and hours for as long as each is kept."""
    looks = keep.samples / every * sample
    return checks * (looks + KEEP_MINUTES / 60 * minute + KEEP_HOURS / 3600 * hour)


def _reckoned(place: Path) -> Row:
    """Return the size after 90 days, from how many bytes a row of each table takes."""
    count, sizes = 500_000, []
    for samples in (0, count):
        path = place / str(samples) / "store.db"
        fill(path, samples=samples, entries=0, channels=CHANNELS, now=time.time())
        sizes.append(path.stat().st_size)
    sample = (sizes[1] - sizes[0]) / count
    minute, hour = (bytes_of(table, place / table) for table in ("minutes", "hours"))
    reckoned = size_after(Keep(), CROWD, EVERY, sample, minute, hour)
    note = f"reckoned: {sample:.0f} B a sample, {minute:.0f} a minute, {hour:.0f} an hour"
    return Row(f"store, {CROWD:,} checks every {EVERY:.0f} s, after 90 days", reckoned / 1e9, "GB", 3, note)


def _command(name: str, path: Path, limit: float, goal: float | None, *words: str) -> Row:
    argv = python("-m", "outagetui", "--store", str(path), *words)
    took, spent = timed(argv, (0, 1, 2, 3), limit)
    return Row(name, spent, "CPU s", goal, "ended unfinished" if took >= limit else "")


def _history(name: str, path: Path, now: float) -> Row:
    reader = Reader(path)
    began = time.process_time()
    seen = reader.history("channel-0007.web", now - DAY)
    spent = time.process_time() - began
    reader.close()
    return Row(f"{name}: a channel's day read", 1000 * spent, "CPU ms", 50, f"{len(seen):,} samples")


def _page(name: str, path: Path) -> list[Row]:
    """Open a channel's page while a daemon's stand-in writes what 1,000 checks see, and change its range of time."""
    with (
        writing(path, CHANNELS, "crowd"),
        Pty(python("-m", "outagetui", "--store", str(path)), columns=120, lines=40) as screen,
    ):
        try:
            screen.until_text("Channel 0000", WAITED)
            screen.read(1.0)
            began, before = time.monotonic(), cpu_seconds(screen.process.pid)
            screen.send("\r")
            screen.until_text("range", WAITED)
            opened, spent = time.monotonic() - began, cpu_seconds(screen.process.pid) - before
            took = [_press(screen, "]["[number % 2]) for number in range(KEYS)]
            screen.read(2.0)
            began, before = time.monotonic(), cpu_seconds(screen.process.pid)
            screen.read(10.0)
            share = 100 * (cpu_seconds(screen.process.pid) - before) / (time.monotonic() - began)
        except AssertionError:
            return [failed(f"{name}: a channel's page", f"it did not come within {WAITED:.0f} s")]
    return [
        Row(f"{name}: a channel's page opened", 1000 * opened, "ms", note=f"{spent:.2f} CPU s"),
        Row(f"{name}: its key to paint, p95", 1000 * percentile(took, 0.95), "ms", 50, f"{CHANNELS} checks looked at"),
        Row(f"{name}: its CPU", share, "%", 5),
    ]


def _press(screen: Pty, key: str) -> float:
    """Choose another range of time; return the seconds until the page below its heading shows another picture."""
    screen.read(0.1)
    before = screen.picture.cells[6:]
    before = [list(row) for row in before]
    began = time.monotonic()
    screen.send(key)
    screen.until(lambda terminal: terminal.picture.cells[6:] != before, WAITED)
    return time.monotonic() - began


def _upkeep(name: str, path: Path, now: float, seconds: float) -> list[Row]:
    """Look at the upkeep with nothing to do, then a day later, when every sample has become too old."""
    store = Store(path)
    began = time.process_time()
    for _ in store.upkeep(now, words=False):
        pass
    idle = time.process_time() - began
    longest, computed, slices = 0.0, 0.0, store.upkeep(now + 2 * DAY, words=True)
    until = time.monotonic() + seconds / 2
    count, more = 0, True
    while more and time.monotonic() < until:
        began, before = time.monotonic(), time.process_time()
        more = next(slices, False) is None
        longest, computed = max(longest, time.monotonic() - began), max(computed, time.process_time() - before)
        count += 1
    waits, rolled = asyncio.run(_intents(store, now + 2 * DAY, seconds / 2))
    store.close()
    note = f"{len(waits)} intents, {rolled:,} samples rolled up meanwhile"
    return [
        Row(f"{name}: upkeep, nothing old", 1000 * idle, "CPU ms", 50),
        Row(
            f"{name}: upkeep, longest commit",
            1000 * longest,
            "ms",
            50,
            f"of {count:,}; most CPU in one {1000 * computed:.0f} ms",
        ),
        Row(f"{name}: an intent's commit during upkeep, p99", 1000 * percentile(waits, 0.99), "ms", 20, note),
    ]


async def _intents(store: Store, now: float, seconds: float) -> tuple[list[float], int]:
    """Write intents while the upkeep goes on; return the seconds each took, and how many samples went."""
    journal = JournalWriter(store, frozenset(), lambda: now)
    loop = asyncio.get_running_loop()
    before = _count(store)
    upkeep = asyncio.create_task(journal.upkeep(words=True))
    until, waits = loop.time() + seconds, []
    while loop.time() < until and not upkeep.done():
        began = loop.time()
        await journal.write("daemon", Acked(incident="i1"))
        waits.append(loop.time() - began)
        await asyncio.sleep(APART)
    upkeep.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await upkeep
    await journal.leave()  # the writer's thread may still be in a slice
    return waits, before - _count(store)


def _count(store: Store) -> int:
    first, last = store._db.execute("SELECT min(rowid), max(rowid) FROM samples").fetchone()
    return 0 if last is None else int(last) - int(first) + 1
