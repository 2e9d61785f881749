"""What came of a proof, in the words of a toast. Pure."""

from collections.abc import Iterator

from outagetui.board.rows import Board
from outagetui.core.text import clean
from outagetui.core.words import Readiness


def proved(was: Board | None, board: Board | None) -> Iterator[tuple[str, str]]:
    """Yield words and severity of each proof that `board` tells and the board before it did not."""
    if was is None or board is None or was.channels is board.channels:
        return
    before = {row.id: row.proved for row in was.channels}
    for row in board.channels:
        if row.proved is None or row.id not in before or row.proved == before[row.id]:
            continue
        failed = row.readiness == Readiness.BROKEN
        became = "BROKEN: its proof failed" if failed else "proof passed"
        words = f"{clean(row.name, 60)}: {became}" + (f": {clean(row.proof, 200)}" if row.proof else "")
        yield words, "error" if failed else "information"
