"""The lines of the board's list: how its columns share the width, a group's heading, and the line of a row. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from outagetui.core.model import State
from outagetui.core.text import clean
from outagetui.facts.minute_by_minute import FAILED
from outagetui.tui.glyphs import CURSOR, MISS, SPARK
from outagetui.tui.theme import Look
from outagetui.tui.time_words import lasting, milliseconds
from outagetui.tui.widgets.lines import Part, across, fit
from outagetui.tui.widgets.story import Row, active, broken, row_mark, standing

STATE_WIDTH = 9
MANY = 100  # cells of a list from which on a cause keeps what explains it
BARS = 15  # minutes that a column of bars shows
GAP = 2
QUIET = 20.0  # milliseconds that the scale of the bars spans at least


@dataclass(frozen=True)
class Columns:
    """How wide each column of the list is; 0 leaves it out. What is left goes to the reason."""

    name: int
    standing: int
    since: int
    took: int
    bars: int
    reason: int

    @classmethod
    def of(cls, width: int) -> "Columns":
        """Share out `width` cells: the bars go first where they are few, then what it took, how long, the standing."""
        name = 17 if width < 96 else 20 if width < 116 else 22
        role = 0 if width < 52 else 8
        since = 0 if width < 44 else 5
        took = 0 if width < 96 else 6
        bars = 0 if width < 116 else BARS
        used = 2 + STATE_WIDTH + 1 + name
        used += (role and 1 + role) + since + (took and 1 + took) + (bars and 1 + bars)
        return cls(name, role, since, took, bars, max(0, width - used - GAP - 1))


def heading(key: str, counts: tuple[int, int], columns: Columns, look: Look, width: int, order: str = "") -> Text:
    """Return a group's heading: its name, how many of how many are not up, and what the columns hold.

    `counts` is how many rows are up, and how many there are; `order` marks by what they are ordered.
    """
    up, every = counts
    count = f"all {every} up" if up == every else f"{every - up} of {every} not up"
    count += "?" * look.old
    style = look.dim if up == every else look.loud
    parts: list[Part] = [
        "  ", (fit(key.upper(), STATE_WIDTH), look.title), " ", (fit(count, columns.name), style),
    ]  # fmt: skip
    if columns.standing:
        parts += [" ", fit("kind" if key == "outlets" else "role", columns.standing)]
    parts.append(fit("for", columns.since, right=True))
    if columns.took:
        parts += [" ", fit("took", columns.took, right=True)]
    if columns.bars:
        parts += [" ", fit(f"last {BARS} min", columns.bars, right=True)]
    return across(look.dim, width, *parts, " " * GAP, "why", order)


def row_line(row: Row, columns: Columns, look: Look, width: int, now: float, why: str, chosen: bool) -> Text:
    """Return the line of one channel or outlet, with as much of `why` as fits, and bars where there is room."""
    muted = row.muted is not None
    word, style = row_mark(row, look)
    calm = row.state is State.UP and not broken(row)
    parts: list[Part] = [
        (CURSOR if chosen else " ", look.key), " ", (fit(word, STATE_WIDTH), style), " ",
        (fit(clean(row.name, 60), columns.name), look.text if calm or muted else look.strong),
    ]  # fmt: skip
    if columns.standing:
        words = fit(standing(row, True), columns.standing - 1) + " "
        parts += [" ", (words, look.strong if active(row) else look.dim)]
    since = lasting(now - row.since) if row.since is not None else "–"
    parts.append(fit(since, columns.since, right=True))
    took, failing = milliseconds(row.took if row.took is not None else row.latency_ms), row.state is State.DOWN
    if columns.took:
        parts += [" ", (fit("–" if failing else took, columns.took, right=True), look.text if calm else look.dim)]
    if columns.bars:
        parts += [" ", *bars(row.minutes, columns.bars, look)]
    parts.append(" " * GAP if columns.reason else "")
    if why:
        parts.append((fit(why, columns.reason), look.dim if calm else look.text))
        room = columns.reason - cell_len(why) - GAP
        if not columns.bars and room >= BARS and columns.took:
            parts[-1] = (why, look.dim if calm else look.text)
            parts += [" " * (room - BARS + GAP), *bars(row.minutes, BARS, look)]
    elif not columns.bars and columns.reason >= BARS + 8:
        if not columns.took:
            parts += [(fit(took, 6, right=True), look.text), " "]
        parts += bars(row.minutes, 2 * BARS if columns.reason >= 2 * BARS + 8 else BARS, look, right=False)
    line = across(look.dim, width, *parts)
    if chosen:
        line.stylize_before(look.cursor, 0, 2 + STATE_WIDTH + 1 + columns.name)
    return line


def bars(minutes: Sequence[float | None], width: int, look: Look, *, right: bool = True) -> list[tuple[str, Style]]:
    """Return the newest `width` minutes as bars, newest last; one with a failure gets a cross.

    The scale goes from nought to three times the usual value (the median), so that a steady channel draws a calm line
    and a spike stands out, and at least to `QUIET`, so that a quick one's noise is no mountain. `right`: few minutes
    stand at the right.
    """
    shown = list(minutes[-width:]) if width > 0 else []
    known = sorted(value for value in shown if value is not None and value != FAILED)
    usual = known[len(known) // 2] if known else 0.0
    miss = look.states[State.PARTIAL]
    chars = [(MISS, miss) if value == FAILED else (_bar(value, usual), look.bar) for value in shown]
    blank = [(" " * (width - len(shown)), look.bar)] if len(shown) < width else []
    parts = [("".join(char for char, _ in run), style) for style, run in groupby(chars, lambda each: each[1])]
    return blank + parts if right else parts + blank


def _bar(value: float | None, usual: float) -> str:
    if value is None:
        return " "
    level = int(value / max(3 * usual, QUIET) * len(SPARK))
    return SPARK[min(max(level, 0), len(SPARK) - 1)]
