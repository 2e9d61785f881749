"""Words of one's own for one outlet: a title and a text, in front of a screen."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input, TextArea

from outagetui.core.text import clean
from outagetui.tui.screens.ask import Question, words
from outagetui.wording.published import published, published_lines

LONGEST_TITLE, LONGEST_BODY = 200, 4000  # characters


class OwnWords(Question[tuple[str, str]]):
    """Asks for title and text. The result is both, and both empty to have them composed again."""

    DEFAULT_CSS = """
    OwnWords .dialog { width: 92%; height: 92%; }
    OwnWords TextArea { height: 1fr; border: tall $primary; }
    .-short OwnWords TextArea { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "keep", id="words.keep", tooltip="Keep these words", priority=True),
    ]

    def __init__(self, name: str, title: str, body: str, keep: str = "keep") -> None:
        text = published_lines(body, LONGEST_BODY)
        super().__init__(
            words(f"Words for {clean(name, 60)} alone", "question"),
            Input(published(title, LONGEST_TITLE), id="title", max_length=LONGEST_TITLE),
            TextArea(text, id="body", tab_behavior="focus", show_line_numbers=False),
            words("", "alarm", id="fault"),
            words(f"^s  {keep}      Tab  title, text      Esc  leave", "keys"),
        )

    def on_mount(self) -> None:
        """Begin in the text, with a still cursor: over a slow line every blink costs."""
        self.query_one(Input).cursor_position = 0  # a long one shows its beginning
        text = self.query_one(TextArea)
        text.cursor_blink = False
        text.focus()

    def action_keep(self) -> None:
        """End with the words, once there are both or neither."""
        title = published(self.query_one(Input).value, LONGEST_TITLE)
        raw = self.query_one(TextArea).text
        body = published_lines(raw, LONGEST_BODY).strip()
        fault = ""
        if len(raw) > LONGEST_BODY:
            fault = f"too long: {len(raw)} of {LONGEST_BODY} characters"
        elif bool(title) != bool(body):
            fault = "both a title and a text, or neither"
        if fault:
            self.complain(fault)
        else:
            self.dismiss((title, body))
