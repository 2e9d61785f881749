"""A key, and how long until the screen shows it, while every probe hangs and the daemon writes its time-outs."""

import random
import tempfile
import time
from pathlib import Path

from outagetui.core.model import State
from outagetui.tui.glyphs import CURSOR
from tests.bench import daemon as ours
from tests.bench.report import Row, percentile
from tests.bench.site import site
from tests.kit.pty_driver import Pty, python

CHANNELS, PRESSES = 50, 200


def run(*, quick: bool = False) -> list[Row]:
    """Press keys."""
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as place, site(CHANNELS) as web:
        targets = [f"http://127.0.0.1:{port}/" for port in web.ports]
        directory = ours.configure(Path(place), targets, every=10.0, timeout=5.0)
        with ours.daemon(directory) as (_, store):
            for port in list(web.ports):
                web.ask(f"hole {port}")
            with Pty(python("-m", "outagetui", "--config", str(directory)), columns=120, lines=40) as screen:
                screen.until(lambda terminal: cursor(terminal) is not None)
                # Until every row is down they change places, and the cursor with them.
                screen.until(lambda _: all(row.state is State.DOWN for row in ours.lives(store)), 60.0)
                screen.read(1.0)
                took = [_press(screen, draw, number) for number in range(PRESSES // 5 if quick else PRESSES)]
    note = "50 channels, all down; the reader's terminal included"
    return [
        Row("keys: key to paint, p95, all probes hanging", 1000 * percentile(took, 0.95), "ms", 20, note),
        Row("keys: key to paint, p50", 1000 * percentile(took, 0.5), "ms"),
        Row("keys: key to paint, most", 1000 * max(took), "ms"),
    ]


def cursor(screen: Pty) -> int | None:
    """Return the line on which the cursor stands."""
    return next((line for line, row in enumerate(screen.picture.cells) if row[0] == CURSOR), None)


def _press(screen: Pty, draw: random.Random, number: int) -> float:
    """Move the cursor at a random moment; return the seconds until it stands elsewhere."""
    screen.read(draw.uniform(0.02, 0.15))
    before = cursor(screen)
    began = time.monotonic()
    screen.send("j" if number // 10 % 2 == 0 else "k")
    screen.until(lambda terminal: cursor(terminal) not in (None, before), 5.0)
    return time.monotonic() - began
