"""`xmpp.room.close`: destroy a room that a step made. One without such a step's mark was there before, and stays."""

from outagetui.actions import Result, StepContext, options_of
from outagetui.actions.xmpp_room import MARK
from outagetui.actions.xmpp_visit import Progress, visit
from outagetui.core.step_options import XmppRoomCloseOptions
from outagetui.core.text import clean
from outagetui.facts.events import StepPlan
from outagetui.protocols.xmpp.account import read_room
from outagetui.protocols.xmpp.office import Office
from outagetui.protocols.xmpp.session import Session


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Destroy the room if its description says that a step made it."""

    async def deed(session: Session, progress: Progress) -> Result:
        options = options_of(plan, XmppRoomCloseOptions)
        office = Office(session, read_room(plan.facts["room"]))
        told = await office.described()
        if told is None:
            return Result(True, f"there is no room {office.address} any more", changed=False)
        if not told.description.startswith(MARK):
            return Result(True, f"{office.address} was there before; left as it is", changed=False)
        with progress.in_doubt(f"{office.address} may have been destroyed"):
            await office.destroy(clean(options.text))
            if await office.described() is not None:
                return Result(False, f"the server still knows {office.address} after it was destroyed")
        return Result(True, f"{office.address} destroyed")

    return await visit(plan, context, deed)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Doing it again is safe: what is gone stays gone, and what is not ours is left alone."""
    return None
