"""Schedule and probes without verdict and store, in a process of their own: prints what they cost as JSON."""

import asyncio
import json
import sys
import time

from outagetui.core.model import Check, Sample
from outagetui.core.probe_options import HttpOptions
from outagetui.daemon.schedule import Schedule
from outagetui.machine.secrets import Secrets
from outagetui.net.loop_turns import TurnLoop
from outagetui.net.vantage import Vantage
from outagetui.probes import look

SETTLED = 11.0


async def cost(port: int, count: int, every: float, seconds: float) -> dict[str, float]:
    """Return CPU seconds per 1,000 probes of `count` targets, one every `every` seconds each."""
    vantage = Vantage("here", Secrets.none())
    seen = 0

    def see(check: Check, at: float, sample: Sample) -> int:
        nonlocal seen
        seen += sample.outcome == "pass"
        return 0

    schedule = Schedule(lambda check, deadline: look(check, deadline, vantage), see, time.time)
    schedule.replace(
        Check(
            id=f"channel-{number:04}.web",
            probe="http",
            target=f"http://127.0.0.1:{port}/{number}",
            options=HttpOptions(),
            every=every,
        )
        for number in range(count)
    )
    running = asyncio.create_task(schedule.run())
    await asyncio.sleep(SETTLED)
    began, before = time.process_time(), seen
    await asyncio.sleep(seconds)
    spent, probes = time.process_time() - began, seen - before
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await vantage.aclose()
    return {"cpu": 1000 * spent / probes, "probes": probes}


if __name__ == "__main__":
    _, port, count, every, seconds = sys.argv
    with asyncio.Runner(loop_factory=TurnLoop) as runner:  # the loop of the daemon
        print(json.dumps(runner.run(cost(int(port), int(count), float(every), float(seconds)))))
