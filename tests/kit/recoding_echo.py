"""A far side that plays back what it hears, as a telephone system does: in packets and a law of its own."""

import random
import struct
from collections.abc import Iterator

from outagetui.protocols.sip.echo import read_packet
from outagetui.protocols.sip.g711 import Law, decode, encode


class RecodingEcho:
    """Takes packets as they come and gives packets of `frame` samples in `law`, `gain` times as loud, `shift` later.

    `noise` is what the line adds (standard deviation of 32768), `loss` the share of its packets that are lost.
    """

    def __init__(
        self,
        law: Law = Law.A,
        *,
        frame: int = 160,
        shift: int = 0,
        gain: float = 1.0,
        noise: float = 0.0,
        loss: float = 0.0,
        source: int = 0xABCD,
        seed: int = 1,
    ) -> None:
        self.law, self.frame, self.gain, self.noise, self.loss, self.source = law, frame, gain, noise, loss, source
        self._waiting = [0] * shift
        self._seq, self._stamp = 7000, 99
        self._dice = random.Random(seed)

    def take(self, data: bytes) -> Iterator[bytes]:
        """Yield what to send once `data` came."""
        packet = read_packet(data)
        assert packet is not None
        self._waiting += self.sound(decode(Law(packet.kind), packet.payload))
        while len(self._waiting) >= self.frame:
            samples, self._waiting = self._waiting[: self.frame], self._waiting[self.frame :]
            head = struct.pack("!BBHII", 0x80, self.law, self._seq & 0xFFFF, self._stamp & 0xFFFFFFFF, self.source)
            self._seq, self._stamp = self._seq + 1, self._stamp + self.frame
            if self._dice.random() >= self.loss:
                yield head + encode(self.law, samples)

    def sound(self, heard: list[int]) -> list[int]:
        """Return what is played when this was heard."""
        louder = (sample * self.gain + (self._dice.gauss(0, self.noise) if self.noise else 0) for sample in heard)
        return [max(-32768, min(32767, round(sample))) for sample in louder]
