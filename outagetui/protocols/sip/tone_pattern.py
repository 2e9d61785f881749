"""The sound of a test call: every 20 ms a short tone of a pitch drawn anew, as quiet as somebody speaking low. Pure.

The pitches are a secret of the call, so what comes back with the same ones in the same order is our own sound, however
it was written, cut into packets, shifted or made louder on its way; nothing else can be taken for it but by chance.
Each tone has a whole number of waves in 5 ms, so that neither the seam of two tones clicks nor one hides in another,
and lies where every telephone and speech codec carries most, a muffled line too. A little noise makes every packet
unlike the others.
"""

import math
import os
import secrets

RATE = 8000  # samples a second
SLOT = 160  # samples of one tone
BLOCK = 40  # samples of 5 ms
STEP = RATE // BLOCK  # Hz between two pitches
PITCHES = tuple(range(2 * STEP, 10 * STEP, STEP))  # Hz: 400 to 1800
PEAK = 3000  # of 32768: -21 dB
_NOISE = 6  # bits of noise

COSINES = tuple(tuple(math.cos(2 * math.pi * hertz * at / RATE) for at in range(BLOCK)) for hertz in PITCHES)
SINES = tuple(tuple(math.sin(2 * math.pi * hertz * at / RATE) for at in range(BLOCK)) for hertz in PITCHES)
_TONES = tuple([round(PEAK * sine) for sine in sines] * (SLOT // BLOCK) for sines in SINES)


class TonePattern:
    """The tones of one call, drawn as they are asked for; `pitches` are indices into `PITCHES`."""

    def __init__(self) -> None:
        self.pitches = bytearray()

    def next_samples(self) -> list[int]:
        """Return the samples of the next tone."""
        pitch = secrets.randbelow(len(PITCHES))
        self.pitches.append(pitch)
        noise, half = os.urandom(SLOT), 1 << _NOISE - 1
        return [sample + (extra >> 8 - _NOISE) - half for sample, extra in zip(_TONES[pitch], noise, strict=True)]
