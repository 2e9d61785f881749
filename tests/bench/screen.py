"""The screen on a real pseudo-terminal of 120x40, 200 channels: first paint, bytes, CPU."""

import tempfile
import time
from pathlib import Path

from tests.bench.process import cpu_seconds, rss_mb
from tests.bench.report import Row, median
from tests.bench.writer import order, writing
from tests.kit.pty_driver import Pty, python

CHANNELS, ROUNDS = 200, 7
COLUMNS, LINES = 120, 40
SMALLEST = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Smallest(App):
    def compose(self):
        yield Static("it stands")
Smallest().run(mouse=False)
"""
PAINTED = b"Channel 000"


def run() -> list[Row]:
    """Measure the starts in turn, then one screen for a while."""
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / "store" / "store.db"
        with writing(store, CHANNELS) as writer:
            ours = python("-m", "outagetui", "--store", str(store))
            for argv, painted in ((python("-c", SMALLEST), b"it stands"), (ours, PAINTED)):
                _start(argv, painted)  # the first ones write the compiled files
            paints: list[float] = []
            smallest: list[float] = []
            sizes: list[int] = []
            for _ in range(ROUNDS):
                smallest.append(_start(python("-c", SMALLEST), b"it stands")[0])
                seconds, size = _start(ours, PAINTED)
                paints.append(seconds)
                sizes.append(size)
            with Pty(ours, columns=COLUMNS, lines=LINES) as screen:
                screen.until(lambda terminal: PAINTED in terminal.output)
                screen.read(2)
                idle = rate(screen, 10)
                order(writer, "one")
                screen.read(1.5)
                one = rate(screen, 10)
                order(writer, "busy")
                screen.read(1.5)
                before, began = cpu_seconds(screen.process.pid), time.monotonic()
                busy = rate(screen, 20)
                share = 100 * (cpu_seconds(screen.process.pid) - before) / (time.monotonic() - began)
                memory = rss_mb(screen.process.pid)
    note = f"1.5 times the smallest Textual app, {1000 * median(smallest):.0f} ms"
    return [
        Row("screen: first paint, 200 channels", 1000 * median(paints), "ms", 1500 * median(smallest), note),
        Row("screen: bytes at start", median(sizes), "B", 8000, "36,000 without sending only changed cells"),
        Row("screen: one changed cell", one, "B", 300, "the clock's second included"),
        Row("screen: 200 channels, 20 changes a second", busy, "B/s", 1000, "at 1 Hz, the clock included"),
        Row("screen: only the clock moves", idle, "B/s"),
        Row("screen: CPU with 20 changes a second", share, "%"),
        Row("screen: memory with 200 channels", memory, "MB", note="RSS"),
    ]


def rate(screen: Pty, seconds: float) -> float:
    """Return the bytes a second that come within whole seconds."""
    return len(screen.read(seconds)) / seconds


def _start(argv: list[str], painted: bytes) -> tuple[float, int]:
    """Return the seconds until `painted` has been sent, and the bytes by the time the screen stands still."""
    began = time.monotonic()
    with Pty(argv, columns=COLUMNS, lines=LINES) as screen:
        screen.until(lambda terminal: painted in terminal.output)
        took = time.monotonic() - began
        # The first paint's last byte comes with its first ones; what comes later is the clock.
        screen.read(0.2)
        return took, len(screen.output)
