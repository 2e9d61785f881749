"""The top of a screen: who and where we are, and whatever must not be overlooked."""

from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from outagetui.board.owed import command, names, pressing, publishes, reach_words, why
from outagetui.board.owed import heading as owed_heading
from outagetui.board.rows import Board, IncidentRow, OwedRow, ReachHistory, ReachRow
from outagetui.core.model import AUDIENCES
from outagetui.core.text import clean
from outagetui.core.words import Owed
from outagetui.tui.glyphs import EMPTY, FULL, PART, TOLD
from outagetui.tui.theme import Look
from outagetui.tui.time_words import clock, lasting, time_of
from outagetui.tui.widgets.lines import Part, across, filled, fit, joined
from outagetui.tui.widgets.lost_lines import lost_bar


def title_line(board: Board, now: float, look: Look, width: int, *tags: str) -> Text:
    """Return the first line: the business, the vantage, and the time in the business's zone.

    `tags` are words that are never cut, such as READ-ONLY; DRILL is one of them in a drill.
    """
    time, _, zone = clock(now, board.timezone).rpartition(" ")
    words = joined(*((f" {tag} ", look.drill) for tag in ("DRILL", *tags)[0 if board.drill else 1 :]))
    end = across(look.dim, len(time) + len(zone) + 2, (time, look.text), f" {zone} ")
    room = max(0, width - end.cell_len - words.cell_len)
    name = clean(board.business, 60)
    place = f"  seen from {clean(board.vantage, 30)}"
    head = joined(" ", (fit(name, min(cell_len(name), max(0, room - 2))), look.strong), place)
    head = across(look.dim, min(room, head.cell_len + 2), head)
    return joined(head, words, across(look.dim, max(0, room - head.cell_len)), end)


LOST = 110  # cells from which on a line of reach says what was lost
WORDS, BAR, LEAST_LOST = 53, 24, 20  # cells of its words there, of its bar, and of what was lost at least
LAST_HOUR = "lost, last hour"
NARROW = 66  # cells below which short words stand for long ones
LEAST = 12  # cells of its words that a line keeps beside its key, or the key is cut, too


class Banner(NamedTuple):
    """One line that must not be overlooked: its words, the most important first, their style, and shorter words.

    `key` ends it: what to press, which stays whole where the words have to be cut.
    """

    words: str
    style: Style
    short: str = ""
    key: str = ""

    def fitted(self, width: int) -> str:
        """Return the words for `width` cells, then the key; what does not fit ends in an ellipsis."""
        room = width - cell_len(self.key)
        if cell_len(self.words) <= room:
            return fit(self.words + self.key, width)
        words = self.short if self.short and width < NARROW else self.words
        if room < cell_len(words.partition("  ")[0]) + LEAST:  # too narrow for a key that anybody could make sense of
            return fit(words + self.key, width)
        return fit(fit(words, min(room, cell_len(words))) + self.key, width)


def banners(
    board: Board | None,
    now: float,
    look: Look,
    trouble: str,
    read_at: float | None,
    *,
    keys: bool = True,
    no_daemon: str = "",
    below: str = "",
) -> list[Banner]:
    """Return what must not be overlooked, worst first.

    Without `keys` no key is named; `no_daemon` tells why none could be started, `below` is the run whose question
    stands below.
    """
    found: list[Banner] = []
    if trouble:
        age = f"what you see is {lasting(now - read_at)} old: " if read_at is not None else ""
        found.append(Banner(f"STALE  {age}the store cannot be read: {trouble}", look.warning))
    if board is None:
        return found
    if board.stale and not trouble:
        found.append(Banner(_stale(board, no_daemon), look.warning))
    elif board.daemon is not None and board.daemon.trouble:
        found.append(Banner(f"TROUBLE  {clean(board.daemon.trouble)}", look.warning))
    if board.blind:
        words = f"BLIND  our own uplink fails, so nothing below is certain: {clean(board.blind)}"
        found.append(Banner(words, look.blind, f"BLIND  our own uplink fails: {clean(board.blind)}"))
    if board.open_incident is not None:
        found.append(_incident(board.open_incident, board, now, look, keys=keys))
    found += [_owed(row, board, now, look, keys=keys, below=below) for row in pressing(board)]
    if board.glass:
        found.append(_glass(board, look))
    if board.drill:
        words = f"DRILL  nothing leaves this machine · a rehearsal: {clean(board.drill, 60)}"
        found.append(Banner(words, look.drill, "DRILL  nothing leaves this machine"))
    return found


def _incident(incident: IncidentRow, board: Board, now: float, look: Look, *, keys: bool) -> Banner:
    head = f"INCIDENT {time_of(incident.since, now, board.timezone)} ({lasting(now - incident.since)})"
    if incident.closes is not None:
        up = [row.since for row in board.channels if not row.is_backup and row.since is not None]
        quiet = f"all up since {time_of(max(up), now, board.timezone)}" if up else "all up"
        words = f"{head} {quiet}, closes by itself at {time_of(incident.closes, now, board.timezone)}"
        return Banner(words, look.warning)
    if incident.acked_by:
        who = f"taken by {clean(incident.acked_by, 40)}"
    else:
        who = "press a to take it" if keys else "nobody has taken it"
    called = {row.id: row.name for row in board.channels if row.id in incident.channels}
    failed = ", ".join(clean(called.get(id, id), 30) for id in incident.channels)
    return Banner(f"{head} {who} · {failed}", look.incident)


def _owed(row: OwedRow, board: Board, now: float, look: Look, *, keys: bool, below: str) -> Banner:
    """Say what people are owed, and the key that gives it."""
    told = why(row, lambda at: time_of(at, now, board.timezone))
    style = look.incident if row.kind == Owed.DEAD_WAY else look.warning
    words = f"{owed_heading(row)}  {told}"
    if not keys:
        return Banner(words, style)
    if row.run and row.run == below:
        key = "y below tells them"
    elif row.run:
        key = f"r: a yes to {clean(row.run, 12)} tells them"
    elif publishes(board, row.audience):
        key = "press w"
    else:
        key = f"tell them, then {command(row, board)}"
    return Banner(words, style, f"{owed_heading(row)}  {names(row) or row.audience}", f": {key}")


def _glass(board: Board, look: Look) -> Banner:
    """Say who went on without a second person, doing what and why."""
    newest, *older = board.glass
    more = f" (and {len(older)} more)" if older else ""
    who = f"{clean(newest.actor, 40)} did {clean(newest.run, 12)} {clean(newest.step, 40)} alone{more}"
    return Banner(f"BREAK-GLASS  {who}: {clean(newest.reason, 160)}", look.incident, f"BREAK-GLASS  {who}")


def _stale(board: Board, no_daemon: str) -> str:
    why = clean(no_daemon, 300) or "start 'outagetui daemon'"
    if board.daemon is None:
        return f"STALE  no daemon has written here yet: {why}"
    return f"STALE  nobody is probing for {lasting(board.daemon.age)}: {why}"


def banner_lines(found: list[Banner], width: int, limit: int = 9, *, key: str = "") -> list[Text]:
    """Return banners as full-width lines; where more are found than `limit` and one, a line names the rest.

    `key` shows all of them.
    """
    shown = found if len(found) <= limit + 1 else found[:limit]
    lines = [across(each.style, width, " " + each.fitted(width - 2)) for each in shown]
    if left := found[len(shown) :]:
        names = dict.fromkeys(each.words.partition("  ")[0].split(" (")[0] for each in left)
        more = Banner(
            f"+{len(left)} more: {' · '.join(names)}", left[0].style, key=f"   {key} shows all" if key else ""
        )
        lines.append(across(more.style, width, " " + more.fitted(width - 2)))
    return lines


def reach_line(row: ReachRow, look: Look, width: int, history: ReachHistory | None = None) -> Text:
    """Return one audience's reach: words, then a bar of who knows a way, who will once told, and who with backups.

    Where there is room, what was lost in the last hour stands at the right.
    """
    words = reach_words(row, old=look.old)
    style = look.dim if row.known is None else look.reach(row.grade)
    wide = width >= LOST
    room = max(WORDS if wide else 29, cell_len(words) + 2)
    parts: list[Part] = [" ", fit(f"{row.audience} reach us", 20), (fit(words, room), style)]
    lost = min(60, width - 21 - room - BAR - len(LAST_HOUR) - 4) if wide else 0
    bar = BAR if lost >= LEAST_LOST else min(width - 22 - room, 50)
    if row.known is not None and bar >= 10:
        known = round(row.known * bar)
        now = max(known, round((row.now or 0.0) * bar))
        then = max(now, round((row.possible or 0.0) * bar))
        parts += [
            (FULL * known, style), (TOLD * (now - known), look.possible), (PART * (then - now), look.possible),
            (EMPTY * (bar - then), look.rule),
        ]  # fmt: skip
    line = joined(*parts)
    if history is None or lost < LEAST_LOST or all(value is None for value in history.lost):
        return across(look.dim, width, line)
    tail = joined((LAST_HOUR, look.dim), " ", *lost_bar(history, lost, look), " ")
    return across(look.dim, width, filled(line, width - tail.cell_len), tail)


def reach_lines(board: Board, look: Look, width: int) -> list[Text]:
    """Return the reach of every audience that has channels or people."""
    rows = {row.audience: row for row in board.reach}
    lost = {each.audience: each for each in board.history}
    return [reach_line(rows[audience], look, width, lost.get(audience)) for audience in AUDIENCES if audience in rows]
