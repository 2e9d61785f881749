"""When a step must have come to its own conclusion, which is a little before the runner takes it for hung."""

from outagetui.actions import StepContext
from outagetui.facts.events import StepPlan

SPARE = 0.5  # seconds, or a tenth of a short limit


def deadline_of(plan: StepPlan, context: StepContext) -> float:
    """Return the moment of `context.now()` by which the step still can say itself what is known and what is not."""
    return context.now() + max(plan.timeout * 0.9, plan.timeout - SPARE)
