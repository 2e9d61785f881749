"""`tls`: a verified handshake on any TCP port, plain or after STARTTLS, and the days its certificates have left.

Codes: `tls.expired`, `tls.not-yet-valid`, `tls.hostname`, `tls.untrusted`, `tls.incomplete-chain`, `tls.self-signed`,
`tls.protocol`, `tls.handshake`, `tls.client-certificate`, `tls.expires-soon` (warn, then fail) and those of `starttls`.
"""

import asyncio
import ssl
import time

from outagetui.core.hosts import read_host
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import TlsOptions
from outagetui.net.certificate import DAY, chain, first_to_expire, refusal
from outagetui.net.connect import target
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.smtp_session import converse
from outagetui.protocols.starttls import agree

REFUSAL_WITHIN = 1.0  # seconds that a server may take to refuse us after the handshake, which TLS 1.3 lets it
_SHARE = 0.5  # of the time left, at most: whoever says nothing has not refused


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the certificates of `check`."""
    options = check.own(TlsOptions)
    host, port = target(check.target)
    name = _name(options.server_name) if options.server_name else host
    phases = Phases()

    async def agreed(stream: Stream) -> None:
        if options.starttls:
            phases.enter("starttls")
            await agree(stream, options.starttls, name)

    async with phases.within(deadline):
        stream, _ = await converse(vantage, host, port, phases, agreed, deadline=deadline, connect=check.connect)
        with stream:
            phases.enter("tls")
            try:
                await stream.start_tls(await vantage.tls_context(options.ca), name)
                phases.stop()
                left = deadline - asyncio.get_running_loop().time()
                await stream.hear_out(min(REFUSAL_WITHIN, left * _SHARE))
            except ssl.SSLError as error:
                raise refusal(error, stream, name) from error
            certificates = chain(stream)
            spoken = stream.tls.version() if stream.tls else ""
    first = first_to_expire(certificates)
    if first is None:
        unknown("tls.no-chain", "this Python does not show the verified certificates")
    remaining = first.expires - time.time()
    outcome, code = Outcome.PASS, ""
    if remaining < options.expires_warn:
        outcome, code = Outcome.WARN, "tls.expires-soon"
    if remaining < options.expires_fail:
        outcome = Outcome.FAIL
    days = f"{max(0.0, remaining) / DAY:.0f} days left"
    return phases.sample(f"{days} ({first.subject}), issued by {certificates[0].issuer}, {spoken}", outcome, code)


def _name(text: str) -> str:
    try:
        return read_host(text)
    except ValueError as error:
        unknown("option.invalid", f"server_name {text}: {error}")
