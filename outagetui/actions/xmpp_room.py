"""`xmpp.room`: make a room, set it up, invite people, say a first word; what is there already is used as it is.

A room that a step makes carries the step's key in its description, so that a retry knows it again and only such a room
is ever destroyed. Once invitations were sent they are sent again only on an operator's word.
"""

from outagetui.actions import Result, StepContext, options_of
from outagetui.actions.xmpp_visit import NICK, Progress, visit
from outagetui.core.step_options import XmppRoomStepOptions
from outagetui.core.text import clean, clean_lines
from outagetui.facts.events import StepPlan
from outagetui.protocols.xmpp.account import read_room
from outagetui.protocols.xmpp.conditions import Answered
from outagetui.protocols.xmpp.office import OPTION, Described, Office
from outagetui.protocols.xmpp.session import Session

MARK = "made by outagetui"


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Make the room unless it is there; subject, members and invitations come after, in this order."""

    async def deed(session: Session, progress: Progress) -> Result:
        options = options_of(plan, XmppRoomStepOptions)
        office = Office(session, read_room(plan.facts["room"]))
        mine, told = await _made(office, options, context, progress)
        if options.members_only and not told.members_only:
            words = f"{office.address} is open to everybody, but members_only is asked: nobody was invited"
            return Result(False, words, changed=mine)
        done = progress.done
        done.append(f"{office.address} made" if mine else f"{office.address} was there already")
        if mine and told.description != mark(context):
            done.append("the server keeps no description of it, so a stand-down will leave it")
        subject = clean(options.subject)
        if subject and office.subject != subject:
            await office.set_subject(subject)
        text, id = clean_lines(options.text), message_id(context)
        if text and id in office.seen:  # the last thing that is done, so all before it was done as well
            return Result(True, f"{'; '.join(done)}; all was done by an earlier try", changed=mine)
        reason = subject or clean(options.text)
        left_out = await bring(office, plan.facts["people"], reason, members=told.members_only, of=(context, progress))
        if text:
            with progress.in_doubt("the text may have been said"):
                await office.say(text, id)
            done.append("said the text")
        return Result(not left_out, "; ".join(done), changed=mine)

    return await visit(plan, context, deed)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Look at the room: nothing there, or nobody to invite, makes another try safe; invitations leave no trace."""
    options = options_of(plan, XmppRoomStepOptions)
    text, people = bool(clean_lines(options.text)), plan.facts["people"]

    async def deed(session: Session, progress: Progress) -> Result:
        office = Office(session, read_room(plan.facts["room"]))
        told = await office.described()
        if told is None or not (text or people):
            return Result(False, "", changed=False)
        mine = told.description == mark(context)
        if text:
            await office.enter(NICK, create=False)
            if message_id(context) in office.seen:
                return Result(True, f"found the text in {office.address}, so all was done", changed=mine)
        whose = "was made by this step" if mine else "is there"
        return Result(False, f"{office.address} {whose}, {unseen(people)}")

    return sure(await visit(plan, context, deed))


async def _made(
    office: Office, options: XmppRoomStepOptions, context: StepContext, progress: Progress
) -> tuple[bool, Described]:
    """Enter; tell whether this step made the room, now or in an earlier try, and what the room says of itself."""
    with progress.in_doubt(f"{office.address} may have been made"):
        try:
            fresh = await office.enter(NICK, create=True)
        except Answered as trouble:
            if trouble.code == "xmpp.room-missing":
                words = f"{trouble.detail}: the server keeps the name of a room that was destroyed; choose another one"
                raise Answered(trouble.code, words) from trouble
            raise
        told = await office.described()
        mine = fresh or (told is not None and told.description == mark(context))
        if mine:
            values = {
                "persistentroom": "1",
                "roomname": office.address.partition("@")[0],
                "roomdesc": mark(context),
                "membersonly": "1" if options.members_only else "0",
            }
            if options.members_only:
                values["publicroom"] = "0"
            await office.configure({f"{OPTION}_{key}": value for key, value in values.items()})
            told = await office.described()
    return mine, told or Described("", "", frozenset())


async def bring(
    office: Office, people: list[str], reason: str, *, members: bool, of: tuple[StepContext, Progress]
) -> bool:
    """Invite those who are not in the room; where only members may enter, they become members before.

    Returns whether somebody could not be invited; what was done is added to the `done` of the progress.
    """
    context, progress = of
    us, inside = office.account.lower(), set(office.people.values())
    guests = [each for each in people if each.lower() != us and each.lower() not in inside]
    words = progress.done
    if here := [each for each in people if each.lower() in inside and each.lower() != us]:
        words.append(f"already in: {', '.join(here)}")
    if not guests:
        return False
    if members:
        known = await office.affiliated()
        await office.make_members(each for each in guests if each.lower() not in known)
    with progress.in_doubt(f"{', '.join(guests)} may have been invited to {office.address}"):
        ids = {message_id(context, number): each for number, each in enumerate(guests, 1)}
        refused = await office.invite(ids, reason)
    if asked := [each for each in guests if each not in refused]:
        words.append(f"invited {', '.join(asked)}")
    words += [f"not invited: {error.detail}" for error in refused.values()]
    return bool(refused)


def mark(context: StepContext) -> str:
    """Return the description of a room that this step makes."""
    return f"{MARK} ({context.key[:16]})"


def message_id(context: StepContext, number: int = 0) -> str:
    """Return the id of a message of this step: the same for every try."""
    return f"{context.key[:16]}-{number}"


def unseen(people: list[str]) -> str:
    """Say what nobody can look up."""
    if people:
        return f"and whether {', '.join(people)} were invited cannot be looked up"
    return "and the text is not among its last messages, which the room may not keep"


def sure(result: Result) -> Result | str | None:
    """Return a look-up's Result as `recover` does: done, words for the operator, or None where a try is safe."""
    return result if result.done else result.detail or None
