"""What the terminal shows, cell by cell, so that an update sends only the cells that differ.

The toolkit sends every touched line whole. Over a slow line that is most of the traffic: a clock that moves by one
digit would cost a whole header.
"""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Cell = tuple[str, Style | None]
Codes = dict[tuple[Style | None, Style | None], str]  # from the style before and the one wanted to a sequence
Blanks = dict[tuple[Style | None, Style | None], bool]  # whether a blank looks the same in both styles

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
        self._codes: Codes = {}
        self._blanks: Blanks = {}
        self._system: object = None

    def forget(self) -> None:
        """Send everything again with the next update."""
        self._rows = []

    def changes(self, update: LayoutUpdate | ChopsUpdate, size: tuple[int, int], console: Console) -> Changes | None:
        """Return what has to be sent for `update` on a terminal of `size` (columns, lines), or None for nothing."""
        width, height = size
        if width != self._width or height != len(self._rows):
            self._width = width
            self._rows = [[UNSEEN] * width for _ in range(height)]
        if console._color_system is not self._system:
            self._system = console._color_system
            self._codes.clear()
        encoder = _Encoder(self._codes, self._blanks, console)
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

    def __init__(self, codes: Codes, blanks: Blanks, console: Console) -> None:
        self.out: list[str] = []
        self._codes = codes
        self._blanks = blanks
        self._console = console
        self._style: Style | None = None

    def draw(self, cells: list[Cell], x: int, y: int) -> None:
        """Put `cells` at column `x` of line `y`, both counted from 0."""
        jump = True
        for column, (char, style) in enumerate(cells, x):
            if not char:
                continue
            if jump:
                self.out.append(f"\x1b[{y + 1};{column + 1}H")
            if style is not self._style and not (char == " " and self._blank_alike(style)):
                self.out.append(self._switch(style))
                self._style = style
            self.out.append(char)
            # Terminals disagree about the width of such characters: the next cell says where it goes.
            jump = not char.isascii() and (len(char) > 1 or cell_len(char) != 1)

    def _blank_alike(self, style: Style | None) -> bool:
        """Whether a blank in `style` looks the same in the style in force: nothing of it shows but its background."""
        pair = self._style, style
        known = self._blanks.get(pair)
        if known is None:
            if len(self._blanks) > 4096:
                self._blanks.clear()
            known = self._blanks[pair] = all(map(_unmarked, pair)) and _ground(pair[0]) == _ground(pair[1])
        return known

    def _switch(self, style: Style | None) -> str:
        known = self._codes.get((self._style, style))
        if known is None:
            if len(self._codes) > 4096:
                self._codes.clear()
            known = self._codes[self._style, style] = self._encode(self._style, style)
        return known

    def _encode(self, before: Style | None, style: Style | None) -> str:
        if not _only_colours(style):
            return (RESET if before else "") + self._code(style)
        assert style is not None
        if not _only_colours(before):
            return (RESET if before else "") + self._code(style)
        assert before is not None
        # Colours replace colours, so a background that stays need not be sent again.
        return self._code(style if before.bgcolor != style.bgcolor else Style(color=style.color))

    def _code(self, style: Style | None) -> str:
        if not style:
            return ""
        if style.link:
            style = style.update_link(None)
        shown = style.render("X", color_system=self._console._color_system)
        return shown[: shown.index("X")]


def _unmarked(style: Style | None) -> bool:
    return style is None or not (style.underline or style.underline2 or style.overline or style.strike or style.reverse)


def _ground(style: Style | None) -> Color | None:
    return None if style is None else style.bgcolor


def _only_colours(style: Style | None) -> bool:
    return style is not None and style.color is not None and style.bgcolor is not None and not style._attributes


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
