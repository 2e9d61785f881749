"""`xmpp.invite`: let a room that is there invite people; who is in it already is passed over."""

from outagetui.actions import Result, StepContext, options_of
from outagetui.actions.xmpp_room import bring
from outagetui.actions.xmpp_visit import NICK, Progress, visit
from outagetui.core.step_options import XmppInviteOptions
from outagetui.core.text import clean
from outagetui.facts.events import StepPlan
from outagetui.protocols.xmpp.account import read_room
from outagetui.protocols.xmpp.office import Office
from outagetui.protocols.xmpp.session import Session


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Enter the room and invite; where only members may enter, they become members before."""

    async def deed(session: Session, progress: Progress) -> Result:
        options = options_of(plan, XmppInviteOptions)
        office = Office(session, read_room(plan.facts["room"]))
        await office.enter(NICK, create=False)
        told = await office.described()
        members = told is not None and told.members_only
        people, reason = plan.facts["people"], clean(options.text)
        progress.done.append(office.address)
        left_out = await bring(office, people, reason, members=members, of=(context, progress))
        return Result(not left_out, "; ".join(progress.done))

    return await visit(plan, context, deed)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Invitations leave no trace that could be looked up."""
    return f"whether {', '.join(plan.facts['people'])} were invited to {plan.facts['room']} cannot be looked up"
