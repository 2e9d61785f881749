"""The wall's parts: large figures, tall banners, and rows that say everything without a key."""

from textual.strip import Strip

from outagetui.board.rows import Board, IncidentRow, ReachRow
from outagetui.core.model import AUDIENCES, WORST_FIRST, State
from outagetui.core.text import clean
from outagetui.facts.reach import percent
from outagetui.tui.glyphs import STATE
from outagetui.tui.theme import Look
from outagetui.tui.time_words import lasting, time_of
from outagetui.tui.widgets.boardview import STATE_WIDTH
from outagetui.tui.widgets.header import Banner
from outagetui.tui.widgets.live import Line
from outagetui.tui.widgets.prompts import announcement_line, run_line
from outagetui.tui.widgets.reasons import Row, active, reason, standing

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


def loud_lines(found: list[Banner], width: int, *, tall: bool) -> list[Strip]:
    """Return banners in full width, three lines each where the wall is `tall`."""
    lines: list[Strip] = []
    for each in found:
        edge = [Line(each.style).strip(width)] if tall else []
        lines += [*edge, Line(each.style).add("  " + each.fitted(width - 3)).strip(width), *edge]
    return lines


def reach_figures(board: Board, look: Look, width: int, height: int) -> list[Strip]:
    """Return each audience's reach in figures five lines high, side by side; in words on a small terminal."""
    rows = {row.audience: row for row in board.reach if row.now is not None}
    shown = [rows[audience] for audience in AUDIENCES if audience in rows]
    if not shown:
        return []
    each = width // len(shown)
    words_only = height < 20 or each < 36
    captions = Line(look.dim)
    for row in shown:
        captions.add("  ").add(_caption(row, words_only), look.strong if _short(row) else look.text, each - 2)
    if words_only:
        return [captions.strip(width)]
    lines = [Line(look.dim) for _ in range(5)]
    for row in shown:
        style = look.loud if _short(row) else look.good
        figures = percent(row.now).replace(" ", "") + ("?" if row.uncertain else "")
        for y, line in enumerate(lines):
            pixels = " ".join(FIGURES[char][y] for char in figures if char in FIGURES)
            drawn = "".join({"#": PIXEL, ".": "  "}.get(pixel, "  ") for pixel in pixels)
            line.add("  ").add(drawn, style, each - 2)
    blank = Strip.blank(width)
    return [blank, *(line.strip(width) for line in lines), captions.strip(width), blank]


def _short(row: ReachRow) -> bool:
    return row.now is not None and row.now < 1


def _caption(row: ReachRow, numbered: bool) -> str:
    mark = "?" if row.uncertain else ""
    words = f"{row.audience} reach us" + (f": {percent(row.now)}{mark}" if numbered else "")
    if row.possible is not None and percent(row.possible) != percent(row.now):
        words += f", {percent(row.possible)} with backups"
    return words


def wall_pages(board: Board, now: float, look: Look, width: int, height: int) -> list[Strip]:
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
    rows.sort(key=lambda row: WORST_FIRST.index(row.state))
    blocks = [[*first, Strip.blank(width)]] if first else []
    blocks += [_row(row, now, board.timezone, look, width, airy=height >= AIRY) for row in rows]
    lines: list[Strip] = []
    for block in blocks:
        room = height - len(lines) % height
        if len(block) > room:
            lines += [Strip.blank(width)] * room
        lines += block
    return lines


def _over(incident: IncidentRow | None, now: float, zone: str, look: Look, width: int) -> Strip | None:
    if incident is None or incident.closed is None or now - incident.closed >= AGED_OUT:
        return None
    lasted = lasting(incident.closed - incident.since)
    words = f" The incident of {time_of(incident.since, now, zone)} is over since {time_of(incident.closed, now, zone)}"
    return Line(look.good).add(f"{words}; it lasted {lasted}").strip(width)


def _row(row: Row, now: float, zone: str, look: Look, width: int, *, airy: bool) -> list[Strip]:
    glyph, word = STATE[row.state]
    calm = row.state is State.UP
    muted = row.muted is not None
    line = (
        Line(look.dim).add("  ").add(f" {glyph} {word}", look.dim if muted else look.state(row.state), STATE_WIDTH + 2)
    )
    line.add("  ").add(clean(row.name, 60), look.text if calm or muted else look.strong, min(40, max(20, width // 3)))
    line.add("  ").add(standing(row, False), look.key if active(row) else None, 15)
    if row.since is not None:
        line.add(f"  for {lasting(now - row.since)}")
    lines = [line.strip(width)]
    why = reason(row, now, zone)
    if why and not calm:
        lines.append(Line(look.text).add(" " * (STATE_WIDTH + 6)).add(why, None, width - STATE_WIDTH - 8).strip(width))
    if airy and not calm:
        lines.append(Strip.blank(width))
    return lines


def foot_line(look: Look, width: int, page: int, pages: int) -> Strip:
    """Return the last line: which page this is."""
    words = f"page {page} of {pages} " if pages > 1 else ""
    return Line(look.dim).add(words, None, width, right=True).strip(width)
