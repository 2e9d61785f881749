"""Where nothing was sampled: stretches of time that no sample, and nothing that was rolled up of samples, lies in.

A store holds millions of samples, so it is not gone through: a few looks for each stretch that would be too long leave
only the places where one can be, and only there everything is read.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct

LOOKS = 8  # for each stretch that would be too long
Rows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]  # what a query with these values finds
Gap = tuple[int, int]  # in milliseconds


class Asked(Struct, frozen=True):
    """Stretches that are `longer` and touch begin to end, within first to last: all in milliseconds."""

    begin: int
    end: int
    first: int
    last: int
    longer: int

    def left(self, gaps: Sequence[Gap], times: Iterable[int]) -> list[Gap]:
        """Return what is left of `gaps` now that something is known to have been seen at `times`."""
        seen = sorted(times)
        inside = (seen[bisect_right(seen, since) : bisect_left(seen, until)] for since, until in gaps)
        return [
            (since, until)
            for gap, within in zip(gaps, inside, strict=True)
            for since, until in pairwise((gap[0], *within, gap[1]))
            if until - since > self.longer and until > self.begin and since < self.end
        ]


def silences(
    rows: Rows,
    asked: Asked,
    range_of: Callable[[Gap], tuple[int, int]],
    series: Collection[int],
    rolled: Iterable[tuple[str, str, float]],
) -> list[Gap]:
    """Return those stretches. `range_of` gives the numbers of the rows of samples between which all of a time stand.

    `rolled` names tables of what was rolled up, their column of time and its seconds; of these only `series` count.
    """
    whole = (asked.first, asked.last)
    gaps = asked.left([whole], _few(rows, asked, *range_of(whole)))
    gaps = asked.left(gaps, _all(rows, asked, [range_of(gap) for gap in gaps]))
    for table, column, seconds in rolled:
        span = round(seconds * 1000)
        for number in series:
            if not gaps:
                return []
            gaps = asked.left(gaps, _edges(rows, table, column, span, number, gaps))
    # Before the oldest and after the newest of all nothing is known, so no silence either.
    return [gap for gap in gaps if gap[0] > asked.first and gap[1] < asked.last]


def _few(rows: Rows, asked: Asked, low: int, high: int) -> list[int]:
    """Return the times of some samples, at equal distances."""
    looks = LOOKS * max(1, (asked.last - asked.first) // asked.longer)
    step = max(1, (high - low) // looks)
    found = rows(
        "WITH RECURSIVE look(number) AS"
        " (SELECT ? UNION ALL SELECT number + ? FROM look WHERE number + ? <= ?)"
        " SELECT at FROM look CROSS JOIN samples ON samples.rowid = look.number WHERE at BETWEEN ? AND ?",
        (low, step, step, high, asked.first, asked.last),
    )
    return [at for (at,) in found if isinstance(at, int)]


def _all(rows: Rows, asked: Asked, ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Give the first and last time of each stretch of `longer` in which there are samples in these ranges of rows.

    Two samples with a longer silence between them lie in two such stretches: one is the last of its own, the other the
    first.
    """
    for low, high in _joined(ranges):
        for times in rows(
            "SELECT min(at), max(at) FROM samples WHERE rowid BETWEEN ? AND ? AND at BETWEEN ? AND ?"
            " AND typeof(at) = 'integer' GROUP BY at / ?",
            (low, high, asked.first, asked.last, asked.longer),
        ):
            yield from times


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1]:
            low, high = joined[-1][0], max(high, joined.pop()[1])
        joined.append((low, high))
    return joined


def _edges(rows: Rows, table: str, column: str, span: int, series: int, gaps: Sequence[Gap]) -> Iterator[int]:
    """Give begin and end of every minute of a series that was rolled up and lies in these gaps.

    An hour is made only of minutes without a gap, so it stands for each of them.
    """
    wanted = json.dumps([(since // span, until // span) for since, until in gaps])
    for (at,) in rows(
        f"SELECT {column} FROM json_each(?) AS gap CROSS JOIN {table} ON series = ?"  # noqa: S608 names of our own
        f" AND {column} BETWEEN json_extract(gap.value, '$[0]') AND json_extract(gap.value, '$[1]')",
        (wanted, series),
    ):
        for begin in range(at * span, (at + 1) * span, 60_000) if isinstance(at, int) else ():
            yield from (begin, begin + 59_999)
