"""Colours that people with every kind of sight can tell apart (Okabe and Ito), in a calm dark frame.

A colour never stands alone: every state also has a glyph and a word (`glyphs`).
"""

from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from outagetui.core.model import State

GREEN = "#009E73"
YELLOW = "#F0E442"
ORANGE = "#E69F00"
VERMILLION = "#D55E00"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
MOSS = "#4f8378"
BACKGROUND = "#11161c"
FOREGROUND = "#d5dbe1"
FAINT = "#87929d"
LINE = "#2c3641"
ROW = "#1f2a36"

OKABE = Theme(
    name="okabe",
    primary=SKY,
    secondary="#0072B2",
    success=GREEN,
    warning=ORANGE,
    error=VERMILLION,
    accent=SKY,
    foreground=FOREGROUND,
    background=BACKGROUND,
    surface="#161d25",
    panel="#1b232c",
    dark=True,
)
ANSI = BUILTIN_THEMES["ansi-dark"]


def _style(color: str | None = None, *, on: str | None = None, bold: bool = False, reverse: bool = False) -> Style:
    return Style(color=color, bgcolor=on, bold=bold or None, reverse=reverse or None)


class Look(Struct, frozen=True, dict=True):
    """The styles of everything that is drawn line by line, in full colour unless said otherwise."""

    text: Style = _style(FOREGROUND)
    dim: Style = _style(FAINT)
    strong: Style = _style("#ffffff", bold=True)
    title: Style = _style(SKY, bold=True)
    rule: Style = _style(LINE)
    key: Style = _style(SKY, bold=True)
    cursor: Style = _style(on=ROW)
    states: dict[State, Style] = field(
        default_factory=lambda: {
            State.UP: _style(GREEN),
            State.SLOW: _style(YELLOW, bold=True),
            State.PARTIAL: _style(ORANGE, bold=True),
            State.DOWN: _style(VERMILLION, bold=True, reverse=True),
            State.UNKNOWN: _style(SKY, bold=True),
            State.BLIND: _style(PURPLE, bold=True),
        }
    )  # of their signs and words
    incident: Style = _style(VERMILLION, bold=True, reverse=True)
    warning: Style = _style(ORANGE, bold=True, reverse=True)
    blind: Style = _style(PURPLE, bold=True, reverse=True)
    drill: Style = _style(SKY, bold=True, reverse=True)
    ask: Style = _style(YELLOW, bold=True, reverse=True)
    good: Style = _style(GREEN)
    bar: Style = _style(MOSS)
    loud: Style = _style(ORANGE, bold=True)
    bad: Style = _style(VERMILLION, bold=True)
    possible: Style = _style(SKY)
    old: bool = False  # these are the styles of what nobody renews

    @cached_property
    def aged(self) -> "Look":
        """The same without the colours of what is well, for facts that nobody renews."""
        states = self.states | {State.UP: self.dim}
        return replace(self, states=states, good=self.dim, bar=self.dim, possible=self.dim, old=True)

    def reach(self, grade: State) -> Style:
        """Return the style of a reach that is well, low or an emergency; of one that is not certain, none of them."""
        return {State.UP: self.good, State.PARTIAL: self.loud, State.DOWN: self.bad}.get(grade, self.strong)


RICH = Look()
# The sixteen colours every terminal has; without colour only bold and reverse stay.
_SIXTEEN = {
    shade.lower(): colour
    for shade, colour in (
        (SKY, "cyan"), (GREEN, "green"), (YELLOW, "yellow"), (ORANGE, "yellow"), (VERMILLION, "red"),
        (PURPLE, "magenta"), (MOSS, "green"),
    )
}  # fmt: skip


def _plain(style: Style) -> Style:
    shade = style.color.name if style.color else ""
    return Style(color=_SIXTEEN.get(shade, "default"), bold=style.bold, reverse=style.reverse)


PLAIN = replace(
    RICH,
    **{
        name: _plain(getattr(RICH, name))
        for name in Look.__struct_fields__
        if name not in ("cursor", "states", "bad", "old")
    },
    cursor=_style(bold=True),
    bad=_plain(_style(VERMILLION, bold=True, reverse=True)),
    states={state: _plain(style) for state, style in RICH.states.items()},
)
