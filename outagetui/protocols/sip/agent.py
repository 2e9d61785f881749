"""A SIP user agent for one look: its transports, its transactions, the answers to what others ask of it.

One task a transport reads; what fits no transaction or no rule is counted and dropped, never acted upon.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from msgspec.structs import replace

from outagetui.core.model import Outcome
from outagetui.core.sip_uri import Hop
from outagetui.machine.background import Background
from outagetui.net.trouble import Phases, Trouble, fail, from_os_error, from_own_error, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.digest import Credentials, choose, read_demands
from outagetui.protocols.sip.locate import Spot, Ways, locate
from outagetui.protocols.sip.message import Incoming, Reply, answer, parse
from outagetui.protocols.sip.request import Request, new_tag
from outagetui.protocols.sip.transaction import Answer, Silence, Transaction
from outagetui.protocols.sip.transport import Transport, open_transport

_NO_DIALOG = "481 Call/Transaction Does Not Exist"
_REPLIES = {
    "OPTIONS": "200 OK",
    "INVITE": "480 Temporarily Unavailable",
    **dict.fromkeys(("BYE", "CANCEL", "NOTIFY", "PRACK", "UPDATE", "INFO", "REFER"), _NO_DIALOG),
}
ALLOWED = ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, NOTIFY, INFO")
_CHALLENGES = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}

PATIENCE = 32.0  # seconds the ending of what a look had to leave may take (RFC 3261: 64 T1)

_OVERLOADED = 503  # to be asked elsewhere (RFC 3263 section 4.3)
_REALMS = 4  # that one request may be asked for: a registrar's and those of the proxies before it
_ERRANDS = 32  # small things done beside at a time

InDialog = Callable[[Incoming], Reply | None]  # what to answer a request with, or None: not of this dialog


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
        self._credentials: dict[tuple[int, str], Credentials] = {}
        self._errands = Background()
        self._tag = new_tag()
        self._closed = False
        self._asking = asking
        self.in_dialog: InDialog | None = None
        self.malformed = 0
        self.strange = 0  # well-formed replies to nothing we asked
        self.reflected = 0  # messages of our own that were sent back
        self.abroad = False  # set: we were sent to somebody else's server, who shall not learn of the password

    @property
    def authenticates(self) -> bool:
        """Whether challenges are answered."""
        return bool(self._user)

    async def aclose(self) -> None:
        """End the readers, and then close the transports.

        A socket that is closed under its reader would leave the reader's place in the loop to whoever is next given
        the same descriptor: that one would never hear of its answer.
        """
        self._closed = True
        tasks = [*self._readers, *self._errands]
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            # Only now: while a task waits the loop watches its socket, whose number may be another's once it is closed.
            for transport in self._opened:
                transport.close()
            self._opened.clear()
            self._transports.clear()
            self._transactions.clear()

    async def reach(self, hop: Hop, deadline: float) -> Ways:
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
            for spot in (await locate(self._vantage, hop, until)).spots:
                return await self.open(spot, until, Phases())
        return instead

    def begin(self, transport: Transport, request: Request, branch: str | None = None) -> Transaction:
        """Return a transaction that is registered here but has not sent yet; credentials known by now are added."""
        more = []
        for (status, _), known in self._credentials.items():
            if request.method not in ("ACK", "CANCEL"):
                more.append((_CHALLENGES[status][1], known.answer(request.method, request.uri)))
                self._vantage.secrets.add(known.response)  # which a server may repeat
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
        patience: float | None = None,
    ) -> Answer:
        """Carry out `request`, answering challenges, and return the final reply.

        `on_begin` learns of every transaction before it sends; a server that says nothing is waited for until
        `patience` only. Raises `Silence`, `Trouble` and the transport's errors.
        """
        challenged: dict[tuple[int, str], int] = {}
        while True:
            transaction = self.begin(transport, request)
            if on_begin is not None:
                on_begin(transaction)
            found = await transaction.run(until, patience)
            if not (self._user and found.reply.code in _CHALLENGES and self._accept(found.reply, challenged)):
                return found
            patience = None
            request = replace(request, seq=request.seq + 1)

    async def ask_any(
        self,
        ways: Ways,
        make: Callable[[Transport], Request],
        until: float,
        on_begin: Callable[[Transaction], None] | None = None,
    ) -> Answer:
        """`ask` the first of `ways` that helps (RFC 3263 section 4.3).

        One that cannot be reached, is silent, or has no room (503) is passed over, within the time; one that was heard
        of otherwise is not, since the request is under way there. The answer, and what is raised, says what was tried.
        """
        loop = asyncio.get_running_loop()
        tried = [*ways.passed]
        refusal: Answer | None = None
        ends: list[Silence | Trouble] = []
        for left, spot in enumerate(ways.spots, -len(ways.spots)):
            last = left == -1
            patience = loop.time() + (until - loop.time()) / -left
            begun: list[Transaction] = []

            def note(transaction: Transaction, begun: list[Transaction] = begun) -> None:
                begun.append(transaction)
                if on_begin is not None:
                    on_begin(transaction)

            try:
                transport = await self._opened_by(spot, patience, last=last)
                self._phases.enter(self._asking)
                found = await self.ask(transport, make(transport), until, note, None if last else patience)
            except (Silence, OSError, Trouble) as error:
                if any(each.provisional or each.final for each in begun):
                    raise
                end = from_os_error(error, str(spot.address)) if isinstance(error, OSError) else error
                ends.append(end)
                tried.append(f"{spot.words}: no answer" if isinstance(end, Silence) else end.detail)
                continue
            if found.reply.code != _OVERLOADED or last:
                named = tried or spot.server not in ("", spot.name)
                return replace(found, tried=(spot.words, *tried) if named else ())
            refusal = found
            tried.append(f"{spot.words}: {found.reply.words}")
        if refusal is not None:
            return replace(refusal, tried=("", *tried))
        raise _told(ends, tried)

    async def _opened_by(self, spot: Spot, patience: float, *, last: bool) -> Transport:
        if last:
            return await self.open(spot, patience)
        try:
            async with asyncio.timeout_at(patience):
                return await self.open(spot, patience)
        except TimeoutError:
            return fail("timeout", f"{spot.words}: no connection in time")

    def _accept(self, reply: Incoming, challenged: dict[tuple[int, str], int]) -> bool:
        """Take a challenge; False when it means that our answer was wrong. `challenged` counts them by realm."""
        header, _ = _CHALLENGES[reply.code]
        demands = read_demands(list(reply.headers.get(header, ())))
        challenge = choose(demands)
        if challenge is None:
            wanted = [each for each in demands if not each.is_broken]
            if not wanted:
                fail(f"sip.{reply.code}", f"{reply.words}: the server asks for a password, but not how (no challenge)")
            ways = " or ".join(each.words for each in wanted[:4])
            unknown("sip.auth-unsupported", f"{reply.words}: it wants a way to log in that we do not speak ({ways})")
        place = (reply.code, challenge.realm)
        times = challenged[place] = challenged.get(place, 0) + 1
        # A nonce may have grown old once; what is refused otherwise is the password.
        if times > 2 or (times == 2 and not challenge.stale) or len(challenged) > _REALMS:
            return False
        if self.abroad and place not in self._credentials:
            return False
        self._credentials[place] = Credentials(self._user, self._password, challenge)
        return True

    async def leave(self, ending: Coroutine[None, None, object]) -> None:
        """Carry out `ending`, which a look had to leave, then free the agent; silence is no news by then."""
        try:
            with contextlib.suppress(Silence, OSError, Trouble):
                async with asyncio.timeout(PATIENCE):
                    await ending
        finally:
            ending.close()
            await self.aclose()

    def run_errand(self, errand: Coroutine[None, None, object]) -> list[asyncio.Task[None]]:
        """Do something small beside, whose failure nobody has to wait for; it ends with the agent.

        Returns its task, or none where too much is under way.
        """
        if self._closed or len(self._errands) == _ERRANDS:
            errand.close()
            return []

        async def quietly() -> None:
            with contextlib.suppress(Silence, OSError, Trouble):
                await errand

        return [self._errands.begin(quietly())]

    async def _read(self, transport: Transport) -> None:
        while transport.lost is None:
            try:
                for data in await transport.receive():
                    await self._take(transport, data)
                    await asyncio.sleep(0)  # a flood that is always there would never let a deadline fire
            except (OSError, Trouble) as error:
                self._lose(transport, error)
            except Exception as error:  # ours; whoever waits must hear of it now, and not call it their silence
                transport.lost = from_own_error(error)
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
        elif self._is_ours(message):
            self.reflected += 1
        elif message.code == 0:
            if message.method != "ACK":
                said = self.in_dialog(message) if self.in_dialog is not None else None
                status = _REPLIES.get(message.method, "405 Method Not Allowed")
                more = (ALLOWED,) if status[:3] in ("200", "405") else ()
                await transport.send(answer(message, said or Reply(status, more), self._tag))
        else:
            transaction = self._transactions.get(f"{message.branch} {message.method}")
            if transaction is not None and transaction.transport is transport and transaction.fits(message):
                await transaction.take(message)
            else:
                self.strange += 1

    def _is_ours(self, message: Incoming) -> bool:
        """Tell whether we said this ourselves: an echo is no answer, and to answer it would make it look like one."""
        if message.code:
            return message.to_tag == self._tag
        return any(
            each.branch == message.branch or each.request.party.local_tag == message.from_tag
            for each in self._transactions.values()
        )


def _told(ends: list[Silence | Trouble], tried: list[str]) -> Silence | Trouble:
    """Return what to raise when no server helped: the far side's silence or fault before what we lack ourselves."""
    theirs = [each for each in ends if isinstance(each, Silence) or each.outcome is Outcome.FAIL]
    told = (theirs or ends or [Trouble(Outcome.FAIL, "dns.nodata", "no address")])[-1]
    if isinstance(told, Silence):
        told.tried = tuple(tried) if len(tried) > 1 else ()
    elif len(tried) > 1:
        told.detail = "; ".join(tried)
    return told
