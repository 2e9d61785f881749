"""A schedule on a virtual clock that keeps when each probe began and what was seen of it."""

import asyncio
from typing import Any

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import TcpOptions
from outagetui.daemon.schedule import Schedule
from outagetui.probes.lateness import Lateness

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
        self._hole: tuple[set[str], Sample] = (set(), FAIL)
        self.running = self.most = self.cancelled = 0
        self.schedule = Schedule(self.look, self.see, lambda: 1e9 + asyncio.get_running_loop().time())

    async def look(self, check: Check, deadline: float) -> Sample:
        loop = asyncio.get_running_loop()
        lateness = Lateness()
        self.began.setdefault(check.id, []).append(loop.time())
        self.running += 1
        self.most = max(self.most, self.running)
        silent = check.id in self._hole[0]
        left = deadline - loop.time()
        try:
            await asyncio.sleep(left if silent else min(self.takes, left))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return lateness.judged(check, self._hole[1] if silent else self.sample)  # as probes.look does

    def see(self, check: Check, at: float, sample: Sample) -> int:
        self.seen.append((check.id, at, sample))
        return self.wants

    def falls_silent(self, names: set[str], sample: Sample) -> None:
        """Answer the named checks no more: each look takes all its time and ends with `sample`."""
        self._hole = names, sample

    async def play(self, seconds: float, watched: list[Check]) -> "asyncio.Task[None]":
        self.schedule.replace(watched)
        work = asyncio.ensure_future(self.schedule.run())
        await asyncio.sleep(seconds)
        return work
