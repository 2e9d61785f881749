"""`sip.register`: can a phone register? REGISTER, the challenge's answer, the binding checked and taken back.

The binding is our own (see `protocols.sip.registration`): phones of the account keep theirs, and it is taken back also
when the look is cut short. Codes: `sip.NNN` (401 or 407: the password was refused), `sip.contact-missing`,
`sip.expiry`, `sip.still-registered` (warn: it could not be taken back), `timeout`, and those of `sip.options` and TLS.
Unknown, since it is our own limit: `sip.auth-unsupported` (a login that is not Digest as we speak it), 420, 421, 494.
"""

import asyncio
import uuid

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import SipRegisterOptions
from outagetui.net.farewell import Farewells
from outagetui.net.trouble import Phases, Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.agent import Agent
from outagetui.protocols.sip.locate import proxy_hop, target_uri
from outagetui.protocols.sip.registration import Registration
from outagetui.protocols.sip.replies import silence
from outagetui.protocols.sip.transaction import Silence

MARGIN = 0.05  # as in `sip.options`
PATIENCE = 8.0  # seconds taking it back may go on after the look: beyond, the registration ends by itself before long


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Register once at the registrar of `check`, and take it back."""
    options = check.own(SipRegisterOptions)
    account = target_uri(check.target)
    hop = account.hop if options.proxy is None else proxy_hop(options.proxy)
    password = "" if options.secret is None else vantage.secrets.read(options.secret)
    user = options.user or account.user if options.secret is not None else ""
    phases = Phases()
    agent = Agent(vantage, user=user, password=password, ca=options.ca, phases=phases, asking="register")
    instance = uuid.uuid5(uuid.NAMESPACE_URL, f"outagetui/{vantage.name}/{check.id}/{account.bare}")
    registration = Registration(agent, account, instance)
    until = deadline - MARGIN
    try:
        async with phases.within(deadline):
            ways = await agent.reach(hop, deadline)
            try:
                binding = await registration.make(ways, until)
            except Silence as error:
                raise silence(error, agent) from error
            phases.enter("unregister")
            removed = await _removed(registration, until)
    finally:
        if registration.standing:
            end = asyncio.get_running_loop().time() + PATIENCE
            vantage.shared(Farewells, Farewells).begin(agent.leave(registration.remove(end)))
        else:
            await agent.aclose()
    if removed:
        return phases.sample(f"{binding.words} and taken back")
    return phases.sample(f"{binding.words}, but it could not be taken back", Outcome.WARN, "sip.still-registered")


async def _removed(registration: Registration, until: float) -> bool:
    try:
        return await registration.remove(until)
    except (Silence, OSError, Trouble):
        return False
