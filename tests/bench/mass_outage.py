"""Nine of ten checks fall into a black hole: how late the others start, which must not notice."""

import tempfile
import time
from pathlib import Path

from tests.bench import daemon as ours
from tests.bench.engine import starts
from tests.bench.extent import Extent
from tests.bench.report import Row, percentile
from tests.bench.site import site

LONG, SHORT = (15.0, 30.0), (10.0, 10.0)  # warm, window
SIZES = (1000, 2000)
EVERY, TIMEOUT = 10.0, 5.0
GOOD = 10  # one of so many stays well


def run(*, quick: bool = False) -> list[Row]:
    """Break them, wait until all of them fail, and look at the good ones."""
    rows = []
    for size in SIZES[:1] if quick else SIZES:
        extent = Extent(size, EVERY, *(SHORT if quick else LONG))
        late, poor = _late(extent)
        expected = extent.expected / GOOD
        name = f"mass outage: {size - size // GOOD:,} of {size:,}"
        came = f"{len(late)} of {expected:.0f} probes of the good ones came"
        p99 = 1000 * percentile(late, 0.99) if late else None
        rows.append(Row(f"{name}, lateness of the good, p99", p99, "ms", 100, came))
        rows.append(Row(f"{name}, probes of the good that did not pass", poor, "", 0))
    return rows


def _late(extent: Extent) -> tuple[list[float], int]:
    with site(2) as web, tempfile.TemporaryDirectory() as place:
        good, bad = (f"http://127.0.0.1:{port}/" for port in web.ports)
        targets = [good if number % GOOD == 0 else bad for number in range(extent.targets)]
        directory = ours.configure(Path(place), targets, every=extent.every, timeout=TIMEOUT)
        with ours.daemon(directory) as (_, store):
            web.ask(f"hole {web.ports[1]}")
            time.sleep(extent.warm)
            began = time.time()
            time.sleep(extent.window + 1.0)  # what began in the window must have been written
        well = {f"channel-{number:04}.web" for number in range(0, extent.targets, GOOD)}
        return starts(store, began, began + extent.window, extent.every, well.__contains__)
