"""The screen on a real pseudo-terminal of 120x40, with 200 channels and with 10,000: paint, bytes, CPU, keys."""

import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.keys import cursor
from tests.bench.process import cpu_seconds, rss_mb
from tests.bench.report import Row, median, percentile
from tests.bench.writer import order, writing
from tests.kit.pty_driver import Pty, python

CHANNELS, CROWD = 200, 10_000
COLUMNS, LINES = 120, 40
SMALLEST = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Smallest(App):
    def compose(self):
        yield Static("it stands")
Smallest().run(mouse=False)
"""
SMALL = python("-c", SMALLEST), b"it stands"
PAINTED = b"Channel 0000"
KEYS = 40


@dataclass(frozen=True)
class Paint:
    """A start: wall and CPU seconds until the first paint, and the bytes by the time the screen stands still."""

    seconds: float
    spent: float
    size: int


def run(*, quick: bool = False) -> list[Row]:
    """Look at a business of many channels, then at one of very many."""
    return [*_few(quick), *_crowd(quick)]


def _few(quick: bool) -> list[Row]:
    idle_for, busy_for = (4.0, 8.0) if quick else (10.0, 20.0)
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / "store" / "store.db"
        with writing(store, CHANNELS) as writer:
            ours = python("-m", "outagetui", "--store", str(store)), PAINTED
            paints, smallest = in_turn(ours, 3 if quick else 7)
            with Pty(ours[0], columns=COLUMNS, lines=LINES) as screen:
                screen.until(lambda terminal: PAINTED in terminal.output)
                screen.read(2)
                idle = rate(screen, idle_for)
                order(writer, "one")
                screen.read(1.5)
                one = rate(screen, idle_for)
                order(writer, "busy")
                screen.read(1.5)
                busy, share = load(screen, busy_for)
                memory = rss_mb(screen.process.pid)
    words = f"screen, {CHANNELS} channels"
    return [
        *first_paint(words, paints, smallest),
        Row(f"{words}: bytes at start", median([each.size for each in paints]), "B", 8000),
        Row(f"{words}: one changed cell", one, "B", 300, "the clock's second included"),
        Row(f"{words}: 20 changes a second", busy, "B/s", 160, "at 1 Hz, the clock included"),
        Row(f"{words}: only the clock moves", idle, "B/s"),
        Row(f"{words}: CPU with 20 changes a second", share, "%", 1),
        Row(f"{words}: memory", memory, "MB", note="RSS"),
    ]


def _crowd(quick: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / "store" / "store.db"
        with writing(store, CROWD, "crowd"):
            time.sleep(3.0 if quick else 30.0)  # a screen that comes finds samples beside the live rows
            ours = python("-m", "outagetui", "--store", str(store)), PAINTED
            paints, smallest = in_turn(ours, 1 if quick else 3)
            with Pty(ours[0], columns=COLUMNS, lines=LINES) as screen:
                screen.until(lambda terminal: cursor(terminal) is not None, 60.0)
                screen.read(3.0)
                busy, share = load(screen, 8.0 if quick else 20.0)
                draw = random.Random(1)
                took = [press(screen, draw, number) for number in range(KEYS // 2 if quick else KEYS)]
                memory = rss_mb(screen.process.pid)
    words = f"screen, {CROWD:,} checks"
    every_30 = "each looked at every 30 s"
    spent = median([each.spent for each in paints])
    peer = median([each.spent for each in smallest])
    return [
        Row(f"{words}: first paint, CPU", spent, "s", 0.8, "the smallest Textual app", peer),
        Row(f"{words}: CPU", share, "%", 5, every_30),
        Row(f"{words}: key to paint, p95", 1000 * percentile(took, 0.95), "ms", 50),
        Row(f"{words}: bytes", busy, "B/s", note=every_30),
        Row(f"{words}: memory", memory, "MB", note="RSS"),
    ]


def first_paint(words: str, paints: list[Paint], smallest: list[Paint]) -> list[Row]:
    """Return the rows of a first paint, in wall and CPU time, beside the smallest Textual app."""
    rows = []
    for kind, unit, ours, peers in (
        ("", "ms", [each.seconds for each in paints], [each.seconds for each in smallest]),
        (", CPU", "CPU ms", [each.spent for each in paints], [each.spent for each in smallest]),
    ):
        peer = 1000 * median(peers)
        rows.append(
            Row(f"{words}: first paint{kind}", 1000 * median(ours), unit, 1.3 * peer, "the smallest Textual app", peer)
        )
    return rows


def in_turn(ours: tuple[list[str], bytes], rounds: int) -> tuple[list[Paint], list[Paint]]:
    """Start ours and the smallest app in turn, each once before to write the compiled files."""
    for argv, painted in (SMALL, ours):
        start(argv, painted)
    paints, smallest = [], []
    for _ in range(rounds):
        smallest.append(start(*SMALL))
        paints.append(start(*ours))
    return paints, smallest


def start(argv: list[str], painted: bytes) -> Paint:
    """Start a program and wait until it has sent `painted`."""
    began = time.monotonic()
    with Pty(argv, columns=COLUMNS, lines=LINES) as screen:
        screen.until(lambda terminal: painted in terminal.output, 60.0)
        took, spent = time.monotonic() - began, cpu_seconds(screen.process.pid)
        # The first paint's last byte comes with its first ones; what comes later is the clock.
        screen.read(0.2)
        return Paint(took, spent, len(screen.output))


def rate(screen: Pty, seconds: float) -> float:
    """Return the bytes a second that come within whole seconds."""
    return len(screen.read(seconds)) / seconds


def load(screen: Pty, seconds: float) -> tuple[float, float]:
    """Return the bytes a second, and the percent of a core that the screen takes meanwhile."""
    before, began = cpu_seconds(screen.process.pid), time.monotonic()
    sent = rate(screen, seconds)
    return sent, 100 * (cpu_seconds(screen.process.pid) - before) / (time.monotonic() - began)


def press(screen: Pty, draw: random.Random, number: int) -> float:
    """Move the cursor at a random moment; return the seconds until it stands elsewhere."""
    screen.read(draw.uniform(0.02, 0.15))
    before = cursor(screen)
    began = time.monotonic()
    screen.send("j" if number // 10 % 2 == 0 else "k")
    screen.until(lambda terminal: cursor(terminal) not in (None, before), 20.0)
    return time.monotonic() - began
