"""`websocket`: the handshake of RFC 6455, a ping and its pong, and optionally something to send and an answer to match.

Codes: `http.NNN` when the server answers the handshake with another status than 101, `ws.handshake`, `ws.subprotocol`,
`ws.no-pong`, `ws.match`, `ws.closed`, `ws.protocol`, unknown `ws.too-much` and `ws.http2`, and those of TLS.
"""

from outagetui.core.model import Check, Sample
from outagetui.core.probe_options import WebsocketOptions
from outagetui.core.text import clean, in_quotes
from outagetui.net.pattern import search
from outagetui.net.trouble import Phases, Trouble, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.websocket_connection import WebSocket, address, opened

MESSAGES_LIMIT = 100  # messages looked at for `match`


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the WebSocket of `check`."""
    options = check.own(WebsocketOptions)
    wanted = address(check.target)
    phases = Phases()
    seen: list[str] = []
    detail = "open, ping answered"
    try:
        async with (
            phases.within(deadline),
            opened(
                vantage,
                wanted,
                phases,
                ca=options.ca,
                subprotocol=options.subprotocol,
                deadline=deadline,
                connect=check.connect,
            ) as socket,
        ):
            if options.send is not None:
                phases.enter("send")
                await socket.send(options.send)
            if options.match is not None:
                phases.enter("reply")
                detail = f"answered {in_quotes(await _answer(socket, options.match, seen, deadline))}"
    except Trouble as trouble:
        raise _silence(trouble, options, seen) from trouble
    return phases.sample(detail)


async def _answer(socket: WebSocket, pattern: str, seen: list[str], deadline: float) -> str:
    """Return what `pattern` found in the first message that holds it."""
    while len(seen) < MESSAGES_LIMIT:
        text = await socket.receive()
        seen.append(clean(text, 120))
        if found := await search(pattern, text, deadline):
            return clean(found[0], 120)
    return unknown("ws.too-much", f"{MESSAGES_LIMIT} messages without {in_quotes(pattern)}, and more are not read")


def _silence(trouble: Trouble, options: WebsocketOptions, seen: list[str]) -> Trouble:
    """Return `trouble`, a time-out of an open WebSocket under the name of what did not come."""
    phase = list(trouble.phases)[-1] if trouble.phases else ""
    if trouble.code != "timeout" or phase not in ("ping", "reply"):
        return trouble
    if phase == "ping":
        return Trouble(trouble.outcome, "ws.no-pong", "open, but the ping was not answered in time", trouble.phases)
    came = f"only {in_quotes(seen[-1])} came" if seen else "nothing came"
    words = f"{came}, and nothing that matches {in_quotes(options.match)}"
    return Trouble(trouble.outcome, "ws.match", words, trouble.phases)
