"""What a call was worth: the E-model of ITU-T G.107 (narrowband) in the short form of Cole and Rosenbluth.

    R      = 93.2 - Id - Ie,eff                              G.107 defaults, advantage factor A = 0
    Id     = 0.024 d + 0.11 (d - 177.3) H(d - 177.3)         d: one way, mouth to ear, in ms
    Ie,eff = Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl)       Ppl: lost, in percent; random loss: BurstR = 1
    MOS    = 1 for R <= 0; 4.5 for R >= 100; else 1 + 0.035 R + R (R - 60) (100 - R) 7e-6

Id is from Cole and Rosenbluth, "Voice over IP Performance Monitoring", ACM CCR 31(2), 2001; Ie and Bpl are from G.113
appendix I. Jitter is no input of the model: a receiver turns it into delay (its buffer) and loss (what comes too late).
An estimate, never what a person perceived.
"""

import math

from msgspec import Struct

BASE = 93.2
PACKET_MS = 20.0
LOOK_AHEAD_MS = 5.0  # what a G.711 device adds to one packet's length
IE, BPL = 0.0, 25.1  # of G.711 with packet loss concealment, as nearly every phone has


class Quality(Struct, frozen=True):
    """R (0 to 100) and the mean opinion score it stands for (1 to 4.5)."""

    r: float
    mos: float


def r_factor(delay_ms: float, loss: float, ie: float = IE, bpl: float = BPL) -> float:
    """Return R for a one-way delay from mouth to ear and a share of packets lost (0 to 1).

    `ie` is the codec's impairment without loss, `bpl` its robustness against it.
    """
    percent = 100 * loss
    delay = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    return BASE - delay - (ie + (95 - ie) * percent / (percent + bpl))


def mos(r: float) -> float:
    """Return the mean opinion score of `r` (G.107 annex B); the cubic dips below 1 for small R, which no score can."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def judge(round_trip_ms: float, jitter_ms: float, loss: float) -> Quality:
    """Return the quality of a call measured by its echo.

    An echo passes the network twice and cannot tell the ways apart, so both are taken to be alike: half the round
    trip's delay each, and the loss which, met twice, gives the `loss` (0 to 1) of the round trip. A buffer of twice
    the jitter is assumed.
    """
    one_way = round_trip_ms / 2 + PACKET_MS + LOOK_AHEAD_MS + 2 * jitter_ms
    r = r_factor(one_way, 1 - math.sqrt(max(0.0, 1 - loss)))
    return Quality(r=max(0.0, r), mos=mos(r))
