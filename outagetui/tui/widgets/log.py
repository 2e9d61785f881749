"""The journal as lines: one an entry, with a line for each new day. Pure."""

from collections.abc import Sequence

from msgspec import Struct
from rich.style import Style
from rich.text import Text

from outagetui.board.rows import LogRow
from outagetui.core.model import State
from outagetui.core.text import clean
from outagetui.tui.theme import Look
from outagetui.tui.time_words import day_of, second_of
from outagetui.tui.widgets.lines import cut, filled, joined, paragraph, rule, said

KIND = 16  # cells for the kind of entry


class Line(Struct, frozen=True):
    """One line of the journal: an entry, or the heading of a day (`row` is None)."""

    row: LogRow | None
    day: str = ""


def lined(rows: Sequence[LogRow], zone: str) -> list[Line]:
    """Return `rows` (newest first) with a heading before the first entry of each day."""
    lines: list[Line] = []
    day = ""
    for row in rows:
        if (this := day_of(row.at, zone)) != day:
            day = this
            lines.append(Line(None, day))
        lines.append(Line(row))
    return lines


def matches(row: LogRow, words: str) -> bool:
    """Return whether every word occurs in the entry's kind, actor or text, whatever its case."""
    hay = f"{row.kind} {row.actor} {row.text}".casefold()
    return all(word in hay for word in words.casefold().split())


def line_text(line: Line, zone: str, width: int, look: Look) -> Text:
    """Return one line: time, kind, who, and as much of the words as fits."""
    row = line.row
    if row is None:
        return rule(line.day, width, look)
    who = filled(said(row.actor, look.dim, limit=40), 14 if width >= 100 else 9)
    kind = filled(said(row.kind, _style(row.kind, look), limit=40), KIND)
    return cut(joined((f"{second_of(row.at, zone)} ", look.dim), kind, " ", who, " ", clean(row.text, 500)), width)


def detail_lines(row: LogRow | None, zone: str, width: int, look: Look) -> list[Text]:
    """Return the whole of an entry, wrapped."""
    if row is None:
        return []
    head = f"#{row.seq}  {day_of(row.at, zone)} {second_of(row.at, zone)}  {clean(row.kind, 40)}"
    head += f"  by {clean(row.actor, 60)}"
    return [joined((head, look.dim)), *paragraph(row.text, width, look.text, limit=1200)]


def _style(kind: str, look: Look) -> Style:
    first = kind.split(".")[0]
    styles = {
        "state": look.states[State.PARTIAL],
        "blind": look.states[State.BLIND],
        "run": look.key,
        "step": look.key,
        "announce": look.possible,
        "activate": look.good,
        "deactivate": look.good,
        "fault": look.states[State.PARTIAL],
    }
    return styles.get(first, look.dim)
