"""Composing an announcement: what each outlet would be sent, made by the code that sends it, and one key to send it."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from outagetui.board.rows import Board, OutletRow
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.model import AUDIENCES
from outagetui.core.orders import LONGEST_NOTE
from outagetui.tui.composing import Composing
from outagetui.tui.proofs import fresh, kinds, why_not
from outagetui.tui.screens.announcement import AnnouncementScreen
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.scrolling import Head, Listing, Page
from outagetui.tui.widgets.sheets import form_lines, heading_line, outlet_line, sheet_lines, shown_sheets
from outagetui.wording.preview import Rendering


class Outlets(Listing, inherit_bindings=False):
    """The outlets, each taken or left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="outlets.up", tooltip="The outlet above"),
        Binding("down,j", "move(1)", "Down", show=False, id="outlets.down", tooltip="The outlet below"),
        Binding("home", "move(-1000000)", "First", show=False, id="outlets.home", tooltip="The first outlet"),
        Binding("end", "move(1000000)", "Last", show=False, id="outlets.end", tooltip="The last outlet"),
    ]


class ComposerScreen(Opened):
    """Shows what would be sent where. Nothing is sent before a question that says where, and then only once."""

    DEFAULT_CSS = """
    ComposerScreen #head { margin-bottom: 0; }
    ComposerScreen #outlets { height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,ctrl+s", "send", "send", id="composer.send", tooltip="Send it, after a question that says where"),
        *(Binding(str(number), f"kind({number})", "kind", show=False, id="composer.kind",
                  tooltip="Choose the kind of that number") for number in range(1, len(ANNOUNCEMENT_KINDS) + 1)),
        Binding("tab", "next_kind(1)", "next kind", show=False, id="composer.next", tooltip="The next kind"),
        Binding("shift+tab", "next_kind(-1)", "kind before", show=False, id="composer.before",
                tooltip="The kind before"),
        Binding("a", "audience", "whom", id="composer.audience", tooltip="Tell the other audience"),
        Binding("space,enter", "take", "on/off", id="composer.take", tooltip="Take the outlet in, or leave it out"),
        Binding("n", "note", "public words", id="composer.note",
                tooltip="Words of your own that people read, at the text's note"),
        Binding("e", "edit", "own words", id="composer.edit",
                tooltip="Write this outlet's text by hand; empty, it is composed again"),
        Binding("left", "other(-1)", "outlet before", show=False, id="composer.left", tooltip="The outlet before"),
        Binding("right", "other(1)", "next outlet", show=False, id="composer.right", tooltip="The next outlet"),
        Binding("pageup", "read(-1)", "read", show=False, id="composer.pageup", tooltip="A page up in the texts"),
        Binding("pagedown", "read(1)", "read", show=False, id="composer.pagedown", tooltip="A page down in the texts"),
    ]  # fmt: skip

    def __init__(self, audience: str = "") -> None:
        super().__init__()
        self.composing = Composing(self, audience)
        self._typing = False  # the note is open
        self._note_before = ""
        self._first = 0  # which outlet's text stands first
        self._shown: list[Rendering] = []  # the texts that stand there

    def body(self) -> Iterator[Widget]:
        """Lay the form above the outlets and their texts."""
        yield Head(self._form, id="form")
        yield Outlets(self._list, id="outlets")
        yield Page(self._texts, id="texts")
        yield Input(
            id="note",
            max_length=LONGEST_NOTE,
            placeholder="words that people read; Enter keeps them, Esc leaves them",
            select_on_focus=False,
        )

    @property
    def board(self) -> Board:
        """The newest board; there is one before this screen is opened."""
        return self.composing.board

    @property
    def outlets(self) -> Outlets:
        """The list of outlets."""
        return self.query_one(Outlets)

    @property
    def chosen(self) -> OutletRow | None:
        """The outlet under the cursor."""
        rows, cursor = self.composing.places, self.outlets.cursor
        return rows[cursor] if cursor < len(rows) else None

    def heading(self, board: Board, width: int) -> list[Text]:
        """Return whom it is for."""
        return [heading_line(self.composing.composed, board, width, self.look)]

    def on_mount(self) -> None:
        """Compose at once."""
        self.query_one("#texts", Page).can_focus = False  # the keys of the list move, those of the screen read
        self.outlets.focus()
        self.follow()

    def on_resize(self) -> None:
        """Share out the new height."""
        self.call_after_refresh(self.follow)

    def follow(self) -> None:
        """Show what changed, in the room that the outlets leave."""
        self.outlets.styles.height = max(1, min(len(self.composing.places), max(3, self.size.height // 5)))
        self.composing.notice()
        super().follow()

    def turn_to(self, outlet: str) -> None:
        """Show the text of an outlet."""
        for number, row in enumerate(self.composing.places):
            if row.id == outlet:
                self.outlets.cursor = number

    def sent(self, announcement: str, part: int) -> None:
        """Give way to the announcement, in the screen this was opened from if it shows announcements."""
        below = self.app.screen_stack[-2]
        # Neither is awaited: the screen that goes waits for the worker that calls this.
        if isinstance(below, AnnouncementScreen):
            below.announcement, below.part = announcement, part
            self.dismiss()
        else:
            self.app.switch_screen(AnnouncementScreen(announcement, part))

    def action_send(self) -> None:
        """Ask whether to send it, and send it once."""
        self.composing.send()

    def action_kind(self, number: int) -> None:
        """Choose a kind by its number, which never changes; say why one cannot be told now."""
        self._choose(ANNOUNCEMENT_KINDS[number - 1])

    def action_next_kind(self, by: int) -> None:
        """Choose the kind after or before, of those that can be told now."""
        draft = self.composing.draft
        found = kinds(self.board, draft.audience)
        if found:
            here = found.index(draft.kind) if draft.kind in found else -by
            self._choose(found[(here + by) % len(found)])

    def _choose(self, kind: str) -> None:
        if why := why_not(self.board, self.composing.draft.audience, kind):
            self.operator.tell(why, "warning")
        else:
            self.composing.draft.kind = kind
            self.composing.changed()

    def action_audience(self) -> None:
        """Tell the other audience, with the same note."""
        other = AUDIENCES[(AUDIENCES.index(self.composing.draft.audience) + 1) % len(AUDIENCES)]
        made = fresh(self.board, other)
        made.note, self.composing.draft = self.composing.draft.note, made
        self.outlets.cursor = self._first = 0
        self.composing.proof = None
        self.composing.changed()

    def action_take(self) -> None:
        """Take the outlet under the cursor in, or leave it out."""
        if (row := self.chosen) is not None:
            self.composing.draft.off ^= {row.id}
            self.composing.changed()

    def action_other(self, by: int) -> None:
        """Show another outlet's text."""
        self.outlets.action_move(by)

    def action_read(self, by: int) -> None:
        """Turn a page of the texts."""
        self.query_one("#texts", Page).turn(by)

    def action_note(self) -> None:
        """Open the line for the note."""
        field = self.query_one("#note", Input)
        self._note_before = field.value = self.composing.draft.note
        self._typing = True
        field.add_class("open")
        field.cursor_blink = False
        self.outlets.can_focus = False  # words must not become keys because of a tab among them
        field.focus()

    def action_edit(self) -> None:
        """Write the text of the outlet under the cursor by hand."""
        row = self.chosen
        sheet = self.composing.composed.sheet(row.id) if row is not None else None
        if row is None or sheet is None:
            self.operator.tell("there is no text to begin with: take the outlet in, and wait for its text")
        else:
            self.run_worker(self._edit(row, sheet.title, sheet.body), exclusive=True, group="edit", exit_on_error=False)

    def action_back(self) -> None:
        """Close the note as it was if it is open, else leave; what was typed is kept for the next time."""
        if self._typing:
            self.composing.draft.note = self._note_before
            self._close_note()
            self.composing.changed()
        elif self.composing.sending:
            self.operator.tell("it is being sent: wait for the daemon's answer")
        else:
            if self.composing.draft.begun:
                self.operator.tell("your words are kept until you leave outagetui; w shows them again")
            super().action_back()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take no key while the note is typed or the announcement is on its way."""
        if action in ("back", "quit", "read") or parameters == ("help",):
            return True
        return not self._typing and not self.composing.sending

    @on(Page.Read)
    def take_note(self) -> None:
        """Remember the texts that were in sight to their end."""
        if not self.query_one("#texts", Page).unread:
            self.composing.read(self._shown)

    @on(Listing.Moved)
    def show_text(self) -> None:
        """Show the text of the outlet under the cursor from its beginning."""
        texts = self.query_one("#texts", Page)
        texts.redraw()
        texts.scroll_home(animate=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Compose with the note as it is typed."""
        if self._typing and event.value != self.composing.draft.note:
            self.composing.draft.note = event.value
            self.composing.changed()

    def on_input_submitted(self) -> None:
        """Keep the note."""
        self.composing.draft.note = self.composing.draft.note.strip()
        self._close_note()
        self.composing.changed()

    def _close_note(self) -> None:
        self._typing = False
        self.query_one("#note", Input).remove_class("open")
        self.outlets.can_focus = True
        self.outlets.focus()

    async def _edit(self, row: OutletRow, title: str, body: str) -> None:
        from outagetui.tui.screens.own_words import OwnWords

        own = await self.app.push_screen_wait(OwnWords(row.name, title, body))
        if own is None:
            return
        if any(own):
            self.composing.draft.words[row.id] = own
        else:
            self.composing.draft.words.pop(row.id, None)
        self.composing.changed()

    def _form(self, width: int) -> list[Text]:
        most = 2 if self.size.height < 30 else 5
        return form_lines(self.composing.composed, self.board, width, self.look, most=most)

    def _list(self, width: int) -> list[Text]:
        return [outlet_line(row, self.composing.composed, width, self.look) for row in self.composing.places]

    def _texts(self, width: int) -> list[Text]:
        made, here = self.composing.composed, self.chosen
        sheets = self._shown = shown_sheets(made, here, width, self._first)
        if sheets and made.proof is not None:
            self._first = made.proof.outlets.index(sheets[0])
        return sheet_lines(sheets, made, here, width, self.look)
