"""The sound of a call: G.711 µ-law by RTP (RFC 3550, 3551), sent at exact 20 ms, and what of it came back.

Every packet carries its own quiet noise, so that an echo is known by its sound: by a reflector that sends our packets
back as they are, and by a telephone system that puts the sound into packets of its own.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import struct
import time

from msgspec import Struct

from outagetui.protocols.sip.sdp import PCMU, Media

PERIOD = 0.020
SAMPLES = 160  # in one packet, at 8 kHz
BUFFER_FLOOR = 0.040  # seconds of jitter buffer that any phone has
_HEADER = struct.Struct("!BBHII")
_STAMP = struct.Struct("@ll")
_SO_TIMESTAMPNS = 35  # socket(7); the socket module has no name for it
TAIL = 0.3  # seconds to wait for the last echoes
_PORTS_TRIED = 32


class Sound(Struct, frozen=True):
    """What was measured; times in milliseconds, `lost` and `late` shares of the packets sent (0 to 1).

    `foreign` counts sound that was not ours, `lag` is how much later than due our own worst packet left.
    """

    sent: int
    echoed: int
    lost: float
    late: float
    round_trip: float
    jitter: float
    foreign: int
    lag: float


class Packet(Struct, frozen=True):
    """An RTP packet read."""

    kind: int
    seq: int
    stamp: int
    source: int
    payload: bytes


def read_packet(data: bytes) -> Packet | None:
    """Return `data` as an RTP packet (RFC 3550 section 5.1), or None when it is none."""
    if len(data) < _HEADER.size or data[0] >> 6 != 2:
        return None
    first, second, seq, stamp, source = _HEADER.unpack_from(data)
    start, end = _HEADER.size + 4 * (first & 0x0F), len(data)
    if first & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * struct.unpack_from("!H", data, start + 2)[0]
    if first & 0x20:
        end -= data[-1]
    return Packet(second & 0x7F, seq, stamp, source, data[start:end]) if start <= end else None


class Echo:
    """What was sent and what of it came back; pure, times are seconds of one clock."""

    def __init__(self) -> None:
        self.source = secrets.randbits(32)
        self._first_seq, self._first_stamp = secrets.randbits(16), secrets.randbits(32)
        self._sent_at: list[float] = []
        self._numbers: dict[bytes, int] = {}
        self._trips: dict[int, float] = {}
        self._jitter = 0.0
        self._last: float | None = None
        self._their_source: int | None = None
        self._foreign = 0

    def next_packet(self, now: float) -> bytes:
        """Return the packet to send `now`."""
        number = len(self._sent_at)
        payload = quiet_noise()
        self._sent_at.append(now)
        self._numbers[payload] = number
        second = PCMU | (0x80 if number == 0 else 0)  # the marker begins a talk spurt (RFC 3551 section 4.1)
        seq, stamp = self._expected(number)
        return _HEADER.pack(0x80, second, seq, stamp, self.source) + payload

    def _expected(self, number: int) -> tuple[int, int]:
        return (self._first_seq + number) & 0xFFFF, (self._first_stamp + number * SAMPLES) & 0xFFFFFFFF

    def came(self, data: bytes, now: float) -> None:
        """Note a datagram that came at `now`. No echo is what is no RTP, contradicts what we sent, or came before."""
        packet = read_packet(data)
        if packet is None:
            return
        number = self._numbers.get(packet.payload)
        if number is None:
            self._foreign += packet.kind == PCMU and bool(packet.payload)
        elif self._consistent(packet, number) and number not in self._trips:
            self._count(number, now)

    def _consistent(self, packet: Packet, number: int) -> bool:
        """Tell whether an echo's header can be true: ours unchanged, or of one source that is not ours."""
        if packet.source == self.source:
            return (packet.seq, packet.stamp) == self._expected(number)
        if self._their_source is None:
            self._their_source = packet.source
        return packet.source == self._their_source

    def _count(self, number: int, now: float) -> None:
        trip = now - self._sent_at[number]
        if trip < 0:
            return
        self._trips[number] = trip
        # RFC 3550 section 6.4.1, with the moment each packet really left for its timestamp: our pacing is no jitter.
        if self._last is not None:
            self._jitter += (abs(trip - self._last) - self._jitter) / 16
        self._last = trip

    def result(self, lag: float) -> Sound:
        """Return the measurement."""
        sent, echoed = len(self._sent_at), len(self._trips)
        trips = sorted(self._trips.values())
        buffer = max(2 * self._jitter, BUFFER_FLOOR)
        late = sum(trip > trips[0] + buffer for trip in trips)
        return Sound(
            sent=sent,
            echoed=echoed,
            lost=(sent - echoed) / sent if sent else 0.0,
            late=late / sent if sent else 0.0,
            round_trip=trips[len(trips) // 2] * 1000 if trips else 0.0,
            jitter=self._jitter * 1000,
            foreign=self._foreign,
            lag=lag * 1000,
        )


def quiet_noise() -> bytes:
    """Return 20 ms of µ-law noise that nobody else sends and that startles nobody (amplitude 120 of 8159)."""
    return bytes(0xF0 & ~(each & 0x80) | each & 0x0F for each in os.urandom(SAMPLES))


class RtpPort:
    """Our end of the sound: a UDP socket on an even port. Whoever opened it closes it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self.port = 0

    def open(self, host: str) -> int:
        """Bind to `host`, the address the call goes out from, and return the port. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for _ in range(_PORTS_TRIED):
            sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            try:
                sock.bind((host, 0))
                sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            except OSError:
                sock.close()
                raise
            if self._socket is not None:
                self._socket.close()
            self._socket, self.port = sock, sock.getsockname()[1]
            if self.port % 2 == 0:  # RFC 3550 section 11
                break
        return self.port

    async def measure(self, media: Media, seconds: float, stop: asyncio.Event) -> Sound:
        """Send for `seconds`, or until `stop`, and return what came back. Raises OSError."""
        assert self._socket is not None
        sock, loop, echo = self._socket, asyncio.get_running_loop(), Echo()
        worst = 0.0
        loop.add_reader(sock, _drain, sock, echo)
        try:
            begun = loop.time()
            for number in range(round(seconds / PERIOD)):
                due = begun + number * PERIOD
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                if stop.is_set():
                    break
                worst = max(worst, loop.time() - due)
                _send(sock, echo, media)
            await asyncio.sleep(TAIL)
        finally:
            loop.remove_reader(sock)
        return echo.result(worst)

    def close(self) -> None:
        """Free the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _send(sock: socket.socket, echo: Echo, media: Media) -> None:
    # A full buffer, or an ICMP error of the packet before, is a packet lost: just what is measured.
    with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
        sock.sendto(echo.next_packet(time.time()), (media.host, media.port))


def _drain(sock: socket.socket, echo: Echo) -> None:
    for _ in range(64):  # then others get a turn
        try:
            data, control, _, _ = sock.recvmsg(2048, 64)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            continue  # an ICMP error, told once
        echo.came(data, _arrived(control))


def _arrived(control: list[tuple[int, int, bytes]]) -> float:
    """Return when the kernel took a datagram: our own loop's lateness is no delay of the network's."""
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack_from(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()
