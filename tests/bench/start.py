"""How soon it is there: the first paint with 20 channels, and the daemon, beside the least they could be."""

import sys
import tempfile
from pathlib import Path

from tests.bench import daemon as ours
from tests.bench.process import cpu_seconds
from tests.bench.report import Row, median
from tests.bench.screen import PAINTED, first_paint, in_turn
from tests.bench.site import site
from tests.bench.status import timed
from tests.bench.writer import writing
from tests.kit.pty_driver import python

CHANNELS = 20
LEAST = [sys.executable, "-c", "import asyncio, ssl, sqlite3"]  # what no daemon of this kind can do without


def run(*, quick: bool = False) -> list[Row]:
    """Start each some times."""
    rounds = 3 if quick else 9
    return [*_paint(rounds), *_imports(rounds), _daemon(rounds)]


def _paint(rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / "store" / "store.db"
        with writing(store, CHANNELS):
            paints, smallest = in_turn((python("-m", "outagetui", "--store", str(store)), PAINTED), rounds)
    return first_paint(f"start, {CHANNELS} channels", paints, smallest)


def _imports(rounds: int) -> list[Row]:
    """Return what is loaded before the first paint, beside what the smallest app loads."""
    argv = python("-c", "from outagetui.tui import app")
    peer = python("-c", "from textual.app import App; from textual.widgets import Static")
    mine, least = [], []
    for _ in range(rounds):
        least.append(timed(peer)[1])
        mine.append(timed(argv)[1])
    low = 1000 * median(least)
    return [
        Row("start: the screens' imports", 1000 * median(mine), "CPU ms", 1.3 * low, "textual's App and Static", low)
    ]


def _daemon(rounds: int) -> Row:
    spent, least = [], []
    with site() as web, tempfile.TemporaryDirectory() as place:
        targets = [f"http://127.0.0.1:{web.ports[0]}/{number}" for number in range(CHANNELS)]
        directory = ours.configure(Path(place), targets)
        for _ in range(rounds):
            least.append(timed(LEAST)[1])
            with ours.started(directory) as (process, _):
                spent.append(cpu_seconds(process.pid))
    name, peer = f"start, {CHANNELS} channels: daemon to order socket", 1000 * median(least)
    return Row(name, 1000 * median(spent), "CPU ms", None, f"python -c '{LEAST[-1]}'", peer)
