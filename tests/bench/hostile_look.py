"""One look of one probe in a process of its own, with what it cost: `python -m tests.bench.hostile_look CONFIG`.

Prints one line of JSON: outcome, code, seconds, what the longest turn of the loop took, megabytes, threads,
and the modules that were loaded on the loop.

A turn is counted by the processor time of the whole process in it, a thread that keeps the interpreter from the loop
included, and never more than the turn's time on the clock, which is told beside it: on a machine that is busy
otherwise the clock blames us for others.
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from outagetui.config import load
from outagetui.core.model import Check
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look

TICK = 0.002


async def main(directory: Path) -> None:
    config = load(directory)
    vantage = Vantage("here", Secrets(Path(str(config.secrets)), {}), directory)
    quiet, hostile = (channel.checks[0] for channel in sorted(config.channels, key=lambda each: each.id != "quiet"))
    loop = asyncio.get_running_loop()
    await look(quiet, loop.time() + 1.0, vantage)  # so that what is imported counts for nobody
    before, loaded = _peak(), _watched_imports()
    stall = waited = 0.0
    looking = asyncio.create_task(_look(hostile, vantage))
    at, spent = time.perf_counter(), time.process_time()
    while not looking.done():
        await asyncio.sleep(TICK)
        now, spending = time.perf_counter(), time.process_time()
        stall, waited = max(stall, min(now - at, spending - spent)), max(waited, now - at)
        at, spent = now, spending
    sample, seconds = looking.result()
    told = {
        "outcome": sample.outcome.value,
        "code": sample.code,
        "detail": sample.detail,
        "seconds": seconds,
        "stall": stall,
        "waited": waited,
        "megabytes": _peak() - before,
        "computing": _computing(),
        "loaded": loaded,
    }
    sys.stdout.write(json.dumps(told) + "\n")


async def _look(check: Check, vantage: Vantage):  # type: ignore[no-untyped-def]
    loop = asyncio.get_running_loop()
    began = loop.time()
    sample = await look(check, began + check.timeout, vantage)
    return sample, loop.time() - began


def _watched_imports() -> list[str]:
    """Return the list to which modules are added that this thread loads from now on."""
    found: list[str] = []
    here = threading.get_ident()

    def hear(event: str, about: tuple[Any, ...]) -> None:
        if event == "import" and threading.get_ident() == here:
            found.append(about[0])

    sys.addaudithook(hear)
    return found


def _peak() -> float:
    """Return the most megabytes held so far; what `getrusage` tells is that of whoever started us, if it was more."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _computing() -> float:
    """Return the CPU seconds that threads left behind take in half a second."""
    if threading.active_count() == 1:
        return 0.0
    before = time.process_time()
    time.sleep(0.5)
    return time.process_time() - before


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
    sys.stdout.flush()
    import os

    os._exit(0)  # a thread that computes on must not hold the figures back
