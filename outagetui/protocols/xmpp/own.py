"""A session of one's own for one errand: logged in, and gone afterwards whatever comes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from outagetui.machine.secrets import Secrets
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.xmpp.account import Account
from outagetui.protocols.xmpp.login import log_in
from outagetui.protocols.xmpp.route import open_stream
from outagetui.protocols.xmpp.session import Session


@contextlib.asynccontextmanager
async def own_session(account: Account, password: str, limit: float) -> AsyncIterator[Session]:
    """Log in within `limit` (the loop's time) and yield the session. Raises `Trouble`, TimeoutError and OSError."""
    place = Vantage("errand", Secrets.none())
    session: Session | None = None
    try:
        async with asyncio.timeout_at(limit):
            stream = await open_stream(account, place, Phases(), limit)
            session = Session(account, stream, place.tls_context(account.ca))
            await log_in(session, password)
        yield session
    finally:
        if session is not None:
            await session.aclose()
        await place.aclose()
