"""A benchmark's rows, how they are judged, and how they are shown."""

import json
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `budget` is the most it may be (None: only told), `note` says against what it was measured."""

    name: str
    measured: float | None
    unit: str
    budget: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured over budget: at most 1 is good."""
        return None if self.measured is None or not self.budget else self.measured / self.budget

    @property
    def ok(self) -> bool | None:
        """Whether it is within its budget; None for a figure without one. What could not be measured is not."""
        if self.measured is None:
            return False
        return None if self.budget is None else self.measured <= self.budget


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
    words = {True: "ok", False: "OVER", None: ""}
    cells = [("what", "measured", "", "budget", "ratio", "", "")]
    for row in rows:
        verdict = "FAILED" if row.measured is None else words[row.ok]
        cells.append(
            (row.name, _number(row.measured), row.unit, _number(row.budget), _number(row.ratio), verdict, row.note)
        )
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    lines = []
    for line in cells:
        left = [line[0].ljust(widths[0]), line[1].rjust(widths[1]), line[2].ljust(widths[2])]
        right = [line[3].rjust(widths[3]), line[4].rjust(widths[4]), line[5].ljust(widths[5]), line[6]]
        lines.append("  ".join([*left, *right]).rstrip())
    return "\n".join(lines)


def document(rows: Iterable[Row]) -> str:
    """Return the rows as one line of JSON."""
    return json.dumps(
        {
            "version": 1,
            "machine": {"system": platform.platform(), "python": platform.python_version()},
            "rows": [
                {
                    "name": row.name,
                    "measured": row.measured,
                    "unit": row.unit,
                    "budget": row.budget,
                    "ratio": row.ratio,
                    "ok": row.ok,
                    "note": row.note,
                }
                for row in rows
            ],
        }
    )
