"""Echo requests over one socket a family: what every `icmp` check of a vantage shares.

A raw socket is taken where it is permitted, else Linux' unprivileged echo socket (icmp(7), sysctl
net.ipv4.ping_group_range). One socket for all keeps 500 checks from receiving each other's replies 500 times over.
"""

import asyncio
import contextlib
import heapq
import os
import socket
import struct
import time
from typing import ClassVar

from outagetui.protocols.icmp_echo import V4, V6, Echo, Unreachable, Wire, without_ip_header

TOKEN = 16  # bytes of payload that tell our replies from anyone else's

_STAMP = struct.Struct("@ll")  # struct timespec
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33  # past the system's limit, where permitted
_MSG_ERRQUEUE = 0x2000
_EE_ORIGINS = (2, 3)  # ICMP and ICMPv6 in struct sock_extended_err: the network's word, not our own kernel's
_RECEIVE_BUFFER = 4 << 20
_SENDS_BEFORE_READING = 16  # so that replies never fill the kernel's buffer while many probes start at once
_READS_AT_ONCE = 512
_FULL = 0.005  # seconds until we try again when the kernel has no room

SockAddr = tuple[str, int] | tuple[str, int, int, int]


class Burst:
    """The requests of one probe to one address: when each was sent and what came back.

    `left` are still to be sent, `spacing` seconds apart, and at `deadline` (the loop's time) it is over.
    """

    __slots__ = ("_over", "deadline", "left", "round_trips", "sent", "spacing", "to", "token", "unreachable")

    def __init__(self, to: SockAddr, count: int = 0, spacing: float = 0.0, deadline: float = 0.0) -> None:
        self.to = to
        self.left, self.spacing, self.deadline = count, spacing, deadline
        self.token = os.urandom(TOKEN)
        self.sent: dict[int, tuple[int, float]] = {}  # by sequence: wall clock in nanoseconds, monotonic in seconds
        self.round_trips: list[float] = []  # milliseconds
        self.unreachable = 0
        self._over: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """How many requests nothing has come back for."""
        return len(self.sent) - len(self.round_trips) - self.unreachable

    @property
    def hopeless(self) -> bool:
        """Whether all that came back is that the address cannot be reached."""
        return bool(self.unreachable and not self.round_trips)

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._over is None or self._over.done()

    async def until_over(self) -> None:
        """Wait for its end. Raises the error it ended with."""
        self._over = asyncio.get_running_loop().create_future()
        await self._over

    def end(self, error: OSError | None = None) -> None:
        """Let whoever waits for it go on; it failed with `error`, if any."""
        if self._over is None or self._over.done():
            return
        if error is None:
            self._over.set_result(None)
        else:
            self._over.set_exception(error)


class Pinger:
    """One echo socket on the running loop. Making it raises `PermissionError` where both kinds are refused.

    Bursts that begin in one turn of the loop are sent together, and so are their next requests: one timer serves all.
    """

    wire: ClassVar[Wire]

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int], Burst] = {}
        self._due: list[tuple[float, int, Burst]] = []  # a heap: when each burst sends again, or is over
        self._count = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._sequence = int.from_bytes(os.urandom(2), "big")
        self._ident = int.from_bytes(os.urandom(2), "big")
        self._sends = 0
        self.raw = True
        kind = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(self.wire.family, socket.SOCK_RAW | kind, self.wire.protocol)
        except PermissionError:
            self.raw = False
            self._socket = socket.socket(self.wire.family, socket.SOCK_DGRAM | kind, self.wire.protocol)
        for option, value in ((socket.SO_RCVBUF, _RECEIVE_BUFFER), (_SO_RCVBUFFORCE, _RECEIVE_BUFFER)):
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, value)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        with contextlib.suppress(OSError):
            if self.raw:
                self._socket.setsockopt(*self.wire.keep)
            else:
                self._socket.setsockopt(*self.wire.keep_errors, 1)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)

    async def send(self, burst: Burst) -> None:
        """Send what is left of `burst` and wait until all came back, nothing more can, or its time is over.

        Whatever comes later is ignored. Raises `OSError`.
        """
        self._push(self._loop.time(), burst)
        try:
            await burst.until_over()
        finally:
            for sequence in burst.sent:
                self._waiting.pop((burst.to[0], sequence), None)
            self._drop_what_is_over()

    async def aclose(self) -> None:
        """Close the socket."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _push(self, when: float, burst: Burst) -> None:
        """Go on with `burst` at `when`, together with all that are due by then."""
        self._count += 1
        heapq.heappush(self._due, (when, self._count, burst))
        if self._alarm is None or when < self._alarm.when():
            self._wake_at(when)

    def _wake_at(self, when: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        """Go on with every burst that is due, then sleep until the next one is."""
        now = self._loop.time()
        self._read()  # what has come by now has come in time
        self._alarm = None
        due: list[Burst] = []
        while self._due and self._due[0][0] <= now:
            due.append(heapq.heappop(self._due)[2])
        for burst in due:
            if not burst.is_over:
                self._go_on(burst, now)
        self._drop_what_is_over()
        if self._due and self._alarm is None:
            self._wake_at(self._due[0][0])

    def _drop_what_is_over(self) -> None:
        """Let nothing that is over wake us."""
        while self._due and self._due[0][2].is_over:
            heapq.heappop(self._due)
        if not self._due and self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _go_on(self, burst: Burst, now: float) -> None:
        """Send the next request of `burst`, or end it."""
        if burst.hopeless or now >= burst.deadline:
            burst.end()
            return
        try:
            sent = self._sent(burst)
        except OSError as error:
            burst.end(error)
            return
        pause = (burst.spacing if burst.left else burst.deadline - now) if sent else _FULL
        self._push(min(now + pause, burst.deadline), burst)
        if self._sends % _SENDS_BEFORE_READING == 0:
            self._read()

    def _next(self, host: str) -> int:
        """Return a sequence number that is not on its way to `host`."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        while (host, self._sequence) in self._waiting:
            self._sequence = (self._sequence + 1) & 0xFFFF
        return self._sequence

    def _sent(self, burst: Burst) -> bool:
        """Send one request of `burst`; tell whether the kernel had room for it."""
        host, sequence = burst.to[0], self._next(burst.to[0])
        packet = self.wire.packet(self._ident, sequence, burst.token)
        burst.sent[sequence] = time.time_ns(), time.perf_counter()
        self._waiting[host, sequence] = burst
        try:
            self._to_kernel(packet, burst.to)
        except OSError as error:
            del self._waiting[host, sequence], burst.sent[sequence]
            if isinstance(error, BlockingIOError):
                return False
            raise
        burst.left -= 1
        self._sends += 1
        return True

    def _to_kernel(self, packet: bytes, to: SockAddr) -> None:
        try:
            self._socket.sendto(packet, to)
        except BlockingIOError:
            raise
        except OSError:
            # On an unprivileged socket this may be the error of an earlier request to somebody else.
            if self.raw or not self._read_errors():
                raise
            self._socket.sendto(packet, to)

    def _read(self) -> None:
        """Take what has come, some at a time so that a flood cannot hold the loop."""
        for _ in range(_READS_AT_ONCE):
            try:
                packet, ancillary, _, source = self._socket.recvmsg(2048, 64)
            except BlockingIOError:
                break
            except OSError:
                if not self._read_errors():
                    break
                continue
            if self.raw and self.wire is V4:
                packet = without_ip_header(packet)
            self._take(self.wire.read(packet), source[0], _stamp(ancillary))
        if not self.raw:
            self._read_errors()

    def _read_errors(self) -> int:
        """Take the ICMP errors that the kernel keeps for an unprivileged socket; returns how many."""
        for count in range(_READS_AT_ONCE):
            try:
                request, ancillary, _, to = self._socket.recvmsg(2048, 512, _MSG_ERRQUEUE)
            except OSError:
                return count
            network = any(
                (level, kind) == self.wire.keep_errors and len(data) >= 5 and data[4] in _EE_ORIGINS
                for level, kind, data in ancillary
            )
            if network and to:
                self._take(self.wire.quoted(to[0], request), to[0], None)
        return _READS_AT_ONCE

    def _take(self, message: Echo | Unreachable | None, source: str, stamp: int | None) -> None:
        """Count `message` if it answers a request of ours: address, identifier, sequence and token must all fit."""
        if message is None:
            return
        host = message.destination if isinstance(message, Unreachable) else source
        burst = self._waiting.get((host, message.sequence))
        if burst is None or (self.raw and message.ident != self._ident):
            return
        if isinstance(message, Unreachable):
            # RFC 792 has at least the first 8 bytes quoted, which may end before the token.
            if not burst.token.startswith(message.payload[:TOKEN]):
                return
            burst.unreachable += 1
        else:
            if message.payload != burst.token:
                return
            burst.round_trips.append(_elapsed(*burst.sent[message.sequence], stamp))
        del self._waiting[host, message.sequence]
        if not burst.left and (burst.hopeless or not burst.waiting):
            burst.end()


class Pinger4(Pinger):
    """The echo socket for IPv4."""

    wire = V4


class Pinger6(Pinger):
    """The echo socket for IPv6."""

    wire = V6


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    """Return the kernel's time of reception in nanoseconds since the epoch."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack_from(data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None


def _elapsed(sent_wall: int, sent: float, stamp: int | None) -> float:
    """Return milliseconds since the request; the kernel's stamp is used unless the wall clock was set meanwhile."""
    by_us = (time.perf_counter() - sent) * 1000
    by_kernel = by_us if stamp is None else (stamp - sent_wall) / 1_000_000
    return by_kernel if 0 <= by_kernel <= by_us + 0.5 else by_us
