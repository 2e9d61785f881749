"""`xmpp.room`: join a room and see a message come back from it, or stay in it and ask whether we still are.

Joining never makes a room: one that is not there is `xmpp.room-missing`, and what a server made all the same is
destroyed. Codes: those of `xmpp` and of `outagetui.protocols.xmpp.room`.
"""

import asyncio

from outagetui.core.model import Check, Sample
from outagetui.core.probe_options import XmppRoomOptions
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.xmpp.account import read_account, read_room
from outagetui.protocols.xmpp.room import Room
from outagetui.protocols.xmpp.session_pool import SessionPool


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the room of `check`; phases of `xmpp`, then join and echo, or self-ping."""
    options = check.own(XmppRoomOptions)
    account = read_account(check.target, options, check.connect)
    address = read_room(options.room)
    password = vantage.secrets.read(options.secret)
    pool = vantage.shared(SessionPool, lambda: SessionPool(vantage))
    phases = Phases()
    async with phases.within(deadline):
        session, _ = await pool.live(account, password, phases, deadline)
        room = session.room(address)
        phases.enter("join")
        async with room.lock:
            if options.mode == "join":
                words = await _stay(room, options.nick, phases)
            else:
                words = await _visit(room, options.nick, phases)
    return phases.sample(words)


async def _visit(room: Room, nick: str, phases: Phases) -> str:
    """Join, see a message come back, leave; where another check stays in the room, its place is used."""
    stays = bool(room.nick)
    if not stays:
        await room.join(nick)
    name = room.nick
    phases.enter("echo")
    started = asyncio.get_running_loop().time()
    try:
        await room.echo()
    finally:
        if not stays:
            room.leave()
    trip = (asyncio.get_running_loop().time() - started) * 1000
    return f"{room.address}: a message as {name} came back after {trip:.1f} ms"


async def _stay(room: Room, nick: str, phases: Phases) -> str:
    """Be in the room, and in again where we are no longer."""
    if room.nick:
        phases.enter("self-ping")
        if await room.still_in():
            return f"{room.address}: still in as {room.nick}"
        phases.enter("join")
    await room.join(nick)
    return f"{room.address}: in as {room.nick}"
