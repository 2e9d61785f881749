"""`sip.call`: a call to an extension that echoes: can one be heard, and how well?

INVITE, `seconds` of G.711 (A-law or µ-law, whichever is answered) by RTP, BYE. What comes back gives loss, jitter and
round trip, and these the R factor and the mean opinion score (MOS), estimated by the E-model; `value` is the MOS, the
latency the time until the call was answered. The echo is known by its packets, or by its sound where the far side puts
that into packets of its own (see `protocols.sip.echo`). It is hung up, or cancelled, in every case, also when the look
is cut short.

Codes: `sip.NNN`, `sip.no-media` (no sound was agreed on), `sip.no-audio` (nothing came back: one-way audio),
`sip.no-echo` (sound came, not ours), `sip.hung-up`, `sip.mos` (below `mos_down` fail, below `mos_slow` warn),
`sip.bye-unanswered` (warn), `timeout`, and those of `sip.register` and TLS. Unknown are `sip.calls-spent` and
`sip.calls-uncounted`, by the spending guard (`outagetui.protocols.sip.ration`), `loop.late` (our own sending was too
uneven to judge by), and `sip.488` and a declined stream: none of the sound we speak is taken there.
"""

import asyncio
import contextlib

from msgspec import Struct

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import SipCallOptions
from outagetui.core.text import clean
from outagetui.net.farewell import Farewells
from outagetui.net.trouble import Phases, fail
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.agent import PATIENCE, Agent
from outagetui.protocols.sip.call import Call
from outagetui.protocols.sip.echo import Sound
from outagetui.protocols.sip.emodel import judge
from outagetui.protocols.sip.locate import proxy_hop, target_uri
from outagetui.protocols.sip.ration import Ration
from outagetui.protocols.sip.replies import by_way, refused, unanswered
from outagetui.protocols.sip.rtp import TAIL, RtpPort
from outagetui.protocols.sip.transaction import Silence

MARGIN = 0.05  # as in `sip.options`
GOODBYE = 0.4  # seconds kept for the BYE
SHORTEST = 0.5  # seconds of sound that are worth judging
GRACE = 2.0  # seconds beyond `seconds` after which the guard ends the call by itself
LATE = 200.0  # ms by which our own packets may leave late


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Place one call to the number of `check`."""
    options = check.own(SipCallOptions)
    number = target_uri(check.target)
    hop = number.hop if options.proxy is None else proxy_hop(options.proxy)
    password = "" if options.secret is None else vantage.secrets.read(options.secret)
    caller = options.user or "outagetui"
    user = caller if options.secret is not None else ""
    phases = Phases()
    agent = Agent(vantage, user=user, password=password, ca=options.ca, phases=phases, asking="invite")
    call: Call | None = None
    until = deadline - MARGIN
    loop = asyncio.get_running_loop()
    try:
        async with phases.within(deadline):
            with contextlib.closing(RtpPort()) as port:
                ways = await agent.reach(hop, deadline)
                guard = vantage.shared(Ration, lambda: Ration(vantage.state))
                call = Call(agent, guard.take(number.bare, options.calls_per_day, options.seconds + GRACE), caller)
                try:
                    answer = await call.place(ways, f"{number.scheme}:{caller}@{number.name}", port.open, until)
                except Silence as error:
                    raise unanswered(error, agent) from error
                if answer.reply.code >= 300:
                    raise refused("INVITE", answer, asked=agent.authenticates)
                await call.agree(vantage, until)
                seconds = min(options.seconds, until - loop.time() - TAIL - GOODBYE)
                if seconds < SHORTEST:
                    fail("timeout", "answered too late to measure the sound")
                phases.enter("media")
                sound = await port.measure(call.media, seconds, call.stop)
                cut = call.stop.is_set()
                phases.enter("bye")
                ended = await call.end(until)
    finally:
        if call is not None and not call.over:
            vantage.shared(Farewells, Farewells).begin(agent.leave(call.leave(loop.time() + PATIENCE)))
        else:
            await agent.aclose()
    setup = sum(spent for name, spent in phases.ms.items() if name not in ("media", "bye"))
    verdict = _judge(sound, options, answer.tried, cut=cut, ended=ended)
    return Sample(
        outcome=verdict.outcome,
        code=verdict.code,
        detail=clean(verdict.words),
        latency_ms=setup,
        phases=dict(phases.ms),
        value=verdict.mos,
    )


class _Verdict(Struct, frozen=True):
    outcome: Outcome
    code: str
    words: str
    mos: float | None = None


def _judge(sound: Sound, options: SipCallOptions, tried: tuple[str, ...], *, cut: bool, ended: bool) -> _Verdict:
    if cut:
        words = f"the far side hung up after {sound.sent} packets ({sound.sent * 0.02:.1f} s)"
        return _Verdict(Outcome.FAIL, "sip.hung-up", words)
    if not sound.echoed and sound.foreign:
        words = f"{sound.foreign} packets of sound came, none of them ours: this extension does not echo"
        return _Verdict(Outcome.FAIL, "sip.no-echo", words)
    if not sound.echoed:
        return _Verdict(Outcome.FAIL, "sip.no-audio", f"answered, but none of {sound.sent} packets of sound came back")
    if sound.lag > LATE:
        return _Verdict(Outcome.UNKNOWN, "loop.late", f"our own packets left up to {sound.lag:.0f} ms late")
    quality = judge(sound.round_trip, sound.jitter, min(1.0, sound.lost + sound.late))
    words = (
        f"MOS {quality.mos:.2f} (R {quality.r:.0f}), estimated (E-model): {sound.lost:.1%} lost, "
        f"{sound.late:.1%} late, jitter {sound.jitter:.1f} ms, round trip {sound.round_trip:.1f} ms, "
        f"{sound.echoed} of {sound.sent} packets{'; the sound comes back re-coded' if sound.recoded else ''}"
    )
    words = by_way(words, tried)
    score = round(quality.mos, 3)
    if quality.mos < options.mos_down:
        return _Verdict(Outcome.FAIL, "sip.mos", words, score)
    if quality.mos < options.mos_slow:
        return _Verdict(Outcome.WARN, "sip.mos", words, score)
    if not ended:
        return _Verdict(Outcome.WARN, "sip.bye-unanswered", f"the far side did not answer our BYE; {words}", score)
    return _Verdict(Outcome.PASS, "", words, score)
