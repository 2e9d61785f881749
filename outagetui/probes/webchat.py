"""`webchat`: the page loads and holds its widget, its WebSocket opens and pings, and a guest's message comes back.

Codes: `http.NNN`, `webchat.widget`, those of the probe websocket, and for an XMPP-based chat `webchat.no-guests` (no
anonymous login), `webchat.room-missing` (joining never leaves a new room behind), `webchat.not-reflected` (the message
did not come back in time), and `xmpp.CONDITION` as the server names it.
"""

import time

from outagetui.core.hosts import in_letters, read_name
from outagetui.core.model import Check, Sample
from outagetui.core.probe_options import WebchatOptions
from outagetui.core.text import in_quotes
from outagetui.core.urls import read_url
from outagetui.net.pattern import search
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_answer import LIMIT, refused
from outagetui.protocols.http_fetch import fetch
from outagetui.protocols.http_request import Request
from outagetui.protocols.websocket_connection import WebSocket, address, opened
from outagetui.protocols.xmpp_guest import SUBPROTOCOL, Guest, SeeOtherUri

REDIRECTIONS = 3  # from one WebSocket to the next that are followed
_SILENT = {
    "ping": ("ws.no-pong", "the WebSocket is open, but the ping was not answered in time"),
    "message": ("webchat.not-reflected", "in the room, but the message did not come back in time"),
}


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the web chat of `check`."""
    options = check.own(WebchatOptions)
    phases = Phases()
    try:
        async with phases.within(deadline):
            phases.enter("page")
            words = [await _page(check, options, vantage, deadline)]
            if options.websocket:
                words.append(await _socket(check, options, options.websocket, vantage, phases, deadline))
    except Trouble as trouble:
        phase = list(trouble.phases)[-1] if trouble.phases else ""
        if trouble.code == "timeout" and phase in _SILENT:
            raise Trouble(trouble.outcome, *_SILENT[phase], trouble.phases) from trouble
        raise
    return phases.sample(", ".join(words))


async def _page(check: Check, options: WebchatOptions, vantage: Vantage, deadline: float) -> str:
    reply = await fetch(vantage, check.target, ca=options.ca, connect=check.connect, deadline=deadline)
    if not 200 <= reply.status < 400:
        raise refused(reply, f"the page answers with status {reply.status}", time.time())
    if options.widget is None:
        return "the page loads"
    if not await search(options.widget, await reply.searchable(), deadline):
        if reply.truncated:
            unknown(
                "http.too-large",
                f"of the page only {LIMIT >> 20} MiB are read; not in them is {in_quotes(options.widget)}",
            )
        fail("webchat.widget", f"the page loads, but does not hold {in_quotes(options.widget)}")
    return "the page holds the widget"


async def _socket(
    check: Check, options: WebchatOptions, url: str, vantage: Vantage, phases: Phases, deadline: float
) -> str:
    origin = read_url(check.target).origin  # as the page's script would say; servers may ask for it
    subprotocol = SUBPROTOCOL if options.xmpp_domain else None
    wanted = address(url)
    for _ in range(REDIRECTIONS):
        async with opened(
            vantage, wanted, phases, ca=options.ca, subprotocol=subprotocol, origin=origin, deadline=deadline
        ) as socket:
            if options.xmpp_domain is None:
                return "the WebSocket answers"
            domain = in_letters(read_name(options.xmpp_domain)).removesuffix(".")
            try:
                return await _visit(socket, domain, options.room, phases)
            except SeeOtherUri as other:
                wanted = _elsewhere(other, wanted)
    return fail("xmpp.closed", f"the server sent us to another WebSocket {REDIRECTIONS} times")


def _elsewhere(other: SeeOtherUri, here: Request) -> Request:
    """Return where the server sends us: a WebSocket no less protected than the one it was said on."""
    try:
        found = address(other.where) if other.where.lower().startswith(("ws:", "wss:")) else None
    except Trouble:
        found = None
    if found is None or (here.scheme == "https" and found.scheme != "https"):
        raise other
    return found


async def _visit(socket: WebSocket, domain: str, room: str | None, phases: Phases) -> str:
    guest = Guest(socket, domain)
    phases.enter("login")
    await guest.log_in()
    if room is None:
        phases.enter("xmpp_ping")
        await guest.ping()
        phases.stop()
        await guest.leave()
        return "a guest can log in"
    phases.enter("join")
    place = await guest.join(room, phases)
    phases.enter("message")
    await guest.say(room, place)
    phases.stop()
    await guest.leave(place)
    return f"a message to {room} came back"
