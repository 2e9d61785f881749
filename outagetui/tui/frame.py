"""What the terminal shows, cell by cell, so that an update sends only the cells that differ.

The toolkit sends every touched line whole. Over a slow line that is most of the traffic: a clock that moves by one
digit would cost a whole header.
"""

from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Cell = tuple[str, Style | None]

GAP = 5  # unchanged cells that are cheaper to send again than to jump over
UNSEEN: Cell = ("\0", None)
RESET = "\x1b[0m"


class Changes(CompositorUpdate):
    """An update reduced to the cells that change, already encoded."""

    def __init__(self, sequence: str) -> None:
        self.sequence = sequence

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render for consoles that are no terminal."""
        yield Segment(self.sequence)

    def render_segments(self, console: Console) -> str:
        """Return the bytes for the terminal."""
        return self.sequence


class Frame:
    """The cells that were sent last. Forget them whenever the terminal may show something else."""

    def __init__(self) -> None:
        self._width = 0
        self._rows: list[list[Cell]] = []

    def forget(self) -> None:
        """Send everything again with the next update."""
        self._rows = []

    def changes(self, update: LayoutUpdate | ChopsUpdate, size: tuple[int, int], console: Console) -> Changes | None:
        """Return what has to be sent for `update` on a terminal of `size` (columns, lines), or None for nothing."""
        width, height = size
        if width != self._width or height != len(self._rows):
            self._width = width
            self._rows = [[UNSEEN] * width for _ in range(height)]
        encoder = _Encoder(console._color_system)
        for y, x, strip in _pieces(update):
            if 0 <= y < height:
                self._line(encoder, x, y, strip)
        return Changes("".join(encoder.out) + RESET) if encoder.out else None

    def _line(self, encoder: "_Encoder", x: int, y: int, strip: Strip) -> None:
        new = _cells(strip)[: self._width - x]
        row = self._rows[y]
        old = row[x : x + len(new)]
        if new == old:
            return
        row[x : x + len(new)] = new
        for start, end in _runs(old, new):
            encoder.draw(new[start:end], x + start, y)


class _Encoder:
    """Encodes runs of cells, switching colours only where they change; begins and ends with the style reset."""

    def __init__(self, colors: ColorSystem | None) -> None:
        self.out: list[str] = []
        self._colors = colors
        self._style: Style | None = None

    def draw(self, cells: list[Cell], x: int, y: int) -> None:
        """Put `cells` at column `x` of line `y`, both counted from 0."""
        jump = True
        for column, (char, style) in enumerate(cells, x):
            if not char:
                continue
            if jump:
                self.out.append(f"\x1b[{y + 1};{column + 1}H")
            if style is not self._style and not (char == " " and _blank_alike(self._style, style)):
                self.out.append(_switch(self._style, style, self._colors))
                self._style = style
            self.out.append(char)
            # Terminals disagree about the width of such characters: the next cell says where it goes.
            jump = not char.isascii() and (len(char) > 1 or cell_len(char) != 1)


@lru_cache(4096)
def _blank_alike(before: Style | None, style: Style | None) -> bool:
    """Whether a blank looks the same in both styles: nothing of it shows but its background."""
    pair = before or Style.null(), style or Style.null()
    marked = any(each.underline or each.underline2 or each.overline or each.strike or each.reverse for each in pair)
    return not marked and pair[0].bgcolor == pair[1].bgcolor


@lru_cache(4096)
def _switch(before: Style | None, style: Style | None, colors: ColorSystem | None) -> str:
    """Return the sequence from the style before to the one wanted."""
    if before is None or style is None or not (_only_colours(before) and _only_colours(style)):
        return (RESET if before else "") + _code(style, colors)
    # Colours replace colours, so a background that stays need not be sent again.
    return _code(style if before.bgcolor != style.bgcolor else Style(color=style.color), colors)


def _code(style: Style | None, colors: ColorSystem | None) -> str:
    if not style:
        return ""
    shown = style.update_link(None).render("X", color_system=colors)
    return shown[: shown.index("X")]


def _only_colours(style: Style) -> bool:
    return style.color is not None and style.bgcolor is not None and not style._attributes


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Yield (line, column, strip) for everything an update draws."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield y, x, strip
                x += strip.cell_length
        return
    for y, x1, x2 in update.spans:
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is not None and x <= x2 and end > x1:
                yield y, x, chop if end <= x2 else chop.crop(0, x2 - x)


def _cells(strip: Strip) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        if text.isascii():
            cells.extend((char, style) for char in text)
            continue
        for char in text:
            width = cell_len(char)
            if width:
                cells.append((char, style))
                cells.extend([("", style)] * (width - 1))
            elif cells:
                base, its_style = cells[-1]
                cells[-1] = (base + char, its_style)
    return cells


def _runs(old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the stretches that differ, near ones joined, never starting inside a wide character."""
    start = end = -1
    for column, (was, now) in enumerate(zip(old, new, strict=True)):
        if was == now:
            continue
        if start >= 0 and column - end > GAP:
            yield start, end
            start = -1
        if start < 0:
            start = column - 1 if column and not now[0] else column
        end = column + 1
    if start >= 0:
        yield start, end
