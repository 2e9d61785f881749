"""What can be ordered for a channel or an outlet, wherever its row stands: to mute it, and to activate a backup."""

from outagetui.board.rows import ChannelRow
from outagetui.core.model import State
from outagetui.core.orders import Activate, Deactivate, Mute
from outagetui.core.text import clean
from outagetui.core.words import Standing
from outagetui.tui.operator import Operator
from outagetui.tui.widgets.story import Row


async def mute(operator: Operator, row: Row) -> None:
    """Ask how long and why, then mute; or end the mute."""
    answer = await operator.mute(row.name, muted=row.muted is not None)
    if answer is not None:
        seconds, reason = answer
        await operator.order(Mute(id=row.id, seconds=seconds, reason=reason))


async def activate(operator: Operator, row: ChannelRow) -> None:
    """Ask, then take a backup into use or back out of it."""
    name = clean(row.name, 60)
    if row.standing == Standing.ACTIVE:
        question = f"Take {name} out of use? It goes back to standby and no longer counts as a way to reach us."
        if await operator.confirm(question):
            await operator.order(Deactivate(channels=(row.id,)))
        return
    up = row.state is State.UP
    warning = "" if up else f"It is {row.state.value.upper()} now: {clean(row.why) or 'nobody may answer there'}"
    if await operator.confirm(f"Activate {name} for {row.audience}?", warning):
        await operator.order(Activate(channels=(row.id,)))
