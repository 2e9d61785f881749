"""An announcement that was made, as lines: what was said, and what came of it at each outlet. Pure."""

from rich.style import Style
from rich.text import Text

from outagetui.board.rows import AnnouncementRow, Board, DeliveryRow
from outagetui.core.text import clean
from outagetui.core.words import MISSED, PLACED, TROUBLED, DeliveryState
from outagetui.tui.glyphs import CURSOR
from outagetui.tui.theme import Look
from outagetui.tui.time_words import countdown, minutes, time_of
from outagetui.tui.widgets.lines import Part, filled, joined, paragraph, rule, said, sides

MARKS: dict[str, str] = {
    DeliveryState.PLANNED: "○",
    DeliveryState.SENDING: "◆",
    DeliveryState.SENT: "✔",
    DeliveryState.SEEN: "✔",
    DeliveryState.UNKNOWN: "?",
    DeliveryState.FAILED: "✗",
    DeliveryState.SKIPPED: "–",
    DeliveryState.RETRACTED: "←",
}
INDENT = 16  # cells before what is said of a delivery below its first line


def about_lines(row: AnnouncementRow, board: Board, width: int, look: Look) -> list[Text]:
    """Return kind, audience, when it was said, since when it is, and when more was promised."""
    zone = board.timezone
    words = f"{clean(row.kind, 40)} to {clean(row.audience, 20)}, said {time_of(row.made, board.at, zone)}"
    words += f", part {row.parts}, since {time_of(row.since, board.at, zone)}"
    lines = paragraph(words, width, look.dim)
    if row.retracted is not None:
        lines += [joined((f"taken back {time_of(row.retracted, board.at, zone)}", look.loud))]
    elif row.next_update is not None and row.open:
        due = f"next update promised for {time_of(row.next_update, board.at, zone)}: "
        left = countdown(row.next_update, board.at)
        late = row.next_update <= board.at
        press: Part = (", press w", look.text) if late else ""
        lines += [joined((due, look.dim), (left, look.warning if late else look.strong), press)]
    return lines


def deliveries_heading(row: AnnouncementRow, width: int, look: Look) -> Text:
    """Return the heading of the outlets, with how many have it."""
    count = len(row.deliveries)
    if row.retracted is not None:
        back = sum(each.state == DeliveryState.RETRACTED for each in row.deliveries)
        return rule(f"Taken back from {back} of {count}", width, look)
    there = sum(each.state in PLACED for each in row.deliveries)
    seen = sum(each.state == DeliveryState.SEEN for each in row.deliveries)
    return rule(f"There: {there} of {count}, seen by a reader: {seen}", width, look)


def delivery_lines(
    row: DeliveryRow, board: Board, width: int, look: Look, *, here: bool, waits: bool = False
) -> list[Text]:
    """Return what came of it at one outlet; `here`: under the cursor, `waits`: an order on it is on its way."""
    style = _style(row.state, look)
    mark = f"{MARKS.get(row.state, '?')} {clean(row.state, 10).upper()}"
    cursor: Part = (f"{CURSOR} ", look.key) if here else "  "
    name = clean(outlet_name(board, row.outlet), 40)
    head = joined(cursor, filled(joined((mark, style)), 12), (f"  {name}", look.strong))
    notes: list[Part] = []
    if row.limit:
        notes.append((f"  {row.count}/{row.limit}", look.dim))
    if row.state == DeliveryState.SENT and not row.settled:
        notes.append(("  looking whether readers see it…", look.dim))
    if waits:
        notes.append(("  ordered, waiting for the journal…", look.key))
    if row.until is not None and row.until > board.at:
        notes.append((f"  asks to be left alone for {minutes(row.until - board.at)}", look.loud))
    head = joined(head, *notes)
    fits = len(row.url) < width - head.cell_len - 2
    lines = [sides(head, said(row.url, look.dim), width) if row.url and fits else head]
    if row.url and not fits:
        lines += paragraph(row.url, width, look.dim, indent=INDENT, limit=600)
    if row.detail:
        bad = row.state in MISSED
        lines += paragraph(row.detail, width, look.text if bad else look.dim, indent=INDENT, limit=600)
    return lines


def said_lines(row: AnnouncementRow, delivery: DeliveryRow | None, board: Board, width: int, look: Look) -> list[Text]:
    """Return what is said at one outlet, word for word, or everywhere without one."""
    title, text = "What is said", ""
    if delivery is not None:
        title, text = f"What {clean(outlet_name(board, delivery.outlet), 40)} is told", delivery.text
    text = text or f"{row.title}\n\n{row.body}"
    return [rule(title, width, look), *paragraph(text, width, look.text, limit=5000)]


def outlet_name(board: Board | None, id: str) -> str:
    """Return what an outlet is called; its id when it is not configured any more."""
    return next((each.name for each in board.outlets if each.id == id), id) if board is not None else id


def _style(state: str, look: Look) -> Style:
    if state in PLACED:
        return look.good
    if state in TROUBLED:
        return look.warning
    return look.key if state in (DeliveryState.SENDING, DeliveryState.RETRACTED) else look.dim
