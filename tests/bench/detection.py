"""From a hard fault to red: the real daemon every 10 s, and what a screen reads of it, on many channels at once.

A channel breaks at a moment of its own, drawn once for all runs; it is red when the board from the store says down.
"""

import random
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from outagetui.core.model import State
from outagetui.store.source import StoreSource
from tests.bench import daemon as ours
from tests.bench.report import Row, median, percentile
from tests.bench.site import Site, site

EACH = 40  # channels of each kind of fault
EVERY, TIMEOUT = 10.0, 3.0
SPREAD = 20.0  # seconds over which the faults come
PATIENCE = 30.0
POLL = 0.02
BUDGETS = {"refuse": ("refused", 13.0), "hole": ("black hole", 16.0)}


def run(*, quick: bool = False) -> list[Row]:
    """Break every channel and wait until it is seen."""
    draw, each = random.Random(2011), EACH // 4 if quick else EACH
    with tempfile.TemporaryDirectory() as place, site(2 * each) as web:
        targets = [f"http://127.0.0.1:{port}/" for port in web.ports]
        directory = ours.configure(Path(place), targets, every=EVERY, timeout=TIMEOUT)
        with ours.daemon(directory) as (_, store):
            ours.settle(EVERY + 1)
            source = StoreSource(store)
            plan = sorted(
                (draw.uniform(0, SPREAD), number, kind)
                for number, kind in enumerate(["refuse"] * each + ["hole"] * each)
            )
            broken = _break(web, plan, lambda: _down(source))
            source.close()
    rows: list[Row] = []
    for kind, (words, budget) in BUDGETS.items():
        took = [seconds for which, seconds in broken if which == kind]
        rows.append(Row(f"detection: {words} to red, p95 of {len(took)}", percentile(took, 0.95), "s", budget))
        rows.append(Row(f"detection: {words} to red, p50", median(took), "s"))
        rows.append(Row(f"detection: {words} to red, most", max(took), "s"))
    return rows


def _break(
    web: Site, plan: list[tuple[float, int, str]], down: Callable[[], Mapping[str, float]]
) -> list[tuple[str, float]]:
    """Carry out `plan` (when, which channel, how); return for each fault how long it took to be seen."""
    began = time.monotonic()
    waiting: dict[str, tuple[str, float]] = {}
    seen: list[tuple[str, float]] = []
    while plan or waiting:
        now = time.monotonic()
        if now - began > SPREAD + PATIENCE:
            raise OSError(f"after {PATIENCE:.0f} s {len(waiting)} faults are still not seen")
        while plan and plan[0][0] <= now - began:
            _, number, kind = plan.pop(0)
            web.ask(f"{kind} {web.ports[number]}")
            waiting[f"channel-{number:04}"] = kind, time.monotonic()
        for name, at in down().items():
            if name in waiting:
                kind, since = waiting.pop(name)
                seen.append((kind, at - since))
        time.sleep(POLL)
    return seen


def _down(source: StoreSource) -> Mapping[str, float]:
    if not source.changed():
        return {}
    board = source.board(time.time())
    now = time.monotonic()
    return {row.id: now for row in board.channels if row.state is State.DOWN}
