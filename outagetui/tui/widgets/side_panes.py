"""What stands beside and below the board's list where there is room: why, told, lately, and the run at hand. Pure."""

from rich.text import Text

from outagetui.board.owed import pressing
from outagetui.board.rows import AnnouncementRow, Board, ChannelRow, DeliveryRow, RunRow
from outagetui.core.model import AUDIENCES, State
from outagetui.core.text import clean
from outagetui.core.words import TROUBLED, DeliveryState, Owed, Readiness
from outagetui.facts.minute_by_minute import FAILED
from outagetui.tui.glyphs import BLOCKS, STATE
from outagetui.tui.theme import Look
from outagetui.tui.time_words import countdown, lasting, milliseconds, second_of, time_of
from outagetui.tui.widgets.checks import nice_top
from outagetui.tui.widgets.lines import Part, cut, fit, joined, shortened, sides
from outagetui.tui.widgets.run_steps import current_step, step_lines
from outagetui.tui.widgets.story import Row, broken, find, reason, row_mark, since, standing

BARS = 6  # lines of the chart of a row
SCALE = 9  # cells of its edge
DAY = 86400.0


def headed(title: str, key: str, width: int, look: Look) -> Text:
    """Return the heading of a pane, with a line to the key that shows all of it."""
    tail = f" {key}" if key else ""
    return joined(
        (title, look.title), " ", ("─" * max(0, width - len(title) - 1 - len(tail)), look.rule), (tail, look.key)
    )


def why_pane(row: Row | None, board: Board, now: float, look: Look, width: int, height: int) -> list[Text]:
    """Return why the row under the cursor is as it is.

    Where lines are few the chart goes first, then facts and scope.
    """
    if row is None or height < 1:
        return []
    said = _said(row, board, now, look, width)
    facts = _facts(row, board, look, width)
    chart = _chart(row, now, board.timezone, look, width)
    lines = list(said)
    if len(said) + len(facts) + len(chart) + 2 <= height and chart:
        lines += [Text(), *chart, Text(), *facts]
    else:
        lines += [Text(), *facts] if len(said) + len(facts) < height else facts
    return [cut(line, width) for line in lines[:height]]


def _said(row: Row, board: Board, now: float, look: Look, width: int) -> list[Text]:
    kind = f"{row.audience} · {standing(row, False)}" if isinstance(row, ChannelRow) else f"{row.audience} · outlet"
    lines = [sides(joined((clean(row.name, 60), look.strong)), joined((kind, look.dim)), width)]
    word, style = row_mark(row, look)
    lines.append(joined((word, style), "" if broken(row) else (since(row, now, board.timezone), look.text)))
    why = reason(row, now, board.timezone)
    if row.state is State.UP and not why:
        why = clean(row.cause, 200)
    lines += [joined((line, look.text)) for line in shortened(why, width, 3)] if why else []
    if len(row.checks) > 1 or row.state is not State.UP:
        tries: list[Part] = []
        for check in row.checks[:4]:
            name = clean(check.id.partition(".")[2], 20)
            count = f" {check.count} tries fail" if check.count else f" {clean(check.cause, 40)}" if check.cause else ""
            tries += [
                " · " if tries else "",
                (STATE[check.state][0], look.states[check.state]),
                (f" {name}{count}", look.dim),
            ]
        lines.append(joined(*tries))
    return lines


def _chart(row: Row, now: float, zone: str, look: Look, width: int) -> list[Text]:
    """Return the last hour of its worst check as bars, with a lane of the minutes in which a look failed."""
    room = min(60, width - SCALE)
    values = row.minutes[-room:]
    known = [value for value in values if value is not None and value != FAILED]
    if len(values) < 2 or (not known and FAILED not in values):
        return []
    top = nice_top(max([10.0, *known]))
    lines = []
    for line in range(BARS):
        label = f"{milliseconds(top):>6} ┤ " if line == 0 else f"{'0':>6} ┤ " if line == BARS - 1 else f"{'':>6} │ "
        below = (BARS - 1 - line) * 8
        bars = "".join(
            " " if value is None or value == FAILED
            else BLOCKS[min(8, max(0, max(1, round(value / top * BARS * 8)) - below))]
            for value in values
        )  # fmt: skip
        lines.append(joined((label, look.dim), (bars, look.bar)))
    lane: list[Part] = [("█", look.states[State.PARTIAL]) if value == FAILED else ("·", look.rule) for value in values]
    lines.append(joined((f"{'fails':>6} │ ", look.dim), *lane))
    left, right = (second_of(at, zone)[:5] for at in (now - 60 * len(values), now))
    gap = max(1, len(values) - len(left) - len(right))
    lines.append(joined((f"{' ' * SCALE}{left}{' ' * gap}{right}", look.dim)))
    return lines


def _facts(row: Row, board: Board, look: Look, width: int) -> list[Text]:
    where = clean(row.address if isinstance(row, ChannelRow) else row.url, 200)
    lines = [joined((where, look.text))] if where else []
    if not isinstance(row, ChannelRow):
        return lines
    for words, ids in (("backed by", row.backed_by), ("backs up", row.backs_up), ("needs", row.depends_on)):
        if ids:
            lines += _related(words, ids, board, look, width)
    if row.proved is not None:
        failed = row.readiness == Readiness.BROKEN
        words = (
            f"proof {'failed' if failed else 'passed'} {lasting(board.at - row.proved)} ago: {clean(row.proof, 100)}"
        )
        lines += [
            joined((each, look.loud if failed else look.dim)) for each in shortened(words.removesuffix(": "), width, 2)
        ]
    for words in filter(None, (row.spending or row.cost, row.credentials and f"login: {row.credentials}")):
        lines.append(joined((clean(words, 120), look.dim)))
    return lines


def _related(words: str, ids: tuple[str, ...], board: Board, look: Look, width: int) -> list[Text]:
    parts: list[Part] = [(f"{words} ", look.dim)]
    for place, id in enumerate(ids):
        other = find(board, id)
        parts.append((" · " if place else "", look.dim))
        parts.append((clean(other.name if other is not None else id, 40), look.text))
        if other is not None:
            use = f" {standing(other, True)}" if isinstance(other, ChannelRow) and other.is_backup else ""
            word, style = row_mark(other, look)
            parts += [(use, look.strong if use == " ACTIVE" else look.dim), " ", (word, style)]
    return [cut(joined(*parts), width)]


def told_pane(board: Board, now: float, look: Look, width: int, height: int) -> list[Text]:
    """Return what each audience was told last, and where it stands; where lines are few the outlets go first."""
    lines: list[Text] = []
    open_made = [row for row in board.announcements if row.open]
    silent = {row.audience: row for row in pressing(board) if row.kind == Owed.NOT_TOLD}
    for audience in AUDIENCES:
        made = next((row for row in open_made if row.audience == audience), None)
        if made is not None:
            lines += _told(made, now, board.timezone, look, width)
        elif audience in silent and board.open_incident is not None:
            lines.append(
                joined((" NOT TOLD ", look.warning), (f" {audience}: nothing since the incident began", look.text))
            )
    if not lines:
        lines.append(joined(("nothing is announced", look.dim)))
    while len(lines) > height and any(line.plain.startswith("  ") for line in lines):
        lines.remove(next(line for line in reversed(lines) if line.plain.startswith("  ")))
    return [cut(line, width) for line in lines[:height]]


def _told(made: AnnouncementRow, now: float, zone: str, look: Look, width: int) -> list[Text]:
    due = made.next_update
    parts: list[Part] = [
        (fit(clean(made.audience, 12), 10), look.text),
        (clean(made.kind, 20), look.strong),
        (f" {time_of(made.made, now, zone)}", look.dim),
    ]
    if due is not None:
        parts.append((f" · next update {countdown(due, now)}", look.loud if due <= now else look.dim))
    head = joined(*parts)
    return [head, *(_delivery(each, look) for each in made.deliveries)]


def _delivery(each: DeliveryRow, look: Look) -> Text:
    well = each.state in (DeliveryState.SENT, DeliveryState.SEEN)
    sign = ("✔", look.good) if well else ("✖", look.bad) if each.state in TROUBLED else ("–", look.dim)
    words = f" {clean(each.outlet, 30)} {'passed over' if each.left_out else clean(each.state, 20)}"
    detail = f": {clean(each.detail, 60)}" if each.detail and not well else ""
    return joined("          ", sign, (words + detail, look.dim if well else look.loud))


def lately_pane(board: Board, now: float, look: Look, width: int, height: int) -> list[Text]:
    """Return the newest journal entries in words, the newest on top."""
    lines = []
    for entry in board.lately[:height]:
        at = second_of(entry.at, board.timezone) if now - entry.at < DAY / 2 else time_of(entry.at, now, board.timezone)
        who = f"{clean(entry.actor, 20)} " if entry.actor not in ("probe", "daemon", "outagetui", "") else ""
        lines.append(joined((f" {fit(at, 9)} ", look.dim), (fit(who + clean(entry.text, 200), width - 11), look.text)))
    return lines


def run_pane(run: RunRow, board: Board, look: Look, width: int, height: int) -> list[Text]:
    """Return the steps of a run, the one at hand among them where not all fit."""
    here = current_step(run)
    place = run.steps.index(here) if here is not None else 0
    first = max(0, min(place - 1, len(run.steps) - height))
    numbers = range(first + 1, min(len(run.steps), first + height) + 1)
    return [cut(step_lines(run, number, board, width, look, unfolded=False)[0], width) for number in numbers]
