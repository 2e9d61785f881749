"""Cleaned text as styled lines. Everything drawn from outside becomes `Text` here, never a string with markup."""

import re

from rich.console import Console
from rich.style import Style
from rich.text import Text

from outagetui.core.text import clean, clean_lines
from outagetui.tui.theme import Look

LABEL = 12  # cells that the words before a fact take
_WRAPPER = Console(width=200, color_system=None)  # wrapping needs one and reads nothing of it but its tab size

GLUE = "\ue000"  # as wide as a blank, but no place to break a line at
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


def cut(line: Text, width: int) -> Text:
    """Return `line` in at most `width` cells, with an ellipsis when something was left out."""
    if line.cell_len <= width:
        return line
    short = line.copy()
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


def wrapped(line: Text, width: int, indent: int = 0, hang: int | None = None) -> list[Text]:
    """Return `line` wrapped to `width` cells: the first row `indent` cells in, the others `hang` (as the first)."""
    hang = indent if hang is None else hang
    if "%" in line.plain:
        line = line.copy()
        line.plain = bound(line.plain)
    rows = line.wrap(_WRAPPER, max(8, width - max(indent, hang)))
    for row in rows:
        row.rstrip()
        if GLUE in row.plain:
            row.plain = loose(row.plain)
    return [joined(" " * (hang if number else indent), row) for number, row in enumerate(rows)] or [Text()]


def paragraph(text: object, width: int, style: Style | None = None, indent: int = 0, limit: int = 4000) -> list[Text]:
    """Return `text` wrapped to `width` cells, its own line feeds kept."""
    lines: list[Text] = []
    for line in clean_lines(text, limit).split("\n"):
        lines += wrapped(joined((line, style)) if style else joined(line), width, indent)
    return lines


def fact(label: str, value: Text, width: int, look: Look) -> list[Text]:
    """Return a labelled value, wrapped under itself."""
    rows = wrapped(value, width - LABEL)
    head = (label.ljust(LABEL), look.dim)
    return [joined(" " * LABEL if number else head, row) for number, row in enumerate(rows)]


def rule(title: str, width: int, look: Look) -> Text:
    """Return a heading with a line to the right edge."""
    return joined((title, look.title), " ", ("─" * max(0, width - len(title) - 1), look.rule))


def columns(left: list[Text], right: list[Text], width: int, gap: int = 3) -> list[Text]:
    """Return two blocks of lines side by side, each half as wide."""
    half = (width - gap) // 2
    height = max(len(left), len(right))
    blank = Text()
    pairs = zip(left + [blank] * (height - len(left)), right + [blank] * (height - len(right)), strict=True)
    return [joined(filled(one, half), " " * gap, cut(other, half)) for one, other in pairs]


def bound(text: str) -> str:
    """Return `text` with the blanks of its percentages as `GLUE`, so that no line is broken within one."""
    return _PERCENT.sub(GLUE, text)


def loose(text: str) -> str:
    """Return `text` with blanks again where `bound` put `GLUE`."""
    return text.replace(GLUE, " ")
