"""The row under the cursor in full: two lines below the table, or a panel beside it where there is room."""

from textual.strip import Strip

from outagetui.board.rows import Board, ChannelRow
from outagetui.core.text import clean
from outagetui.tui.glyphs import STATE
from outagetui.tui.theme import Look
from outagetui.tui.time_words import lasting, milliseconds, time_of
from outagetui.tui.widgets.live import Line, wrap
from outagetui.tui.widgets.reasons import Row, reason, standing


def since_words(row: Row, now: float, zone: str) -> str:
    """Return `partial since 14:02 (30m)`."""
    if row.since is None:
        return row.state.value
    return f"{row.state.value} since {time_of(row.since, now, zone)} ({lasting(now - row.since)})"


def brief(row: Row | None, board: Board, now: float, look: Look, width: int) -> list[Strip]:
    """Return two lines: the whole reason, or where the channel is when there is nothing to explain."""
    if row is None:
        return [Strip.blank(width), Strip.blank(width)]
    head = f"{clean(row.name, 60)} is {since_words(row, now, board.timezone)}"
    why = reason(row, now, board.timezone)
    where = clean(row.address if isinstance(row, ChannelRow) else row.url, 200)
    whole = wrap(head + (f": {why}" if why else ""), width - 2, 2)
    strips = [Line(look.text).add(" " + line).strip(width) for line in whole]
    if len(strips) < 2:
        facts = " · ".join(fact for fact in [where, *_relations(row, board)] if fact)
        strips += [Line(look.dim).add(" " + line).strip(width) for line in wrap(facts, width - 2, 1)]
    return [*strips, *[Strip.blank(width)] * (2 - len(strips))]


def panel(row: Row | None, board: Board, now: float, look: Look, width: int, height: int) -> list[Strip]:
    """Return the panel: state, reason, address, relations, login and checks of a row, cut to `height` lines."""
    if row is None:
        return []
    inner = width - 4
    lines = [Line(look.strong).add(clean(row.name, 60))]
    glyph, _ = STATE[row.state]
    lines.append(Line(look.state(row.state)).add(f"{glyph} {since_words(row, now, board.timezone)}"))
    lines.append(Line(look.dim).add(standing(row, False) + _carries(row)))
    why = reason(row, now, board.timezone)
    if why:
        lines.append(Line(look.dim))
        lines += [Line(look.text).add(line) for line in wrap(why, inner, 6)]
    for label, value in _facts(row, board):
        lines.append(Line(look.dim))
        lines.append(Line(look.dim).add(label))
        lines += [Line(look.text).add(line) for line in wrap(value, inner, 3)]
    if row.checks:
        lines += [Line(look.dim), Line(look.dim).add("checks")]
    for check in row.checks:
        glyph, _ = STATE[check.state]
        line = Line(look.text).add(f"{glyph} ", look.state(check.state)).add(clean(check.id, 60), None, inner - 17)
        line.add(" ").add(clean(check.probe, 14), look.dim, 7).add(milliseconds(check.latency_ms), None, 7, right=True)
        lines.append(line)
    shown = lines[:height]
    return [Strip([*Line(look.rule).add(" │ ").strip(3), *line.strip(width - 3)], width) for line in shown] + [
        Line(look.rule).add(" │ ").strip(width) for _ in range(height - len(shown))
    ]


def _carries(row: Row) -> str:
    return " for " + ", ".join(clean(word, 10) for word in row.carries) if isinstance(row, ChannelRow) else ""


def _facts(row: Row, board: Board) -> list[tuple[str, str]]:
    if not isinstance(row, ChannelRow):
        return [("at", clean(row.url, 300))] if row.url else []
    found = [
        ("people reach it at", clean(row.address, 300)),
        ("what they are told", clean(row.instructions, 300)),
        ("together with", " · ".join(_relations(row, board))),
        ("its login", clean(row.credentials, 200)),
        ("costs", clean(row.cost, 60)),
    ]
    return [(label, value) for label, value in found if value]


def _relations(row: Row, board: Board) -> list[str]:
    if not isinstance(row, ChannelRow):
        return []
    states = {other.id: STATE[other.state][1] for other in board.channels}

    def named(ids: tuple[str, ...]) -> str:
        return ", ".join(f"{clean(id, 40)} {states.get(id, '')}".strip() for id in ids)

    pairs = (("backs up", row.backs_up), ("backed by", row.backed_by), ("needs", row.depends_on))
    return [f"{words} {named(ids)}" for words, ids in pairs if ids]
