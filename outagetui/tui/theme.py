"""Colours that people with every kind of sight can tell apart (Okabe and Ito), in a calm dark frame.

A colour never stands alone: every state also has a glyph and a word (`glyphs`).
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property

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
INK = "#11161c"
PAPER = "#d5dbe1"
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
    foreground=PAPER,
    background=INK,
    surface="#161d25",
    panel="#1b232c",
    dark=True,
)
ANSI = BUILTIN_THEMES["ansi-dark"]


@dataclass(frozen=True)
class Look:
    """The styles of everything that is drawn line by line."""

    text: Style
    dim: Style
    strong: Style
    title: Style
    rule: Style
    key: Style
    cursor: Style
    states: dict[State, Style]  # of their signs and words
    incident: Style
    warning: Style
    blind: Style
    drill: Style
    ask: Style
    good: Style
    bar: Style
    loud: Style
    possible: Style

    @cached_property
    def aged(self) -> "Look":
        """The same without the colours of what is well, for facts that nobody renews."""
        states = self.states | {State.UP: self.dim}
        return replace(self, states=states, good=self.dim, bar=self.dim, possible=self.dim)


def _style(color: str | None = None, *, on: str | None = None, bold: bool = False, reverse: bool = False) -> Style:
    return Style(color=color, bgcolor=on, bold=bold or None, reverse=reverse or None)


RICH = Look(
    text=_style(PAPER),
    dim=_style(FAINT),
    strong=_style("#ffffff", bold=True),
    title=_style(SKY, bold=True),
    rule=_style(LINE),
    key=_style(SKY, bold=True),
    cursor=_style(on=ROW),
    states={
        State.UP: _style(GREEN),
        State.SLOW: _style(YELLOW, bold=True),
        State.PARTIAL: _style(ORANGE, bold=True),
        State.DOWN: _style(VERMILLION, bold=True, reverse=True),
        State.UNKNOWN: _style(SKY, bold=True),
        State.BLIND: _style(PURPLE, bold=True),
    },
    incident=_style(VERMILLION, bold=True, reverse=True),
    warning=_style(ORANGE, bold=True, reverse=True),
    blind=_style(PURPLE, bold=True, reverse=True),
    drill=_style(SKY, bold=True, reverse=True),
    ask=_style(YELLOW, bold=True, reverse=True),
    good=_style(GREEN),
    bar=_style(MOSS),
    loud=_style(ORANGE, bold=True),
    possible=_style(SKY),
)
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


PLAIN = Look(
    **{each.name: _plain(getattr(RICH, each.name)) for each in fields(Look) if each.name not in ("cursor", "states")},
    cursor=_style(bold=True),
    states={state: _plain(style) for state, style in RICH.states.items()},
)
