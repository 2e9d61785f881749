"""`outagetui status`: what a prompt or cron pays for it, beside Python with the two imports it cannot do without."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from tests.bench import daemon as ours
from tests.bench.report import Row, median
from tests.bench.site import site

CHANNELS, ROUNDS = 50, 15
LEAST = [sys.executable, "-c", "import argparse, sqlite3"]


def run(*, quick: bool = False) -> list[Row]:
    """Measure both in turn."""
    wall: list[float] = []
    cpu: list[float] = []
    least: list[float] = []
    with tempfile.TemporaryDirectory() as place, site() as web:
        targets = [f"http://127.0.0.1:{web.ports[0]}/{number}" for number in range(CHANNELS)]
        directory = ours.configure(Path(place), targets)
        with ours.daemon(directory):
            asked = ours.command(directory, "status")
            for argv in (asked, LEAST):  # the first ones write the compiled files
                timed(argv)
            for _ in range(5 if quick else ROUNDS):
                least.append(timed(LEAST)[0])
                seconds, spent = timed(asked)
                wall.append(seconds)
                cpu.append(spent)
    note = "python -c 'import argparse, sqlite3'"
    return [
        Row(f"status: {CHANNELS} channels", 1000 * median(wall), "ms", 60, note, 1000 * median(least)),
        Row("status: CPU", 1000 * median(cpu), "ms"),
    ]


def timed(argv: Sequence[str], fine: Collection[int] = (0,), limit: float = 60.0) -> tuple[float, float]:
    """Run a command, which must end with a status that is `fine`; return its wall and CPU seconds.

    What takes longer than `limit` seconds is ended, and took that long.
    """
    began = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ended = threading.Timer(limit, process.kill)
    ended.start()
    _, status, used = os.wait4(process.pid, 0)
    ended.cancel()
    took = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (*fine, -signal.SIGKILL):
        raise OSError(f"{' '.join(argv[1:])} ended with status {process.returncode}")
    return took, used.ru_utime + used.ru_stime
