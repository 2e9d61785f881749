"""What there is to say about a channel or outlet, apart from its checks, in words and as lines. Pure."""

from rich.style import Style
from rich.text import Text

from outagetui.board.rows import Board, ChannelRow, OutletRow
from outagetui.core.model import State
from outagetui.core.text import clean
from outagetui.core.words import Readiness, Standing
from outagetui.facts.cause import brief
from outagetui.facts.ledger import Mute
from outagetui.facts.network_path import hop_lines, told
from outagetui.tui.glyphs import BROKEN, signed
from outagetui.tui.theme import Look
from outagetui.tui.time_words import lasting, time_of
from outagetui.tui.widgets.lines import Part, cut, fact, joined, paragraph, rule, said, sides

Row = ChannelRow | OutletRow
# Why a backup might not serve when needed, by its readiness.
UNREADY = {
    Readiness.STALE: "not proven lately",
    Readiness.UNTESTED: "never proven",
}


def standing(row: Row, short: bool) -> str:
    """Return `primary`, `backup standby` or `BACKUP ACTIVE`; an outlet's kind. `short` keeps it to nine cells."""
    if isinstance(row, OutletRow):
        return clean(row.kind, 20)
    if not row.is_backup:
        return "primary"
    if row.standing == Standing.ACTIVE:
        return "ACTIVE" if short else "BACKUP ACTIVE"
    return "standby" if short else "backup standby"


def active(row: Row) -> bool:
    """Return whether a row is a backup in use."""
    return isinstance(row, ChannelRow) and row.standing == Standing.ACTIVE


def since(row: Row, now: float, zone: str) -> str:
    """Return ` since 14:02 (30m)`, or nothing where that is not known."""
    return "" if row.since is None else f" since {time_of(row.since, now, zone)} ({lasting(now - row.since)})"


def reason(row: Row, now: float, zone: str, *, short: bool = False) -> str:
    """Return why the row is as it is, in one line; nothing for one that is simply up. `short`: for few cells."""
    parts = []
    if row.muted is not None:
        until = time_of(row.muted.until, now, zone)
        parts.append(f"muted until {until} by {clean(row.muted.actor, 40)}: {clean(row.muted.reason, 120)}")
    if isinstance(row, ChannelRow):
        if row.spending:
            parts.append(clean(row.spending, 120))
        if row.suppressed and row.state is State.UP:
            parts.append(f"needs {_names(row.depends_on)}" if row.depends_on else "")
        elif row.suppressed:
            names = f" ({_names(row.depends_on)})" if row.depends_on else ""
            parts.append(f"what it depends on is down{names}")
        if row.local:
            parts.append(f"only seen from {clean(row.local, 40)}")
        if row.state is State.BLIND:
            parts.append(f"was {row.known.value} when last certain")
    elif row.delivery:
        parts.append(f"announcement {clean(row.delivery, 40)}")
    if row.state is not State.UP:
        cause = brief(row.cause) if short else row.cause
        parts += [clean(cause or row.why), clean(row.count, 60)]
    if isinstance(row, ChannelRow) and row.readiness == Readiness.BROKEN:
        parts.insert(0 if row.broken else len(parts), f"last proof failed: {clean(row.proof)}".removesuffix(": "))
    elif isinstance(row, ChannelRow) and row.readiness is not None:
        parts.append(UNREADY.get(row.readiness, ""))
    return " · ".join(part for part in parts if part)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(clean(name, 40) for name in names[:3])


def find(board: Board | None, id: str) -> Row | None:
    """Return the channel or outlet called `id`."""
    if board is None:
        return None
    channel = next((row for row in board.channels if row.id == id), None)
    return channel or next((row for row in board.outlets if row.id == id), None)


def state_mark(state: State, look: Look) -> tuple[str, Style]:
    """Return a state as glyph and word."""
    return signed(state, old=look.old), look.states[state]


def broken(row: Row) -> bool:
    """Return whether a row is a backup that looks well and whose last proof failed."""
    return isinstance(row, ChannelRow) and row.broken


def row_mark(row: Row, look: Look) -> tuple[str, Style]:
    """Return how a channel or outlet stands, as glyph and word, with its style."""
    failed = BROKEN + "?" * look.old, look.states[State.PARTIAL]
    word, style = failed if broken(row) else state_mark(row.state, look)
    return word, look.dim if row.muted is not None else style


def head_lines(row: Row, board: Board, width: int, look: Look) -> list[Text]:
    """Return name, kind, state, since when, and why."""
    if isinstance(row, ChannelRow):
        kind = f"{row.audience} · {clean(row.role, 10)} · {clean(', '.join(row.carries), 40)}"
    else:
        kind = f"{row.audience} · outlet · {clean(row.kind, 20)}"
    lines = [sides(joined((clean(row.name, 120), look.strong), f"  {kind}"), said(row.id, look.dim), width)]
    state = joined(
        row_mark(row, look) if broken(row) else state_mark(row.state, look),
        " " if row.since is not None else "",
        since(row, board.at, board.timezone),
    )
    lines.append(sides(state, joined(*_marks(row, look)), width))
    if broken(row):
        lines += paragraph(reason(row, board.at, board.timezone), width, look.text, limit=500)[:3]
    elif row.why:
        lines += paragraph(row.why, width, look.text, limit=500)[:3]
    return lines


def facts(row: Row, board: Board, width: int, look: Look) -> list[Text]:
    """Return everything else that is known of the channel or outlet, labelled."""
    known = [("muted", _mute(row.muted, board, look))] if row.muted is not None else []
    if isinstance(row, OutletRow):
        known += [("address", said(row.url)), ("announced", said(row.delivery))]
    else:
        known += _of_channel(row, board, look)
    return [line for label, words in known if words for line in fact(label, words, width, look)]


def way_lines(row: Row, board: Board, width: int, look: Look) -> list[Text]:
    """Return the way there as last looked at, hop by hop, and that to a canary; nothing before the first look."""
    if (traced := row.traced) is None:
        return []
    when = f"{time_of(traced.at, board.at, board.timezone)}, {lasting(board.at - traced.at)} ago: "
    lines = [rule("The way there", width, look)]
    lines += paragraph(when + told(traced.path, traced.canary), width, look.text, limit=700)
    lines += [cut(joined((line, look.dim)), width) for line in hop_lines(traced.path)]
    if traced.canary is not None:
        lines += [said(f"canary {traced.canary.label}", look.text)]
        lines += [cut(joined((line, look.dim)), width) for line in hop_lines(traced.canary)]
    return [Text(), *lines]


def _of_channel(row: ChannelRow, board: Board, look: Look) -> list[tuple[str, Text]]:
    suppressed = row.suppressed and row.state is not State.UP
    proof = Text()
    if row.proved is not None:
        failed = row.readiness == Readiness.BROKEN
        became = ("failed", look.states[State.PARTIAL]) if failed else ("passed", look.text if look.old else look.good)
        when = f" {lasting(board.at - row.proved)} ago, {time_of(row.proved, board.at, board.timezone)}"
        words = clean(row.proof, 200)
        proof = joined(became, when, (f": {words}" if words else "", look.text))
    return [
        ("suppressed", said("what it depends on is down: no alarm, still checked" if suppressed else "")),
        ("local", said(f"only {row.local} sees this: shown, not alarmed" if row.local else "")),
        ("last known", joined(state_mark(row.known, look)) if row.state != row.known else Text()),
        ("people use", said(row.address)),
        ("how", said(row.instructions)),
        ("login", said(row.credentials)),
        ("proof", proof),
        ("costs", said("; ".join(filter(None, (row.cost, row.spending))))),
        *(("" if index else "common fate", said(f"shares {words}")) for index, words in enumerate(row.fates)),
        ("backs up", _related(row.backs_up, board, look)),
        ("backed by", _related(row.backed_by, board, look)),
        ("depends on", _related(row.depends_on, board, look)),
        ("needed by", _related(row.dependents, board, look)),
    ]


def _marks(row: Row, look: Look) -> list[Part]:
    parts: list[Part] = []
    if isinstance(row, ChannelRow):
        if row.standing:
            style = look.good if row.standing == Standing.ACTIVE else look.dim
            parts.append((f" {clean(row.standing, 10).upper()}", style))
        if row.readiness:
            ready, failed = row.readiness == Readiness.READY, row.readiness == Readiness.BROKEN
            style = look.dim if ready else look.states[State.PARTIAL if failed else State.SLOW]
            parts.append((f" {clean(row.readiness, 10)}", style))
    if row.muted is not None:
        parts.append((" MUTED", look.blind))
    return parts


def _mute(muted: Mute, board: Board, look: Look) -> Text:
    until = time_of(muted.until, board.at, board.timezone)
    return joined(f"until {until} by {clean(muted.actor, 30)}: ", (clean(muted.reason, 120), look.text))


def _related(ids: tuple[str, ...], board: Board, look: Look) -> Text:
    """The names of channels with their states; a check's own state for a check."""
    owners: tuple[Row, ...] = (*board.channels, *board.outlets)
    checks = {check.id: check.state for owner in owners if ids for check in owner.checks if check.id in ids}
    names = []
    for id in ids:
        owner = find(board, id)
        state = owner.state if owner is not None else checks.get(id)
        name = clean(owner.name if owner is not None else id, 60)
        names.append(joined(name) if state is None else joined(f"{name} ", state_mark(state, look)))
    return Text(", ").join(names)
