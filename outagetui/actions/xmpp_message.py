"""`xmpp.message`: say something in a room, or to people.

A message in a room counts when the room has sent it back to us; one to a person when the server has taken it.
"""

from outagetui.actions import Result, StepContext, options_of
from outagetui.actions.xmpp_room import message_id, sure
from outagetui.actions.xmpp_visit import NICK, Progress, visit
from outagetui.core.step_options import XmppMessageOptions
from outagetui.core.text import clean_lines
from outagetui.facts.events import StepPlan
from outagetui.protocols.xmpp.account import read_room
from outagetui.protocols.xmpp.direct_messages import post
from outagetui.protocols.xmpp.office import Office
from outagetui.protocols.xmpp.session import Session


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Say it once: what an earlier try of this step has said in the room is found among its last messages."""

    async def deed(session: Session, progress: Progress) -> Result:
        options = options_of(plan, XmppMessageOptions)
        text, people, words = clean_lines(options.text), plan.facts.get("people", []), progress.done
        if options.room:
            office = Office(session, read_room(plan.facts["room"]))
            await office.enter(NICK, create=False)
            if message_id(context) in office.seen:
                words.append(f"{office.address} has it already")
            else:
                with progress.in_doubt(f"it may have been said in {office.address}"):
                    await office.say(text, message_id(context))
                words.append(f"said in {office.address}")
        if not people:
            return Result(True, "; ".join(words))
        with progress.in_doubt(f"{', '.join(people)} may have it"):
            letters = {message_id(context, number): each for number, each in enumerate(people, 1)}
            returned = await post(session, letters, text)
        if sent := [each for each in people if each not in returned]:
            words.append(f"taken by the server for {', '.join(sent)}")
        words += [f"came back: {error.detail}" for error in returned.values()]
        return Result(not returned, "; ".join(words))

    return await visit(plan, context, deed)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Look for the message in the room; what went to people leaves no trace."""
    people = plan.facts.get("people", [])
    if people:
        return f"whether {', '.join(people)} have the message cannot be looked up"

    async def deed(session: Session, progress: Progress) -> Result:
        office = Office(session, read_room(plan.facts["room"]))
        await office.enter(NICK, create=False)
        if message_id(context) in office.seen:
            return Result(True, f"found in {office.address}")
        return Result(False, f"it is not among the last messages of {office.address}, which the room may not keep")

    return sure(await visit(plan, context, deed))
