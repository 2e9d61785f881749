"""`activate` and `deactivate`: backups change their standing, which is a journal entry and cannot half happen."""

from outagetui.actions import Result, StepContext, options_of
from outagetui.core.model import State
from outagetui.core.step_options import ChannelsOptions
from outagetui.facts.events import Activated, Deactivated, Event, StepPlan


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Make the named backups active or standby; a backup that is not up is a warning, not a failure."""
    options = options_of(plan, ChannelsOptions)
    active = context.active()
    wanted = plan.do == "activate"
    change = [name for name in options.channels if (name in active) != wanted]
    events: tuple[Event, ...] = tuple(
        Activated(channel=name, run=context.run, balance=context.balance_of(name))
        if wanted
        else Deactivated(channel=name, run=context.run)
        for name in change
    )
    if not change:
        words = f"already {'active' if wanted else 'standby'}: {', '.join(options.channels)}"
        return Result(True, words, changed=False)
    words = f"{', '.join(change)} {'active' if wanted else 'back to standby'}"
    states = {name: context.state_of(name) for name in change}
    doubtful = [f"{name} is {state.value}" for name, state in states.items() if state is not State.UP]
    if wanted and doubtful:
        words += f"; warning: {', '.join(doubtful)}"
    return Result(True, words, events)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Standing and outcome are one commit: without an outcome nothing changed, so doing it is safe."""
    return None
