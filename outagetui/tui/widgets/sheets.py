"""The composer as lines: what is said to whom, where it goes, and the words of each outlet beside each other. Pure."""

from collections.abc import Sequence
from functools import partial

from msgspec import Struct
from rich.text import Text

from outagetui.board.rows import Board, OutletRow
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.text import clean
from outagetui.tui.glyphs import CURSOR
from outagetui.tui.proofs import Draft, failed, open_one, places, why_not
from outagetui.tui.theme import Look
from outagetui.tui.time_words import countdown, time_of
from outagetui.tui.widgets.lines import (
    Part,
    beside,
    cut,
    filled,
    flowing,
    joined,
    labelled,
    paragraph,
    rule,
    said,
    sides,
    wrapped,
)
from outagetui.wording.preview import Proof, Rendering

LABEL = 8  # cells that the words before a fact take
COLUMN = 42  # cells that a text at least has where several stand side by side
BESIDE = " │ "
FEW = 3  # warnings of one outlet that are told in full
LONGEST = 5000  # characters of a text that are shown


class Composed(Struct, frozen=True):
    """What the composer shows: the draft, its proof if there is one, and why not or what went wrong, in words."""

    draft: Draft
    proof: Proof | None
    trouble: str = ""
    state: str = ""  # what is under way, in words

    @property
    def sheets(self) -> tuple[Rendering, ...]:
        """What each outlet would be sent."""
        return self.proof.outlets if self.proof is not None else ()

    def sheet(self, outlet: str) -> Rendering | None:
        """Return what one outlet would be sent."""
        return next((each for each in self.sheets if each.id == outlet), None)

    def warned(self, outlet: str) -> list[str]:
        """Return what is to be known before it is sent to an outlet."""
        return self.proof.about(outlet) if self.proof is not None else []


def heading_line(made: Composed, board: Board, width: int, look: Look) -> Text:
    """Return whom it is for, and whether it goes on with something."""
    draft, standing = made.draft, open_one(board, made.draft.audience)
    left = joined((f"Tell {draft.audience}", look.strong))
    right = "a new announcement"
    if standing is not None:
        right = f"goes on with {clean(standing.id, 12)}, open since {time_of(standing.since, board.at, board.timezone)}"
        if standing.next_update is not None:
            right += f", next update {countdown(standing.next_update, board.at)}"
    return sides(left, joined((f"{made.state}  ", look.key) if made.state else "", (right, look.dim)), width)


def form_lines(made: Composed, board: Board, width: int, look: Look, *, most: int) -> list[Text]:
    """Return kind, facts, effect, at most `most` lines of warnings, and the operator's words."""
    draft, proof = made.draft, made.proof
    fact = partial(labelled, look=look, room=LABEL)
    lines = fact("kind", _chips(draft, board, width - LABEL, look))
    lines += fact("facts", wrapped(_facts(draft, proof, board, look), width - LABEL)[:2])
    if made.trouble:
        lines += fact("stop", wrapped(said(made.trouble, look.loud, limit=600), width - LABEL)[:3])
    elif proof is not None:
        lines += fact("effect", wrapped(said(proof.effect, look.text, limit=600), width - LABEL)[:3])
        warned = [row for each in proof.about("") for row in wrapped(said(f"! {each}", look.loud), width - LABEL)]
        if len(warned) > most:
            warned = [*warned[: most - 1], joined((f"! and more: {len(proof.about(''))} warnings in all", look.loud))]
        lines += fact("", warned)
    else:
        lines += fact("effect", [joined(("composing…", look.dim))])
    note = (
        said(draft.note, look.text, limit=600)
        if draft.note
        else joined(("n", look.key), (" adds words that people read", look.dim))
    )
    lines += fact("words", wrapped(note, width - LABEL)[:2])
    count = len(draft.outlets(board))
    words = f"Goes to {count} of {len(places(board, draft.audience))} outlets"
    return [*lines, rule(words, width, look)]


def _chips(draft: Draft, board: Board, width: int, look: Look) -> list[Text]:
    """Return the kinds with their numbers, the chosen one marked."""
    chips = []
    for number, kind in enumerate(ANNOUNCEMENT_KINDS, 1):
        chosen, possible = kind == draft.kind, not why_not(board, draft.audience, kind)
        mark: Part = (CURSOR, look.key) if chosen else " "
        key = look.key if possible else look.rule
        chips.append(
            joined(
                mark, (f"{number} ", key), (kind, look.strong if chosen else look.text if possible else look.rule), " "
            )
        )
    rows = flowing(chips, width)
    if why := why_not(board, draft.audience, draft.kind):
        rows.append(joined((f"{CURSOR}{clean(draft.kind, 40)}: not possible now: {why}", look.loud)))
    return rows


def _facts(draft: Draft, proof: Proof | None, board: Board, look: Look) -> Text:
    since = f"since {time_of(proof.since, board.at, board.timezone)}" if proof is not None else "since …"
    names = failed(board, draft.audience)
    down = f"failed: {', '.join(clean(name, 40) for name in names)}" if names else "nothing fails now"
    following = ""
    if proof is not None:
        due = proof.next_update
        following = (
            f" · next update by {time_of(due, board.at, board.timezone)}" if due is not None else " · the last word"
        )
    return joined((f"{since} · {down}{following}", look.text))


def outlet_line(row: OutletRow, made: Composed, width: int, look: Look) -> Text:
    """Return an outlet in the list: whether it is taken, its language, the length and price, and what is warned."""
    sheet = made.sheet(row.id)
    off = sheet is None and row.id in made.draft.off
    mark: Part = ("– ", look.dim) if off else ("✔ ", look.good)
    name = filled(said(row.name, look.dim if off else look.strong, limit=60), min(26, max(12, width // 4)))
    about = joined(
        (filled(joined(f"{clean(row.kind, 12)}"), 11).plain, look.dim), (f" {clean(row.language, 3):3}", look.dim)
    )
    if off:
        return cut(joined(mark, name, " ", about, ("  left out", look.dim)), width)
    if sheet is None:
        return cut(joined(mark, name, " ", about), width)
    price = f"${sheet.cost:.3f}" if sheet.cost is not None else ""
    size = joined((f" {length(sheet):>8} {price:7}", look.text))
    warned = made.warned(row.id)
    own = "own words · " if row.id in made.draft.words else ""
    if row.id in made.draft.off:
        own += "told before, so it goes there too · "
    about_it: Part = (f"! {clean(warned[0], 160)}", look.loud) if warned else (_named(sheet), look.dim)
    more = f" (+{len(warned) - 1})" if warned[1:] else ""
    tail = joined((f" {own}", look.key) if own else " ", about_it, (more, look.loud))
    return cut(joined(mark, name, " ", about, size, tail), width)


def _named(sheet: Rendering) -> str:
    return f"names {', '.join(clean(name, 40) for name in sheet.names)}" if sheet.names else "names no account"


def _accounts(sheet: Rendering) -> list[str]:
    """Return the lines of a text that name an account: they are what people will follow, so they are read first."""
    told = [line for line in sheet.text.splitlines() if line.startswith("- ")]
    return [line for line in told if any(line[2:].startswith(name) for name in sheet.names)]


def length(sheet: Rendering) -> str:
    """Return how long a text is as its outlet counts, and its limit where it has one."""
    return f"{sheet.count}/{sheet.limit}" if sheet.limit else str(sheet.count)


def shown_sheets(made: Composed, cursor: OutletRow | None, width: int, first: int) -> list[Rendering]:
    """Return the sheets that stand side by side in `width` cells: the one under the cursor is among them.

    `first` is the number of the one that stood first until now.
    """
    sheets = made.sheets
    room = max(1, (width + len(BESIDE)) // (COLUMN + len(BESIDE)))
    here = next((number for number, each in enumerate(sheets) if cursor is not None and each.id == cursor.id), None)
    if here is None:
        return list(sheets[first : first + room]) if room > 1 else []
    start = max(0, min(first, here, len(sheets) - room), here - room + 1)
    return list(sheets[start : start + room])


def sheet_lines(
    sheets: Sequence[Rendering], made: Composed, cursor: OutletRow | None, width: int, look: Look
) -> list[Text]:
    """Return the texts side by side, each under its outlet's name."""
    if not sheets:
        if made.proof is None or cursor is None:
            return []
        words = f"{clean(cursor.name, 60)} is left out; space takes it in"
        return [rule(clean(cursor.name, 40), width, look), joined((words, look.dim))]
    each = (width - len(BESIDE) * (len(sheets) - 1)) // len(sheets)
    here = cursor.id if cursor is not None else ""
    alone = len(sheets) == 1
    blocks = [_sheet(one, made, here=one.id == here, alone=alone, width=each, look=look) for one in sheets]
    return beside(blocks, each, (BESIDE, look.rule))


def _sheet(sheet: Rendering, made: Composed, *, here: bool, alone: bool, width: int, look: Look) -> list[Text]:
    warned = made.warned(sheet.id)
    tail = joined((f" {length(sheet)} ", look.dim))
    if alone and len(made.sheets) > 1:
        tail = joined(tail, (f"← {made.sheets.index(sheet) + 1} of {len(made.sheets)} → ", look.dim))
    name = cut(said(sheet.name, look.title, limit=60), max(8, width - tail.cell_len - 6))
    head = joined((f"{CURSOR} " if here else "", look.key), name, tail)
    lines = [joined(head, ("─" * max(0, width - head.cell_len), look.rule))]
    shown = warned if len(warned) <= FEW else [*warned[: FEW - 1], f"{len(warned) - FEW + 1} more"]
    lines += [row for words in shown for row in wrapped(said(f"! {words}", look.loud), width)]
    about = _named(sheet) + (" · goes on with what is there" if sheet.update else "")
    lines += [cut(joined((about, look.dim)), width)]
    lines += [cut(said(line, look.strong, limit=400), width) for line in _accounts(sheet)]
    return lines + paragraph(sheet.text, width, look.text, limit=LONGEST)
