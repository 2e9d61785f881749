"""The keys that answer a run's question on the board, where it stands at the foot while there is one."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from outagetui.board.rows import RunRow
from outagetui.tui.answering import Answering
from outagetui.tui.widgets.dock import Dock
from outagetui.tui.widgets.scrolling import Page

if TYPE_CHECKING:
    from outagetui.tui.app import OutageApp


class AnswersScreen(Screen[None]):
    """A screen at the foot of which the oldest question stands, and what its keys do.

    An answer counts only once the last line of the text was in sight; before, its key opens the text.
    """

    AUTO_FOCUS = ""  # only an open line takes keys away from the board
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('y')", "yes", show=False, id="board.yes",
                tooltip="Yes, do it; or: done by hand; or: approve exactly what is shown"),
        Binding("f", "answer('f')", "failed", show=False, id="board.failed",
                tooltip="What was done by hand did not work"),
        Binding("d", "answer('d')", "it happened", show=False, id="board.happened",
                tooltip="The unsure step did happen"),
        *(Binding(str(number), f"answer('{number}')", "choose", show=False, id="board.choose",
                  tooltip="Choose the answer of that number") for number in range(1, 10)),
        Binding("S", "answer('S')", "skip", show=False, id="board.skip",
                tooltip="Leave the step out and go on, after a second look"),
        Binding("u", "answer('u')", "undo", show=False, id="board.undo", tooltip="Take the step back"),
        Binding("exclamation_mark", "give('break_glass')", "go on alone", show=False, id="board.break-glass",
                key_display="!", tooltip="Go on without the second person, with a reason that everybody sees"),
        Binding("n", "note", "note", show=False, id="board.note", tooltip="Add a note for the journal to the answer"),
        Binding("x", "give('abort')", "end run", show=False, id="board.abort",
                tooltip="End the run that asks; what was done stays done"),
        Binding("escape", "smaller", "smaller", show=False, id="board.smaller",
                tooltip="Close the note, or the text of the question"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.answering = Answering(self, "")

    @property
    def operator(self) -> "OutageApp":
        """The app this screen belongs to."""
        return cast("OutageApp", self.app)

    @property
    def dock(self) -> Dock:
        """The question at the foot."""
        return self.query_one(Dock)

    @property
    def asking(self) -> list[RunRow]:
        """The runs that ask, the oldest question first."""
        board = self.operator.board
        found = [run for run in board.runs if run.asking is not None] if board is not None else []
        return sorted(found, key=lambda run: (run.asking.at or run.started if run.asking else run.started, run.id))

    def follow(self) -> None:
        """Show what changed."""
        raise AssertionError("a screen shows what changed")

    def ask(self) -> None:
        """Take the question at hand: the one that stands there, else the oldest."""
        found, answering = self.asking, self.answering
        if answering.question is None:
            answering.turn_to(found[0].id if found else "")
        if answering.notice(in_front=self.app.screen is self):
            self.dock.text.scroll_home(animate=False, immediate=True)
            if answering.question is None:
                self._close_note()

    @property
    def place(self) -> str:
        """Which of several questions it is, in words."""
        ids = [run.id for run in self.asking]
        if len(ids) < 2 or self.answering.run not in ids:
            return ""
        return f"({ids.index(self.answering.run) + 1} of {len(ids)}{' ← →' if self.dock.opened else ''}) "

    @on(Page.Read)
    def take_note_of_reading(self) -> None:
        """Know how much of what an answer does was in sight."""
        before = self.answering.unread
        self.dock.count_unread()
        if self.answering.unread != before:
            self.follow()

    def on_screen_resume(self) -> None:
        """Let somebody read the question before it takes an answer."""
        self.answering.uncovered()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the keys of a question while one stands there that takes them."""
        if action == "answer":
            return self.answering.takes(action, *map(str, parameters))
        if action == "give":
            return self.answering.question is not None and self.answering.takes(str(parameters[0]))
        return action not in ("note", "smaller") or self.answering.question is not None

    def action_answer(self, key: str) -> None:
        """Give the answer that the key stands for, or open what has to be read before."""
        if self.answering.unread and key != "S":
            self.open_text()
            self.operator.tell("read it to its end first" + (": PgDn shows the rest" if self.answering.unread else ""))
        else:
            self.answering.answer(key)

    def action_give(self, order: str) -> None:
        """Go on alone, or end the run."""
        if order == "break_glass" and self.answering.unread:
            self.open_text()
        else:
            self.answering.order(order)

    def open_text(self, *, opened: bool = True) -> None:
        """Give the question the list's place, or only its lines at the foot."""
        if self.dock.opened is not opened:
            self.dock.opened = opened
            self.answering.moved()
            self.follow()

    def action_smaller(self) -> None:
        """Close the note if it is open, else the text."""
        if self.dock.note.has_class("open"):
            self._close_note()
        else:
            self.open_text(opened=False)

    def action_turn(self, by: int) -> None:
        """Take another question."""
        ids = [run.id for run in self.asking]
        if self.answering.run in ids and 0 <= ids.index(self.answering.run) + by < len(ids):
            self.answering.turn_to(ids[ids.index(self.answering.run) + by])
            self.follow()

    def action_note(self) -> None:
        """Open the line for a note."""
        field = self.dock.note
        field.placeholder = "a note for the journal; Enter keeps it, Esc leaves it"
        field.value = self.answering.note
        field.add_class("open")
        field.cursor_blink = False
        field.focus()
        self.follow()

    @on(Input.Submitted, "#note")
    def keep_note(self, event: Input.Submitted) -> None:
        """Keep the note for the answer to come."""
        self.answering.keep(event.value.strip())
        self._close_note()

    def _close_note(self) -> None:
        if self.dock.note.has_class("open"):
            self.dock.note.remove_class("open")
            self.set_focus(None)
            self.follow()
