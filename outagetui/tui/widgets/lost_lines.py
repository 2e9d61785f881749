"""How much reach was lost in the last hour: a bar beside the reach, and a chart with what happened. Pure."""

from collections.abc import Sequence

from rich.text import Text

from outagetui.board.rows import Board, ReachHistory
from outagetui.core.model import CALM
from outagetui.tui.glyphs import BLOCKS, SPARK
from outagetui.tui.theme import Look
from outagetui.tui.time_words import second_of
from outagetui.tui.widgets.lines import Part, across, beside, cut, joined, rule

SCALE = 8  # cells of a chart's edge with its labels
CHART = 8  # lines of a chart, its heading apart
ROWS = 4  # of these for bars
HOUR = 3600.0


def lost_bar(history: ReachHistory, width: int, look: Look) -> list[Part]:
    """Return the lost reach of the last hour in one line of `width` cells: dark while nothing is lost."""
    values = _columns(history.lost, width)
    parts: list[Part] = []
    for value in values:
        if value is None:
            parts.append((" ", look.rule))
        else:
            level = min(len(SPARK) - 1, int(value * len(SPARK)))
            parts.append((SPARK[level], look.bad if value > 1 - CALM else look.rule))
    return parts


def lost_lines(board: Board, width: int, look: Look) -> list[Text]:
    """Return the charts of every audience side by side under a heading; nothing before anything is known."""
    charts = [history for history in board.history if any(value is not None for value in history.lost)]
    if not charts:
        return []
    each = (width - 2 * (len(charts) - 1)) // len(charts)
    blocks = [_chart(history, board, each, look) for history in charts]
    return [rule("Lost reach", width, look), *beside(blocks, each, "  ")]


def _chart(history: ReachHistory, board: Board, width: int, look: Look) -> list[Text]:
    room = max(8, width - SCALE)
    values = _columns(history.lost, room)
    lines = [cut(joined((f"{history.audience} who could not reach us, last hour", look.dim)), width)]
    for row in range(ROWS):
        label = "100 % ┤" if row == 0 else "    0 ┤" if row == ROWS - 1 else "      │"
        below = (ROWS - 1 - row) * 8
        bars = "".join(BLOCKS[min(8, max(0, _eighths(value) - below))] for value in values)
        lines.append(joined((label, look.dim), " ", (bars, look.bad)))
    lines.append(joined(" " * SCALE, (_marks(history, board.at, room), look.text)))
    left, middle, right = (second_of(board.at - HOUR * share, board.timezone)[:5] for share in (1.0, 0.5, 0.0))
    gap = max(0, room - 15)
    lines.append(
        across(look.dim, width, f"{' ' * SCALE}{left}{' ' * (gap // 2)}{middle}{' ' * (gap - gap // 2)}{right}")
    )
    return lines


def _columns(values: Sequence[float | None], width: int) -> list[float | None]:
    """Return `values` in `width` columns, each with the worst of its time."""
    count = len(values)
    found: list[float | None] = []
    for column in range(width):
        first = column * count // width
        last = max(first + 1, (column + 1) * count // width)
        known = [value for value in values[first:last] if value is not None]
        found.append(max(known) if known else None)
    return found


def _eighths(value: float | None) -> int:
    return 0 if not value else max(1, round(value * ROWS * 8))


def _marks(history: ReachHistory, now: float, width: int) -> str:
    """Return what happened when; of two in one place the first stays, and the next one moves on where it can."""
    cells = [" "] * width
    begin = (int(now // 60) + 1) * 60 - HOUR
    for mark in history.marks:
        place = min(width - 1, max(0, int((mark.at - begin) / HOUR * width)))
        free = next((each for each in (place, place + 1, place + 2) if each < width and cells[each] == " "), None)
        if free is not None:
            cells[free] = mark.sign
    return "".join(cells)
