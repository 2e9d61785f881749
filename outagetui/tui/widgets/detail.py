"""The row under the cursor in full: two lines below the table, or a panel beside it where there is room."""

from rich.text import Text

from outagetui.board.rows import Board, ChannelRow
from outagetui.core.model import last_known
from outagetui.core.text import clean
from outagetui.tui.glyphs import STATE
from outagetui.tui.theme import Look
from outagetui.tui.time_words import milliseconds
from outagetui.tui.widgets.lines import Part, across, fit, joined, shortened
from outagetui.tui.widgets.story import Row, broken, reason, row_mark, since, standing


def brief(row: Row | None, board: Board, now: float, look: Look, width: int) -> list[Text]:
    """Return two lines: the whole reason, or where the channel is when there is nothing to explain."""
    if row is None:
        return [Text(), Text()]
    word = "broken" + "?" * look.old if broken(row) else last_known(row.state, old=look.old)
    head = f"{clean(row.name, 60)} is {word}{'' if broken(row) else since(row, now, board.timezone)}"
    why = reason(row, now, board.timezone)
    where = clean(row.address if isinstance(row, ChannelRow) else row.url, 200)
    whole = shortened(head + (f": {why}" if why else ""), width - 2, 2)
    lines = [across(look.text, width, " " + line) for line in whole]
    if len(lines) < 2:
        facts = " · ".join(fact for fact in [where, *_relations(row, board, look)] if fact)
        lines += [across(look.dim, width, " " + line) for line in shortened(facts, width - 2, 1)]
    return lines


def panel(row: Row | None, board: Board, now: float, look: Look, width: int, height: int) -> list[Text]:
    """Return the panel: state, reason, address, relations, login and checks of a row, cut to `height` lines."""
    if row is None:
        return []
    inner = width - 4
    word, style = row_mark(row, look)
    state = f"{word.lower()}{'' if broken(row) else since(row, now, board.timezone)}"
    lines: list[Part] = [(clean(row.name, 60), look.strong), (state, style)]
    carries = f" for {', '.join(clean(word, 10) for word in row.carries)}" if isinstance(row, ChannelRow) else ""
    lines.append((standing(row, False) + carries, look.dim))
    why = reason(row, now, board.timezone)
    if why:
        lines += ["", *shortened(why, inner, 6)]
    for label, value in _facts(row, board, look):
        lines += ["", (label, look.dim), *shortened(value, inner, 3)]
    if row.checks:
        lines += ["", ("checks", look.dim)]
    for check in row.checks:
        mark = (f"{STATE[check.state][0]}{'?' if look.old else ' '}", look.states[check.state])
        probe = (fit(clean(check.probe, 14), 7), look.dim)
        took = fit(milliseconds(check.latency_ms), 7, right=True)
        lines.append(joined(mark, fit(clean(check.id, 60), inner - 17), " ", probe, took))
    shown = [*lines[:height], *[""] * (height - len(lines))]
    return [joined((" │ ", look.rule), across(look.text, width - 3, line)) for line in shown]


def _facts(row: Row, board: Board, look: Look) -> list[tuple[str, str]]:
    if not isinstance(row, ChannelRow):
        return [("at", clean(row.url, 300))] if row.url else []
    found = [
        ("people reach it at", clean(row.address, 300)),
        ("what they are told", clean(row.instructions, 300)),
        ("together with", " · ".join(_relations(row, board, look))),
        ("its login", clean(row.credentials, 200)),
        ("costs", clean(row.cost, 60)),
    ]
    return [(label, value) for label, value in found if value]


def _relations(row: Row, board: Board, look: Look) -> list[str]:
    if not isinstance(row, ChannelRow):
        return []
    others = {*row.backs_up, *row.backed_by, *row.depends_on}
    states = {other.id: last_known(other.state, old=look.old).upper() for other in board.channels if other.id in others}

    def named(ids: tuple[str, ...]) -> str:
        return ", ".join(f"{clean(id, 40)} {states.get(id, '')}".strip() for id in ids)

    pairs = (("backs up", row.backs_up), ("backed by", row.backed_by), ("needs", row.depends_on))
    return [f"{words} {named(ids)}" for words, ids in pairs if ids]
