"""`verify` probes at once, `wait_for` follows the schedule, until every check held the state several times in a row."""

import asyncio

from outagetui.actions import Result, StepContext, options_of
from outagetui.core.model import GOOD, PASSED, Check, Outcome, Sample, State
from outagetui.core.step_options import WaitOptions
from outagetui.facts.events import StepPlan

VERIFY_EVERY = 1.0
MATCHES: dict[str, frozenset[Outcome]] = {
    "up": frozenset(PASSED),
    "slow": frozenset({Outcome.WARN}),
    "partial": frozenset({Outcome.FAIL}),
    "down": frozenset({Outcome.FAIL}),
}


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Wait until every check of the step matched `times` in a row; fails when `within` is over."""
    options = options_of(plan, WaitOptions)
    checks = {check.id: check for name in (*options.checks, *options.channels) for check in context.checks_of(name)}
    if not checks:
        names = ", ".join((*options.checks, *options.channels))
        return Result(False, f"nothing watches {names} here, so nothing can be verified")
    wait = _Wait(context, options, checks)
    reached = await (wait.verify() if plan.do == "verify" else wait.follow())
    return Result(reached, wait.words(None if reached else 0.0), changed=False)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Looking changes nothing: begin again."""
    return None


class _Wait:
    """Counts, per check, the matching samples in a row."""

    def __init__(self, context: StepContext, options: WaitOptions, checks: dict[str, Check]) -> None:
        self._context, self._options, self._checks = context, options, checks
        self._ends = context.now() + options.within
        self._rows = dict.fromkeys(checks, 0)
        self._last: dict[str, str] = {}

    async def verify(self) -> bool:
        """Probe every check that is not yet proven once a second."""
        while not self._reached():
            left = self._ends - self._context.now()
            if left <= 0:
                return False
            due = [check for check in self._checks.values() if self._rows[check.id] < self._options.times]
            started = self._context.now()
            for check, sample in zip(due, await asyncio.gather(*map(self._context.probe, due)), strict=True):
                self._count(check, sample)
            self._context.progress(self.words(left))
            if not self._reached():
                await asyncio.sleep(max(0.0, min(VERIFY_EVERY - (self._context.now() - started), left)))
        return True

    async def follow(self) -> bool:
        """Count the scheduled samples; the verdict must have come round as well."""
        names = frozenset(self._checks)
        while not (self._reached() and self._agreed()):
            left = self._ends - self._context.now()
            if left <= 0:
                return False
            self._context.progress(self.words(left))
            try:
                async with asyncio.timeout(left):
                    check, sample = await self._context.next_sample(names)
            except TimeoutError:
                return False
            self._count(check, sample)
        return True

    def words(self, left: float | None) -> str:
        """Say how far each check has come, and how long remains."""
        times = self._options.times
        parts = []
        for name, row in self._rows.items():
            last = self._last.get(name, "")
            parts.append(f"{name} {self._options.state} {min(row, times)} of {times}" + (f" ({last})" if last else ""))
        if left is None:
            return "; ".join(parts)
        over = "time is up" if left <= 0 else f"{left:.0f} s left"
        return f"{'; '.join(parts)}; {over}"

    def _count(self, check: Check, sample: Sample) -> None:
        matched = sample.outcome in MATCHES[self._options.state]
        if sample.outcome is not Outcome.UNKNOWN:
            self._rows[check.id] = self._rows[check.id] + 1 if matched else 0
        self._last[check.id] = "" if matched else (sample.code or sample.outcome.value)

    def _reached(self) -> bool:
        return all(row >= self._options.times for row in self._rows.values())

    def _agreed(self) -> bool:
        wanted = GOOD if self._options.state == "up" else (State(self._options.state),)
        return all(self._context.state_of(name) in wanted for name in self._checks)
