"""The `xmpp` outlet: says it in a room and makes it the subject, or announces it to all who are online at a server.

In a room (XEP-0045) it counts when the room has sent it back to us, which is all there is to see, and is looked up
among the room's last messages. A server's announcement (XEP-0133 section 4.23) leaves nothing to look up but our own
record. What was said stays; to take it back is to say so, and to put the subject back unless it is another's by now.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Final

from outagetui.core.model import Outlet
from outagetui.core.outlet_options import XmppOutletOptions
from outagetui.core.probe_options import XmppOptions
from outagetui.core.words import DeliveryState
from outagetui.net.trouble import Trouble, from_os_error
from outagetui.outlets import Delivered, Delivery, MaybeSentError, Tools, UnsentError, subjects
from outagetui.outlets.answers import SKEW, login_of, options_of, words_of
from outagetui.outlets.sentlog import Mark, SentLog, once, recall, sent_log, settled
from outagetui.protocols.xmpp.account import read_account, read_room
from outagetui.protocols.xmpp.admin import announce
from outagetui.protocols.xmpp.conditions import Answered, explained
from outagetui.protocols.xmpp.office import Office
from outagetui.protocols.xmpp.session import Session
from outagetui.protocols.xmpp.session_pool import own_session
from outagetui.wording.published import published, published_lines

NICK: Final = "announcements"
SUBJECT: Final = 300  # characters
TEXT: Final = 20_000
WITHDRAWN: Final = {"en": "Withdrawn: ", "de": "Zurückgezogen: "}
_MARGIN: Final = 0.5  # seconds of the outlet's time for telling what happened


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Say it once; in a room it becomes the subject."""
    options = options_of(outlet, XmppOutletOptions)
    title, text = _words(delivery)
    async with _visit(outlet, tools) as session:
        if options.room:
            office = await _enter(session, options.room)
        elif not options.announce_to:
            raise UnsentError("there is neither room nor announce_to: nobody to tell")

        async def act(log: SentLog) -> Delivered:
            if not options.room:
                with _refused_or_lost():
                    said = await announce(session, options.announce_to or "", title, text)
                return Delivered("sent", outlet.url, f"outagetui-{delivery.key}", said)
            with _refused_or_lost():
                await office.say(f"{title}\n\n{text}", _id(delivery.key))
            log.note({"": Mark("accepted", f"said in {office.address}", outlet.url, _id(delivery.key))})
            unkept = subjects.note(tools, outlet.id, delivery.key, title, office.subject)
            words = f"said in {office.address}"
            if trouble := await _set_subject(office, title):
                words += f"; its subject could not be changed: {trouble}"
            elif unkept:
                words += f"; its subject before will not be put back: {unkept}"
            return Delivered("sent", outlet.url, _id(delivery.key), words)

        return await once(tools, delivery.key, act)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Say that it is withdrawn, once, and put back the subject from before while it is still the one we set."""
    options = options_of(outlet, XmppOutletOptions)
    title, _ = _words(delivery)
    said = published(WITHDRAWN.get(delivery.language.partition("-")[0], WITHDRAWN["en"]) + title, SUBJECT)
    async with _visit(outlet, tools) as session:
        office = await _enter(session, options.room) if options.room else None

        async def act(log: SentLog) -> Delivered:
            with _refused_or_lost():
                if office is None:
                    await announce(session, options.announce_to or "", said, said)
                else:
                    await office.say(said, _id(f"{delivery.key}-withdrawn"))
            return Delivered("sent", outlet.url, detail="said that it is withdrawn")

        done = await once(tools, f"{delivery.key}-withdrawn", act)
        if done.state != DeliveryState.SENT:
            return done
        words = await _put_back(office, outlet, delivery, tools) if office is not None else ""
        return Delivered("retracted", outlet.url, detail=f"said that it is withdrawn{words}")


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look in our own record; what that does not know, among the room's last messages, if they reach far enough."""
    options = options_of(outlet, XmppOutletOptions)
    marks = recall(tools, delivery.key)
    there = settled(marks)
    if there is None or there.state != DeliveryState.UNKNOWN or not options.room:
        return there
    async with _visit(outlet, tools) as session:
        office = await _enter(session, options.room)
        office.leave()
        with sent_log(tools, delivery.key) as log:
            if _id(delivery.key) in office.seen:
                mark = Mark("accepted", f"found in {office.address}", outlet.url, _id(delivery.key))
            elif office.oldest < delivery.at - SKEW:
                mark = Mark("later", f"looked up: it is not in {office.address}")
            else:
                return Delivered("unknown", outlet.url, detail=f"the history of {office.address} does not tell")
            log.note({"": mark})
            return settled(log.marks)


def _id(key: str) -> str:
    return f"outagetui-{key}"


def _words(delivery: Delivery) -> tuple[str, str]:
    text = words_of(delivery)
    return published(text.title, SUBJECT), published_lines(text.plain, TEXT)


async def _enter(session: Session, room: str) -> Office:
    office = Office(session, read_room(room))
    await office.enter(NICK, create=False)
    return office


async def _set_subject(office: Office, subject: str) -> str:
    """Change the subject unless it is that already; return why it could not be."""
    if office.subject == subject:
        return ""
    try:
        await office.set_subject(subject)
    except Trouble as trouble:
        return explained(trouble)
    return ""


async def _put_back(office: Office, outlet: Outlet, delivery: Delivery, tools: Tools) -> str:
    """Put back the subject from before the announcement; return in words why not."""
    keys = {delivery.key, *(each.key for each in delivery.placed)}
    try:
        subject = subjects.withdraw(tools, outlet.id, keys, office.subject)
    except (UnsentError, MaybeSentError) as error:
        return f"; the subject could not be put back: {error}"
    if subject is None:
        return "; the subject is another one by now, and stays"
    trouble = await _set_subject(office, subject)
    return f"; the subject could not be put back: {trouble}" if trouble else ""


@contextlib.asynccontextmanager
async def _visit(outlet: Outlet, tools: Tools) -> AsyncIterator[Session]:
    """Log in for one errand; whatever goes wrong before something is said is surely nothing said."""
    options = options_of(outlet, XmppOutletOptions)
    limit = asyncio.get_running_loop().time() + outlet.timeout - min(_MARGIN, outlet.timeout / 10)
    name, password = login_of(outlet, tools)
    tools.trail.written = False
    try:
        account = read_account(
            options.login or "", XmppOptions(secret=name, ca=options.ca, direct_tls=options.direct_tls), options.connect
        )
        async with own_session(account, password, limit) as session, asyncio.timeout_at(limit):
            yield session
    except Trouble as trouble:
        raise UnsentError(explained(trouble)) from trouble
    except TimeoutError as error:
        words = f"no answer within {outlet.timeout:g} s"
        if tools.trail.written:
            raise MaybeSentError(f"{words}; it may have been said") from error
        raise UnsentError(words) from error
    except OSError as error:
        raise UnsentError(explained(from_os_error(error))) from error


@contextlib.contextmanager
def _refused_or_lost() -> Iterator[None]:
    """Tell a refusal, which is an answer, from an answer that stayed away."""
    try:
        yield
    except Answered as trouble:
        raise UnsentError(explained(trouble)) from trouble
    except Trouble as trouble:
        raise MaybeSentError(f"{explained(trouble)}; it may have been said") from trouble
