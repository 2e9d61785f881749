"""`spend`: what a paid backup will cost, and how long its balance lasts, said before anybody agrees to it."""

import msgspec

from outagetui.actions import Result, StepContext, options_of
from outagetui.core.model import Cost
from outagetui.core.step_options import SpendOptions
from outagetui.facts.cost import declared, rates, spending, words
from outagetui.facts.events import StepPlan


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Keep what was agreed to."""
    return Result(True, f"agreed: {preview(plan, context, None)}", changed=False)


def preview(plan: StepPlan, context: StepContext, as_of: float | None) -> str:
    """Return the rates, the money an hour by the declared use, and how long the balance lasts at that."""
    options = options_of(plan, SpendOptions)
    cost = msgspec.convert(plan.facts["cost"], type=Cost)
    an_hour = declared(cost)
    use = spending(cost, 0.0, None, context.balance_of(options.channel))
    left = words(cost, msgspec.structs.replace(use, spent=None))
    parts = [
        rates(cost) or "free of charge",
        f"about {an_hour:.2f} {cost.currency} an hour"
        if an_hour is not None
        else "no use declared: cost an hour unknown",
        left or "nothing reads its balance",
    ]
    return f"{plan.facts['name']}: {'; '.join(parts)}"


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Nothing was spent by agreeing."""
    return None
