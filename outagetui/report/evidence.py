"""What samples and their rollups tell about an incident beside the journal; pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from msgspec import Struct

from outagetui.verdict import FAIL_POINTS, PASS_POINTS

MINUTE = 60.0  # the longest that one tally takes


class Tally(Struct, frozen=True, order=True):
    """How often a check passed (or was slow) and failed in `seconds` from `at` on: one sample, or a minute of them."""

    at: float
    seconds: float
    passed: int
    failed: int


class Evidence(Struct, frozen=True):
    """`tallies` by check, oldest first; stretches without any sample; (at, money) by balance check, oldest first."""

    tallies: dict[str, list[Tally]]
    silences: list[tuple[float, float]]
    balances: dict[str, list[tuple[float, float]]]


def first_failure(tallies: Iterable[Tally], detected: float) -> Tally | None:
    """Return where the failures began that led to the detection: the first since the evidence was nil.

    Within a minute of a rollup the order is not known; its failures count first.
    """
    points, onset = 0.0, None
    for tally in tallies:
        if tally.at > detected:
            break
        points += tally.failed * FAIL_POINTS
        if tally.failed and onset is None:
            onset = tally
        points = max(0.0, points + tally.passed * PASS_POINTS)
        if points == 0.0:
            onset = None
    return onset


def failing_share(tallies: Sequence[Tally], begin: float, end: float) -> float | None:
    """Return the share of failures in a stretch of time; None when nothing was counted in it."""
    low = bisect_left(tallies, begin - MINUTE, key=_at)
    high = bisect_left(tallies, end, key=_at)
    inside = [tally for tally in tallies[low:high] if tally.at >= begin or tally.at + tally.seconds > begin]
    seen = sum(tally.passed + tally.failed for tally in inside)
    return sum(tally.failed for tally in inside) / seen if seen else None


def _at(tally: Tally) -> float:
    return tally.at
