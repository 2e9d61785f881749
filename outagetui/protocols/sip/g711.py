"""G.711 (ITU-T): the two ways telephones write a sample in eight bits, A-law and µ-law. Pure.

Samples are linear, of 16 bits (-32768 to 32767), 8,000 a second.
"""

import bisect
import itertools
from enum import IntEnum


class Law(IntEnum):
    """A way to write samples; the number is its static payload type of RTP (RFC 3551 section 6)."""

    MU = 0
    A = 8

    @property
    def encoding(self) -> str:
        """The name SDP has for it."""
        return "PCMU" if self is Law.MU else "PCMA"


def _mu(code: int) -> int:
    code = ~code & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -size if code & 0x80 else size


def _a(code: int) -> int:
    code ^= 0x55
    segment = code >> 4 & 7
    size = (code & 0x0F) << 4 | 8
    size = size + 0x100 << segment - 1 if segment else size
    return size if code & 0x80 else -size


_LEVELS = {Law.MU: tuple(map(_mu, range(256))), Law.A: tuple(map(_a, range(256)))}
# Of the two zeros of µ-law the positive one is written, as everybody does.
_CODES = {
    law: [code for _, code in sorted({level: code for code, level in enumerate(_LEVELS[law])}.items())] for law in Law
}
# Between two neighbouring levels: what is nearer to the upper one is written as that.
_BOUNDS = {
    law: [(_LEVELS[law][low] + _LEVELS[law][high]) / 2 for low, high in itertools.pairwise(codes)]
    for law, codes in _CODES.items()
}


def decode(law: Law, data: bytes) -> list[int]:
    """Return the samples in `data`."""
    levels = _LEVELS[law]
    return [levels[code] for code in data]


def encode(law: Law, samples: list[int]) -> bytes:
    """Return `samples`, each as the level next to it."""
    codes, bounds, place = _CODES[law], _BOUNDS[law], bisect.bisect
    return bytes(codes[place(bounds, sample)] for sample in samples)
