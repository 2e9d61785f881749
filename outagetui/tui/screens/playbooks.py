"""The playbooks: which there are, what starting one would do, and the key that starts it."""

from collections.abc import Iterator
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from outagetui.board.rows import Board, PlaybookRow, PracticeRow, RunRow
from outagetui.board.suggest import gain_words
from outagetui.core.orders import Start
from outagetui.core.text import clean
from outagetui.tui.screens.opened import Opened
from outagetui.tui.theme import Look
from outagetui.tui.time_words import age, time_of
from outagetui.tui.widgets.lines import behind, filled, joined, paragraph, rule, said, sides, wrapped
from outagetui.tui.widgets.run_steps import run_mark
from outagetui.tui.widgets.scrolling import Listing, Page

CONFIDENCE = {"high": "■■■", "medium": "■■□", "low": "■□□", "none": "□□□"}


class PlaybooksScreen(Opened):
    """Lists the playbooks above the plan of the chosen one."""

    DEFAULT_CSS = """
    PlaybooksScreen #playbooks { max-height: 40%; }
    PlaybooksScreen Vertical { margin-top: 1; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,enter", "start", "start", id="playbooks.start", tooltip="Start the playbook, or open its run"),
        Binding("o", "last", "last run", id="playbooks.last", tooltip="Open the newest run of the playbook"),
        Binding("pageup", "read(-1)", "read", show=False, id="playbooks.pageup", priority=True,
                tooltip="A page up of what starting it would do"),
        Binding("pagedown", "read(1)", "read", show=False, id="playbooks.pagedown", priority=True,
                tooltip="A page down of what starting it would do"),
        Binding("t", "app.show('announcement')", "told", id="playbooks.told",
                tooltip="Show what was announced, and where it went"),
    ]  # fmt: skip

    def __init__(self, chosen: str = "") -> None:
        super().__init__()
        self._wanted = chosen
        self._starting = False

    @property
    def rows(self) -> tuple[PlaybookRow, ...]:
        """The playbooks: running ones first, then those suggested, then by name."""
        rows = self.board.playbooks if self.board else ()
        return tuple(sorted(rows, key=lambda row: (not row.running, not row.suggested, row.name)))

    @property
    def chosen(self) -> PlaybookRow | None:
        """The playbook under the cursor."""
        cursor = self.query_one(Listing).cursor
        return self.rows[cursor] if cursor < len(self.rows) else None

    def body(self) -> Iterator[Widget]:
        """Lay the list above the plan."""
        yield Listing(self._list, id="playbooks")
        with Vertical():
            yield Page(self._plan, id="plan")

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return how many playbooks there are, and how many are suggested."""
        suggested = sum(row.suggested for row in board.playbooks)
        words = f"{len(board.playbooks)} known, {suggested} suggested now"
        return [sides(joined(("Playbooks", self.look.strong)), joined((words, self.look.dim)), width)]

    def on_mount(self) -> None:
        """Put the cursor on the playbook that was asked for."""
        listing = self.query_one(Listing)
        listing.focus()
        self._fit()
        self.call_after_refresh(self._find)

    def _fit(self) -> None:
        self.query_one(Listing).styles.height = max(1, len(self.rows))

    def _find(self) -> None:
        ids = [row.id for row in self.rows]
        if self._wanted in ids:
            self.query_one(Listing).cursor = ids.index(self._wanted)

    @on(Listing.Moved)
    def show_plan(self) -> None:
        """Show the plan of the playbook under the cursor."""
        if (row := self.chosen) is not None:
            self._wanted = row.id
        plan = self.query_one("#plan", Page)
        plan.redraw()
        plan.scroll_home(animate=False)
        self.refresh_bindings()

    def follow(self) -> None:
        """Show what changed, with the cursor on the same playbook."""
        self._fit()
        super().follow()
        self._find()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the last run only where there is one."""
        if action == "last":
            return self.chosen is not None and self._last(self.chosen) is not None
        return True

    @on(Listing.Chosen)
    def action_start(self) -> None:
        """Start the chosen playbook after one question, or open the run it has."""
        row = self.chosen
        if row is None:
            return
        if row.running:
            self.operator.open_run(row.running)
        elif not self._starting and self.operator.may("start a playbook"):
            self.run_worker(self._start(row), exclusive=True, group="start")

    def action_last(self) -> None:
        """Open the newest run of the chosen playbook."""
        last = self._last(self.chosen) if self.chosen else None
        if last is not None:
            self.operator.open_run(last.id)

    def action_read(self, by: int) -> None:
        """Turn a page of the plan."""
        self.query_one("#plan", Page).turn(by)

    async def _start(self, row: PlaybookRow) -> None:
        count = len(row.steps)
        if not await self.operator.confirm(f"Start {row.name}?", f"{count} step{'s' * (count != 1)}, as shown."):
            return
        self._starting = True
        try:
            reply = await self.operator.order(Start(playbook=row.id))
        finally:
            self._starting = False
        if reply.get("ok") and (run := str(reply.get("run") or "")):
            self.operator.open_run(run)

    def _last(self, row: PlaybookRow) -> RunRow | None:
        runs = self.board.runs if self.board else ()
        return next((run for run in runs if run.playbook == row.id and not run.stands_down), None)

    def _list(self, width: int) -> list[Text]:
        return [self._item(row, width) for row in self.rows]

    def _item(self, row: PlaybookRow, width: int) -> Text:
        look, board = self.look, self.board
        mark = joined("  ")
        if row.running:
            mark = joined(("◆ ", look.key))
        elif row.suggested:
            mark = joined(("▲ ", look.ask))
        end = joined(confidence_mark(row.practised, look))
        last = self._last(row)
        if row.running:
            end = joined((f"RUNNING {clean(row.running, 12)}  ", look.key), end)
        elif row.suggested:
            end = joined((" SUGGESTED ", look.ask), "  ", end)
        elif last is not None and last.ended is not None and board is not None:
            end = joined(run_mark(last, look), (f" {time_of(last.started, board.at, board.timezone)}  ", look.dim), end)
        name = said(row.name, look.strong, limit=80)
        if width >= 100:
            name = joined(filled(name, 36), " ", said(row.summary, look.dim))
        return sides(joined(mark, name), end, width)

    def _plan(self, width: int) -> list[Text]:
        row, board, look = self.chosen, self.board, self.look
        if row is None or board is None:
            words = "No playbooks yet: put TOML files into playbooks/ of the configuration."
            return paragraph(words, width, look.dim) if board is not None else []
        lines: list[Text] = []
        lines += paragraph(row.summary, width, look.text, limit=600) if row.summary else []
        for suggestion in (each for each in board.suggestions if each.playbook == row.id):
            gain = gain_words(suggestion.gains)
            words = f"Suggested: {clean(suggestion.why)}" + (f"; reach: {gain}" if gain else "")
            lines += wrapped(joined((words, look.possible)), width)
        style = look.text if row.practised.confidence in ("medium", "high") else look.loud
        words = practice_words(row.practised, board.at, board.timezone)
        lines += [*wrapped(joined((words, style)), width), Text()]
        for number, what in enumerate(row.steps, 1):
            lines += behind(joined((f"{number:>3}  ", look.dim)), wrapped(said(what, look.text), width - 5))
        # One line more, the heading, has to fit as well.
        long = len(lines) + 1 > self.query_one("#plan", Page).size.height
        keys = joined((f" PgUp PgDn: all {len(lines)} lines", look.key)) if long else Text()
        return [joined(rule("What starting it would do", width - keys.cell_len, look), keys), *lines]


def confidence_mark(row: PracticeRow, look: Look) -> tuple[str, Style]:
    """Return the confidence as bars and word, as wide for each: `■■□ medium`."""
    word = clean(row.confidence, 10)
    style = {"high": look.good, "medium": look.text}.get(row.confidence, look.loud)
    return f"{CONFIDENCE.get(row.confidence, '?')} {word:<6}", style


def practice_words(row: PracticeRow, now: float, zone: str) -> str:
    """Return the confidence and why: when it was last run, how that went, and how long it took."""
    sure = f"Confidence {clean(row.confidence, 10)}"
    if row.at is None:
        return f"{sure}: never run, neither for real nor in a drill"
    where = "drilled" if row.where == "drill" else "run for real"
    took = f"{clean(row.state, 12)} {'in' if row.state == 'done' else 'after'} {age(row.seconds)}"
    words = [f"{sure}: {where} {time_of(row.at, now, zone)}", took]
    mishaps = (row.failed, "failed"), (row.skipped, "left out")
    words += [f"{count} step{'s' * (count != 1)} {what}" for count, what in mishaps if count]
    words += ["changed since"] if row.changed else []
    return ", ".join(words)
