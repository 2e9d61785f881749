"""The ways to hosts: looked at on an order, and by itself once when a channel falls silent; the journal keeps them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any

from outagetui.core.current import Current
from outagetui.core.hosts import is_name
from outagetui.core.model import BAD, Check
from outagetui.core.orders import OrderError, Trace
from outagetui.core.text import clean
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.watch import Watch
from outagetui.facts.events import Event, PathTraced, StateChanged
from outagetui.facts.journaling import DAEMON
from outagetui.facts.network_path import NetworkPath, parsed
from outagetui.protocols.traceroute import IpVersion, canary_host, host_of, ip_of, permitted, with_host
from outagetui.store.journal import WriteError

AT_ONCE = 4  # that were ordered
UNANSWERED = frozenset({"timeout", "loss", "unreachable", "silent", "no-answer"})  # a code's last word
NOT_PERMITTED = (
    "the daemon may not open raw sockets, which tracing needs: give its unit AmbientCapabilities=CAP_NET_RAW, "
    "as outagetui init --system writes it"
)
Look = Callable[[str, str, IpVersion | None, Mapping[str, str]], Awaitable[tuple[NetworkPath, NetworkPath | None]]]


class Tracer:
    """Looks at ways by `look` (host, canary, version of IP, known names); those by itself one after the other."""

    def __init__(
        self,
        journal: JournalWriter,
        watch: Watch,
        current: Current,
        look: Look,
        names: Callable[[], Mapping[str, str]],
        clock: Callable[[], float],
        permitted: Callable[[], bool] = permitted,
    ) -> None:
        self._journal, self._watch, self._current, self._look, self._names = journal, watch, current, look, names
        self._clock, self._permitted = clock, permitted
        self._due: asyncio.Queue[str] = asyncio.Queue()
        self._ordered = 0

    def heed(self, events: Iterable[Event]) -> None:
        """Take note of channels that turned bad because nothing comes back from them."""
        for event in events:
            match event:
                case StateChanged(id=name, was=was, now=now) if now in BAD and was not in BAD:
                    if self._current.config.channel(name) is not None and self._silent(name) is not None:
                        self._due.put_nowait(name)
                case _:
                    pass

    async def run(self) -> None:
        """Look at what fell silent, unless it came back or was muted meanwhile."""
        while True:
            name = await self._due.get()
            check = self._silent(name)
            muted = self._journal.ledger.muted(name, self._clock())
            if check is not None and not muted and self._permitted():
                await self._keep(DAEMON, name, host_of(check), ip_of(check))

    def order(self, actor: str, order: Trace) -> Coroutine[Any, Any, None]:
        """Return the work that an order asks for. Raises OrderError."""
        checks = self._watch.checks_of(order.target)
        name = order.target if checks else ""
        bad = [check for check in checks if self._watch.state_of(check.id) in BAD]
        check = with_host([*bad, *checks])
        if checks and check is None:
            raise OrderError(f"no check of {clean(name, 60)} names a host")
        host, ip = (order.target, order.ip) if check is None else (host_of(check), order.ip or ip_of(check))
        if parsed(host) is None and not is_name(host):
            raise OrderError(f"{clean(host, 60)} is no channel, and no host name or address")
        if not self._permitted():
            raise OrderError(NOT_PERMITTED)
        if self._ordered >= AT_ONCE:
            raise OrderError(f"{AT_ONCE} traces are under way: wait for one to end")
        self._ordered += 1
        return self._do(actor, name, host, ip)

    async def _do(self, actor: str, name: str, host: str, ip: IpVersion | None) -> None:
        try:
            await self._keep(actor, name, host, ip)
        finally:
            self._ordered -= 1

    async def _keep(self, actor: str, name: str, host: str, ip: IpVersion | None) -> None:
        canary = canary_host(self._current.config.canaries)
        path, beside = await self._look(host, canary, ip, self._names())
        with contextlib.suppress(WriteError):  # said by the flusher already
            await self._journal.write(actor, PathTraced(channel=name, path=path, canary=beside))

    def _silent(self, name: str) -> Check | None:
        """Return the check of a bad channel that gets no answer from elsewhere; the way to ourselves tells nothing."""
        for check in self._watch.checks_of(name):
            failure = self._watch.failure_of(check.id)
            if failure is None or self._watch.state_of(check.id) not in BAD:
                continue
            if failure.code.rpartition(".")[2] in UNANSWERED and _elsewhere(host_of(check)):
                return check
        return None


def _elsewhere(host: str) -> bool:
    address = parsed(host)
    if address is not None:
        return not address.is_loopback
    return bool(host) and host != "localhost" and not host.endswith(".localhost")
