"""`note` and `playbook`: what is said, or which steps follow; nothing is done."""

from outagetui.actions import Result, StepContext
from outagetui.facts.events import StepPlan


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Say it."""
    return Result(True, plan.say or plan.what, changed=False)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Say it again."""
    return None
