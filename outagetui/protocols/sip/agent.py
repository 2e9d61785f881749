"""A SIP user agent for one look: its transports, its transactions, the answers to what others ask of it.

One task a transport reads; what fits no transaction or no rule is counted and dropped, never acted upon.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from msgspec.structs import replace

from outagetui.core.model import Outcome
from outagetui.core.sip_uri import Hop
from outagetui.core.text import clean
from outagetui.machine.background import Background
from outagetui.net.trouble import Phases, Trouble, fail
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.digest import Credentials, choose
from outagetui.protocols.sip.locate import Spot, locate
from outagetui.protocols.sip.message import Incoming, answer, parse
from outagetui.protocols.sip.request import Request, new_tag
from outagetui.protocols.sip.transaction import Answer, Silence, Transaction
from outagetui.protocols.sip.transport import Transport, open_transport

_REPLIES = {"OPTIONS": "200 OK", "BYE": "481 Call/Transaction Does Not Exist", "INVITE": "480 Temporarily Unavailable"}
_CHALLENGES = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}

PATIENCE = 32.0  # seconds the ending of what a look had to leave may take (RFC 3261: 64 T1)

InDialog = Callable[[Incoming], str | None]  # the status to answer a request with, or None: not of this dialog


class Agent:
    """A user agent; `aclose` frees it. With `user` it answers challenges with `password`.

    `asking` names the phase of the first request.
    """

    def __init__(
        self,
        vantage: Vantage,
        *,
        user: str = "",
        password: str = "",
        ca: str | None = None,
        phases: Phases | None = None,
        asking: str = "request",
    ) -> None:
        self._vantage, self._ca = vantage, ca
        self._user, self._password = user, password
        self._phases = Phases() if phases is None else phases
        self._transports: dict[tuple[str, str, int], Transport] = {}
        self._opened: list[Transport] = []
        self._readers = Background()
        self._transactions: dict[str, Transaction] = {}
        self._credentials: dict[int, Credentials] = {}
        self._errands = Background()
        self._tag = new_tag()
        self._closed = False
        self._asking = asking
        self.in_dialog: InDialog | None = None
        self.malformed = 0
        self.strange = 0  # well-formed replies to nothing we asked

    @property
    def authenticates(self) -> bool:
        """Whether challenges are answered."""
        return bool(self._user)

    async def aclose(self) -> None:
        """End the readers and close the transports."""
        self._closed = True
        tasks = [*self._readers, *self._errands]
        for task in tasks:
            task.cancel()
        for transport in self._opened:
            transport.close()
        self._opened.clear()
        self._transports.clear()
        self._transactions.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def reach(self, hop: Hop, deadline: float) -> list[Spot]:
        """Return where `hop` is."""
        self._phases.enter("resolve")
        return await locate(self._vantage, hop, deadline)

    async def open(self, spot: Spot, deadline: float, phases: Phases | None = None) -> Transport:
        """Return the transport to `spot`, the one that is open if there is one."""
        key = (spot.transport, spot.address.host, spot.address.port)
        if key not in self._transports or self._transports[key].lost is not None:
            transport = await open_transport(self._vantage, spot, self._ca, phases or self._phases, deadline)
            self._transports[key] = transport
            self._opened.append(transport)
            self._readers.begin(self._read(transport))
        return self._transports[key]

    async def way(self, hop: Hop, instead: Transport, until: float) -> Transport:
        """Return the transport to `hop`, later in a conversation that began on `instead`, or that when none can be."""
        with contextlib.suppress(OSError, Trouble):
            for spot in await locate(self._vantage, hop, until):
                return await self.open(spot, until, Phases())
        return instead

    def begin(self, transport: Transport, request: Request, branch: str | None = None) -> Transaction:
        """Return a transaction that is registered here but has not sent yet; credentials known by now are added."""
        more = [
            (_CHALLENGES[status][1], known.answer(request.method, request.uri))
            for status, known in self._credentials.items()
            if request.method not in ("ACK", "CANCEL")
        ]
        transaction = Transaction(transport, request, *more, branch=branch)
        self._transactions[f"{transaction.branch} {request.method}"] = transaction
        if transport.lost is not None:
            transaction.lose(transport.lost)
        return transaction

    async def ask(
        self,
        transport: Transport,
        request: Request,
        until: float,
        on_begin: Callable[[Transaction], None] | None = None,
    ) -> Answer:
        """Carry out `request`, answering challenges, and return the final reply.

        `on_begin` learns of every transaction before it sends. Raises `Silence`, `Trouble` and the transport's errors.
        """
        challenged: dict[int, int] = {}
        while True:
            transaction = self.begin(transport, request)
            if on_begin is not None:
                on_begin(transaction)
            found = await transaction.run(until)
            if not (self._user and found.reply.code in _CHALLENGES and self._accept(found.reply, challenged)):
                return found
            request = replace(request, seq=request.seq + 1)

    async def ask_any(
        self,
        spots: list[Spot],
        make: Callable[[Transport], Request],
        until: float,
        *,
        share: bool = False,
        on_begin: Callable[[Transaction], None] | None = None,
    ) -> Answer:
        """`ask` the first of `spots` that can be reached; with `share` a silent one leaves time for the next.

        Once a server was heard no other one is asked: the request may be under way there.
        """
        loop = asyncio.get_running_loop()
        begun: list[Transaction] = []

        def note(transaction: Transaction) -> None:
            begun.append(transaction)
            if on_begin is not None:
                on_begin(transaction)

        for left, spot in enumerate(spots, -len(spots)):
            end = loop.time() + (until - loop.time()) / -left if share else until
            try:
                transport = await self.open(spot, end)
                self._phases.enter(self._asking)
                return await self.ask(transport, make(transport), end, note)
            except (Silence, OSError, Trouble) as error:
                heard = any(each.provisional or each.final for each in begun)
                if left == -1 or heard or (isinstance(error, Silence) and not share):
                    raise
        return fail("dns.nodata", "no address")

    def _accept(self, reply: Incoming, challenged: dict[int, int]) -> bool:
        """Take a challenge; False when it means that our answer was wrong. `challenged` counts them by status."""
        header, _ = _CHALLENGES[reply.code]
        challenge = choose(list(reply.headers.get(header, ())))
        if challenge is None:
            fail("sip.auth-unsupported", f"{reply.words}: no Digest challenge that we could answer")
        times = challenged[reply.code] = challenged.get(reply.code, 0) + 1
        # A nonce may have grown old once; what is refused otherwise is the password.
        if times > 2 or (times == 2 and not challenge.stale):
            return False
        self._credentials[reply.code] = Credentials(self._user, self._password, challenge)
        return True

    async def leave(self, ending: Coroutine[None, None, object]) -> None:
        """Carry out `ending`, which a look had to leave, then free the agent."""
        try:
            with contextlib.suppress(OSError, Trouble):
                async with asyncio.timeout(PATIENCE):
                    await ending
        finally:
            ending.close()
            await self.aclose()

    def run_errand(self, errand: Coroutine[None, None, object]) -> None:
        """Do something small beside, whose failure nobody waits for; it ends with the agent."""
        if self._closed:
            errand.close()
            return

        async def quietly() -> None:
            with contextlib.suppress(OSError, Trouble):
                await errand

        self._errands.begin(quietly())

    async def _read(self, transport: Transport) -> None:
        while transport.lost is None:
            try:
                for data in await transport.receive():
                    await self._take(transport, data)
                await asyncio.sleep(0)  # a flood that is always there would never let a deadline fire
            except (OSError, Trouble) as error:
                self._lose(transport, error)
            except Exception as error:  # ours; whoever waits must hear of it now, and not call it their silence
                transport.lost = Trouble(Outcome.UNKNOWN, "internal", clean(f"{type(error).__name__}: {error}"))
                self._lose(transport, transport.lost)
                raise

    def _lose(self, transport: Transport, error: OSError | Trouble) -> None:
        if transport.reliable:
            transport.lost = error
        for transaction in self._transactions.values():
            if transaction.transport is transport:
                transaction.lose(error)

    async def _take(self, transport: Transport, data: bytes) -> None:
        message = parse(data)
        if message is None:
            self.malformed += bool(data.strip(b"\r\n\0"))  # others are keep-alives
        elif message.code == 0:
            if message.method != "ACK":
                status = self.in_dialog(message) if self.in_dialog is not None else None
                await transport.send(
                    answer(message, status or _REPLIES.get(message.method, "405 Not Allowed"), self._tag)
                )
        else:
            transaction = self._transactions.get(f"{message.branch} {message.method}")
            if transaction is not None and transaction.transport is transport and transaction.fits(message):
                await transaction.take(message)
            else:
                self.strange += 1
