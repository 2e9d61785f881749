"""`announce`: tell an audience through its outlets. The outbox keeps what was sent, so that nothing goes out twice."""

from outagetui.actions import Result, StepContext
from outagetui.facts.events import StepPlan


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Compose and deliver; outlets that already have it are passed over."""
    return await context.announce(plan)


def preview(plan: StepPlan, context: StepContext, as_of: float | None) -> str:
    """Return the announcement word for word, as it would be composed now or `as_of` then."""
    return context.preview(plan, as_of)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Look up at the outlets what became of it."""
    return await context.recover_announcement(plan)
