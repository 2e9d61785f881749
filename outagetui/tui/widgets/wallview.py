"""The wall's parts: large figures, tall banners, and rows that say everything without a key."""

from rich.text import Text

from outagetui.board.owed import reach_words
from outagetui.board.rows import Board, IncidentRow, ReachRow
from outagetui.core.model import AUDIENCES, WORST_FIRST, State
from outagetui.core.text import clean
from outagetui.facts.reach import percent
from outagetui.tui.theme import Look
from outagetui.tui.time_words import lasting, time_of
from outagetui.tui.widgets.header import Banner
from outagetui.tui.widgets.lines import Part, across, fit
from outagetui.tui.widgets.prompts import announcement_line, run_line
from outagetui.tui.widgets.row_lines import STATE_WIDTH
from outagetui.tui.widgets.story import Row, active, broken, reason, row_mark, standing

AGED_OUT = 30 * 60.0  # seconds after which what is over is no longer shown
AIRY = 20  # lines of a page from which on empty lines set the rows apart
PIXEL = "██"
FIGURES = {
    "0": ("###", "#.#", "#.#", "#.#", "###"),
    "1": ("..#", "..#", "..#", "..#", "..#"),
    "2": ("###", "..#", "###", "#..", "###"),
    "3": ("###", "..#", "###", "..#", "###"),
    "4": ("#.#", "#.#", "###", "..#", "..#"),
    "5": ("###", "#..", "###", "..#", "###"),
    "6": ("###", "#..", "###", "#.#", "###"),
    "7": ("###", "..#", "..#", "..#", "..#"),
    "8": ("###", "#.#", "###", "#.#", "###"),
    "9": ("###", "#.#", "###", "..#", "###"),
    "%": ("#.#", "..#", ".#.", "#..", "#.#"),
    "?": ("##.", "..#", ".#.", "...", ".#."),
    "–": ("...", "...", "###", "...", "..."),
}


def loud_lines(found: list[Banner], width: int, *, tall: bool) -> list[Text]:
    """Return banners in full width, three lines each where the wall is `tall`."""
    lines: list[Text] = []
    for each in found:
        edge = [across(each.style, width)] if tall else []
        lines += [*edge, across(each.style, width, "  " + each.fitted(width - 3)), *edge]
    return lines


def reach_figures(board: Board, look: Look, width: int, height: int) -> list[Text]:
    """Return each audience's reach in figures five lines high, side by side; in words on a small terminal."""
    rows = {row.audience: row for row in board.reach if row.now is not None}
    shown = [rows[audience] for audience in AUDIENCES if audience in rows]
    if not shown:
        return []
    each = width // len(shown)
    words_only = height < 20 or each < 36
    captions: list[Part] = []
    for row in shown:
        style = look.text if row.grade is State.UP else look.strong
        captions += ["  ", (fit(_caption(row, look, numbered=words_only), each - 2), style)]
    if words_only:
        return [across(look.dim, width, *captions)]
    lines: list[list[Part]] = [[] for _ in range(5)]
    for row in shown:
        style = look.reach(row.grade)
        figures = percent(row.known).replace(" ", "") + ("?" if row.uncertain or look.old else "")
        for y, line in enumerate(lines):
            pixels = " ".join(FIGURES[char][y] for char in figures if char in FIGURES)
            drawn = "".join({"#": PIXEL, ".": "  "}.get(pixel, "  ") for pixel in pixels)
            line += ["  ", (fit(drawn, each - 2), style)]
    return [Text(), *(across(look.dim, width, *line) for line in (*lines, captions)), Text()]


def _caption(row: ReachRow, look: Look, *, numbered: bool) -> str:
    figure, arrow, more = reach_words(row, old=look.old).partition(" → ")
    words = f"{row.audience} reach us" + (f": {figure}" if numbered else "")
    if not arrow:
        return words if numbered else f"{words}{', no backup is left' * figure.endswith('left')}"
    return f"{words}, {more.replace(' → ', ', ')}"


def wall_pages(board: Board, now: float, look: Look, width: int, height: int) -> list[Text]:
    """Return everything that is paged: what is under way, then channels and outlets, worst first.

    The lines come in pages of `height`, so that no row is torn between two.
    """
    first = [run_line(run, now, look, width, key="") for run in board.runs if run.ended is None]
    for made in board.announcements:
        if made.open or now - made.made < AGED_OUT:
            first.append(announcement_line(made, now, board.timezone, look, width, key=""))
    if over := _over(board.incident, now, board.timezone, look, width):
        first.append(over)
    rows: list[Row] = [*board.channels, *board.outlets]
    rows.sort(key=lambda row: WORST_FIRST.index(State.PARTIAL if broken(row) else row.state))
    blocks = [[*first, Text()]] if first else []
    blocks += [_row(row, now, board.timezone, look, width, airy=height >= AIRY) for row in rows]
    lines: list[Text] = []
    for block in blocks:
        room = height - len(lines) % height
        if len(block) > room:
            lines += [Text()] * room
        lines += block
    return lines


def _over(incident: IncidentRow | None, now: float, zone: str, look: Look, width: int) -> Text | None:
    if incident is None or incident.closed is None or now - incident.closed >= AGED_OUT:
        return None
    lasted = lasting(incident.closed - incident.since)
    words = f" The incident of {time_of(incident.since, now, zone)} is over since {time_of(incident.closed, now, zone)}"
    return across(look.good, width, f"{words}; it lasted {lasted}")


def _row(row: Row, now: float, zone: str, look: Look, width: int, *, airy: bool) -> list[Text]:
    calm = row.state is State.UP and not broken(row)
    muted = row.muted is not None
    word, style = row_mark(row, look)
    name = fit(clean(row.name, 60), min(40, max(20, width // 3)))
    kind = fit(standing(row, False), 15)
    line: list[Part] = [
        "  ", (fit(f" {word}", STATE_WIDTH + 2), style),
        "  ", (name, look.text if calm or muted else look.strong), "  ", (kind, look.key if active(row) else look.dim),
    ]  # fmt: skip
    if row.since is not None:
        line.append(f"  for {lasting(now - row.since)}")
    lines = [across(look.dim, width, *line)]
    why = reason(row, now, zone)
    if why and not calm:
        lines.append(across(look.text, width, " " * (STATE_WIDTH + 6), fit(why, width - STATE_WIDTH - 8)))
    if airy and not calm:
        lines.append(Text())
    return lines


def foot_line(look: Look, width: int, page: int, pages: int) -> Text:
    """Return the last line: which page this is."""
    words = f"page {page} of {pages} " if pages > 1 else ""
    return across(look.dim, width, fit(words, width, right=True))
