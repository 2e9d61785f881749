"""Names to addresses by the system's resolver, in threads that can hold up neither the loop nor the program's end."""

import asyncio
import os
import queue
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

from outagetui.core.hosts import address_of, read_host, unzoned, zone_of
from outagetui.core.model import Outcome
from outagetui.core.text import in_quotes
from outagetui.net.aside import settle
from outagetui.net.trouble import Trouble, fail, unknown

THREADS = 16
PATIENCE = 1.0  # seconds before a silent look-up makes us ask whether the resolver lives, and for that answer

Answers = Sequence[tuple[int, int, int, str, tuple[object, ...]]]
_Job = tuple[Future[Answers], Callable[[], Answers]]


class Address(NamedTuple):
    """One address a name stands for."""

    family: int
    host: str
    port: int
    scope: int = 0

    @property
    def sockaddr(self) -> tuple[str, int] | tuple[str, int, int, int]:
        """The form the socket module takes."""
        return (self.host, self.port) if self.family == socket.AF_INET else (self.host, self.port, 0, self.scope)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if self.family == socket.AF_INET6 else f"{self.host}:{self.port}"


def interface(zone: str) -> int:
    """Return the number of the interface that the zone of an address means (RFC 4007 section 11).

    Raises `Trouble` `net.no-interface`, ours, where this machine has none of that name.
    """
    if zone.isascii() and zone.isdecimal():
        return int(zone)
    try:
        return socket.if_nametoindex(zone)
    except OSError:
        unknown("net.no-interface", f"this machine has no network interface {zone}")


def literal(host: str, port: int) -> Address | None:
    """Return the address that a host which was read is, in its zone; None when it is a name. Trouble as `interface`."""
    found = address_of(host)
    if found is None:
        return None
    zone = zone_of(host)
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    return Address(family, unzoned(host), port, interface(zone) if zone else 0)


def nameservers(path: Path = Path("/etc/resolv.conf")) -> list[tuple[str, int]]:
    """Return the name servers this machine asks, as resolv.conf(5) defines it; what is no address is passed over."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    words = [line.split() for line in lines]
    found = [_server(word[1]) for word in words if len(word) > 1 and word[0] == "nameserver"]
    return [(host, 53) for host in found if host] or [("127.0.0.1", 53)]


def _server(text: str) -> str:
    try:
        host = read_host(text)
    except ValueError:
        return ""
    return host if address_of(host) is not None else ""


class Resolver:
    """`getaddrinfo` in a few daemon threads, and the question whether our resolver answers at all."""

    def __init__(self, servers: Callable[[], list[tuple[str, int]]] = nameservers) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = 0
        self._idle = threading.Semaphore(0)
        self._servers = servers
        self._asking: asyncio.Task[bool] | None = None
        self._asked_at = 0.0

    async def resolve(
        self,
        host: str,
        port: int,
        ip: int | None,
        type: int,
        deadline: float | None,
    ) -> list[Address]:
        """Return the addresses of `host`; see `Vantage.resolve` for the troubles."""
        family = {4: socket.AF_INET, 6: socket.AF_INET6, None: socket.AF_UNSPEC}[ip]
        told = Future[Answers]()
        waiting = asyncio.wrap_future(told)
        try:
            self._submit((told, partial(socket.getaddrinfo, host, port, family, type)))
            patience = self._patience(deadline)
            await asyncio.wait([waiting], timeout=patience)
            if not waiting.done():
                if told.cancel():
                    unknown("dns.busy", f"every resolver thread waits for other names, {host} was not asked")
                if not await self._resolver_lives(patience):
                    _dead_resolver()
            answers = await waiting
        except socket.gaierror as error:
            await self._explain(error, host, deadline)
        except UnicodeError:
            unknown("target.invalid", f"{in_quotes(host)} is not a host name")
        finally:
            if not waiting.cancel() and not waiting.cancelled():
                waiting.exception()  # taken, so that nothing complains of it when another trouble came first
        seen: dict[Address, None] = {}
        for found, _, _, _, sockaddr in answers:
            if found in (socket.AF_INET, socket.AF_INET6):
                scope = int(str(sockaddr[3])) if found == socket.AF_INET6 else 0
                seen[Address(found, str(sockaddr[0]).partition("%")[0], port, scope)] = None
        return list(seen) or fail("dns.nodata", f"{host} has no address")

    def _submit(self, job: _Job) -> None:
        if not self._idle.acquire(blocking=False) and self._threads < THREADS:
            self._threads += 1
            threading.Thread(target=self._work, name=f"resolve-{self._threads}", daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            told, look_up = job
            if told.set_running_or_notify_cancel():
                settle(told, look_up)
            self._idle.release()

    async def _explain(self, error: socket.gaierror, host: str, deadline: float | None) -> NoReturn:
        """Raise the trouble that the error of a look-up means."""
        if trouble := name_trouble(error, host):
            raise trouble
        # The library says the same of a name server's SERVFAIL and of a resolver that never answered us.
        if not await self._resolver_lives(self._patience(deadline)):
            _dead_resolver()
        fail("dns.servfail", f"{host}: the name servers of this name do not answer properly")

    @staticmethod
    def _patience(deadline: float | None) -> float:
        if deadline is None:
            return PATIENCE
        return min(PATIENCE, max(0.0, deadline - asyncio.get_running_loop().time()) * 0.4)

    async def _resolver_lives(self, timeout: float) -> bool:
        """Ask once for all look-ups that wonder within a second."""
        now = asyncio.get_running_loop().time()
        if self._asking is None or (self._asking.done() and now - self._asked_at > 1.0):
            self._asked_at = now
            self._asking = asyncio.create_task(resolver_lives(self._servers(), timeout))
        return await asyncio.shield(self._asking)

    async def aclose(self) -> None:
        """Let the threads end."""
        for _ in range(self._threads):
            self._jobs.put(None)
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)


def name_trouble(error: socket.gaierror, host: str) -> Trouble | None:
    """Return what the error of a look-up means; None where only asking our resolver would tell."""
    if error.errno == socket.EAI_NONAME:
        return Trouble(Outcome.FAIL, "dns.nxdomain", f"{host}: no such name")
    if error.errno == socket.EAI_NODATA:
        return Trouble(Outcome.FAIL, "dns.nodata", f"{host} has no address of the wanted kind")
    if error.errno not in (socket.EAI_AGAIN, socket.EAI_FAIL):
        return Trouble(Outcome.UNKNOWN, "dns.error", f"{host}: {error.strerror}")
    return None


def _dead_resolver() -> NoReturn:
    unknown("dns.no-resolver", "our own resolver does not answer (see /etc/resolv.conf)")


async def resolver_lives(servers: list[tuple[str, int]], timeout: float) -> bool:
    """Tell whether any of `servers` can answer for the root zone; SERVFAIL is what one without uplink says."""
    loop = asyncio.get_running_loop()
    waiting = [loop.create_task(_ask_root(server)) for server in servers]
    try:
        async with asyncio.timeout(timeout):
            for task in asyncio.as_completed(waiting):
                if await task:
                    return True
    except TimeoutError:
        pass
    finally:
        for pending in waiting:
            pending.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return False


async def _ask_root(server: tuple[str, int]) -> bool:
    """Send one query for the root's NS records (RFC 1035 section 4) and judge the answer's code."""
    loop = asyncio.get_running_loop()
    try:
        address = literal(*server)
    except Trouble:
        return False
    if address is None:
        return False
    with socket.socket(address.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        try:
            number = os.urandom(2)
            sock.connect(address.sockaddr)
            await loop.sock_sendall(sock, number + struct.pack("!5H", 0x0100, 1, 0, 0, 0) + b"\0\0\x02\0\x01")
            while True:
                reply = await loop.sock_recv(sock, 4096)
                if len(reply) >= 12 and reply[:2] == number and reply[2] & 0x80:
                    return reply[3] & 0x0F != 2
                await asyncio.sleep(0)  # a flood that is always there would never let the deadline fire
        except OSError:
            return False
