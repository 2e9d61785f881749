"""Hears whether a stream of sound holds a call's tone pattern, and how much later. Pure, and cheap while it comes.

For every 20 ms of what came, at steps of 5 ms, the strongest pitch is found. Each such pitch speaks for every delay at
which it would be the one that was sent; the delay with the most voices is the echo's. What is no echo has one chance in
eight at each tone whatever it is, music, speech or silence, because the pitches were drawn at random: how many voices
chance could give a delay is therefore known (Chernoff's bound on the binomial distribution), and more are an echo.
"""

import itertools
import math
from operator import mul

from outagetui.protocols.sip.tone_pattern import BLOCK, COSINES, PITCHES, RATE, SINES, SLOT, TonePattern

LONGEST = 5.0  # seconds an echo may take
_BLOCKS = SLOT // BLOCK  # in a tone
_DELAYS = round(LONGEST * RATE / BLOCK)
_BY_CHANCE = 1e-9 / _DELAYS  # how likely a delay that is none may be taken for one
_SILENCE = 40 * SLOT / 2  # a tone of an amplitude of 40 (-58 dB) or less is none
_KEPT = 256  # blocks that wait for their neighbours
_NONE = b"\xff"  # no pitch
_SHOULDER = 0.9  # of the most voices: a window that holds most of a tone hears it, so delays beside the true one do too
_ECHOES = 8  # delays that one stream can have, one after the other

Sums = tuple[tuple[float, float], ...]


def voices_beyond_chance(tones: int) -> int:
    """Return how many of `tones` must be heard at one delay to be more than chance."""
    p = 1 / len(PITCHES)
    for heard in range(max(1, math.ceil(tones * p)), tones + 1):
        q = heard / tones
        apart = q * math.log(q / p) + ((1 - q) * math.log((1 - q) / (1 - p)) if q < 1 else 0.0)
        if tones * apart >= -math.log(_BY_CHANCE):
            return heard
    return tones + 1


class Listener:
    """Listens to one stream for `pattern`. Places are counted in blocks of 5 ms since the first tone was sent."""

    def __init__(self, pattern: TonePattern) -> None:
        self._pattern = pattern
        self._blocks: dict[int, Sums] = {}
        self._strongest = bytearray()  # pitch of the 20 ms that begin at a block
        self._single = bytearray()  # and of the block alone
        self._voices = [0] * (_DELAYS + 1)

    def hear(self, place: int, samples: list[int]) -> None:
        """Take the sound of one block, the `place`-th; a place that was taken already keeps what it had."""
        latest = len(self._pattern.pitches) * _BLOCKS + _DELAYS  # beyond it nothing of ours can be
        if not 0 <= place <= latest or place in self._blocks:
            return
        self._blocks[place] = tuple(
            (sum(map(mul, samples, cosines)), sum(map(mul, samples, sines)))
            for cosines, sines in zip(COSINES, SINES, strict=True)
        )
        _put(self._single, place, _pitch(self._blocks[place], _SILENCE / _BLOCKS))
        for first in range(max(0, place - _BLOCKS + 1), place + 1):
            window = [self._blocks.get(each) for each in range(first, first + _BLOCKS)]
            if None not in window:
                self._note(first, [each for each in window if each is not None])
        if len(self._blocks) > _KEPT:
            del self._blocks[next(iter(self._blocks))]

    def _note(self, first: int, window: list[Sums]) -> None:
        """Note the strongest pitch of the 20 ms that begin at block `first`, and what delays it speaks for."""
        if self._strongest[first : first + 1] not in (b"", _NONE):
            return
        whole = tuple((sum(re for re, _ in sums), sum(im for _, im in sums)) for sums in zip(*window, strict=True))
        pitch = _pitch(whole, _SILENCE)
        _put(self._strongest, first, pitch)
        sent = self._pattern.pitches
        for number in range(min(first // _BLOCKS, len(sent) - 1), max(-1, (first - _DELAYS) // _BLOCKS), -1):
            if sent[number] == pitch[0]:
                self._voices[first - number * _BLOCKS] += 1

    def delays(self) -> list[int]:
        """Return the delays (in blocks) at which more came back than by chance, the clearest first; none: no echo."""
        enough = voices_beyond_chance(len(self._pattern.pitches))
        found: list[int] = []
        for delay in sorted(range(_DELAYS + 1), key=lambda each: -self._voices[each]):
            if self._voices[delay] < enough or len(found) == _ECHOES:
                break
            if all(abs(delay - each) > _BLOCKS for each in found):
                found.append(self._middle(delay))
        return found

    def _middle(self, delay: int) -> int:
        """Return the middle of the delays around `delay` that nearly as many voices speak for."""
        level = self._voices[delay] * _SHOULDER
        near = range(max(0, delay - _BLOCKS), min(_DELAYS, delay + _BLOCKS) + 1)
        high = [each for each in near if self._voices[each] >= level]
        return round(sum(high) / len(high))

    def heard(self, delays: list[int]) -> dict[int, tuple[int, float]]:
        """Return the tones that came back at one of `delays`: each one's place in what came, and how much of it came.

        A packet that is lost may have held parts of two tones, so shares (0 to 1) are counted, of blocks.
        """
        found: dict[int, tuple[int, float]] = {}
        pitches = self._pattern.pitches
        for number, pitch in enumerate(pitches):
            # The block at a seam may hold more of the tone beside.
            first, last = {pitch, *pitches[number - 1 : number]}, {pitch, *pitches[number + 1 : number + 2]}
            places = [number * _BLOCKS + delay for delay in delays if number * _BLOCKS + delay >= 0]
            held = {place: self._held(place, pitch, first, last) for place in places}
            place = max(held, key=lambda each: held[each], default=-1)
            if place >= 0 and held[place]:
                found[number] = (place, held[place] / _BLOCKS)
        return found

    def _held(self, place: int, pitch: int, first: set[int], last: set[int]) -> int:
        """Return how many of a tone's blocks came; one alone is chance."""
        blocks = self._single[place : place + _BLOCKS]
        ours = [*(each == pitch for each in blocks), *[False] * _BLOCKS][:_BLOCKS]
        ours[0] = bool(blocks) and blocks[0] in first
        ours[-1] = len(blocks) == _BLOCKS and blocks[-1] in last
        return sum(ours) if any(a and b for a, b in itertools.pairwise(ours)) else 0


def _pitch(sums: Sums, silence: float) -> bytes:
    powers = [math.hypot(re, im) for re, im in sums]
    power = max(powers)
    return _NONE if power < silence else bytes([powers.index(power)])


def _put(pitches: bytearray, place: int, pitch: bytes) -> None:
    pitches.extend(_NONE * (place + 1 - len(pitches)))
    pitches[place : place + 1] = pitch
