"""`outagetui status`: what a prompt or cron pays for it, beside Python with the two imports it cannot do without."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import daemon as ours
from tests.bench.report import Row, median
from tests.bench.site import site

CHANNELS, ROUNDS = 50, 15
LEAST = [sys.executable, "-c", "import argparse, sqlite3"]


def run() -> list[Row]:
    """Measure both in turn."""
    wall: list[float] = []
    cpu: list[float] = []
    least: list[float] = []
    with tempfile.TemporaryDirectory() as place, site() as web:
        targets = [f"http://127.0.0.1:{web.ports[0]}/{number}" for number in range(CHANNELS)]
        directory = ours.configure(Path(place), targets)
        with ours.daemon(directory):
            asked = [sys.executable, "-m", "outagetui", "--config", str(directory), "status"]
            for argv in (asked, LEAST):  # the first ones write the compiled files
                timed(argv)
            for _ in range(ROUNDS):
                least.append(timed(LEAST)[0])
                seconds, spent = timed(asked)
                wall.append(seconds)
                cpu.append(spent)
    times = median(wall) / median(least)
    note = f"{times:.1f} times `python -c 'import argparse, sqlite3'`, {1000 * median(least):.0f} ms"
    return [
        Row("status: 50 channels", 1000 * median(wall), "ms", 60, note),
        Row("status: CPU", 1000 * median(cpu), "ms"),
    ]


def timed(argv: list[str]) -> tuple[float, float]:
    """Run a command that succeeds; return its wall and CPU seconds."""
    began = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    took = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise OSError(f"{' '.join(argv[1:])} ended with status {process.returncode}")
    return took, used.ru_utime + used.ru_stime
