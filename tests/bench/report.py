"""A benchmark's rows, how they are judged, and how they are shown."""

import json
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `goal` is the most it may be (None: only told), `peer` what another program needs for the same."""

    name: str
    measured: float | None
    unit: str
    goal: float | None = None
    note: str = ""
    peer: float | None = None

    @property
    def ratio(self) -> float | None:
        """Measured over the peer's."""
        return None if self.measured is None or not self.peer else self.measured / self.peer

    @property
    def ok(self) -> bool | None:
        """Whether it reaches its goal; None for a figure without one. What could not be measured does not."""
        if self.measured is None:
            return False
        return None if self.goal is None else self.measured <= self.goal

    @property
    def verdict(self) -> str:
        """Say `ok`, by how many times it is over its goal, that it FAILED to be measured, or nothing."""
        if self.measured is None:
            return "FAILED"
        if self.goal is None:
            return ""
        if self.ok:
            return "ok"
        return f"OVER {self.measured / self.goal:.1f}x" if self.goal else "OVER"


class MissingError(Exception):
    """A peer or a server is not on this machine; the message holds the line that installs it."""


def failed(name: str, why: object) -> Row:
    """Return the row of a benchmark that could not be run."""
    return Row(name, None, "", note=str(why))


def median(values: Sequence[float]) -> float:
    """Return the middle of `values`."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` (0 to 1) of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * round(share * 1000) // 1000))
    return ordered[rank - 1]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def table(rows: Iterable[Row]) -> str:
    """Return the rows as text, one a line, a heading above."""
    cells = [("what", "measured", "", "peer", "goal", "ratio", "verdict", "note")]
    for row in rows:
        numbers = (_number(row.peer), _number(row.goal), _number(row.ratio))
        cells.append((row.name, _number(row.measured), row.unit, *numbers, row.verdict, row.note))
    widths = [max(len(line[column]) for line in cells) for column in range(7)]
    lines = []
    for line in cells:
        left = [line[0].ljust(widths[0]), line[1].rjust(widths[1]), line[2].ljust(widths[2])]
        right = [line[column].rjust(widths[column]) for column in (3, 4, 5)]
        lines.append("  ".join([*left, *right, line[6].ljust(widths[6]), line[7]]).rstrip())
    return "\n".join(lines)


def document(rows: Iterable[Row]) -> str:
    """Return the rows as one line of JSON."""
    return json.dumps(
        {
            "version": 2,
            "machine": {"system": platform.platform(), "python": platform.python_version()},
            "rows": [
                {
                    "name": row.name,
                    "measured": row.measured,
                    "unit": row.unit,
                    "peer": row.peer,
                    "goal": row.goal,
                    "ratio": row.ratio,
                    "ok": row.ok,
                    "verdict": row.verdict,
                    "note": row.note,
                }
                for row in rows
            ],
        }
    )
