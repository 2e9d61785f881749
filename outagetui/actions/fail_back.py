"""`fail_back`: before backups are let go, the primaries they stood in for are proven well for a while.

A step of stand-downs only; playbooks use `verify` and `wait_for`.
"""

import asyncio

from outagetui.actions import Result, StepContext, options_of
from outagetui.core.model import GOOD, PASSED
from outagetui.core.step_options import FailBackOptions
from outagetui.facts.events import StepPlan

EVERY = 1.0  # seconds between looks


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Look once a second until all is proven; what nothing watches cannot be, which is for a person to decide."""
    options = options_of(plan, FailBackOptions)
    checks = {name: context.checks_of(name) for name in options.channels}
    unwatched = [name for name, found in checks.items() if not found]
    if unwatched:
        return Result(False, f"nothing watches {', '.join(unwatched)} here, so nothing proves it")
    rows = {check.id: 0 for found in checks.values() for check in found}
    ends = context.now() + options.within
    while True:
        started = context.now()
        due = [check for found in checks.values() for check in found if rows[check.id] < options.times]
        for check, sample in zip(due, await asyncio.gather(*map(context.probe, due)), strict=True):
            rows[check.id] = rows[check.id] + 1 if sample.outcome in PASSED else 0
        words = [_missing(name, [rows[check.id] for check in checks[name]], options, context) for name in checks]
        missing = [each for each in words if each]
        if not missing:
            return Result(True, f"{', '.join(checks)} passed {options.times} times in a row", changed=False)
        left = ends - context.now()
        if left <= 0:
            return Result(False, f"not proven: {'; '.join(missing)}")
        context.progress(f"{'; '.join(missing)}; {left:.0f} s left")
        await asyncio.sleep(max(0.0, min(EVERY - (context.now() - started), left)))


def _missing(name: str, rows: list[int], options: FailBackOptions, context: StepContext) -> str:
    """Return in words what is not proven of a channel yet; nothing when all is."""
    if min(rows) < options.times:
        return f"{name} {min(rows)} of {options.times}"
    if context.state_of(name) not in GOOD:
        return f"{name} is {context.state_of(name).value}"
    well = context.up_for(name)
    return f"{name} is well for {well:.0f} s of {options.up_for:.0f} s" if well < options.up_for else ""


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Looking changes nothing: begin again."""
    return None
