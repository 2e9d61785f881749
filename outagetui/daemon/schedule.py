"""When to probe: due checks start together in short ticks, spread by a hash; on trouble quick repeats overlap.

A far side that asks to be left alone is asked again later, but never so late that we would not notice what it does.
"""

import asyncio
import hashlib
import heapq
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from outagetui.core.model import PASSED, Check, Outcome, Sample
from outagetui.core.probe_options import ProbeOptions
from outagetui.facts.verdict import QUICK_AFTER_FAILURE, QUICK_SECONDS, SUSPICION_SECONDS

TICK = 0.025
STALL = 0.1  # a tick later than this is a stall of ours; less is a busy machine that still answers in time
CONCURRENT = 100
FIRST_WITHIN = 3.0
PARKED_AFTER = 1.0  # seconds in flight after which a probe only waits, and gives its place to the next
MOST_PARKED = 400
LONGEST_WAIT = 300.0  # seconds that a far side which we ask too often may keep us away

Look = Callable[[Check, float], Awaitable[Sample]]
Seen = Callable[[Check, float, Sample], int]  # returns how many quick probes the verdict still wants


@dataclass(slots=True)
class _Plan:
    check: Check
    phase: float
    due: float
    launched: float = -math.inf
    wanted: int = 0
    running: set["asyncio.Task[None]"] = field(default_factory=set)
    usual: float | None = None  # smoothed seconds of an answer
    hold: float = -math.inf  # until when the far side asked to be left alone

    def slot(self, now: float) -> float:
        """Return the next regular start behind `now`: the same phase in every interval."""
        every = self.check.every
        slot = (math.floor(now / every - self.phase) + 1 + self.phase) * every
        return slot if slot > now else slot + every  # rounding can land on `now` itself

    def regular(self, now: float) -> float:
        """Return the next regular start that the far side does not mind."""
        slot = self.slot(now)
        return slot if slot >= self.hold else self.slot(self.hold)

    def heed(self, sample: Sample, now: float) -> None:
        """Take what the far side asks for: after a failure to spare it quick repeats, if we ask too often to pause."""
        wait = sample.retry_after
        if wait is None:
            self.hold = -math.inf
        elif sample.outcome is Outcome.UNKNOWN:
            self.hold = now + min(wait, max(LONGEST_WAIT, self.check.every))
        else:
            self.hold = min(now + wait, self.slot(now))

    def suspicion(self) -> float:
        """Return seconds after which a probe in flight should have been answered."""
        if self.usual is None or ProbeOptions.of(self.check.probe).slow_to_repeat:
            return math.inf
        return max(SUSPICION_SECONDS, 2 * self.usual)


class Schedule:
    """Runs `look` for every check when it is due and hands each sample to `seen`.

    Probes of one check overlap only on suspicion: a repeat is started a second after a failure, and a second after a
    start that usually would have been answered, without waiting for the earlier one. All times are of the event loop.
    """

    def __init__(self, look: Look, seen: Seen, wall: Callable[[], float], *, concurrent: int = CONCURRENT) -> None:
        self._look, self._seen, self._wall = look, seen, wall
        self._plans: dict[str, _Plan] = {}
        self._heap: list[tuple[float, int, _Plan]] = []
        self._count = 0
        self._slots = self._concurrent = concurrent
        self._waiting: list[_Plan] = []
        self._flying: deque[tuple[float, asyncio.Task[None]]] = deque()  # the younger probes, in order of their start
        self._parked: set[asyncio.Task[None]] = set()
        self._behind = 0.0  # seconds this loop stalled, ever
        self.lateness: list[float] = []  # seconds between due and start of the last probes

    def replace(self, checks: Iterable[Check]) -> None:
        """Watch exactly `checks` from now on; those that stay as they were keep their rhythm."""
        now = asyncio.get_running_loop().time()
        old, self._plans, self._heap = self._plans, {}, []
        for check in checks:
            kept = old.pop(check.id, None)
            if kept is not None and kept.check == check:
                plan = kept
            else:
                if kept is not None:
                    self._stop(kept)
                plan = _Plan(check, phase_of(check.id), 0.0)
                plan.due = now + plan.phase * min(check.every, FIRST_WITHIN)
            self._plans[check.id] = plan
            self._push(plan)
        for gone in old.values():
            self._stop(gone)

    def hurry(self, ids: Iterable[str] | None = None) -> int:
        """Make the named checks (all without names) due now; return how many there were."""
        now = asyncio.get_running_loop().time()
        plans = [self._plans[name] for name in (self._plans if ids is None else ids) if name in self._plans]
        for plan in plans:
            plan.due = now
            self._push(plan)
        return len(plans)

    async def run(self) -> None:
        """Start probes until cancelled; then end those in flight."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                before = loop.time()
                wake = before + TICK
                await asyncio.sleep(TICK)
                now = loop.time()
                if now - wake > STALL:
                    self._behind += now - wake
                self._tick(now)
        finally:
            tasks = [task for plan in self._plans.values() for task in plan.running]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _push(self, plan: _Plan) -> None:
        self._count += 1
        heapq.heappush(self._heap, (plan.due, self._count, plan))

    def _park(self, now: float) -> None:
        """Free the places of probes that wait for silence, so that many of them hold up nobody else's."""
        while self._flying and (self._flying[0][0] <= now - PARKED_AFTER or self._flying[0][1].done()):
            if not self._flying[0][1].done():
                if len(self._parked) >= MOST_PARKED:
                    return
                self._parked.add(self._flying[0][1])
                self._slots += 1
            self._flying.popleft()

    def _tick(self, now: float) -> None:
        self._park(now)
        while self._waiting and self._slots > 0:
            plan = self._waiting.pop(0)
            if self._plans.get(plan.check.id) is plan:
                self._launch(plan, now)
        while self._heap and self._heap[0][0] <= now:
            due, _, plan = heapq.heappop(self._heap)
            if due != plan.due or self._plans.get(plan.check.id) is not plan:
                continue  # pushed again with another time, or no longer watched
            if self._suspect(plan, now) or not plan.running or plan.wanted > len(plan.running):
                self._begin(plan, now)
            else:
                plan.due = plan.slot(now)
                self._push(plan)

    def _suspect(self, plan: _Plan, now: float) -> bool:
        """Whether the probe in flight should have been answered by now: then a repeat need not wait for its end."""
        if self._slots < self._concurrent / 2:
            return False  # repeats by the hundred tell nothing more and would crowd out the regular probes
        silent = bool(plan.running) and now - plan.launched >= plan.suspicion() - TICK
        return silent and len(plan.running) < QUICK_AFTER_FAILURE

    def _begin(self, plan: _Plan, now: float) -> None:
        if len(self.lateness) >= 4096:
            del self.lateness[:2048]
        self.lateness.append(now - plan.due)
        if self._slots > 0:
            self._launch(plan, now)
        elif plan not in self._waiting:
            self._waiting.append(plan)

    def _launch(self, plan: _Plan, now: float) -> None:
        self._slots -= 1
        plan.launched = now
        task = asyncio.get_running_loop().create_task(self._probe(plan, now))
        plan.running.add(task)
        self._flying.append((now, task))
        task.add_done_callback(lambda done: self._ended(plan, done))
        self._aim(plan, now)

    def _aim(self, plan: _Plan, now: float) -> None:
        """Set the next start: a quick one while the verdict wants more than are in flight, else the regular slot."""
        regular = plan.regular(now)
        soon = plan.launched + QUICK_SECONDS
        if plan.wanted > len(plan.running):
            plan.due = min(regular, max(now, soon, plan.hold))
        elif plan.running and plan.check.timeout > SUSPICION_SECONDS:
            plan.due = min(regular, max(now, plan.launched + plan.suspicion(), plan.hold))
        else:
            plan.due = regular
        self._push(plan)

    async def _probe(self, plan: _Plan, started: float) -> None:
        at = self._wall()
        check = plan.check
        before = self._behind
        sample = _excused(check, await self._look(check, started + check.timeout), self._behind - before)
        if sample.latency_ms is not None and sample.outcome in PASSED:
            took = sample.latency_ms / 1000
            plan.usual = took if plan.usual is None else 0.8 * plan.usual + 0.2 * took
        plan.heed(sample, asyncio.get_running_loop().time())
        plan.wanted = self._seen(check, at, sample)

    def _ended(self, plan: _Plan, task: "asyncio.Task[None]") -> None:
        if task in self._parked:
            self._parked.discard(task)
        else:
            self._slots += 1
        plan.running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # A probe never raises; what does is our own fault and must not pass unseen.
            asyncio.get_running_loop().call_exception_handler({"message": "probe", "exception": task.exception()})
        if self._plans.get(plan.check.id) is plan:
            self._aim(plan, asyncio.get_running_loop().time())

    def _stop(self, plan: _Plan) -> None:
        for task in plan.running:
            task.cancel()


def _excused(check: Check, sample: Sample, behind: float) -> Sample:
    """Return `sample`, or unknown when this machine, `behind` seconds late meanwhile, may have made it bad itself."""
    slow_above = math.inf if check.slow_above is None else check.slow_above
    over = (sample.latency_ms or 0.0) / 1000 - slow_above
    ours = (sample.outcome is Outcome.FAIL and behind > check.timeout / 2) or (
        sample.outcome is Outcome.PASS and 0 < over <= behind
    )
    if not ours:
        return sample
    return Sample(Outcome.UNKNOWN, "loop.late", f"this machine was {behind:.1f} s late itself: {sample.detail}")


def phase_of(name: str) -> float:
    """Return a share of the interval, 0 to 1, from a hash of `name`, so that checks do not fire together."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big") / 2**32
