"""A block of lines that change often and never scroll; those that differ are painted anew."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Block(Widget):
    """Shows the lines it was last given; a line equal to the one before costs nothing."""

    DEFAULT_CSS = """
    Block {
        height: auto;
        width: 1fr;
    }
    """
    can_focus = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Text, ...] = ()  # what is shown now

    def show(self, lines: Sequence[Text]) -> None:
        """Show `lines` instead of what is there; a changed number of lines lays the screen out again."""
        before, self.lines = self.lines, tuple(lines)
        if len(before) != len(self.lines) and self.styles.height is not None and self.styles.height.is_auto:
            self.refresh(layout=True)
            return
        width = self.size.width
        pairs = enumerate(zip_longest(before, self.lines, fillvalue=Text()))
        changed = [Region(0, y, width, 1) for y, (was, now) in pairs if was != now]
        if changed:
            self.refresh(*changed)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of lines shown."""
        return len(self.lines)

    def render_line(self, y: int) -> Strip:
        """Return one line on the widget's own background."""
        line = self.lines[y] if y < len(self.lines) else Text()
        strip = Strip(line.render(self.app.console)).apply_style(self.rich_style)
        return strip.crop_extend(0, self.size.width, self.rich_style)
