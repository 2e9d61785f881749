"""Minutes of samples into hours: only where an hour says all that its minutes say; pure.

A row is (minute since the epoch, passed, warned, failed, unknown, least, total, most): counts, and the latencies in
microseconds, None where nothing was measured.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

HOUR = 60  # minutes
FEWEST = 3  # minutes of an hour that are worth being folded
Row = Sequence[int | None]


def hours_of(rows: Iterable[Row]) -> list[tuple[int | None, ...]]:
    """Return the hours that may stand for their minutes, each as a row of its own: the hour, then counts as above.

    `rows` are those of whole hours, oldest first. An hour in which something was not well, or which was not looked at
    all the time, keeps its minutes: a report tells them.
    """
    grouped = ((hour, list(group)) for hour, group in groupby(rows, lambda row: (row[0] or 0) // HOUR))
    return [_hour(hour, minutes) for hour, minutes in grouped if _plain(hour, minutes)]


def _plain(hour: int, rows: Sequence[Row]) -> bool:
    if len(rows) < FEWEST or any(row[2] or row[3] or row[4] for row in rows):
        return False
    times = [(row[0] or 0) - hour * HOUR for row in rows]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    edges = times[0], HOUR - 1 - times[-1]
    return max((*gaps, *edges)) <= 2 * min(gaps)


def _hour(hour: int, rows: Sequence[Row]) -> tuple[int | None, ...]:
    least = [row[5] for row in rows if row[5] is not None]
    most = [row[7] for row in rows if row[7] is not None]
    counts = (sum(row[column] or 0 for row in rows) for column in (1, 2, 3, 4))
    return (hour, *counts, min(least, default=None), sum(row[6] or 0 for row in rows), max(most, default=None))
