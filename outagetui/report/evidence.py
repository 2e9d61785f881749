"""What samples and their rollups tell about an incident beside the journal; pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import ProbeOptions
from outagetui.facts.verdict import FAIL_POINTS, PASS_POINTS, Track, add, failing_share

PASS, FAIL = Sample(Outcome.PASS), Sample(Outcome.FAIL)


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


def failing_shares(probe: str, tallies: Iterable[Tally]) -> list[tuple[float, float]]:
    """Return (at, failing share) of a check of kind `probe` after each tally, as the screens showed it then."""
    check = Check(id="", probe=probe, target="", options=ProbeOptions())
    track, found = Track(), []
    for tally in tallies:
        for failed in _spread(tally):
            track = add(track, check, FAIL if failed else PASS, tally.at)
        found.append((tally.at + tally.seconds, failing_share(track)))
    return found


def _spread(tally: Tally) -> Iterable[bool]:
    """Give a tally's samples, the failures evenly among them: a rolled-up minute does not tell their order."""
    seen = tally.passed + tally.failed
    return ((number + 1) * tally.failed // seen > number * tally.failed // seen for number in range(seen))


def without(tallies: Iterable[Tally], stretches: Sequence[tuple[float, float]]) -> list[Tally]:
    """Return the tallies outside of `stretches`: what was counted while we were blind says nothing of the far side."""
    return [tally for tally in tallies if not any(begin <= tally.at < end for begin, end in stretches)]
