"""The board: who can still reach us and how, what is broken and why, and what to do next."""

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from outagetui.board.rows import ChannelRow
from outagetui.core.orders import Ack, Prove, Recheck
from outagetui.tui.channel_orders import activate, mute
from outagetui.tui.screens.question_keys import AnswersScreen
from outagetui.tui.widgets.block import Block
from outagetui.tui.widgets.board_panes import Seen, Space
from outagetui.tui.widgets.boardview import BoardView
from outagetui.tui.widgets.detail import brief
from outagetui.tui.widgets.dock import Dock
from outagetui.tui.widgets.header import banner_lines, banners, reach_lines, title_line
from outagetui.tui.widgets.lines import across
from outagetui.tui.widgets.prompts import key_line, prompt_lines

ROOMY = 30  # from this height on empty lines set the parts apart
TALL = 36  # from this height on two lines are kept free for alarms
REST = 0.15  # seconds after which the panes follow a cursor that rests


class BoardScreen(AnswersScreen):
    """The first screen. Its parts are lines; a change repaints only what differs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", id="board.up", tooltip="To the row above", show=False),
        Binding("down,j", "move(1)", "down", id="board.down", tooltip="To the row below", show=False),
        Binding("pageup", "page(-1)", "page up", id="board.page_up", tooltip="A page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", id="board.page_down", tooltip="A page down", show=False),
        Binding("home,g", "move(-100000)", "first", id="board.first", tooltip="To the first row", show=False),
        Binding("end,G", "move(100000)", "last", id="board.last", tooltip="To the last row", show=False),
        Binding("enter", "open", "open", id="board.open", tooltip="Everything about the row under the cursor"),
        Binding("s", "start", "start", id="board.start", tooltip="Preview and start the suggested playbook"),
        Binding(
            "r",
            "run",
            "run",
            id="board.run",
            tooltip="The whole question of the run that asks; without one, the newest run",
        ),
        Binding("a", "ack", "ack", id="board.ack", tooltip="Take the incident: others see that somebody works on it"),
        Binding("m", "mute", "mute", id="board.mute", tooltip="Mute the row for maintenance, or end that"),
        Binding("A", "activate", "activate", id="board.activate", tooltip="Take the backup into use, or out of it"),
        Binding("w", "app.write", "tell", id="board.tell", tooltip="Write to customers or staff, see it, send it"),
        Binding("v", "prove", "prove", id="board.prove", tooltip="Try the backup from end to end now"),
        Binding("left", "turn(-1)", "left", show=False, id="board.left", tooltip="The question before, of several"),
        Binding("right", "turn(1)", "right", show=False, id="board.right", tooltip="The next question, of several"),
        Binding(
            "e",
            "every",
            "every alarm",
            show=False,
            id="board.alarms",
            tooltip="Show every alarm, or only as many as leave room for the list",
        ),
        Binding("R", "recheck", "recheck", id="board.recheck", tooltip="Probe the row under the cursor now"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._every = False  # whether all alarms are shown, however many
        self._below = False  # whether the panes stand below the list
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        """Stack the parts."""
        yield Block(id="head")
        with Horizontal(id="middle"):
            with Vertical():
                yield BoardView(self.operator.look, id="table")
                yield Block(id="under")
            yield Block(id="side")
            yield Block(id="far")
        yield Block(id="detail")
        yield Block(id="prompts")
        yield Block(id="keys")
        yield Dock(self.answering)

    @property
    def table(self) -> BoardView:
        """The table of channels and outlets."""
        return self.query_one("#table", BoardView)

    def on_mount(self) -> None:
        """Follow the board."""
        self.watch(self.app, "board", self.draw)
        self.watch(self.app, "trouble", self.draw, init=False)
        self.watch(self.app, "beat", self.draw, init=False)

    def on_resize(self) -> None:
        """Lay out for the new width, and let a question be read as it stands now."""
        self.answering.moved()
        self.draw()
        # How many rows are in sight, and how high the panes are, is known only after the layout.
        self.call_after_refresh(self._selected)

    def on_screen_resume(self) -> None:
        """Catch up after another screen was in front."""
        super().on_screen_resume()
        self.draw()

    def follow(self) -> None:
        """Show what changed."""
        self.draw()

    def draw(self) -> None:
        """Show the app's board as it is at this moment."""
        width, height = self.app.size
        app, look = self.operator, self.operator.seen
        space = Space.of(width, height)
        for name, columns in (("#side", space.side), ("#far", space.far)):
            pane = self.query_one(name, Block)
            pane.display = columns > 0
            if pane.display:
                pane.styles.width = columns
        self.query_one("#detail").display = not space.side and height >= 16
        board, now = app.board, app.clock()
        self.ask()
        asks = self.answering.run if self.answering.question is not None else ""
        found = banners(board, now, look, app.trouble, app.feed.read_at, no_daemon=app.no_daemon, below=asks)
        loud = banner_lines(found, width, len(found) if self._every else max(3, height // 6), key="e")
        if board is None:
            self._show("#head", [*loud, across(look.dim, width, " waiting for the first facts")])
            return
        reach = reach_lines(board, look, width)
        air = [Text()] if height >= ROOMY else []
        if height >= TALL:
            loud += [Text()] * (2 - len(loud))
        self._show("#head", [title_line(board, now, look, width), *loud, *reach, *air])
        self.table.follow(board, now, look)
        self._show("#prompts", prompt_lines(board, now, look, width, docked=asks))
        self._selected()
        self._dock()

    def _dock(self) -> None:
        """Show the question over the lowest lines; the list scrolls in what is left of it."""
        (width, height), dock = self.app.size, self.dock
        dock.follow(self.operator.board, self.operator.seen, width, self.place)
        lines = dock.height(width, height, max(0, height - len(self.query_one("#head", Block).lines) - 1))
        if dock.display:
            dock.styles.height = lines
        below = sum(
            len(block.lines)
            for block in (self.query_one(name, Block) for name in ("#detail", "#prompts"))
            if block.display
        )
        self.table.cover(max(0, lines - below) if dock.display else 0)
        self.refresh_bindings()

    def on_board_view_moved(self) -> None:
        """Explain the row under the cursor, as soon as it rests where that costs more than two lines."""
        if self.query_one("#detail").display and not self._below:
            self._selected()
            return
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self._selected)
        self._keys()

    def _selected(self) -> None:
        app, (width, height) = self.operator, self.app.size
        board, now, look = app.board, app.clock(), app.seen
        if board is None:
            return
        space = Space.of(width, height)
        seen = Seen(self.table.selected, board, now, look)
        self._below = space.below
        if not space.side:
            self._show("#under", [])
            self.table.styles.height = "1fr"
            lines = seen.below(width) if space.below else brief(self.table.selected, board, now, look, width)
            self._show("#detail", lines)
        else:
            room = self.query_one("#middle").size
            self._show("#side", seen.side(space.side, room.height, far=bool(space.far)))
            if space.far:
                self._show("#far", seen.far(space.far, room.height))
            under = seen.under(room.width - space.side - space.far, room.height - self.table.wanted - 1)
            self._show("#under", under)
            self.table.styles.height = self.table.wanted + 1 if under else "1fr"
        self._keys()

    def _keys(self) -> None:
        self._show("#keys", [key_line(self.operator.seen, self.app.size.width, self.table.position)])

    def _show(self, selector: str, lines: list[Text]) -> None:
        self.query_one(selector, Block).show(lines)

    def action_every(self) -> None:
        """Show every alarm, or only the worst; add words to a question that takes some."""
        if self.dock.opened and self.answering.takes("answer", "e"):
            self.answering.answer("e")
            return
        self._every = not self._every
        self.draw()

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.table.move(by)

    def action_page(self, by: int) -> None:
        """Move the cursor by pages, or read on in a question that is opened."""
        if self.dock.opened:
            self.dock.text.turn(by)
            return
        self.table.move(by * max(1, self.table.size.height - 2))

    def action_open(self) -> None:
        """Open the channel or outlet under the cursor, or the run whose question is opened."""
        if self.dock.opened:
            self.operator.open_run(self.answering.run)
            return
        row = self.table.selected
        if row is not None:
            self.operator.open_channel(row.id)

    def action_start(self) -> None:
        """Open the suggested playbook's preview."""
        board = self.operator.board
        if board is not None and board.suggestions:
            self.operator.open_plan(board.suggestions[0].playbook)
        else:
            self.operator.tell("No playbook is suggested now; p lists them all")

    def action_run(self) -> None:
        """Show all of the question that stands there, or less again; try a failed step again.

        Without a question open the newest run.
        """
        runs = self.operator.board.runs if self.operator.board is not None else ()
        if self.answering.question is not None:
            if self.dock.opened and self.answering.takes("answer", "r"):
                self.action_answer("r")
            else:
                self.open_text(opened=not self.dock.opened)
        elif runs:
            self.operator.open_run(runs[0].id)
        else:
            self.operator.tell("There is no run yet; p lists the playbooks")

    def action_ack(self) -> None:
        """Take the incident."""
        board = self.operator.board
        incident = board.open_incident if board is not None else None
        if incident is None:
            self.operator.tell("There is no incident to take")
        else:
            self.operator.order(Ack(incident=incident.id))

    def action_recheck(self) -> None:
        """Probe the row under the cursor now."""
        row = self.table.selected
        if row is not None:
            self.operator.order(Recheck(id=row.id))

    def action_prove(self) -> None:
        """Try the backup under the cursor from end to end now."""
        row = self.table.selected
        if not isinstance(row, ChannelRow) or not row.is_backup:
            self.operator.tell("Only a backup can be proven; put the cursor on one")
        elif self.operator.may("prove a backup"):
            self.operator.order(Prove(channels=(row.id,)))

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def action_mute(self) -> None:
        """Ask how long and why, then mute; or end the mute."""
        row = self.table.selected
        if row is not None and self.operator.may("mute"):
            await mute(self.operator, row)

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def action_activate(self) -> None:
        """Ask, then take the selected backup into use or back out of it."""
        row = self.table.selected
        if not isinstance(row, ChannelRow) or not row.is_backup:
            self.operator.tell("Only a backup can be activated; put the cursor on one")
        elif self.operator.may("activate a backup"):
            await activate(self.operator, row)
