"""Thousands of checks that become due at once, on real sockets: what is slow then is ours and no failure of theirs."""

import asyncio
import time
from collections import Counter

from outagetui.core.model import Check, Outcome, Sample
from outagetui.daemon.schedule import Schedule
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from tests.kit.probe_fixtures import vantage
from tests.kit.scripted_servers import make_check, serve

__all__ = ["vantage"]
MANY = 2000


async def test_two_thousand_at_once_make_no_false_failure(vantage: Vantage) -> None:
    outcomes = Counter[tuple[Outcome, str]]()
    seen: set[str] = set()
    everybody = asyncio.Event()

    async def probe(check: Check, deadline: float) -> Sample:
        return await look(check, deadline, vantage)

    def see(check: Check, at: float, sample: Sample) -> int:
        outcomes[sample.outcome, sample.code] += 1
        seen.add(check.id)
        if len(seen) == MANY:
            everybody.set()
        return 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serve(hang_up) as server:
        one = make_check("tcp", f"tcp://127.0.0.1:{server.port}")
        schedule = Schedule(probe, see, time.time)
        schedule.replace([_named(one, f"c{n}.tcp") for n in range(MANY)])
        assert schedule.hurry() == MANY
        work = asyncio.create_task(schedule.run())
        try:
            await asyncio.wait_for(everybody.wait(), 60)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
    assert len(seen) == MANY
    assert not [code for outcome, code in outcomes if outcome is Outcome.FAIL], outcomes


def _named(check: Check, id: str) -> Check:
    return Check(id=id, probe=check.probe, target=check.target, options=check.options, every=300.0)
