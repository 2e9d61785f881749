"""What there is to say about a channel or outlet, apart from its checks, as lines. Pure."""

from rich.text import Text

from outagetui.board.rows import Board, ChannelRow, OutletRow
from outagetui.core.model import State
from outagetui.core.text import clean
from outagetui.facts.ledger import Mute
from outagetui.tui.glyphs import signed
from outagetui.tui.theme import Look
from outagetui.tui.time_words import lasting, time_of
from outagetui.tui.widgets.lines import Part, fact, joined, paragraph, said, sides
from outagetui.tui.widgets.reasons import Row, since


def find(board: Board | None, id: str) -> Row | None:
    """Return the channel or outlet called `id`."""
    if board is None:
        return None
    channel = next((row for row in board.channels if row.id == id), None)
    return channel or next((row for row in board.outlets if row.id == id), None)


def state_mark(state: State, look: Look) -> Part:
    """Return a state as glyph and word."""
    return signed(state), look.states[state]


def head_lines(row: Row, board: Board, width: int, look: Look) -> list[Text]:
    """Return name, kind, state, since when, and why."""
    if isinstance(row, ChannelRow):
        kind = f"{row.audience} · {clean(row.role, 10)} · {clean(', '.join(row.carries), 40)}"
    else:
        kind = f"{row.audience} · outlet · {clean(row.kind, 20)}"
    lines = [sides(joined((clean(row.name, 120), look.strong), f"  {kind}"), said(row.id, look.dim), width)]
    state = joined(
        state_mark(row.state, look), " " if row.since is not None else "", since(row, board.at, board.timezone)
    )
    lines.append(sides(state, joined(*_marks(row, look)), width))
    if row.why:
        lines += paragraph(row.why, width, look.text, limit=500)[:3]
    return lines


def facts(row: Row, board: Board, width: int, look: Look) -> list[Text]:
    """Return everything else that is known of the channel or outlet, labelled."""
    lines: list[Text] = []
    if row.muted is not None:
        lines += fact("muted", _mute(row.muted, board, look), width, look)
    if isinstance(row, OutletRow):
        if row.url:
            lines += fact("address", said(row.url), width, look)
        if row.delivery:
            lines += fact("announced", said(row.delivery), width, look)
        return lines
    if row.suppressed and row.state is not State.UP:
        lines += fact("suppressed", joined("what it depends on is down: no alarm, still checked"), width, look)
    if row.local:
        lines += fact("local", said(f"only {row.local} sees this: shown, not alarmed"), width, look)
    if row.state != row.known:
        lines += fact("last known", joined(state_mark(row.known, look)), width, look)
    for label, words in (("people use", row.address), ("how", row.instructions), ("login", row.credentials)):
        if words:
            lines += fact(label, said(words), width, look)
    if row.proved is not None:
        when = f"{lasting(board.at - row.proved)} ago, {time_of(row.proved, board.at, board.timezone)}: "
        lines += fact("proof", joined(when, (clean(row.proof, 200), look.text)), width, look)
    if row.cost or row.spending:
        costs = "; ".join(filter(None, (row.cost, row.spending)))
        lines += fact("costs", said(costs), width, look)
    for index, words in enumerate(row.fates):
        lines += fact("" if index else "common fate", said(f"shares {words}"), width, look)
    related = (
        ("backs up", row.backs_up),
        ("backed by", row.backed_by),
        ("depends on", row.depends_on),
        ("needed by", row.dependents),
    )
    for label, ids in related:
        if ids:
            lines += fact(label, _related(ids, board, look), width, look)
    return lines


def _marks(row: Row, look: Look) -> list[Part]:
    parts: list[Part] = []
    if isinstance(row, ChannelRow):
        if row.standing:
            style = look.good if row.standing == "active" else look.dim
            parts.append((f" {clean(row.standing, 10).upper()}", style))
        if row.readiness:
            style = look.dim if row.readiness == "ready" else look.states[State.SLOW]
            parts.append((f" {clean(row.readiness, 10)}", style))
    if row.muted is not None:
        parts.append((" MUTED", look.blind))
    return parts


def _mute(muted: Mute, board: Board, look: Look) -> Text:
    until = time_of(muted.until, board.at, board.timezone)
    return joined(f"until {until} by {clean(muted.actor, 30)}: ", (clean(muted.reason, 120), look.text))


def _related(ids: tuple[str, ...], board: Board, look: Look) -> Text:
    """The names of channels with their states; a check's own state for a check."""
    checks = {check.id: check.state for channel in board.channels for check in channel.checks}
    checks |= {check.id: check.state for outlet in board.outlets for check in outlet.checks}
    names = []
    for id in ids:
        owner = find(board, id)
        state = owner.state if owner is not None else checks.get(id)
        name = clean(owner.name if owner is not None else id, 60)
        names.append(joined(name) if state is None else joined(f"{name} ", state_mark(state, look)))
    return Text(", ").join(names)
