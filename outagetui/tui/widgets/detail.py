"""The row under the cursor in two lines below the list, where there is no room for a pane."""

from rich.text import Text

from outagetui.board.rows import Board, ChannelRow
from outagetui.core.model import last_known
from outagetui.core.text import clean
from outagetui.tui.theme import Look
from outagetui.tui.widgets.lines import across, shortened
from outagetui.tui.widgets.story import Row, broken, reason, since


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


def _relations(row: Row, board: Board, look: Look) -> list[str]:
    if not isinstance(row, ChannelRow):
        return []
    others = {*row.backs_up, *row.backed_by, *row.depends_on}
    states = {other.id: last_known(other.state, old=look.old).upper() for other in board.channels if other.id in others}

    def named(ids: tuple[str, ...]) -> str:
        return ", ".join(f"{clean(id, 40)} {states.get(id, '')}".strip() for id in ids)

    pairs = (("backs up", row.backs_up), ("backed by", row.backed_by), ("needs", row.depends_on))
    return [f"{words} {named(ids)}" for words, ids in pairs if ids]
