"""A schedule on a virtual clock that keeps when each probe began and what was seen of it."""

import asyncio
from typing import Any

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import TcpOptions
from outagetui.daemon.schedule import Schedule

PASS = Sample(Outcome.PASS, latency_ms=10.0)
FAIL = Sample(Outcome.FAIL, "timeout", "no answer in time")


def checks(count: int, every: float = 10.0, timeout: float = 3.0, **more: Any) -> list[Check]:
    return [
        Check(id=f"c{n}.p", probe="tcp", target="x", options=TcpOptions(), every=every, timeout=timeout, **more)
        for n in range(count)
    ]


class Log:
    """Answers every probe after `takes` seconds and remembers when each began."""

    def __init__(self, takes: float = 0.01, sample: Sample = PASS, wants: int = 0) -> None:
        self.takes, self.sample, self.wants = takes, sample, wants
        self.began: dict[str, list[float]] = {}
        self.seen: list[tuple[str, float, Sample]] = []
        self.running = self.most = self.cancelled = 0
        self.schedule = Schedule(self.look, self.see, lambda: 1e9 + asyncio.get_running_loop().time())

    async def look(self, check: Check, deadline: float) -> Sample:
        loop = asyncio.get_running_loop()
        self.began.setdefault(check.id, []).append(loop.time())
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(min(self.takes, deadline - loop.time()))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return self.sample

    def see(self, check: Check, at: float, sample: Sample) -> int:
        self.seen.append((check.id, at, sample))
        return self.wants

    async def play(self, seconds: float, watched: list[Check]) -> "asyncio.Task[None]":
        self.schedule.replace(watched)
        work = asyncio.ensure_future(self.schedule.run())
        await asyncio.sleep(seconds)
        return work
