"""What was sent in a call and what of it came back: as it was sent, packet by packet, or re-coded. Pure.

A reflector sends our packets back as they are, and each is known by its bytes. A telephone system puts the sound into
packets of its own, in the other law perhaps, longer or shorter, later and louder: then it is known by its tones
(`listener`), and each tone's way by the packet that brought its end.
"""

import secrets
import struct
from bisect import bisect_right

from msgspec import Struct

from outagetui.protocols.sip.g711 import Law, decode, encode
from outagetui.protocols.sip.listener import Listener
from outagetui.protocols.sip.tone_pattern import BLOCK, RATE, SLOT, TonePattern

PERIOD = SLOT / RATE  # seconds
BUFFER_FLOOR = 0.040  # seconds of jitter buffer that any phone has
_HEADER = struct.Struct("!BBHII")
_BLOCK_SECONDS = BLOCK / RATE
_LEAP = 1.0  # seconds by which a source's clock may differ from ours before it counts as begun anew
_BY_EAR = 0.05  # of the packets: more than these by ear alone means that the sound came in other packets
_STREAMS = 4  # sources that are listened to
_AHEAD = 2.0  # seconds of sound, beyond what can have been spoken by now, that are listened to


class Sound(Struct, frozen=True):
    """What was measured; times in milliseconds, `lost` and `late` shares of the packets that were due back (0 to 1).

    `foreign` counts packets of sound while none of it was ours, `lag` is how much later than due our own worst packet
    left; `recoded` tells that the sound came back in other packets than ours.
    """

    sent: int
    echoed: int
    lost: float
    late: float
    round_trip: float
    jitter: float
    foreign: int
    lag: float
    recoded: bool = False


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


class Jitter:
    """Interarrival jitter (RFC 3550 section 6.4.1) of trips in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last: float | None = None

    def note(self, trip: float) -> None:
        """Take the next packet's trip."""
        if self._last is not None:
            self.seconds += (abs(trip - self._last) - self.seconds) / 16
        self._last = trip


class _Stream:
    """The sound of one source, on our own line of time: where each packet ends there, and when it came."""

    def __init__(self, pattern: TonePattern) -> None:
        self.listener = Listener(pattern)
        self.jitter = Jitter()
        self.ends: list[int] = []  # samples since our first packet left
        self.came: list[float] = []  # seconds since then
        self._base = self._stamp = 0
        self._rest: list[int] = []

    def take(self, packet: Packet, samples: list[int], now: float) -> None:
        """Take a packet that came `now`, in seconds since our first one left."""
        apart = (packet.stamp - self._stamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        at = self._base + apart
        if not self.ends or abs(at / RATE - now) > _LEAP:
            self._base, self._stamp, self._rest = round(now * RATE / BLOCK) * BLOCK, packet.stamp, []
            at = self._base
        self.jitter.note(now - at / RATE)
        if self.ends and at == self.ends[-1]:  # a block may begin in one packet and end in the next
            at, samples = at - len(self._rest), self._rest + samples
        skipped = -at % BLOCK
        for begin in range(skipped, len(samples) - BLOCK + 1, BLOCK):
            self.listener.hear((at + begin) // BLOCK, samples[begin : begin + BLOCK])
        end = at + len(samples)
        self._rest = samples[len(samples) - end % BLOCK :] if end % BLOCK <= len(samples) - skipped else []
        if not self.ends or end > self.ends[-1]:
            self.ends.append(end)
            self.came.append(now)

    def arrival(self, place: int) -> tuple[float, float]:
        """Return when the packet came that holds sample `place`, and that packet's trip by its source's clock."""
        index = min(bisect_right(self.ends, place), len(self.ends) - 1)
        return self.came[index], self.came[index] - self.ends[index] / RATE


class Echo:
    """What was sent and what of it came back; times are seconds of one clock."""

    def __init__(self, law: Law = Law.MU, kind: int | None = None) -> None:
        self._law, self._kind = law, law if kind is None else kind
        self._laws = {int(each): each for each in Law} | {self._kind: law}
        self.source = secrets.randbits(32)
        self._first_seq, self._first_stamp = secrets.randbits(16), secrets.randbits(32)
        self._pattern = TonePattern()
        self._sent_at: list[float] = []
        self._numbers: dict[bytes, int] = {}
        self._trips: dict[int, float] = {}
        self._jitter = Jitter()
        self._their_source: int | None = None
        self._streams: dict[int, _Stream] = {}
        self._listened = 0  # samples
        self._foreign = 0

    def next_packet(self, now: float) -> bytes:
        """Return the packet to send `now`."""
        number = len(self._sent_at)
        payload = encode(self._law, self._pattern.next_samples())
        self._sent_at.append(now)
        self._numbers[payload] = number
        second = self._kind | (0x80 if number == 0 else 0)  # the marker begins a talk spurt (RFC 3551 section 4.1)
        seq, stamp = self._expected(number)
        return _HEADER.pack(0x80, second, seq, stamp, self.source) + payload

    def _expected(self, number: int) -> tuple[int, int]:
        return (self._first_seq + number) & 0xFFFF, (self._first_stamp + number * SLOT) & 0xFFFFFFFF

    def came(self, data: bytes, now: float) -> None:
        """Note a datagram that came at `now`. No echo is what is no RTP, contradicts what we sent, or came before."""
        packet = read_packet(data)
        if packet is None or not self._sent_at:
            return
        number = self._numbers.get(packet.payload)
        law = self._laws.get(packet.kind)
        if number is not None:
            if not self._consistent(packet, number):
                return
            if number not in self._trips and now >= self._sent_at[number]:
                self._trips[number] = now - self._sent_at[number]
                # With the moment each packet really left for its timestamp: our own pacing is no jitter.
                self._jitter.note(self._trips[number])
        elif packet.payload and law is not None:
            self._foreign += 1
        if law is not None:
            self._listen(packet, law, now - self._sent_at[0])

    def _consistent(self, packet: Packet, number: int) -> bool:
        """Tell whether an echo's header can be true: ours unchanged, or of one source that is not ours."""
        if packet.source == self.source:
            return (packet.seq, packet.stamp) == self._expected(number)
        if self._their_source is None:
            self._their_source = packet.source
        return packet.source == self._their_source

    def _listen(self, packet: Packet, law: Law, now: float) -> None:
        # More than can have been spoken is a flood, and to listen to it would cost time that others need.
        if now < 0 or self._listened > (now + _AHEAD) * RATE * 2:
            return
        if packet.source not in self._streams and len(self._streams) == _STREAMS:
            return
        self._listened += len(packet.payload)
        stream = self._streams.setdefault(packet.source, _Stream(self._pattern))
        stream.take(packet, decode(law, packet.payload), now)

    def result(self, lag: float, until: float | None = None, counted: int | None = None) -> Sound:
        """Return the measurement of the first packets, `counted` of them, or all.

        `until` is when we stopped listening: what was not due back by then is not lost.
        """
        sent = len(self._sent_at) if counted is None else min(counted, len(self._sent_at))
        came = {number: trip for number, trip in self._trips.items() if number < sent}
        trips = sorted(came.values())
        buffer = max(2 * self._jitter.seconds, BUFFER_FLOOR)
        as_sent = Sound(
            sent=sent,
            echoed=len(trips),
            lost=self._lost(sent, dict.fromkeys(came, 1.0), trips[len(trips) // 2] + buffer, until)
            if trips
            else float(sent > 0),
            late=sum(trip > trips[0] + buffer for trip in trips) / sent if trips else 0.0,
            round_trip=trips[len(trips) // 2] * 1000 if trips else 0.0,
            jitter=self._jitter.seconds * 1000,
            foreign=self._foreign,
            lag=lag * 1000,
        )
        others = [self._recoded(stream, sent, lag, until) for stream in self._streams.values()]
        heard = max(others, key=lambda sound: sound.echoed, default=as_sent)
        # Where packets are known, ears say nothing more; where they are lost, ears may take a tone or two for others.
        return heard if heard.echoed > as_sent.echoed + max(2, sent * _BY_EAR) else as_sent

    def _recoded(self, stream: _Stream, sent: int, lag: float, until: float | None) -> Sound:
        trips: dict[int, float] = {}
        shares: dict[int, float] = {}
        lateness: list[float] = []
        for number, (place, share) in stream.listener.heard(stream.listener.delays()).items():
            if number >= sent:
                continue
            came, trip = stream.arrival(place * BLOCK + SLOT - 1)
            shares[number] = share
            trips[number] = max(0.0, came + self._sent_at[0] - self._sent_at[number])
            lateness.append(trip)
        buffer = max(2 * stream.jitter.seconds, BUFFER_FLOOR)
        ordered = sorted(trips.values())
        first = min(lateness, default=0.0)
        return Sound(
            sent=sent,
            echoed=round(sum(shares.values())),
            lost=self._lost(sent, shares, ordered[len(ordered) // 2] + buffer, until) if ordered else float(sent > 0),
            late=sum(each > first + buffer for each in lateness) / sent if sent else 0.0,
            round_trip=ordered[len(ordered) // 2] * 1000 if ordered else 0.0,
            jitter=stream.jitter.seconds * 1000,
            foreign=self._foreign,
            lag=lag * 1000,
            recoded=True,
        )

    def _lost(self, sent: int, came: dict[int, float], trip: float, until: float | None) -> float:
        """Return the share that did not come of what was due, from the shares of packets that did.

        `trip` (seconds) is what one takes at the longest.
        """
        due = [number for number, at in enumerate(self._sent_at[:sent]) if until is None or at + trip <= until]
        return 1 - sum(came.get(number, 0.0) for number in due) / len(due) if due else 0.0
