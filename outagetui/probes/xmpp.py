"""`xmpp`: one kept session an account, and a ping on it (RFC 6120, XEP-0199); a new login only when it was lost.

The servers come from SRV records (XEP-0368 too), or from `connect`; always under TLS. Codes: `xmpp.not-authorized` and
the other reasons of a refused login, `xmpp.no-tls`, `xmpp.not-offered`, `xmpp.host-unknown`, `xmpp.conflict`,
`xmpp.stream-error`, `xmpp.auth-missing`, `xmpp.throttled` (unknown: we come too often), `xmpp.impostor`, `xmpp.closed`,
`xmpp.protocol`, and those of TLS, TCP, names.
"""

from outagetui.core.model import Check, Sample
from outagetui.core.probe_options import XmppOptions
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.xmpp.account import read_account
from outagetui.protocols.xmpp.session_pool import SessionPool


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Ping the account's server once."""
    options = check.own(XmppOptions)
    account = read_account(check.target, options, check.connect)
    password = vantage.secrets.read(options.secret)
    pool = vantage.shared(SessionPool, lambda: SessionPool(vantage))
    phases = Phases()
    async with phases.within(deadline):
        session, lost = await pool.live(account, password, phases, deadline)
    words = f"{session.address} at {session.stream.peer} ({session.protected})"
    if lost:
        words += f", logged in anew after {lost}"
    return phases.sample(words)
