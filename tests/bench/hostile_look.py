"""One look of one probe in a process of its own, with what it cost: `python -m tests.bench.hostile_look CONFIG`.

Prints one line of JSON: outcome, code, seconds, the most CPU seconds of one turn of the loop, megabytes, threads.
"""

import asyncio
import json
import resource
import sys
import threading
import time
from pathlib import Path

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
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worst, looking = 0.0, asyncio.create_task(_look(hostile, vantage))
    at = time.thread_time()
    while not looking.done():
        await asyncio.sleep(TICK)
        now = time.thread_time()
        worst, at = max(worst, now - at), now
    sample, seconds = looking.result()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = {
        "outcome": sample.outcome.value,
        "code": sample.code,
        "detail": sample.detail,
        "seconds": seconds,
        "stall": worst,
        "megabytes": (peak - before) / 1024,
        "computing": _computing(),
    }
    sys.stdout.write(json.dumps(told) + "\n")


async def _look(check: Check, vantage: Vantage):  # type: ignore[no-untyped-def]
    loop = asyncio.get_running_loop()
    began = loop.time()
    sample = await look(check, began + check.timeout, vantage)
    return sample, loop.time() - began


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
