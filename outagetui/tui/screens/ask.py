"""Small questions in front of a screen: yes or no, a reason, and how long to mute for which reason."""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from outagetui.core.orders import LONGEST_NOTE
from outagetui.core.text import clean, clean_lines, readable

LONGEST_MUTE = 7 * 24 * 60  # minutes
T = TypeVar("T")


def words(text: str, classes: str = "", *, id: str | None = None) -> Static:
    """Return `text`, cleaned or our own, as a part of a question; none of it is markup."""
    return Static(Content(text), classes=classes, id=id)


class Question(ModalScreen[T | None]):
    """A question in front of a screen: what is asked, what has to be filled in, a place for `complain`, the keys.

    The result is None when it was left.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="question.leave", tooltip="Leave it as it is", priority=True),
    ]

    def __init__(self, *parts: Widget) -> None:
        super().__init__()
        self._parts = parts

    def compose(self) -> ComposeResult:
        """Put the parts in a frame."""
        yield Vertical(*self._parts, classes="dialog")

    def on_mount(self) -> None:
        """Keep the cursor still: over a slow line every blink costs."""
        for field in self.query(Input):
            field.cursor_blink = False

    def complain(self, text: str, field: Widget | None = None) -> None:
        """Say what is wrong, and go where it can be put right."""
        self.query_one("#fault", Static).update(Content(text))
        if field is not None:
            field.focus()

    def action_leave(self) -> None:
        """End without an answer."""
        self.dismiss(None)


class Confirm(Question[bool]):
    """Asks for y or n. Return does nothing: an outage is no time for a key pressed too often."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", id="confirm.yes", tooltip="Do it"),
        Binding("n,escape", "answer(False)", "no", id="confirm.no", tooltip="Leave it as it is"),
    ]

    def __init__(self, question: str, warning: str = "") -> None:
        warned = clean_lines(warning, 600)
        alarm = [words(warned, "alarm")] if warned else []
        super().__init__(words(clean_lines(question, 1200), "question"), *alarm, words("y  yes      n  no", "keys"))

    def action_answer(self, answer: bool) -> None:
        """End with the answer."""
        self.dismiss(answer)


class Reason(Question[str]):
    """Asks for a reason of at least `shortest` characters, typed and not picked."""

    def __init__(self, question: str, warning: str, shortest: int) -> None:
        super().__init__(
            words(clean_lines(question, 600), "question"),
            words(clean_lines(warning, 600), "alarm"),
            words(f"Why, in at least {shortest} characters"),
            Input(id="reason", max_length=300),
            words("", "alarm", id="fault"),
            words("Enter  do it      Esc  leave", "keys"),
        )
        self._shortest = shortest

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """End with the reason once it is one."""
        reason = event.value.strip()
        if len(readable(reason)) >= self._shortest:
            self.dismiss(reason)
        else:
            self.complain("Longer, please: the journal keeps it and others read it")


class PublicWords(Question[str]):
    """Asks for words that people will read; none take back those that were given before."""

    def __init__(self, about: str) -> None:
        super().__init__(
            words("Words that people read, at the note of the text", "question"),
            words(clean_lines(about, 600)),
            Input(id="words", max_length=LONGEST_NOTE),
            words("Enter  show me the text with them      Esc  leave", "keys"),
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """End with the words."""
        self.dismiss(event.value.strip())


class MuteForm(Question[tuple[float, str]]):
    """Asks for minutes and a reason. The result is (seconds, reason), 0 seconds to end a mute."""

    def __init__(self, name: str, muted: bool) -> None:
        super().__init__(
            words(f"Mute {clean(name, 60)}: checks go on, nobody is alarmed", "question"),
            words(f"Minutes (up to {LONGEST_MUTE}){'; 0 ends the mute in force' if muted else ''}"),
            Input("60", id="minutes", restrict=r"[0-9]*", max_length=5),
            words("Reason"),
            Input(id="reason", max_length=120),
            words("", "alarm", id="fault"),
            words("Enter  next, mute      Esc  leave", "keys"),
        )
        self._muted = muted

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go from the minutes to the reason, and from the reason to the end."""
        minutes = self.query_one("#minutes", Input)
        reason = self.query_one("#reason", Input)
        if not minutes.value or int(minutes.value) > LONGEST_MUTE or (minutes.value == "0" and not self._muted):
            self.complain(f"Say how many minutes: 1 to {LONGEST_MUTE}", minutes)
        elif minutes.value == "0":
            self.dismiss((0.0, reason.value.strip() or "over"))
        elif event.input is minutes:
            reason.focus()
        elif not readable(reason.value):
            self.complain("Say why: the journal keeps it", reason)
        else:
            self.dismiss((int(minutes.value) * 60.0, reason.value.strip()))
