"""When to probe: due checks start together in short ticks, spread by a hash; on trouble quick repeats overlap.

A far side that asks to be left alone is asked again later, but never so late that we would not notice what it does.
"""

import asyncio
import heapq
import math
from collections.abc import Awaitable, Callable, Iterable

from outagetui.core.model import Check, Sample
from outagetui.daemon.admission import CONCURRENT, Admission, Flight
from outagetui.daemon.rhythm import Plan, phase_of
from outagetui.facts.verdict import QUICK_AFTER_FAILURE

TICK = 0.025
FIRST_WITHIN = 3.0

Look = Callable[[Check, float], Awaitable[Sample]]
Seen = Callable[[Check, float, Sample], int]  # returns how many quick probes the verdict still wants


class Schedule:
    """Runs `look` for every check when it is due and hands each sample to `seen`.

    Probes of one check overlap only on suspicion: a repeat is started a second after a failure, and a second after a
    start that usually would have been answered, without waiting for the earlier one. All times are of the event loop.
    It sleeps until the next check is due.
    """

    def __init__(self, look: Look, seen: Seen, wall: Callable[[], float], *, concurrent: int = CONCURRENT) -> None:
        self._look, self._seen, self._wall = look, seen, wall
        self._plans: dict[str, Plan] = {}
        self._heap: list[tuple[float, int, Plan]] = []
        self._count = 0
        self._places = Admission(concurrent)
        self._ticked = -math.inf
        self._wakes = math.inf
        self._alarm: asyncio.TimerHandle | None = None
        self._awake = asyncio.Event()
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
                plan = Plan(check, phase_of(check.id), 0.0)
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
                self._awake.clear()
                self._wakes, self._ticked = math.inf, loop.time()
                self._tick(self._ticked)
                self._wake_by(self._next())
                await self._awake.wait()
        finally:
            if self._alarm is not None:
                self._alarm.cancel()
            tasks = [task for plan in self._plans.values() for task in plan.running]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _next(self) -> float:
        due = self._heap[0][0] if self._heap else math.inf
        settling = self._places.next
        return due if settling is None else min(due, settling)

    def _wake_by(self, when: float) -> None:
        """Let the next tick come no later than `when`, but never two in one interval of ticks."""
        when = max(when, self._ticked + TICK)
        if when < self._wakes:
            if self._alarm is not None:
                self._alarm.cancel()
            self._wakes = when
            self._alarm = asyncio.get_running_loop().call_at(when, self._awake.set)

    def _push(self, plan: Plan) -> None:
        self._count += 1
        heapq.heappush(self._heap, (plan.due, self._count, plan))
        self._wake_by(plan.due)

    def _tick(self, now: float) -> None:
        for plan, flight in self._places.settle(now):
            if self._plans.get(plan.check.id) is plan:
                self._launch(plan, flight)
            else:
                self._places.land(flight)
        while self._heap and self._heap[0][0] <= now:
            due, _, plan = heapq.heappop(self._heap)
            if due != plan.due or self._plans.get(plan.check.id) is not plan:
                continue  # pushed again with another time, or no longer watched
            suspect = self._suspect(plan, now)
            if suspect or not plan.running or plan.wanted > len(plan.running):
                self._begin(plan, now, silent=suspect or plan.silent)
            else:
                plan.due = plan.slot(now)
                self._push(plan)

    def _suspect(self, plan: Plan, now: float) -> bool:
        """Whether the probe in flight should have been answered by now: then a repeat need not wait for its end."""
        if not plan.running or self._places.crowded:
            return False
        silent = now - plan.launched >= plan.suspicion() - TICK
        return silent and len(plan.running) < QUICK_AFTER_FAILURE

    def _begin(self, plan: Plan, now: float, *, silent: bool) -> None:
        if len(self.lateness) >= 4096:
            del self.lateness[:2048]
        self.lateness.append(now - plan.due)
        if (flight := self._places.admit(plan, now, silent=silent)) is not None:
            self._launch(plan, flight)

    def _launch(self, plan: Plan, flight: Flight) -> None:
        plan.launched = flight.began
        task = asyncio.get_running_loop().create_task(self._probe(plan, flight.began))
        plan.running.append(task)
        task.add_done_callback(lambda done: self._ended(plan, flight, done))
        self._aim(plan, flight.began)

    def _aim(self, plan: Plan, now: float) -> None:
        plan.due = plan.next(now)
        self._push(plan)

    async def _probe(self, plan: Plan, started: float) -> None:
        at = self._wall()
        sample = await self._look(plan.check, started + plan.check.timeout)
        now = asyncio.get_running_loop().time()
        plan.heed(sample, now - started, now)
        plan.wanted = self._seen(plan.check, at, sample)

    def _ended(self, plan: Plan, flight: Flight, task: "asyncio.Task[None]") -> None:
        now = asyncio.get_running_loop().time()
        self._places.land(flight)
        if self._places.queued:
            self._wake_by(now)
        plan.running.remove(task)
        if not task.cancelled() and task.exception() is not None:
            # A probe never raises; what does is our own fault and must not pass unseen.
            asyncio.get_running_loop().call_exception_handler({"message": "probe", "exception": task.exception()})
        if self._plans.get(plan.check.id) is plan:
            self._aim(plan, now)

    @staticmethod
    def _stop(plan: Plan) -> None:
        for task in plan.running:
            task.cancel()
