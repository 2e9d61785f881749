"""`sip.options`: does a SIP server answer OPTIONS (RFC 3261 section 11)? Every final reply proves that it lives.

2xx passes; a challenge or "not here" passes too and keeps its code; 408, 500, 502, 504, 503 and 513 warn. With `accept`
those codes pass and all others fail. Every server of the name is tried in order (RFC 3263), until one has room (not
503). Codes: `sip.NNN`, `sip.refused` and `sip.unreachable` (ICMP), `sip.provisional` (only 1xx), `sip.mismatch`,
`sip.malformed`, `sip.reflected` (our own request came back: an echo, no SIP server), `sip.closed`, `timeout`, and those
of names and TLS. The latency leaves out the wait for datagrams that were lost: it is that of the transmission that was
answered.
"""

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import SipOptionsOptions
from outagetui.core.text import clean
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.agent import Agent
from outagetui.protocols.sip.locate import target_uri
from outagetui.protocols.sip.replies import by_way, judge, silence
from outagetui.protocols.sip.request import Party, Request, contact
from outagetui.protocols.sip.transaction import Silence
from outagetui.protocols.sip.transport import Transport

MARGIN = 0.05  # seconds before the deadline at which we stop waiting, to tell what came instead of an answer
USER = "outagetui"


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the server of `check`."""
    options = check.own(SipOptionsOptions)
    uri = target_uri(check.target)
    sender = None if options.from_ is None else target_uri(options.from_).bare
    phases = Phases()
    agent = Agent(vantage, ca=options.ca, phases=phases, asking="options")

    def make(transport: Transport) -> Request:
        party = Party.between(sender or f"sip:{USER}@{transport.host}", uri.bare)
        more = (("Contact", contact(transport, USER)), ("Accept", "application/sdp"))
        return Request("OPTIONS", uri.bare, party, 1, more)

    try:
        async with phases.within(deadline):
            ways = await agent.reach(uri.hop, deadline)
            try:
                found = await agent.ask_any(ways, make, deadline - MARGIN)
            except Silence as error:
                raise silence(error, agent) from error
    finally:
        await agent.aclose()
    outcome, code, detail = judge(found.reply, options.accept)
    detail = by_way(detail, found.tried)
    waited = phases.ms.pop("options") - found.seconds * 1000
    latency = phases.total + found.seconds * 1000
    measured = {**phases.ms, **({"lost": waited} if found.sent > 1 else {}), "options": found.seconds * 1000}
    if found.sent > 1:
        detail += f"; answered only the {found.sent}th datagram" if found.sent > 3 else _WORDS[found.sent]
    if outcome is Outcome.PASS and agent.strange + agent.malformed:
        detail += f"; beside it {agent.strange + agent.malformed} replies that did not match"
    return Sample(outcome=outcome, code=code, detail=clean(detail), latency_ms=latency, phases=measured)


_WORDS = {2: "; answered only the second datagram", 3: "; answered only the third datagram"}
