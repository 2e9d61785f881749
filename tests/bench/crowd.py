"""The daemon with 10,000 checks every 30 s, half of them TCP and half HTTP: CPU, lateness, memory."""

import tempfile
from pathlib import Path

from tests.bench import daemon as ours
from tests.bench.engine import watched
from tests.bench.extent import Extent
from tests.bench.report import Row, percentile
from tests.bench.site import site

FULL, QUICK = Extent(10_000, 30.0, 30.0, 45.0), Extent(2_000, 6.0, 6.0, 6.0)
EACH = 10  # checks of a channel


def run(*, quick: bool = False) -> list[Row]:
    """Measure the daemon once every check was looked at."""
    extent = QUICK if quick else FULL
    with site(2) as web, tempfile.TemporaryDirectory() as place:
        targets = [
            (f"http://127.0.0.1:{web.ports[0]}/{number}", f"tcp://127.0.0.1:{web.ports[1]}")[number % 2]
            for number in range(extent.targets)
        ]
        directory = ours.configure(Path(place), targets, every=extent.every, each=EACH)
        spent, memory, late, poor = watched(directory, extent)
    size = f"{extent.targets:,} every {extent.every:g} s"
    came = f"{len(late):,} of {extent.expected:,.0f} probes came"
    return [
        Row(f"crowd: daemon's CPU, {size}", 100 * spent / extent.window, "%", 15, came),
        Row("crowd: lateness of a probe's start, p50", 1000 * percentile(late, 0.5), "ms", 15),
        Row("crowd: lateness of a probe's start, p99", 1000 * percentile(late, 0.99), "ms", 60),
        Row("crowd: probes that did not pass, of our own servers", poor, "", 0),
        Row(f"crowd: daemon with {extent.targets:,} checks", memory, "MB", 90, "RSS"),
    ]
