"""Small questions in front of a screen: yes or no, and how long to mute for which reason."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from outagetui.core.text import clean, clean_lines

LONGEST_MUTE = 7 * 24 * 60  # minutes


class Confirm(ModalScreen[bool]):
    """Asks for y or n. Return does nothing: an outage is no time for a key pressed too often."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", id="confirm.yes", tooltip="Do it"),
        Binding("n,escape", "answer(False)", "no", id="confirm.no", tooltip="Leave it as it is"),
    ]

    def __init__(self, question: str, warning: str = "") -> None:
        super().__init__()
        self._question = clean_lines(question, 1200)
        self._warning = clean_lines(warning, 600)

    def compose(self) -> ComposeResult:
        """Lay the question above the keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._question), classes="question")
            if self._warning:
                yield Static(Content(self._warning), classes="alarm")
            yield Static(Content("y  yes      n  no"), classes="keys")

    def action_answer(self, answer: bool) -> None:
        """End with the answer."""
        self.dismiss(answer)


class Reason(ModalScreen[str | None]):
    """Asks for a reason of at least `shortest` characters, typed and not picked. The result is None to leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="reason.leave", tooltip="Leave it as it is"),
    ]

    def __init__(self, question: str, warning: str, shortest: int) -> None:
        super().__init__()
        self._question = clean_lines(question, 600)
        self._warning = clean_lines(warning, 600)
        self._shortest = shortest

    def compose(self) -> ComposeResult:
        """Lay the field below the question."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._question), classes="question")
            yield Static(Content(self._warning), classes="alarm")
            yield Static(Content(f"Why, in at least {self._shortest} characters"))
            yield Input(id="reason", max_length=300)
            yield Static(Content(""), id="fault", classes="alarm")
            yield Static(Content("Enter  do it      Esc  leave"), classes="keys")

    def on_mount(self) -> None:
        """Keep the cursor still: over a slow line every blink costs."""
        self.query_one(Input).cursor_blink = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """End with the reason once it is one."""
        words = event.value.strip()
        if len(words) >= self._shortest:
            self.dismiss(words)
        else:
            self.query_one("#fault", Static).update(Content("Longer, please: the journal keeps it and others read it"))

    def action_leave(self) -> None:
        """End without a reason."""
        self.dismiss(None)


class MuteForm(ModalScreen[tuple[float, str] | None]):
    """Asks for minutes and a reason. The result is (seconds, reason), 0 seconds to end a mute, None to leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="mute.leave", tooltip="Do not mute"),
    ]

    def __init__(self, name: str, muted: bool) -> None:
        super().__init__()
        self._name = clean(name, 60)
        self._muted = muted

    def compose(self) -> ComposeResult:
        """Lay out the two fields."""
        ending = "; 0 ends the mute in force" if self._muted else ""
        with Vertical(classes="dialog"):
            yield Static(Content(f"Mute {self._name}: checks go on, nobody is alarmed"), classes="question")
            yield Static(Content(f"Minutes (up to {LONGEST_MUTE}){ending}"))
            yield Input("60", id="minutes", restrict=r"[0-9]*", max_length=5)
            yield Static(Content("Reason"))
            yield Input(id="reason", max_length=120)
            yield Static(Content(""), id="fault", classes="alarm")
            yield Static(Content("Enter  next, mute      Esc  leave"), classes="keys")

    def on_mount(self) -> None:
        """Keep the cursor still: over a slow line every blink costs."""
        for field in self.query(Input):
            field.cursor_blink = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go from the minutes to the reason, and from the reason to the end."""
        minutes = self.query_one("#minutes", Input)
        reason = self.query_one("#reason", Input)
        if not minutes.value or int(minutes.value) > LONGEST_MUTE or (minutes.value == "0" and not self._muted):
            self._complain(f"Say how many minutes: 1 to {LONGEST_MUTE}", minutes)
        elif minutes.value == "0":
            self.dismiss((0.0, reason.value.strip() or "over"))
        elif event.input is minutes:
            reason.focus()
        elif not reason.value.strip():
            self._complain("Say why: the journal keeps it", reason)
        else:
            self.dismiss((int(minutes.value) * 60.0, reason.value.strip()))

    def _complain(self, words: str, field: Input) -> None:
        self.query_one("#fault", Static).update(Content(words))
        field.focus()

    def action_leave(self) -> None:
        """End without a mute."""
        self.dismiss(None)
