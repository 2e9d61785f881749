"""A channel or an outlet: its whole story, the history of each check, and what can be done about it."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from outagetui.board.rows import Board, ChannelRow, CheckRow
from outagetui.core.model import WORST_FIRST, Observation
from outagetui.core.orders import Prove, Recheck, Trace
from outagetui.tui.channel_orders import activate, mute
from outagetui.tui.look_back import LookBack
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.checks import RANGES, check_lines, graph_lines, sample_lines, tabs
from outagetui.tui.widgets.lines import beside, rule, said
from outagetui.tui.widgets.scrolling import Page
from outagetui.tui.widgets.story import Row, facts, find, head_lines, way_lines

WIDE = 120  # cells from which facts and check stand side by side
ON = 0.02  # seconds until the next slice of a long history is read, in which keys are answered


class ChannelScreen(Opened):
    """Shows one channel or outlet, and the check that was chosen of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "recheck", "recheck", id="channel.recheck", tooltip="Check it again now"),
        Binding("v", "prove", "prove", id="channel.prove", tooltip="Try the backup from end to end now"),
        Binding("m", "mute", "mute", id="channel.mute", tooltip="Mute it for a while, or end the mute"),
        Binding("A", "activate", "activate", id="channel.activate", tooltip="Activate the backup, or put it back"),
        Binding("P", "trace", "path", id="channel.trace", tooltip="Look at the way there, hop by hop"),
        Binding("left", "check(-1)", "check", id="channel.before", tooltip="The check before", key_display="← →"),
        Binding("right", "check(1)", "next check", show=False, id="channel.next", tooltip="The next check"),
        Binding(
            "left_square_bracket", "range(-1)", "range", id="channel.shorter", tooltip="A shorter time",
            key_display="[ ]",
        ),
        Binding("right_square_bracket", "range(1)", "longer", show=False, id="channel.longer", tooltip="A longer time"),
    ]  # fmt: skip

    def __init__(self, channel: str) -> None:
        super().__init__()
        self.channel = channel
        self._check: int | None = None  # None: the one that says why the channel is as it is
        self._range = 1
        self._past: LookBack | None = None
        self._seen: list[Observation] = []
        self._going_on = False  # whether the next slice of the history is about to be read

    @property
    def row(self) -> Row | None:
        """The channel or outlet as last seen."""
        return find(self.board, self.channel)

    @property
    def check(self) -> CheckRow | None:
        """The check that was chosen."""
        checks = self.row.checks if self.row else ()
        if not checks:
            return None
        if self._check is None:
            self._check = min(range(len(checks)), key=lambda number: WORST_FIRST.index(checks[number].state))
        return checks[min(self._check, len(checks) - 1)]

    def body(self) -> Iterator[Widget]:
        """Everything is on one page."""
        yield Page(self._story, id="story")

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return name, state and why."""
        row = self.row
        if row is None:
            return [said(f"There is no channel or outlet {self.channel} any more.", self.look.dim)]
        return head_lines(row, board, width, self.look)

    def on_mount(self) -> None:
        """Read the newest of the history before the first paint."""
        self._look_back()

    def follow(self) -> None:
        """Read what is new and show it."""
        self._look_back()
        super().follow()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to activate backups only, and to choose where there is a choice."""
        row = self.row
        if action in ("activate", "prove"):
            return isinstance(row, ChannelRow) and row.standing is not None
        if action == "check":
            return row is not None and len(row.checks) > 1
        if action in ("range", "trace"):
            return row is not None and bool(row.checks)
        return row is not None or action not in ("recheck", "mute")

    def action_recheck(self) -> None:
        """Order a check now."""
        if self.operator.may("recheck"):
            self.operator.order(Recheck(id=self.channel))

    def action_prove(self) -> None:
        """Order a proof now."""
        if self.operator.may("prove a backup"):
            self.operator.order(Prove(channels=(self.channel,)))

    def action_trace(self) -> None:
        """Order a look at the way there; what is found comes with the journal."""
        if self.operator.may("trace") and self.row is not None:
            self.run_worker(self._trace(), exclusive=True, group="trace")

    async def _trace(self) -> None:
        if (await self.operator.order(Trace(target=self.channel))).get("ok"):
            self.operator.tell("Looking at the way there, up to half a minute: it will stand before the samples.")

    def action_mute(self) -> None:
        """Ask for how long and why, then order it."""
        if (row := self.row) is not None and self.operator.may("mute"):
            self.run_worker(mute(self.operator, row), exclusive=True, group="confirm")

    def action_activate(self) -> None:
        """Activate a backup or put it back, after one question."""
        row = self.row
        if isinstance(row, ChannelRow) and self.operator.may("activate a backup"):
            self.run_worker(activate(self.operator, row), exclusive=True, group="confirm")

    def action_check(self, by: int) -> None:
        """Choose another check."""
        count = len(self.row.checks) if self.row else 0
        if count:
            self._check = ((self._check or 0) + by) % count
            self.follow()

    def action_range(self, by: int) -> None:
        """Look back a shorter or a longer time."""
        self._range = max(0, min(len(RANGES) - 1, self._range + by))
        self.follow()

    def _look_back(self) -> None:
        """Read the samples of the chosen check that are not here yet; of many a slice, and soon the next."""
        board, check = self.board, self.check
        if board is None or check is None:
            self._past, self._seen = None, []
            return
        past = self._past
        if past is None or past.check != check.id:
            past = self._past = LookBack(self.operator.source, check.id)
        seconds, now = RANGES[self._range][0], board.at
        (more,) = self.read(lambda: (past.take(now, seconds),)) or (False,)
        self._seen = past.since(now - seconds)
        if more and not self._going_on:
            self._going_on = True
            self.set_timer(ON, self._go_on)

    def _go_on(self) -> None:
        self._going_on = False
        self.follow()

    def _story(self, width: int) -> list[Text]:
        row, board, check, look = self.row, self.board, self.check, self.look
        if row is None or board is None:
            return []
        side = (width - 3) // 2 if width >= WIDE else width
        known = facts(row, board, side, look)
        if check is None:
            return [*known, Text(), said("It has no checks: nothing is watched here.", look.dim)]
        height = 8 if self.size.height >= 40 else 5 if self.size.height >= 30 else 4
        title = tabs(row.checks, row.checks.index(check), width, look)
        about = check_lines(check, board.at, board.timezone, side, look)
        graph = graph_lines(self._seen, board.at, self._range, height, board.timezone, width, look)
        if width >= WIDE:
            lines = [title, *beside([about, known], side, "   "), *graph]
        else:
            lines = [title, *about, *graph, *([Text(), rule("About", width, look)] if known else []), *known]
        lines += way_lines(row, board, width, look)
        return lines + sample_lines(self._seen, board.timezone, width, look)
