"""How old a provider's newest result may be: one of yesterday says nothing of now. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from outagetui.core.times import about

INTERVALS = 5  # as many may be missed
SHORTEST, UNTOLD = 900.0, 3600.0  # seconds; the second where a single result tells of no interval
_AHEAD = 3600.0  # seconds by which clocks may differ


def outdated(times: Sequence[float | None], now: float | None, longest: float | None = None) -> str:
    """Return in words why results of the epoch seconds `times` say nothing of `now`; "" where the newest does.

    They may be `longest` seconds old, or else five of their own intervals. Without `now` nothing is asked.
    """
    if now is None or not times:
        return ""
    told = sorted(when for when in times if when is not None)
    if len(told) < len(times):
        return "a result does not tell its time"
    age = now - told[-1]
    if age < -_AHEAD:
        return f"its newest result is {about(-age)} ahead of our clock"
    if longest is None:
        gaps = [later - earlier for earlier, later in pairwise(told) if later > earlier]
        longest = max(SHORTEST, INTERVALS * median(gaps)) if gaps else UNTOLD
    return f"its newest result is {about(age)} old" if age > longest else ""
