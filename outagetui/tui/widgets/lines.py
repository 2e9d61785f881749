"""Cleaned text as styled lines. Everything drawn from outside becomes `Text` here, never a string with markup."""

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console, OverflowMethod
from rich.style import Style
from rich.text import Text

from outagetui.core.text import clean, clean_lines
from outagetui.tui.theme import Look

LABEL = 12  # cells that the words before a fact take
_WRAPPER = Console(width=200, color_system=None)  # wrapping needs one and reads nothing of it but its tab size
_GLUE = "\ue000"  # as wide as a blank, but no place to break a line at
_PERCENT = re.compile(r"(?<=\d) (?=%)|(?<=%) (?=→|to \d)|(?<=→) (?=\d+ %)|(?<=% to) (?=\d+ %)")

Part = Text | str | tuple[str, Style]


def said(text: object, style: Style | None = None, limit: int = 300) -> Text:
    """Return `text` cleaned, as one line."""
    return joined((clean(text, limit), style)) if style else joined(clean(text, limit))


def joined(*parts: Part) -> Text:
    """Join parts to one line; strings among them are our own words or cleaned before."""
    line = Text()
    for part in parts:
        if isinstance(part, Text):
            line.append_text(part)
        elif isinstance(part, tuple):
            line.append(*part)
        else:
            line.append(part)
    return line


def across(base: Style, width: int, *parts: Part) -> Text:
    """Join parts to one line of exactly `width` cells; what has no style of its own is drawn in `base`."""
    line = cut(joined(*parts), width)
    line.append(" " * (width - line.cell_len))
    line.stylize_before(base)
    return line


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return a column: `text` exactly `width` cells wide; what does not fit ends in an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    blank = " " * (width - cell_len(text))
    return blank + text if right else text + blank


def cut(line: Text, width: int) -> Text:
    """Return `line` in at most `width` cells, with an ellipsis when something was left out."""
    if line.cell_len <= width:
        return line
    short = line.copy() if width > 0 else Text()
    short.truncate(max(1, width), overflow="ellipsis")
    return short


def filled(line: Text, width: int) -> Text:
    """Return `line` in exactly `width` cells."""
    short = cut(line, width)
    return joined(short, " " * max(0, width - short.cell_len))


def sides(left: Text, right: Text, width: int) -> Text:
    """Return one line with `left` cut to leave room for `right` at the far end."""
    room = width - right.cell_len - 1
    return joined(filled(left, room), " ", right) if room > 8 else cut(left, width)


def wrapped(line: Text, width: int, indent: int = 0, *, overflow: OverflowMethod = "fold") -> list[Text]:
    """Return `line` wrapped to `width` cells, `indent` cells in; what is longer than a row goes on or is cut."""
    if "%" in line.plain:
        line = line.copy()
        line.plain = _PERCENT.sub(_GLUE, line.plain)
    rows = line.wrap(_WRAPPER, max(8, width - indent), overflow=overflow)
    for row in rows:
        row.rstrip()
        if _GLUE in row.plain:
            row.plain = row.plain.replace(_GLUE, " ")
    return [joined(" " * indent, row) for row in rows] or [Text()]


def shortened(text: str, width: int, limit: int) -> list[str]:
    """Break `text` at blanks into at most `limit` lines of `width` cells; a cut ends in an ellipsis."""
    lines = [row.plain for row in wrapped(joined(" ".join(text.split())), width, overflow="ellipsis")]
    if len(lines) > limit:
        lines[limit - 1 :] = [fit(" ".join(lines[limit - 1 :]), width).rstrip()]
    return lines


def paragraph(text: object, width: int, style: Style | None = None, indent: int = 0, limit: int = 4000) -> list[Text]:
    """Return `text` wrapped to `width` cells, its own line feeds kept."""
    lines: list[Text] = []
    for line in clean_lines(text, limit).split("\n"):
        lines += wrapped(joined((line, style)) if style else joined(line), width, indent)
    return lines


def behind(head: Text, rows: Iterable[Text]) -> list[Text]:
    """Return `rows` with `head` before the first one and as much room before the others."""
    return [joined(" " * head.cell_len if number else head, row) for number, row in enumerate(rows)]


def labelled(label: str, rows: Iterable[Text], look: Look, room: int = LABEL) -> list[Text]:
    """Return rows behind a label, which takes `room` cells."""
    return behind(joined((label.ljust(room), look.dim)), rows)


def fact(label: str, value: Text, width: int, look: Look) -> list[Text]:
    """Return a labelled value, wrapped under itself."""
    return labelled(label, wrapped(value, width - LABEL), look)


def flowing(items: Iterable[Text], width: int, gap: int = 0) -> list[Text]:
    """Return `items` one after the other in as few rows of `width` cells as they need, `gap` cells between two."""
    rows = [Text()]
    for item in items:
        if rows[-1] and rows[-1].cell_len + gap + item.cell_len > width:
            rows.append(Text())
        rows[-1] = joined(rows[-1], " " * gap, item) if rows[-1] else item
    return rows


def rule(title: str, width: int, look: Look) -> Text:
    """Return a heading with a line to the right edge."""
    return joined((title, look.title), " ", ("─" * max(0, width - len(title) - 1), look.rule))


def beside(blocks: Sequence[Sequence[Text]], width: int, gap: Part) -> list[Text]:
    """Return blocks of lines side by side, each `width` cells wide, with `gap` between two."""
    rows = []
    for y in range(max(map(len, blocks))):
        parts: list[Part] = []
        for block in blocks:
            parts += [gap] if parts else []
            parts.append(filled(block[y] if y < len(block) else Text(), width))
        rows.append(joined(*parts))
    return rows
