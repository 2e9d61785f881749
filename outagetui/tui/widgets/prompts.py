"""The foot of the board: the question that waits, what to do next, and the keys."""

import math
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from outagetui.board.owed import names, pressing, publishes, why
from outagetui.board.rows import AnnouncementRow, Board, OwedRow, RunRow, SuggestionRow
from outagetui.board.suggest import gain_words
from outagetui.core.text import clean
from outagetui.core.words import STEP_SETTLED, TROUBLED, Owed, StepState
from outagetui.tui.theme import Look
from outagetui.tui.time_words import countdown, lasting, time_of
from outagetui.tui.widgets.lines import Part, across, filled, fit, joined

SOON = 5 * 60.0  # seconds before a promised update from which on it stands out

KEYS: tuple[tuple[str, str, int], ...] = (  # key, what it does, how soon it is left out where there is no room
    ("enter", "open", 2),
    ("s", "start", 1),
    ("p", "playbooks", 2),
    ("r", "run", 3),
    ("a", "ack", 2),
    ("m", "mute", 4),
    ("A", "activate", 3),
    ("w", "tell", 2),
    ("t", "told", 5),
    ("v", "prove", 6),
    ("R", "recheck", 5),
    ("l", "journal", 5),
    ("^p", "all", 6),
    ("?", "help", 0),
    ("q", "quit", 0),
)


def prompt_lines(board: Board, now: float, look: Look, width: int, *, docked: str = "") -> list[Text]:
    """Return what waits for somebody: questions of runs, an announcement's next update, the suggested playbook.

    `docked` is the run whose question stands elsewhere.
    """
    found = [run_line(run, now, look, width) for run in board.runs if run.ended is None and run.id != docked][:2]
    standing = sorted((row for row in board.announcements if row.open), key=lambda row: row.next_update or math.inf)
    found += [announcement_line(each, now, board.timezone, look, width) for each in standing[:2]]
    found += [owed_line(row, board, now, look, width) for row in pressing(board)[:1]]
    found += [half_done_line(run, look, width) for run in board.runs if half_done(run, board)][:1]
    return found + ([suggestion_line(board.suggestions, look, width)] if board.suggestions else [])


def run_line(run: RunRow, now: float, look: Look, width: int, key: str = "r") -> Text:
    """Return one run: its question in loud letters behind the key that opens it, or what it is doing."""
    step = run.asking
    if step is not None:
        press = f" (press {key})" if key else ""
        what = "asks"
        if step.hash:
            what = f"needs a second person{_left(step.until, now)}"
        words = f" run {clean(run.id, 12)} {what}{press}: {clean(step.question or step.title)} "
        return across(look.ask, width, words)
    doing = next((step for step in run.steps if step.state == StepState.DOING), None)
    done = sum(step.state in STEP_SETTLED for step in run.steps)
    words = f" run {clean(run.id, 12)} {clean(run.name, 40)}: {done} of {len(run.steps)} steps"
    if doing is None:
        return across(look.text, width, words)
    detail = f": {clean(doing.detail, 80)}" if doing.detail else ""
    return across(look.text, width, f"{words}, now {clean(doing.title or doing.id, 80)}", (detail, look.dim))


def _left(until: float | None, now: float) -> str:
    if until is None:
        return ""
    if until < now:
        return ", asked too long ago"
    return f", {lasting(until - now)} left" if until - now >= 10 else ", seconds left"


def announcement_line(row: AnnouncementRow, now: float, zone: str, look: Look, width: int, key: str = "w") -> Text:
    """Return an announcement: whom we told what, where that failed or was left out, and when the next word is due.

    One that is due says how late it is. `key` writes it; empty where there are no keys.
    """
    failed = [each.outlet for each in row.deliveries if each.state in TROUBLED]
    left_out = [each.outlet for each in row.deliveries if each.left_out]
    due = row.next_update if row.open else None
    parts: list[Part] = []
    if due is not None and due <= now:
        press = f", press {key}" if key else ""
        late = countdown(due, now) if now - due >= 60 else "due now"
        parts.append((f" update {late}{press} ", look.warning))
    if failed:
        parts.append((f" not on {', '.join(clean(name, 20) for name in failed)}", look.loud))
    if left_out:
        parts.append((f" left out {', '.join(clean(name, 20) for name in left_out)}", look.warning))
    parts.append(f" {clean(row.audience, 20)} were told at {time_of(row.made, now, zone)}")
    if due is not None and due > now:
        parts += [", ", (f"next update {countdown(due, now)}", look.strong if due - now < SOON else look.dim)]
    return across(look.dim, width, *parts, ": ", (clean(row.title, 60), look.text))


def suggestion_line(rows: Sequence[SuggestionRow], look: Look, width: int) -> Text:
    """Return the suggested playbook with its key and what it wins."""
    first = rows[0]
    gain = gain_words(first.gains)
    won = f"  {gain if cell_len(gain) < width // 3 else gain_words(first.gains[:1])}" if gain else ""
    line = joined((" s ", look.key), (f"start {clean(first.name, 50)}", look.strong), (won, look.good), "  ")
    tail = f"  p shows {len(rows) - 1} more " if len(rows) > 1 else " "
    why = fit(f"because {clean(first.why)}", width - line.cell_len - len(tail))
    return across(look.dim, width, line, why, tail)


def owed_line(row: OwedRow, board: Board, now: float, look: Look, width: int) -> Text:
    """Return what is to be told next, with the key that writes it and what it wins."""
    if row.kind == Owed.DEAD_WAY:
        deed = f"tell {row.audience} not to use {clean(row.name, 40)}"
    else:
        deed = f"tell {row.audience}" + (f" of {names(row)}" if row.name else "")
    won = f"  {gain_words([row.gain])}" if row.gain is not None and row.gain.then > row.gain.now else ""
    line = joined(
        (f" {'w' if publishes(board, row.audience) else '-'} ", look.key), (deed, look.strong), (won, look.good), "  "
    )
    tail = f"because {why(row, lambda at: time_of(at, now, board.timezone))}"
    return across(look.dim, width, line, fit(tail, max(0, width - line.cell_len)))


def half_done(run: RunRow, board: Board) -> bool:
    """Whether a run ended early, what it opened stands open still, and its playbook was not begun again."""
    again = any(other.ended is None and other.playbook == run.playbook for other in board.runs)
    return run.left is not None and not again


def half_done_line(run: RunRow, look: Look, width: int) -> Text:
    """Return which run ended early with its work half done, and the keys that finish it or take it back."""
    ways = "r, then D stands it down" if run.stands_down else "p starts it again; r, then D takes it back"
    words, tail = f" {clean(run.id, 12)} {clean(run.name, 60)}", f": {ways} "
    room = min(cell_len(words), max(12, width - len(tail) - 11))
    return across(look.dim, width, (" HALF DONE ", look.warning), fit(words, room), tail)


def key_line(look: Look, width: int, position: str) -> Text:
    """Return the keys that fit, and which rows are in sight."""
    tail = f" {position} " if position else " "
    keys = list(KEYS)
    while len(keys) > 2 and sum(len(key) + len(word) + 3 for key, word, _ in keys) + 1 > width - len(tail):
        keys.remove(max(keys, key=lambda key: key[2]))
    words = (part for key, word, _ in keys for part in ((key, look.key), f" {word}  "))
    return across(look.dim, width, filled(joined(" ", *words), width - len(tail)), tail)
