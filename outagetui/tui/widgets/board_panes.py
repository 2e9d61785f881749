"""How the board shares its space among the list and the panes beside and below it. Pure."""

from collections.abc import Sequence

from msgspec import Struct
from rich.text import Text

from outagetui.board.rows import Board
from outagetui.tui.theme import Look
from outagetui.tui.widgets.lines import Part, across, beside, filled, joined
from outagetui.tui.widgets.lost_lines import lost_lines
from outagetui.tui.widgets.side_panes import headed, lately_pane, run_pane, told_pane, why_pane
from outagetui.tui.widgets.story import Row

MIDDLE, LARGE, HUGE = (120, 32), (150, 32), (220, 50)  # columns and lines from which on there are more panes
SIDES = (56, 62, 56)  # columns of the panes: beside the list; in the middle and at the right of a huge board
BELOW = 10  # lines of the panes below the list
WHY = (10, 19)  # lines of the reason, at least and wanted
TOLD = (3, 8)
LATELY = 3


class Space(Struct, frozen=True):
    """Which panes a board has: below the list, beside it (its columns), and at the far right (its columns)."""

    below: bool
    side: int
    far: int

    @classmethod
    def of(cls, width: int, height: int) -> "Space":
        """Share out a terminal of `width` columns and `height` lines."""
        if width >= HUGE[0] and height >= HUGE[1]:
            return cls(False, SIDES[1] + 2, SIDES[2] + 2)
        if width >= LARGE[0] and height >= LARGE[1]:
            return cls(False, SIDES[0] + 2, 0)
        return cls(width >= MIDDLE[0] and height >= MIDDLE[1], 0, 0)


class Seen(Struct, frozen=True):
    """What the panes show: the row under the cursor on a board at a moment, in the styles of a look."""

    row: Row | None
    board: Board
    now: float
    look: Look

    def below(self, width: int) -> list[Text]:
        """Return the reason of the row and the newest entries side by side."""
        half = (width - 3) // 2
        left = [headed("Why", "", half, self.look), *self._why(half, BELOW - 1)]
        right = [headed("Lately", "l", half, self.look), *self._lately(half, BELOW - 1)]
        rows = beside([_tall(left, BELOW), right], half, (" │ ", self.look.rule))
        return [across(self.look.text, width, line) for line in rows]

    def side(self, width: int, height: int, *, far: bool) -> list[Text]:
        """Return the pane beside the list: why, and what was told and happened lately where no other pane says it."""
        room = width - 2
        if far:
            return self._edged(self._why(room, height), width, height)
        told = [headed("Told", "t", room, self.look), *told_pane(self.board, self.now, self.look, room, TOLD[1])]
        space = max(0, height - WHY[0])
        told = told[:space] if space > TOLD[0] else []
        reason = self._why(room, min(WHY[1], max(WHY[0], height - len(told) - LATELY - 1)))
        lines = [*reason, *told]
        return self._edged([*lines, *self._newest(room, height - len(lines))], width, height)

    def far(self, width: int, height: int) -> list[Text]:
        """Return the pane at the far right: the run at hand, what was told, and what happened lately."""
        room, lines = width - 2, []
        run = next((run for run in self.board.runs if run.ended is None), None)
        if run is not None:
            title = f"Run {run.id} {run.name}"
            lines += [headed(title[: room - 6], "r", room, self.look)]
            lines += [*run_pane(run, self.board, self.look, room, max(4, height - 24)), Text()]
        lines += [headed("Told", "t", room, self.look), *told_pane(self.board, self.now, self.look, room, TOLD[1])]
        lines.append(Text())
        return self._edged([*lines, *self._newest(room, height - len(lines))], width, height)

    def under(self, width: int, height: int) -> list[Text]:
        """Return what stands under the list where `height` lines are free: the reach that was lost."""
        lost = lost_lines(self.board, width - 2, self.look)
        return [across(self.look.text, width, line) for line in lost] if lost and len(lost) <= height else []

    def _why(self, width: int, height: int) -> list[Text]:
        return why_pane(self.row, self.board, self.now, self.look, width, height)

    def _lately(self, width: int, height: int) -> list[Text]:
        return lately_pane(self.board, self.now, self.look, width, height)

    def _newest(self, width: int, height: int) -> list[Text]:
        if height <= LATELY:
            return []
        return [headed("Lately", "l", width, self.look), *self._lately(width, height - 1)]

    def _edged(self, lines: Sequence[Text], width: int, height: int) -> list[Text]:
        edge: Part = ("│ ", self.look.rule)
        return [joined(edge, filled(line, width - 2)) for line in _tall(lines, height)]


def _tall(lines: Sequence[Text], height: int) -> list[Text]:
    return [*lines[:height], *[Text()] * (height - len(lines))]
