"""Signs that carry a meaning without colour, and the last filter before the terminal.

Widgets draw with the Unicode signs; where a terminal has none, `SafeFilter` puts an ASCII sign of the same width in
their place, in the toolkit's own widgets too.
"""

import unicodedata

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from outagetui.core.model import State, last_known
from outagetui.core.text import REPLACEMENT, clean

STATE: dict[State, tuple[str, str]] = {  # its sign, and what it means
    State.UP: ("●", "works"),
    State.SLOW: ("◐", "works, slower than its limit or near one"),
    State.PARTIAL: ("▲", "fails for a part of the tries"),
    State.DOWN: ("✖", "fails for at least half of the tries"),
    State.UNKNOWN: ("?", "we could not look: our failure, neither good nor bad"),
    State.BLIND: ("⊘", "our own uplink fails: nothing can be said"),
}
BROKEN = "◆ BROKEN"  # a backup that looks well and whose last proof failed
LONGEST = max(len(state.value) for state in State)  # letters of a state's word
SPARK = "▁▂▃▄▅▆▇█"
BLOCKS = " " + SPARK  # of a chart, by eighths of a line
MISS = "×"  # a sample that failed
CURSOR = "▸"
FULL, TOLD, PART, EMPTY = "━", "╍", "┄", "─"  # of a reach bar: now, once told, with the backups, not at all

_ASCII = {
    char: sign
    for chars, signs in (
        (SPARK, ".:-=+*##"),
        ("×▸━╍┄●◐▲✖⊘", "x>#+.o~%X0"),
        ("→←↑↓↵⏎▶❯", "><^v<<>>"),
        ("✓✔✗○◌◆■□▪", "vvxoo*#o*"),
        ("▔·–—…", "----~"),
        ("“”„’‘", '"""\'\''),
        ("ß€" + REPLACEMENT, "sE?"),
    )
    for char, sign in zip(chars, signs, strict=True)
}


def signed(state: State, *, old: bool = False) -> str:
    """Return a state as sign and word: `▲ PARTIAL`; one that is `old`, and only the last known, as `● UP?`."""
    sign, word = STATE[state][0], last_known(state, old=old).upper()
    return f"{sign} {word}" if len(word) <= LONGEST else f"{sign}{word}"


def ascii_text(text: str) -> str:
    """Return `text` in ASCII, every character as wide as before: `é` is `e`, a box's corner `+`, else `?`."""
    return text if text.isascii() else "".join(char if char.isascii() else _ascii_char(char) for char in text)


def _ascii_char(char: str) -> str:
    known = _ASCII.get(char)
    if known is not None:
        return known
    if "\u2500" <= char <= "\u257f":
        name = unicodedata.name(char, "")
        if "HORIZONTAL" in name and "VERTICAL" not in name and " AND " not in name:
            return "-"
        return "|" if "VERTICAL" in name and "HORIZONTAL" not in name and " AND " not in name else "+"
    if "\u2580" <= char <= "\u259f":
        return "#" if char == "█" else "|"
    plain = unicodedata.normalize("NFKD", char)[:1]
    if plain.isascii() and plain.isprintable() and cell_len(char) == 1:
        return plain
    return "?" * cell_len(char)


class SafeFilter(LineFilter):
    """Lets only printable characters out, whichever widget drew them, and only ASCII ones when `ascii` is set.

    Every text is cleaned where it is drawn; this is the second time, because the toolkit itself has none.
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self.ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of one line, made safe."""
        if all(text.isascii() and text.isprintable() for text, _, _ in segments):
            return segments
        return [Segment(self._safe(text), style) for text, style, _ in segments]

    def _safe(self, text: str) -> str:
        if not text.isprintable():
            text = "".join(char if char.isprintable() else clean("x" + char)[1:] or " " for char in text)
        return ascii_text(text) if self.ascii_only else text
