"""Latencies as a row of small bars."""

from collections.abc import Sequence
from itertools import groupby

from rich.style import Style

from outagetui.tui.glyphs import MISS, SPARK

QUIET = 20.0  # milliseconds that the scale spans at least


def spark(values: Sequence[float | None], width: int, bar: Style, miss: Style) -> list[tuple[str, Style]]:
    """Return the newest `width` values as bars, newest on the right; None is a failure and gets a cross.

    The scale goes from nought to three times the usual value (the median), so that a steady channel draws a calm line
    and a spike stands out, and at least to `QUIET`, so that a quick one's noise is no mountain.
    """
    shown = list(values[-width:]) if width > 0 else []
    known = sorted(value for value in shown if value is not None)
    usual = known[len(known) // 2] if known else 0.0
    parts = [(" " * (width - len(shown)), bar)] if len(shown) < width else []
    chars = [(MISS, miss) if value is None else (_bar(value, usual), bar) for value in shown]
    return parts + [("".join(char for char, _ in run), style) for style, run in groupby(chars, lambda each: each[1])]


def _bar(value: float, usual: float) -> str:
    level = int(value / max(3 * usual, QUIET) * len(SPARK))
    return SPARK[min(max(level, 0), len(SPARK) - 1)]
