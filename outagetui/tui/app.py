"""The operator's app: the board, the screens it opens, and the one way in which keys become orders."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.screen import Screen

from outagetui.board.rows import Board
from outagetui.core.orders import Order, name_of
from outagetui.core.text import clean
from outagetui.machine.background import Background
from outagetui.tui.base import SHORT, BoardApp
from outagetui.tui.board_feed import Source
from outagetui.tui.keys import InTurn
from outagetui.tui.operator import Orders
from outagetui.tui.proved import proved
from outagetui.tui.wake import Waker

if TYPE_CHECKING:
    from textual.command import Provider

    from outagetui.tui.proofs import Draft


PRESENCE = 60.0  # seconds between two words that somebody is here


def _everything() -> "type[Provider]":
    from outagetui.tui.palette import Everything

    return Everything


PATIENCE = 2.0  # seconds of silence after which it is said that an answer is waited for
PROOFS_ON = ("BoardScreen", "ChannelScreen")  # where it is said that a proof passed


class OutageApp(BoardApp):
    """The operator's screens over one source of facts and one sender of orders."""

    CSS_PATH = Path(__file__).with_name("outagetui.tcss")
    TITLE = "outagetui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar["set[type[Provider] | Callable[[], type[Provider]]]"] = {_everything}
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-tall")]  # noqa: RUF012 - declared by the toolkit
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "show('playbooks')", "playbooks", id="app.playbooks", tooltip="List the playbooks and their runs"),
        Binding("l", "show('journal')", "journal", id="app.journal", tooltip="Read the journal, newest first"),
        Binding("t", "show('announcement')", "told", show=False, id="app.told",
                tooltip="Show what was announced, and where it went"),
        Binding("question_mark", "show('help')", "help", id="app.help", tooltip="Explain the keys and signs",
                key_display="?"),
        Binding("q", "quit", "quit", id="app.quit", tooltip="Leave; probes and runs go on"),
        Binding(
            "ctrl+c,ctrl+q", "quit", "quit", id="app.quit", tooltip="Leave; probes and runs go on", show=False,
            priority=True, system=True,
        ),
    ]  # fmt: skip

    def __init__(
        self,
        source: Source,
        orders: Orders,
        *,
        clock: Callable[[], float] = time.time,
        ascii: bool | None = None,
        drill: str = "",
        no_daemon: str = "",
    ) -> None:
        super().__init__(source, clock=clock, ascii=ascii)
        self.orders = orders
        self.drill = drill
        self.no_daemon = no_daemon  # why none could be started when the screens began
        self.actor = ""  # who we are to the daemon
        self.draft: Draft | None = None  # what is composed and not sent; a lost terminal takes it along
        self._keys = InTurn(self, super().on_event)
        self._waker = Waker(ascii=self.ascii)
        self._refused = ""  # why the daemon did not greet us, in words
        self._sending = Background()

    def get_default_screen(self) -> Screen[None]:
        """Start on the board."""
        return self._screen("board")

    def on_mount(self) -> None:
        """Tell the daemon that somebody is here, so that it knows our role and does not end as unneeded."""
        self.set_interval(PRESENCE, self._greet)
        self._greet()

    def watch_board(self, was: Board | None, board: Board | None) -> None:
        """Ring when somebody has to look, and say what came of a proof."""
        # Good news covers nothing that somebody reads before a yes; the board has it anyway.
        watching = type(self.screen).__name__ in PROOFS_ON
        for words, severity in proved(was, board):
            if watching or severity == "error":
                self.tell(words, severity)
        sound = self._waker.wake(board) if board is not None else ""
        if sound and self._driver is not None and not self.is_headless:
            self._driver.write(sound)

    async def on_event(self, event: Event) -> None:
        """Handle keys one after the other, and everything else at once."""
        if isinstance(event, Key) and not event.is_forwarded:
            await self._keys.take(event)
        else:
            await super().on_event(event)

    def _greet(self) -> None:
        self._begin(self._hello())

    def _begin(self, sending: Coroutine[Any, Any, dict[str, object]]) -> asyncio.Task[dict[str, object]]:
        return self._sending.begin(sending)

    async def _hello(self) -> dict[str, object]:
        reply = await self.orders.hello()
        self.actor = clean(reply.get("actor") or "", 80) if reply.get("ok") else self.actor
        self._refused = "" if reply.get("ok") else clean(reply.get("error", "the daemon refused"))
        return reply

    def may(self, what: str) -> bool:
        """Return whether this user may give orders, after saying why if not; the daemon decides in any case.

        Without a daemon nobody knows the role: that is said then, and the daemon is asked again.
        """
        if self.orders.role != "viewer":
            return True
        self.tell(self._refused or f"You are a viewer here: ask an operator to {what}", "error")
        if self._refused:
            self._greet()
        return False

    def order(self, order: Order) -> asyncio.Task[dict[str, object]]:
        """Send an order and show a refusal; the task can be awaited for the reply, or left alone."""
        return self._begin(self._order(order))

    async def _order(self, order: Order) -> dict[str, object]:
        words = f"{name_of(order)}: the daemon does not answer yet; waiting"
        late = self.set_timer(PATIENCE, lambda: self.tell(words, "warning"))
        reply = await self.orders.send(order)
        late.stop()
        if not reply.get("ok"):
            self.tell(clean(reply.get("error", f"{name_of(order)} was refused")), "error")
        elif warning := reply.get("warning"):
            self.tell(clean(warning), "warning")
        return reply

    async def ask(self, order: Order) -> dict[str, object]:
        """Send an order that only asks, and return the reply; whoever called shows a refusal."""
        # A screen that is left must not take the reply from the line half read.
        return await asyncio.shield(self._begin(self.orders.send(order)))

    async def confirm(self, question: str, warning: str = "") -> bool:
        """Ask a yes-or-no question in front of the screen and wait; call it from a worker."""
        return await self._question("Confirm", question, warning) is True

    async def reason(self, question: str, warning: str, shortest: int) -> str | None:
        """Ask for a reason of at least `shortest` characters and wait; None when it was left."""
        return cast("str | None", await self._question("Reason", question, warning, shortest))

    async def public_words(self, about: str) -> str | None:
        """Ask for words that people will read, which may be none, and wait; None when it was left."""
        return cast("str | None", await self._question("PublicWords", about))

    async def mute(self, name: str, *, muted: bool) -> tuple[float, str] | None:
        """Ask for how many seconds `name` is muted and why, 0 to end a mute, and wait; None when it was left."""
        return cast("tuple[float, str] | None", await self._question("MuteForm", name, muted))

    async def _question(self, form: str, *arguments: Any) -> Any:
        return await self.push_screen_wait(getattr(import_module("outagetui.tui.screens.ask"), form)(*arguments))

    def open_channel(self, id: str) -> None:
        """Show everything about a channel or outlet."""
        self.push_screen(self._screen("channel", id))

    def open_run(self, id: str) -> None:
        """Show a run and its question."""
        self.push_screen(self._screen("run", id))

    def open_plan(self, playbook: str) -> None:
        """Show what starting a playbook would do, and offer to start it; or its run when it is running already."""
        rows = self.board.playbooks if self.board is not None else ()
        running = next((row.running for row in rows if row.id == playbook), "")
        if running:
            self.open_run(running)
        else:
            self.push_screen(self._screen("playbooks", playbook))

    def write(self, audience: str = "") -> None:
        """Compose an announcement to `audience`, or to whom one is owed."""
        if self.board is not None and self.may("announce"):
            self.push_screen(self._screen("composer", audience))

    def action_write(self) -> None:
        """Compose an announcement."""
        if type(self.screen).__name__ != "ComposerScreen":
            self.write()

    def action_show(self, screen: str) -> None:
        """Show the playbooks, the journal, the newest announcement or the help, unless it is in front."""
        if type(self.screen).__name__ != f"{screen.title()}Screen":
            self.push_screen(self._screen(screen))

    def _screen(self, name: str, *arguments: Any) -> Screen[Any]:
        # A screen's module is imported when it is first opened, which keeps the start short.
        made = getattr(import_module(f"outagetui.tui.screens.{name}"), f"{name.title()}Screen")(*arguments)
        return cast("Screen[Any]", made)
