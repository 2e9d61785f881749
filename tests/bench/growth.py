"""What grows with the checks: `validate`, the daemon's start and memory, `status`, at 100, 1,000 and 10,000 of them.

Of what is spent beyond the smallest size the exponent is told: 1 is linear, 2 is four times the cost for twice the
checks.
"""

import math
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.bench import daemon as ours
from tests.bench.process import cpu_seconds, rss_mb
from tests.bench.report import Row
from tests.bench.site import site
from tests.bench.status import timed

FULL, QUICK = (100, 1000, 10_000), (100, 1000, 3000)
EACH = 10  # checks of a channel
PACE = 300.0  # probes a second that are not exceeded
LINEAR = 1.1  # the most that an exponent may be
GOALS: Mapping[str, Mapping[int, float]] = {
    "validate": {1000: 0.5, 10_000: 4.0},
    "daemon start to order socket": {1000: 0.8, 10_000: 5.0},
    "status": {},
    "status --json": {10_000: 0.8},
    "daemon's memory": {1000: 45.0, 10_000: 90.0},
}
STATUSES = (0, 1, 2, 3)  # the worst that `status` tells of


def run(*, quick: bool = False) -> list[Row]:
    """Measure each size, then how it grows."""
    found: dict[str, dict[int, float]] = {what: {} for what in GOALS}
    with site() as web:
        for size in QUICK if quick else FULL:
            for what, cost in _size(web.ports[0], size).items():
                found[what][size] = cost
    return [row for what, costs in found.items() for row in judge(what, costs)]


def judge(what: str, costs: Mapping[int, float]) -> Iterable[Row]:
    """Return a row for each size, and one for how it grows; memory comes in steps of its own."""
    memory = what.endswith("memory")
    for size, cost in costs.items():
        goal = GOALS[what].get(size)
        yield Row(f"growth: {what}, {size:,} checks", cost, "MB" if memory else "CPU s", goal)
    if not memory:
        yield Row(f"growth: {what}, exponent", exponent(costs), "", LINEAR, "1 is linear")


def exponent(costs: Mapping[int, float]) -> float:
    """Return k of cost = floor + c * size**k from three sizes, the smallest of which tells the floor.

    0 where nothing grows.
    """
    (least, floor), (small, less), (large, more) = costs.items()
    if more <= less or less <= floor:
        return 0.0
    return math.log((more - floor) / (less - floor)) / math.log((large - least) / (small - least))


def _size(port: int, size: int) -> dict[str, float]:
    targets = [f"http://127.0.0.1:{port}/{number}" for number in range(size)]
    with tempfile.TemporaryDirectory() as place:
        directory = ours.configure(Path(place), targets, every=max(10.0, size / PACE), each=EACH)
        found = {"validate": timed(ours.command(directory, "validate"))[1]}
        with ours.started(directory) as (process, _):
            found["daemon start to order socket"] = cpu_seconds(process.pid)
        with ours.daemon(directory) as (process, _):
            found["daemon's memory"] = rss_mb(process.pid)
            found["status"] = timed(ours.command(directory, "status"), STATUSES)[1]
            found["status --json"] = timed(ours.command(directory, "status", "--json"), STATUSES)[1]
    return found
