"""What the operator's screens and the wall share: colours, the feed, and a way out that leaves no mess."""

import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.reactive import reactive
from textual.screen import Screen

from outagetui.board.rows import Board
from outagetui.core.own_fault import own_fault
from outagetui.core.text import clean
from outagetui.machine.background import hear_failures
from outagetui.tui.board_feed import POLL, BoardFeed, Source
from outagetui.tui.frame import Frame
from outagetui.tui.glyphs import SafeFilter
from outagetui.tui.keyboard import SteadyDriver
from outagetui.tui.terminal import Terminal
from outagetui.tui.theme import ANSI, OKABE, PLAIN, RICH, Look

FAULT = 1  # exit status after an error in ourselves
SHORT = 18  # lines of a terminal below which empty ones are left out


class BoardApp(App[int]):
    """An app that follows a board. `look` holds the styles to draw with, `board` the newest board or None.

    `trouble` says why the facts cannot be read at the moment, or is empty; `board` then stays as it was
    and `beat` moves every second.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "redraw", "redraw", id="app.redraw", tooltip="Draw the whole screen again", show=False),
    ]

    NOTIFICATION_TIMEOUT: ClassVar[float] = 4.0
    board: reactive[Board | None] = reactive(None, repaint=False)
    trouble: reactive[str] = reactive("", repaint=False)
    beat: reactive[int] = reactive(0, repaint=False)

    def __init__(
        self,
        source: Source,
        *,
        clock: Callable[[], float] = time.time,
        ascii: bool | None = None,
    ) -> None:
        terminal = Terminal.here()
        super().__init__(driver_class=SteadyDriver, ansi_color=True if terminal.plain else None)
        self.source = source
        self.clock = clock
        self.ascii = terminal.ascii if ascii is None else ascii
        self.look: Look = PLAIN if terminal.plain else RICH
        self.feed = BoardFeed(source, clock)
        self.frame = Frame()
        self._safe = SafeFilter(self.ascii)
        self.register_theme(OKABE)
        self.theme = (ANSI if terminal.plain else OKABE).name
        self.set_class(self.ascii, "-ascii")

    @property
    def seen(self) -> Look:
        """The styles for facts: nothing looks well that is old."""
        old = bool(self.trouble) or (self.board is not None and self.board.stale)
        return self.look.aged if old else self.look

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the toolkit's filters and, behind them, the one that keeps hostile characters in."""
        return [*super().get_line_filters(), self._safe]

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # The one place where the toolkit's frames pass on their way out.
        if isinstance(renderable, LayoutUpdate | ChopsUpdate) and self._shows():
            changes = self.frame.changes(renderable, self.size, self.console)
            if changes is not None:
                super()._display(screen, changes)
            return
        super()._display(screen, renderable)

    def _shows(self) -> bool:
        inline = self._driver is None or self._driver.is_inline
        return self._running and not self._batch_count and not self.is_headless and not inline

    def on_resize(self) -> None:
        """Distrust what the terminal made of its new size."""
        self.frame.forget()

    def action_redraw(self) -> None:
        """Send the whole screen again, after something else wrote on the terminal."""
        self.frame.forget()
        self.screen.refresh()

    def on_mount(self) -> None:
        """Read the first board before the first paint and follow it from then on."""
        hear_failures(lambda error: self.tell(f"internal: {own_fault(error)}", "error"))
        self.app_resume_signal.subscribe(self, lambda _: self.frame.forget())
        self.poll()
        self.set_interval(POLL, self.poll)

    def poll(self) -> None:
        """Take what the feed has."""
        board = self.feed.poll()
        self.trouble = self.feed.trouble
        # Without new boards the clock and the age of the old one still have to move.
        self.beat = int(self.clock()) if self.trouble else 0
        if board is not None:
            self.board = board

    def tell(self, words: str, severity: str = "information") -> None:
        """Show a notification; `words` may hold outside text."""
        level = severity if severity in ("warning", "error") else "information"
        safe = clean(words, 400)
        # A key that is pressed again says the same again, and once is enough.
        if not any(each.message == safe and not each.has_expired for each in self._notifications):
            self.notify(safe, severity=level, markup=False)  # type: ignore[arg-type]

    def _set_pointer_shape(self, shape: str) -> None:
        # There is no mouse here, and consoles that do not know the sequence would print it.
        return

    def panic(self, *renderables: RenderableType) -> None:
        """End with what went wrong on the terminal, and never as if all were well."""
        self._return_code = self._return_code or FAULT
        super().panic(*renderables)

    def _fatal_error(self) -> None:
        # The toolkit's own report shows local values and would let their control characters through.
        lines = [clean(line, 500) for line in traceback.format_exc().splitlines()]
        advice = "outagetui stopped because of an error in itself. Probes and runs are not affected: start it again."
        self.panic(Text("\n".join([*lines, "", advice])))
