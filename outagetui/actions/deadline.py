"""When a step must have come to its own conclusion, which is a little before the runner takes it for hung."""

from outagetui.actions import World
from outagetui.facts.events import StepPlan

SPARE = 0.5  # seconds, or a tenth of a short limit


def deadline_of(plan: StepPlan, world: World) -> float:
    """Return the moment of `world.now()` by which the step still can say itself what is known and what is not."""
    return world.now() + max(plan.timeout * 0.9, plan.timeout - SPARE)
