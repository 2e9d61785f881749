"""Sessions, logged in: kept ones of a vantage, one an account, and one of one's own for one errand."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols.xmpp.account import Account
from outagetui.protocols.xmpp.login import log_in
from outagetui.protocols.xmpp.route import first_way
from outagetui.protocols.xmpp.session import Session

IDLE = 900.0  # seconds after which a session that nobody looks at any more is closed
# Seconds after which a login is proven again: a session that stands tells nothing of passwords and certificates.
RENEW = 3600.0
# Silent for this long (seconds), a connection may have been forgotten by something on the way: it gets half of a look's
# time to prove itself, so that the other half is enough for a new one.
STALE = 60.0


class _Login:
    """A login under way, and how many looks wait for it; whoever began it lends it his phases."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.waiting = 0
        self.task: asyncio.Task[Session]


class _Kept:
    """A session with what it was made with, and the timer that closes it when nobody uses it."""

    def __init__(self, session: Session, password: str) -> None:
        self.session = session
        self.password = password
        self.since = session.heard_at
        self.timer: asyncio.TimerHandle | None = None


class SessionPool:
    """Hands out sessions. It belongs to a vantage; `aclose` ends them all."""

    def __init__(self, vantage: Vantage) -> None:
        self._vantage = vantage
        self._loop = asyncio.get_running_loop()
        self._kept: dict[Account, _Kept] = {}
        self._logins: dict[Account, _Login] = {}

    async def live(self, account: Account, password: str, phases: Phases, deadline: float) -> tuple[Session, str]:
        """Return a session that has just answered a ping, and why it had to be made anew, if it had.

        Phases: ping, and for a new session before it resolve, connect, tls, login (login alone for who waits for
        another look's login). Raises `Trouble`; a session that fails is ended.
        """
        kept = self._usable(account, password)
        why = ""
        if kept is not None and kept.session.ended is None:
            try:
                await self._prove(kept, phases, deadline)
                return kept.session, ""
            except Trouble as trouble:
                if kept.session.ended is None:
                    raise  # the server has answered, with an error
                why = trouble.code
        elif kept is not None:
            why = kept.session.reason().code
        session = await self._log_in(account, password, phases, deadline)
        kept = self._kept.get(account)
        if kept is None or kept.session is not session:
            raise session.reason()
        await self._prove(kept, phases, deadline, fresh=True)
        return session, why

    def _usable(self, account: Account, password: str) -> _Kept | None:
        """Return the account's session unless it is time to log in anew."""
        kept = self._kept.get(account)
        if kept is None:
            return None
        old = self._loop.time() - kept.since > RENEW or time.time() > kept.session.good_until
        return None if old or kept.password != password else kept

    async def _prove(self, kept: _Kept, phases: Phases, deadline: float, *, fresh: bool = False) -> None:
        """Ping; without an answer the session is ended, for all who use it."""
        session, now = kept.session, self._loop.time()
        limit = None if fresh or now - session.heard_at < STALE else now + (deadline - now) / 2
        phases.enter("ping")
        try:
            async with asyncio.timeout_at(limit):
                await session.ping()
        except TimeoutError:
            trouble = Trouble(Outcome.FAIL, "timeout", "no answer on the session that stood")
            self._drop(kept, trouble)
            raise session.reason() from None
        except asyncio.CancelledError:
            if self._loop.time() >= deadline:
                self._drop(kept, Trouble(Outcome.FAIL, "timeout", "no answer on the session that stood"))
            raise
        self._rest(kept)

    async def _log_in(self, account: Account, password: str, phases: Phases, deadline: float) -> Session:
        """Log in, or wait for the login that is under way; the last who waits ends it when he leaves."""
        while (login := self._logins.get(account)) is not None and (not login.waiting or login.password != password):
            await asyncio.wait({login.task})  # it is being ended, or another password's
        if login is None:
            login = self._logins[account] = _Login(password)
            login.task = self._loop.create_task(self._make(account, password, phases, deadline))
            login.task.add_done_callback(lambda task: self._logged_in(account, task))
        else:
            phases.enter("login")
        login.waiting += 1
        try:
            await asyncio.wait({login.task})
        finally:
            login.waiting -= 1
            if not login.waiting and not login.task.done():
                login.task.cancel()
                await asyncio.wait({login.task})
        try:
            return login.task.result()
        except Trouble as trouble:
            raise Trouble(trouble.outcome, trouble.code, trouble.detail) from trouble

    def _logged_in(self, account: Account, task: "asyncio.Task[Session]") -> None:
        del self._logins[account]
        if not task.cancelled():
            task.exception()

    async def _make(self, account: Account, password: str, phases: Phases, deadline: float) -> Session:
        old = self._kept.pop(account, None)
        if old is not None:
            self._drop(old)
            await old.session.aclose()
        session = await _logged_in(account, password, self._vantage, phases, deadline)
        self._kept[account] = kept = _Kept(session, password)
        self._rest(kept)
        return session

    def _rest(self, kept: _Kept) -> None:
        """Close the session if nobody looks at it for a while, as when its check was removed."""
        if kept.timer is not None:
            kept.timer.cancel()
        if kept.session.ended is None:
            kept.timer = self._loop.call_later(IDLE, self._drop, kept)

    def _drop(self, kept: _Kept, reason: Trouble | None = None) -> None:
        if kept.timer is not None:
            kept.timer.cancel()
        kept.session.close(reason)

    async def aclose(self) -> None:
        """End all sessions and logins."""
        logins, kept = list(self._logins.values()), list(self._kept.values())
        for login in logins:
            login.task.cancel()
        if logins:
            await asyncio.wait({login.task for login in logins})
        kept += [each for each in self._kept.values() if each not in kept]
        self._kept.clear()
        for each in kept:
            self._drop(each)
            await each.session.aclose()


@contextlib.asynccontextmanager
async def own_session(account: Account, password: str, limit: float) -> AsyncIterator[Session]:
    """Log in within `limit` (the loop's time) and yield the session, which is gone afterwards whatever comes.

    Raises `Trouble`, TimeoutError and OSError.
    """
    place = Vantage("errand", Secrets.none())
    try:
        async with asyncio.timeout_at(limit):
            session = await _logged_in(account, password, place, Phases(), limit)
        try:
            yield session
        finally:
            await session.aclose()
    finally:
        await place.aclose()


async def _logged_in(account: Account, password: str, vantage: Vantage, phases: Phases, deadline: float) -> Session:
    context = await vantage.tls_context(account.ca)  # made before there is a connection that nobody would close

    async def enter(stream: Stream) -> Session:
        session = Session(account, stream, context)
        try:
            phases.enter("login")
            await log_in(session, password, vantage.secrets.add)
        except BaseException:
            await session.aclose()
            raise
        return session

    return await first_way(account, vantage, phases, deadline, enter)
