"""The lab process: `python -m outagetui.drill.lab SCENARIO PACE PLACE` serves until its standard input closes.

It prints its ports, and what it had to leave out, as one JSON line. On standard input `store PATH` names the store of
the daemon that watches, and `go` starts the scenario's clock; every fault is then told to that daemon as an order, so
that the journal knows when it really began. When standard input closes, whoever began the drill is gone: the daemon is
told to end, the lab ends too.
"""

import asyncio
import json
import sys
from pathlib import Path

from outagetui.core.orders import Fault, Stop
from outagetui.drill.jabber import PROGRAMS
from outagetui.drill.scenario import SCENARIOS, Pace
from outagetui.drill.scenario_servers import START, ScenarioServers
from outagetui.machine.background import tell_failure
from outagetui.machine.loopback_only import loopback_only
from outagetui.orders.client import OrderClient


async def main(scenario: str, speed: str, place: Path) -> None:
    """Serve and play."""
    pace: Pace = getattr(SCENARIOS[scenario], speed)
    servers = await START[scenario](place)
    try:
        sys.stdout.write(json.dumps({"ports": servers.ports, "left_out": servers.left_out}) + "\n")
        sys.stdout.flush()
        await _serve(pace, servers)
    finally:
        await servers.leave()


async def _serve(pace: Pace, servers: ScenarioServers) -> None:
    orders: OrderClient | None = None
    playing: asyncio.Task[None] | None = None
    while line := await asyncio.to_thread(sys.stdin.readline):
        word, _, store = line.strip().partition(" ")
        if word == "store":
            orders = OrderClient(Path(store))
        elif word == "go" and playing is None and orders is not None:
            playing = asyncio.create_task(_play(pace, servers, orders))
            playing.add_done_callback(tell_failure)
    if playing is not None:
        playing.cancel()
    if orders is not None:
        await orders.send(Stop())


async def _play(pace: Pace, servers: ScenarioServers, orders: OrderClient) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time() + pace.quiet
    for act in pace.acts:
        await asyncio.sleep(begin + act.at - loop.time())
        await servers.faulty[act.target].suffer(act.kind, act.share)
        await orders.send(Fault(fault=act.words, target=act.target))


if __name__ == "__main__":
    loopback_only(PROGRAMS)
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
