"""Client transactions (RFC 3261 section 17.1): sending, sending again, and taking only the reply that fits.

Over UDP an INVITE is repeated by timer A (T1, doubling) until anything answers, another request by timer E (T1,
doubling to T2) until its final reply; timers B and F end both after 64 T1. Over a stream nothing is repeated. A
refused INVITE is acknowledged here, on its own branch, as often as the refusal is repeated.
"""

import asyncio
import contextlib
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from outagetui.net.trouble import Trouble
from outagetui.protocols.sip.message import Incoming
from outagetui.protocols.sip.request import Request, new_branch
from outagetui.protocols.sip.transport import Transport

T1 = 0.5
T2 = 4.0
LAST = 64 * T1  # timers B and F
_FORKS = 16  # telephones whose first word is kept


class Answer(Struct, frozen=True):
    """A final reply: `seconds` since the transmission it answered (the latest before it), which was the `sent`-th.

    `tried` says in words which servers did not help before, and which one did.
    """

    reply: Incoming
    seconds: float
    sent: int
    tried: tuple[str, ...] = ()


class Silence(Exception):  # noqa: N818 - what was met
    """No final reply came; `provisional` holds the last 1xx, if any, `tried` which servers were asked before."""

    def __init__(self, provisional: Incoming | None, sent: int) -> None:
        super().__init__("no final reply")
        self.provisional = provisional
        self.sent = sent
        self.tried: tuple[str, ...] = ()


class Transaction:
    """One request on one transport. `take` is given what came for it, `run` carries it out."""

    def __init__(
        self, transport: Transport, request: Request, *more: tuple[str, str], branch: str | None = None
    ) -> None:
        self.transport, self.request, self.more = transport, request, more
        self.branch = branch or new_branch()
        self.provisional: Incoming | None = None
        self.early: dict[str, Incoming] = {}  # by tag of the far side, the first 1xx that described a session
        self.final: Incoming | None = None
        self.sent = 0
        self.quiet = False  # set: repeat no more, only wait
        self._last = 0.0
        self._error: OSError | Trouble | None = None
        self._news = asyncio.Event()
        self._on_repeat: Callable[[Incoming], None] | None = None

    def fits(self, reply: Incoming) -> bool:
        """Tell whether `reply` answers this request (RFC 3261 sections 17.1.3, 18.1.2)."""
        mine = self.request
        return (
            reply.branch == self.branch
            and reply.vias == 1
            and (reply.method, reply.seq) == (mine.method, mine.seq)
            and (reply.call_id, reply.from_tag) == (mine.party.call_id, mine.party.local_tag)
        )

    async def take(self, reply: Incoming) -> None:
        """Note a reply that fits."""
        if self.request.method == "INVITE" and reply.code >= 300:
            await self._acknowledge(reply)
        if self.final is not None:
            if reply.code >= 200 and self._on_repeat is not None:
                self._on_repeat(reply)
            return
        if reply.code < 200:
            self.provisional = reply
            if reply.body and len(self.early) < _FORKS:
                self.early.setdefault(reply.to_tag, reply)
        else:
            self.final = reply
        self._news.set()

    def follow(self, on_repeat: Callable[[Incoming], None]) -> None:
        """Call `on_repeat` for final replies after the first: ours to it was lost, or another phone answered too."""
        self._on_repeat = on_repeat

    def lose(self, error: OSError | Trouble) -> None:
        """Note that the transport is gone."""
        self._error = error
        self._news.set()

    async def heard(self, until: float) -> bool:
        """Wait for any reply until `until` (the loop's time); tell whether one came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while self.final is None and self.provisional is None and self._error is None:
                    self._news.clear()
                    await self._news.wait()
        return self.final is not None or self.provisional is not None

    async def run(self, until: float, patience: float | None = None) -> Answer:
        """Send until a final reply comes and return it; called again after it was interrupted, it waits on.

        Raises `Silence` at `until` (the loop's time), or at `patience` when nothing at all was heard by then, and the
        transport's errors.
        """
        loop = asyncio.get_running_loop()
        invite = self.request.method == "INVITE"
        end = loop.time() + LAST
        gap = T1
        if not self.sent:
            await self._send()
        while self.final is None:
            if self._error is not None:
                raise self._error
            ringing = invite and self.provisional is not None
            # What rings may ring as long as the caller likes: timer B ends with the first 1xx.
            silent = self.provisional is None and patience is not None
            limit = until if ringing else min(until, end, patience if silent and patience is not None else until)
            due = limit if self.transport.reliable or self.quiet or ringing else min(limit, self._last + gap)
            self._news.clear()
            try:
                async with asyncio.timeout_at(due):
                    await self._news.wait()
            except TimeoutError:
                if loop.time() >= limit:
                    raise Silence(self.provisional, self.sent) from None
                gap = gap * 2 if invite else min(gap * 2, T2)
                await self._send()
            if self.provisional is not None:
                gap = T2
        return Answer(self.final, loop.time() - self._last, self.sent)

    async def _send(self) -> None:
        self.sent += 1
        self._last = asyncio.get_running_loop().time()
        await self.transport.send(self.request.encoded(self.transport, self.branch, *self.more))

    async def _acknowledge(self, reply: Incoming) -> None:
        mine = self.request
        party = replace(mine.party, remote=reply.first("to"))
        ack = Request("ACK", mine.uri, party, mine.seq, tuple(each for each in mine.more if each[0] == "Route"))
        with contextlib.suppress(OSError, Trouble):
            await self.transport.send(ack.encoded(self.transport, self.branch))
