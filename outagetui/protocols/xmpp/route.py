"""The way to a domain's XMPP server: one after the other of those it names, until one lets us in; always under TLS.

Codes: those of names, connections and TLS; `xmpp.no-tls` when the server does not offer STARTTLS, `xmpp.not-offered`
when the domain's records say that there is no such service.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from outagetui.core.model import Outcome
from outagetui.net.connect import dial, endpoint
from outagetui.net.resolve import Address
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail, from_os_error
from outagetui.net.vantage import Vantage
from outagetui.protocols.starttls import agree
from outagetui.protocols.xmpp.account import Account
from outagetui.protocols.xmpp.conditions import LoginRefused, SeeOtherHost
from outagetui.protocols.xmpp.srv import DIRECT_PORT, PORT, Way, ways_of

T = TypeVar("T")

WAYS = 16  # of a domain that are tried
REDIRECTIONS = 5  # that are followed (RFC 6120 section 4.9.3.19: at least 2, no more than 5)
ALPN = "xmpp-client"  # XEP-0368: by it a port that serves several protocols knows which
_SECOND_WAYS = 3  # addresses of a name that are tried after the one that accepted us first
_LAST_WORDS = frozenset({"xmpp.impostor", "secret.unusable"})


async def open_stream(account: Account, vantage: Vantage, phases: Phases, deadline: float) -> Stream:
    """Return a connection under TLS to the account's server, the first that works; phases resolve, connect, tls."""

    async def kept(stream: Stream) -> Stream:
        return stream

    return await first_way(account, vantage, phases, deadline, kept)


async def first_way(
    account: Account, vantage: Vantage, phases: Phases, deadline: float, enter: Callable[[Stream], Awaitable[T]]
) -> T:
    """Return what `enter` makes of a connection under TLS, which it owns, by the first way on which all that works.

    The ways are the servers and addresses of the domain, and where those send us. The certificate is the domain's on
    every one (RFC 6120 section 13.7.1.2). A login that is refused ends the search. Raises `Trouble`.
    """
    search = _Search(account, vantage, phases, enter)
    phases.enter("resolve")
    search.ahead += (await ways_of(account, deadline))[:WAYS]
    return await search.go(deadline)


class _Search(Generic[T]):
    """The ways that lie ahead, those that were tried, and what became of them."""

    def __init__(
        self, account: Account, vantage: Vantage, phases: Phases, enter: Callable[[Stream], Awaitable[T]]
    ) -> None:
        self.ahead: deque[Way] = deque()
        self._account, self._vantage, self._phases, self._enter = account, vantage, phases, enter
        self._tried: list[Way] = []
        self._troubles: list[Trouble] = []
        self._redirections = 0

    async def go(self, deadline: float) -> T:
        """Try one way after the other."""
        clock = asyncio.get_running_loop().time
        while self.ahead and len(self._tried) < WAYS:
            way = self.ahead.popleft()
            if way in self._tried:
                continue
            self._tried.append(way)
            share = clock() + (deadline - clock()) / (len(self.ahead) + 1)
            try:
                async with asyncio.timeout_at(share if self.ahead else None):
                    return await self._try(way, share)
            except Trouble as trouble:
                if _is_final(trouble):
                    raise
                self._troubles.append(trouble)
            except TimeoutError:
                self._troubles.append(Trouble(Outcome.FAIL, "timeout", f"{way.host}:{way.port}: no answer in time"))
        raise self._told()

    async def _try(self, way: Way, deadline: float) -> T:
        stream = await dial(self._vantage, way.host, way.port, self._phases, deadline=deadline)
        remote = stream.remote
        try:
            await self._under_tls(way, stream)
            return await self._enter(stream)
        except SeeOtherHost as other:
            self._follow(other, way)
            raise
        except (Trouble, OSError) as error:
            trouble = error if isinstance(error, Trouble) else from_os_error(error, f"{way.host}:{way.port}")
            if way.direct and way.alpn and "application protocol" in trouble.detail:
                self.ahead.appendleft(way._replace(alpn=False))  # it knows ALPN, and not this word of it
            if not _is_final(trouble):
                await self._add_addresses(way, remote, deadline)
            raise trouble from error

    async def _under_tls(self, way: Way, stream: Stream) -> None:
        try:
            self._phases.enter("tls")
            if not way.direct:
                await _starttls(stream, self._account.domain)
            offered = (ALPN,) if way.direct and way.alpn else ()
            context = await self._vantage.tls_context(self._account.ca, alpn=offered)
            await secure(stream, context, self._account.host, self._phases)
        except BaseException:
            stream.close()
            raise

    async def _add_addresses(self, way: Way, tried: str, deadline: float) -> None:
        """What accepted the connection does not serve us: the name's other addresses may."""
        found: list[Address] = []
        with contextlib.suppress(Trouble):
            found = await self._vantage.resolve(way.host, way.port, deadline=deadline)
        others = [each for each in found if each.host != tried.partition("%")[0]] if len(found) > 1 else []
        hosts = [f"{each.host}%{each.scope}" if each.scope else each.host for each in others[:_SECOND_WAYS]]
        self.ahead.extendleft(way._replace(host=host) for host in reversed(hosts))

    def _follow(self, other: SeeOtherHost, way: Way) -> None:
        """Go where the server sends us, by the way it spoke itself, then by the other one."""
        self._redirections += 1
        if self._redirections > REDIRECTIONS:
            fail(other.code, f"sent on {REDIRECTIONS} times, and then to {other.where}")
        for direct in (not way.direct, way.direct):
            try:
                where = other.where if other.where.count(":") < 2 or "[" in other.where else f"[{other.where}]"
                host, port = endpoint(where, DIRECT_PORT if direct else PORT)
            except Trouble:
                fail(other.code, other.detail)
            if direct == way.direct or not self._account.direct_tls:
                self.ahead.appendleft(Way(host, port, direct))

    def _told(self) -> Trouble:
        """Return the trouble to tell: the far side's word says more than what we lack ourselves, such as IPv6."""
        told = min(self._troubles, key=lambda trouble: trouble.outcome is Outcome.UNKNOWN)
        rest = [trouble.code for trouble in self._troubles if trouble is not told]
        if rest:
            told.detail += (
                f"; {'the other way' if len(rest) == 1 else f'{len(rest)} other ways'} too: {', '.join(rest)}"
            )
        return told


def _is_final(trouble: Trouble) -> bool:
    """Tell whether no other way would, or must, help."""
    return trouble.code in _LAST_WORDS or (isinstance(trouble, LoginRefused) and trouble.final)


async def _starttls(stream: Stream, domain: str) -> None:
    try:
        await agree(stream, "xmpp", domain)
    except Trouble as trouble:
        if trouble.code == "tls.starttls-missing":
            fail("xmpp.no-tls", f"{domain}: the server does not offer STARTTLS, so nothing was sent to it")
        raise
