"""Lines that change often: a widget holds the lines it shows and repaints those that differ."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from outagetui.tui.widgets.lines import bound, loose


class Live(Widget):
    """Shows the lines it was last given; a line equal to the one before costs nothing."""

    DEFAULT_CSS = """
    Live {
        height: auto;
        width: 1fr;
    }
    """
    can_focus = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Strip, ...] = ()

    @property
    def lines(self) -> tuple[Strip, ...]:
        """What is shown now."""
        return self._lines

    def show(self, lines: Sequence[Strip]) -> None:
        """Show `lines` instead of what is there; a changed number of lines lays the screen out again."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines) and self.styles.height is not None and self.styles.height.is_auto:
            self.refresh(layout=True)
            return
        width = self.size.width
        blank = Strip.blank(width)
        changed = [
            Region(0, y, width, 1)
            for y in range(max(len(before), len(self._lines)))
            if (before[y] if y < len(before) else blank) != (self._lines[y] if y < len(self._lines) else blank)
        ]
        if changed:
            self.refresh(*changed)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of lines shown."""
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """Return one line on the widget's own background."""
        strip = self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width)
        return strip.apply_style(self.rich_style)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` exactly `width` cells wide; what does not fit ends in an ellipsis."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        kept = set_cell_size(text, width - 1).rstrip() + "…"
        return kept + " " * (width - cell_len(kept))
    return " " * (width - length) + text if right else text + " " * (width - length)


class Line:
    """Builds one line from left to right."""

    def __init__(self, base: Style) -> None:
        self._base = base
        self._parts: list[Segment] = []
        self.length = 0

    def add(self, text: str, style: Style | None = None, width: int | None = None, *, right: bool = False) -> "Line":
        """Append `text`, fitted to `width` cells when that is given."""
        if width is not None:
            text = fit(text, width, right=right)
        if text:
            self._parts.append(Segment(text, style or self._base))
            self.length += cell_len(text)
        return self

    def join(self, segments: Iterable[Segment]) -> "Line":
        """Append segments that are drawn elsewhere."""
        for text, style, _ in segments:
            self.add(text, style)
        return self

    def strip(self, width: int, fill: Style | None = None) -> Strip:
        """Return the line filled to `width` cells, or cut to them with an ellipsis at the end."""
        if self.length > width > 0:
            kept = Strip(self._parts, self.length).crop(0, width - 1)
            last = next((style for _, style, _ in reversed(list(kept))), self._base)
            return Strip([*kept, Segment("…", last)], width)
        if self.length < width:
            self.add(" " * (width - self.length), fill)
        return Strip(self._parts, self.length).adjust_cell_length(width)


def wrap(text: str, width: int, limit: int) -> list[str]:
    """Break `text` at blanks into at most `limit` lines of `width` cells; a cut ends in an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in bound(text).split():
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width or not line:
            line = joined
            continue
        lines.append(line)
        line = word
    if line:
        lines.append(line)
    if len(lines) > limit:
        lines = [*lines[: limit - 1], " ".join(lines[limit - 1 :])]
    return [fit(loose(line), width).rstrip() for line in lines]
