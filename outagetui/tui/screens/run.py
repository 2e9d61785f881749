"""A run: its steps as the journal tells them, and the question that waits for an operator."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from outagetui.board.rows import Board
from outagetui.tui.answering import Answering
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.block import Block
from outagetui.tui.widgets.header import Banner
from outagetui.tui.widgets.lines import joined, said
from outagetui.tui.widgets.questions import answer_lines, preview_lines, question_lines, shows_preview
from outagetui.tui.widgets.run_steps import current_step, run_facts, run_title, step_lines
from outagetui.tui.widgets.scrolling import Head, Page, Trail

STEPS_KEPT = 3  # lines of the steps that a long text to be sent leaves in sight
PREVIEW_EDGE = 6  # cells that the screen's edge, the panel's edge and the scroll bar take of the width
CHANGED = "CHANGED  the playbook changed; this run goes on with the steps it had"


class RunScreen(Opened):
    """Shows one run and takes the answers. Everything on it comes from the journal, nothing from a reply."""

    DEFAULT_CSS = """
    RunScreen .asks { height: 0; border-left: outer $warning; padding: 0 1; }
    RunScreen .asks.sent { border-left: outer $primary; }
    RunScreen #question { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('y')", "yes", id="run.yes",
                tooltip="Yes, do it; or: done by hand; or: approve exactly what is shown"),
        Binding("f", "answer('f')", "failed", id="run.failed", tooltip="What was done by hand did not work"),
        Binding("d", "answer('d')", "it happened", id="run.happened", tooltip="The unsure step did happen"),
        Binding("r", "answer('r')", "retry", id="run.retry", tooltip="Try the step again; or ask for approval anew"),
        *(Binding(str(number), f"answer('{number}')", "choose", show=False, id="run.choose",
                  tooltip="Choose the answer of that number") for number in range(1, 10)),
        Binding("S", "answer('S')", "skip", id="run.skip", tooltip="Leave the step out and go on, after a second look"),
        Binding("u", "answer('u')", "undo", id="run.undo", tooltip="Take the step back"),
        Binding("exclamation_mark", "order('break_glass')", "go on alone", id="run.break-glass", key_display="!",
                tooltip="Go on without the second person, with a reason that everybody sees"),
        Binding("e", "answer('e')", "public words", id="run.words",
                tooltip="Add words that people read, and see the text with them"),
        Binding("n", "note", "note", id="run.note", tooltip="Add a note for the journal to the answer"),
        Binding("x", "order('abort')", "end run", id="run.abort", tooltip="End the run; what was done stays done"),
        Binding("T", "order('take')", "take over", id="run.take", tooltip="Make another operator's run yours"),
        Binding("D", "order('stand_down')", "stand down", id="run.stand-down",
                tooltip="Take back what the run has done"),
        Binding("o", "unfold", "output", id="run.output", tooltip="Show all that the steps printed, or fold it away"),
        Binding("w", "app.write", "tell", show=False, id="run.write", tooltip="Write to customers or staff yourself"),
        Binding("pageup", "read(-1)", "read", show=False, id="run.pageup", priority=True,
                tooltip="A page up: of the text that will be sent, else of the steps"),
        Binding("pagedown", "read(1)", "read", show=False, id="run.pagedown", priority=True,
                tooltip="A page down, likewise"),
        Binding("left", "other(1)", "older run", show=False, id="run.older", tooltip="The run before this one"),
        Binding("right", "other(-1)", "newer run", show=False, id="run.newer", tooltip="The run after this one"),
    ]  # fmt: skip

    def __init__(self, run: str) -> None:
        super().__init__()
        self.answering = Answering(self, run)
        self._long = 0  # lines of the text to be sent when they do not all fit
        self._unfolded = False

    def body(self) -> Iterator[Widget]:
        """Lay the steps above the question, what a yes will send, and the answers."""
        yield Trail(self._steps, id="steps")
        yield Head(self._question, id="question", classes="asks")
        yield Page(self._preview, id="preview", classes="asks")
        yield Head(self._answers, id="answers", classes="asks")
        yield Input(id="note", max_length=200, select_on_focus=False)

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return name, state, time and who."""
        row, here = self.answering.row, self.answering.run
        if row is None:
            return [said(f"Waiting for the journal to show run {here}…", self.look.dim)]
        others = [run for run in board.runs if run.id != here]
        more = joined((f"← → {len(others)} other run{'s' * (len(others) > 1)}", self.look.dim)) if others else Text()
        return [
            run_title(row, board.at, width, self.look),
            run_facts(row, board.timezone, width, self.look, more),
        ]

    def follow(self) -> None:
        """Show what changed, and go to the step at hand when it is another one."""
        answering = self.answering
        if answering.notice(in_front=self.app.screen is self):
            self.query_one("#preview", Page).scroll_home(animate=False, immediate=True)
        for panel in self.query(".asks"):
            panel.display = answering.question is not None
            panel.set_class(answering.sent is not None, "sent")
        self._show_alarms()
        self._count_unread()
        self._fit()
        super().follow()
        self.refresh_bindings()
        self.call_after_refresh(self.query_one(Trail).go)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the keys that the question at hand takes, and offer what was printed only where something was."""
        if action == "unfold":
            row = self.answering.row
            return row is not None and any(step.output for step in row.steps)
        if action == "order":
            return self.answering.takes(str(parameters[0]))
        return action != "answer" or self.answering.takes(action, *map(str, parameters))

    def offers(self, action: str) -> bool:
        """Show the key of a note while there is something to answer."""
        return action != "note" or self.answering.question is not None

    def alarms(self, board: Board) -> list[Banner]:
        """Say that the run goes by an older playbook, or what it left half done."""
        row = self.answering.row
        found = [Banner(CHANGED, self.look.warning)] if row is not None and row.changed else []
        if row is not None and row.left is not None:
            ways = ["D stands it down"] if row.stands_down else ["p starts it again", "D stands it down"]
            ways += ["w tells them"] if row.left.untold else []
            found.append(Banner(f"HALF DONE  {row.left.words}", self.look.warning, key=f": {', '.join(ways)}"))
        return found

    def on_resize(self) -> None:
        """Share out the new height, and let the question be read as it stands now."""
        self.answering.moved()
        self.call_after_refresh(self.follow)

    @on(Page.Read)
    def take_note(self) -> None:
        """Know how much of what a yes will do was in sight."""
        self._count_unread()
        self._fit()
        self.query_one("#answers", Page).redraw()

    def on_screen_resume(self) -> None:
        """Let somebody read the question before it takes an answer."""
        self.answering.uncovered()

    def action_answer(self, key: str) -> None:
        """Give the answer that the key stands for."""
        self.answering.answer(key)

    def action_order(self, what: str) -> None:
        """Go on alone, end the run, take it over or stand it down."""
        self.answering.order(what)

    def action_note(self) -> None:
        """Open the line for a note; also where no note is taken, so that its words are not read as keys."""
        field = self.query_one("#note", Input)
        field.placeholder = "a note for the journal; Enter keeps it, Esc leaves it"
        if not self.answering.takes_notes:
            field.placeholder = "no note can be kept here; Esc leaves"
        elif self.answering.question is None:
            field.placeholder = "a note for the next answer; Enter keeps it, Esc leaves it"
        field.value = self.answering.note
        field.add_class("open")
        field.cursor_blink = False
        field.focus()
        for page in self.query(Page):
            page.can_focus = False  # words must not become keys because of a tab among them
        self.follow()

    def action_back(self) -> None:
        """Close the note if it is open, else leave the screen; the run goes on."""
        if self.query_one("#note", Input).has_class("open"):
            self._close_note()
        else:
            super().action_back()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the note for the answer to come."""
        self.answering.keep(event.value.strip())
        self._close_note()

    def _close_note(self) -> None:
        for page in self.query(Page):
            page.can_focus = not isinstance(page, Head)
        self.query_one("#note", Input).remove_class("open")
        self.query_one("#steps", Page).focus()
        self.follow()

    def action_read(self, by: int) -> None:
        """Turn a page of the text to be sent while it is longer than its room, else of the steps."""
        self.query_one("#preview" if self._long else "#steps", Page).turn(by)

    def action_unfold(self) -> None:
        """Show all that the steps printed, or fold it away again."""
        self._unfolded = not self._unfolded
        self.follow()

    def action_other(self, by: int) -> None:
        """Show another run."""
        ids, here = [run.id for run in self.board.runs] if self.board else [], self.answering.run
        if here in ids and 0 <= ids.index(here) + by < len(ids):
            self.answering.turn_to(ids[ids.index(here) + by])
            self.query_one(Trail).start_over()
            self.follow()

    def _count_unread(self) -> None:
        question, preview = self.answering.question, self.query_one("#preview", Page)
        if question is None or not shows_preview(question):
            self.answering.unread = 0
            return
        # What was not drawn yet, because it has only just come, is not read.
        wanted = preview_lines(question, max(1, preview.room), self.look)
        self.answering.unread = preview.unread if preview.lines == wanted else len(wanted)

    def _fit(self) -> None:
        """Give the text to be sent the rows that nothing else needs."""
        preview, question = self.query_one("#preview", Page), self.answering.question
        if question is None or not shows_preview(question):
            preview.display, self._long = False, 0
            return
        width = max(8, self.size.width - PREVIEW_EDGE)
        lines = len(preview_lines(question, width, self.look))
        # A panel that has only just appeared has no lines of its own yet.
        rows = {"question": len(self._question(width + 1)), "answers": len(self._answers(width + 1))}
        others = [widget for widget in self.children if widget.display and widget.id not in ("steps", "preview")]
        taken = sum(rows.get(widget.id or "", _rows(widget)) + widget.styles.margin.height for widget in others)
        room = max(2, self.size.height - taken - min(STEPS_KEPT, len(self.query_one("#steps", Page).lines)))
        preview.styles.height = min(lines, room)
        self._long = lines if lines > room else 0

    def _steps(self, width: int) -> list[Text]:
        board, row = self.board, self.answering.row
        if board is None or row is None:
            return []
        lines: list[Text] = []
        trail, here = self.query_one(Trail), current_step(row)
        trail.at_hand = None
        for number, step in enumerate(row.steps, 1):
            first = len(lines)
            lines += step_lines(row, number, board, width, self.look, unfolded=self._unfolded)
            if step is here:
                trail.at_hand = (f"{row.id} {step.id} {step.state} {step.attempt}", first, len(lines) - 1)
        return lines

    def _question(self, width: int) -> list[Text]:
        question = self.answering.question
        return question_lines(question, width, self.look, long=self._long) if question else []

    def _preview(self, width: int) -> list[Text]:
        question = self.answering.question
        return preview_lines(question, width, self.look) if question and shows_preview(question) else []

    def _answers(self, width: int) -> list[Text]:
        made = self.answering
        if made.row is None or made.question is None:
            return []
        words = made.sent.words if made.sent else ""
        asker, unread = made.asker, made.unread
        return answer_lines(made.row, made.question, words, made.note, asker, width, self.look, unread=unread)


def _rows(widget: Widget) -> int:
    return len(widget.lines) if isinstance(widget, Head | Block) else 1
