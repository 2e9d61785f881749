"""Probes of one kind in a process of their own, so many at once: prints their CPU seconds per 1,000 as JSON."""

import asyncio
import json
import sys
import time

import msgspec
from outagetui.core.model import Check, Outcome
from outagetui.core.probe_options import PROBES
from outagetui.machine.secrets import Secrets
from outagetui.net.loop_turns import TurnLoop
from outagetui.net.vantage import Vantage
from outagetui.probes import look

TIMEOUT = 5.0
ROUNDS = 5


async def cost(checks: list[Check]) -> float:
    """Return CPU seconds per 1,000 probes, all `checks` at once, after a round that loads what they need."""
    vantage = Vantage("here", Secrets.none())
    spent = 0.0
    try:
        for number in range(ROUNDS + 1):
            began = time.process_time()
            deadline = asyncio.get_running_loop().time() + TIMEOUT
            samples = await asyncio.gather(*(look(check, deadline, vantage) for check in checks))
            spent += time.process_time() - began if number else 0.0
            for sample in samples:
                if sample.outcome is not Outcome.PASS:
                    raise SystemExit(f"{sample.code}: {sample.detail}")
    finally:
        await vantage.aclose()
    return 1000 * spent / (ROUNDS * len(checks))


def main(probe: str, options: str, *targets: str) -> None:
    """Measure one kind."""
    checks = [
        Check(
            id=f"channel-{number:04}.it",
            probe=probe,
            target=target,
            options=msgspec.convert(json.loads(options), PROBES[probe]),
        )
        for number, target in enumerate(targets)
    ]
    with asyncio.Runner(loop_factory=TurnLoop) as runner:
        print(json.dumps(runner.run(cost(checks))))


if __name__ == "__main__":
    main(*sys.argv[1:])
