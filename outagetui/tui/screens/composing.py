"""What the composer does with the daemon: have the words composed when something changes, and send them once."""

from textual.timer import Timer

from outagetui.board.rows import OutletRow
from outagetui.core.text import clean
from outagetui.tui.proofs import Draft, fresh, places, read, stirred
from outagetui.tui.screens.announcement import AnnouncementScreen
from outagetui.tui.screens.opened import Opened
from outagetui.tui.widgets.sheets import Composed
from outagetui.wording.preview import Proof

DEBOUNCE = 0.3  # seconds of quiet after a change before the words are composed anew
RENEW = 60.0  # seconds after which they are composed anew because time went on
RETRY = 5.0  # seconds after which it is tried again where there was no answer


class Composing(Opened):
    """A screen with a draft and the proof that the daemon made of it. Nothing is sent but what the proof shows."""

    def __init__(self, audience: str = "") -> None:
        super().__init__()
        self.proof: Proof | None = None
        self.sending = False
        self._audience = audience
        self._draft: Draft | None = None
        self._proved: dict[str, object] | None = None  # the order that the proof, or the trouble, is of
        self._trouble = ""  # why it cannot be composed
        self._refused = ""  # why it was not sent, until something changes
        self._seen: object = None  # what of the board the words are made of
        self._asked_at = 0.0
        self._timer: Timer | None = None  # runs while a change waits to be composed
        self._asking = False
        self._again = False  # something changed while the daemon was asked
        self._confirming = False

    @property
    def draft(self) -> Draft:
        """What is composed; made as soon as there is a board."""
        if self._draft is None:
            assert self.board is not None, "nothing is drafted without facts"
            kept = self.operator.draft
            if kept is None or not kept.begun or self._audience not in ("", kept.audience):
                kept = fresh(self.board, self._audience)
            self.draft = kept
        assert self._draft is not None
        return self._draft

    @draft.setter
    def draft(self, draft: Draft) -> None:
        self._draft = self.operator.draft = draft

    @property
    def places(self) -> list[OutletRow]:
        """The outlets that can tell the audience."""
        return places(self.board, self.draft.audience) if self.board is not None else []

    @property
    def composed(self) -> Composed:
        """What is to be shown."""
        state = "SENDING…" if self.sending else "" if self._ready() or self._trouble else "composing…"
        return Composed(self.draft, self.proof, self._refused or self._trouble, state)

    def changed(self) -> None:
        """Show a change of the draft, and compose with it when no other follows at once."""
        self._refused = ""
        self._ask_soon(DEBOUNCE)
        self.follow()
        self.refresh_bindings()

    def follow(self) -> None:
        """Show what changed, and compose anew when what the words are made of did."""
        if self.board is not None:
            seen, age = stirred(self.board, self.draft.audience), self.operator.clock() - self._asked_at
            if seen != self._seen or (age >= (RETRY if self.proof is None else RENEW) and not self._confirming):
                self._seen = seen
                self._ask_soon(0.0)
        super().follow()

    def action_send(self) -> None:
        """Ask whether to send it, and send it once."""
        if self.sending or not self.may("announce"):
            return
        if not self._ready():
            self.operator.tell(self._trouble or "wait for the texts: they are being composed", "warning")
        else:
            self.run_worker(self._send(), exclusive=True, group="send", exit_on_error=False)

    def _ask_soon(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._asked_at = self.operator.clock()
        self._timer = self.set_timer(seconds, self._ask) if seconds else None
        if not seconds:
            self.call_next(self._ask)

    def _ask(self) -> None:
        """Have it composed, one question at a time."""
        self._timer = None
        if self.board is None or self._asking:
            self._again = self._asking
            return
        fields = self.draft.order(self.board)
        if fields["outlets"]:
            self._asking, self._again = True, False
            self.run_worker(self._prove(fields), group="prove", exit_on_error=False)
        elif self.places:
            self._take_in(fields, "every outlet is left out: space takes the one under the cursor in")
        else:
            self._take_in(fields, f"no outlet can tell {self.draft.audience}")

    async def _prove(self, fields: dict[str, object]) -> None:
        try:
            reply = await self.operator.ask("preview", **fields)
        finally:
            self._asking = False
        if self.board is not None and fields == self.draft.order(self.board):
            self._take_in(fields, read(reply))
        else:
            self._again = True
        if self._again and self._timer is None:
            self._ask()

    def _take_in(self, fields: dict[str, object], found: Proof | str) -> None:
        self._proved = fields
        if isinstance(found, Proof):
            self.proof, self._trouble = found, ""
        else:
            self.proof, self._trouble = None, clean(found, 600)
        self.follow()

    def _ready(self) -> bool:
        """Whether what is shown is what would be sent."""
        current = self.board is not None and self._proved == self.draft.order(self.board)
        return self.proof is not None and current and self._timer is None and not self._asking

    async def _send(self) -> None:
        proof, fields = self.proof, self._proved
        if proof is None or fields is None:
            return
        self._confirming = True
        try:
            agreed = await self.operator.confirm(_question(proof, self.draft), _warnings(proof))
        finally:
            self._confirming = False
        if not agreed:
            return
        if self.proof != proof or self.board is None or self.draft.order(self.board) != fields:
            self.operator.tell("nothing was sent: it would say something else by now; read it again", "warning")
            return
        self.sending, self._refused = True, ""
        self.follow()
        self.refresh_bindings()
        try:
            fields = fields | {"outlets": [each.id for each in proof.outlets]}
            fields |= {"shown": proof.shown} if proof.shown else {}
            reply = await self.operator.order("announce", **fields)
        finally:
            self.sending = False
        if reply.get("ok"):
            self.operator.draft = None
            part = reply.get("part")
            self._show(str(reply.get("announcement", "")), part if isinstance(part, int) else 0)
            return
        self._refused = f"not sent: {clean(reply.get('error', 'the daemon refused'), 500)}"
        self.follow()
        self.refresh_bindings()

    def _show(self, announcement: str, part: int) -> None:
        """Give way to the announcement, in the screen this was opened from if it shows announcements."""
        below = self.app.screen_stack[-2]
        # Neither is awaited: the screen that goes waits for the worker that calls this.
        if isinstance(below, AnnouncementScreen):
            below.announcement, below.part = announcement, part
            self.dismiss()
        else:
            self.app.switch_screen(AnnouncementScreen(announcement, part))


def _question(proof: Proof, draft: Draft) -> str:
    count = len(proof.outlets)
    names = ", ".join(clean(each.name, 40) for each in proof.outlets)
    where = f"{count} outlet{'s' * (count != 1)}"
    return f"Tell {draft.audience} on {where} now?\n{clean(draft.kind, 40)}, on {names}"


def _warnings(proof: Proof) -> str:
    lines = [f"! {clean(words, 160)}" for words in proof.about("")]
    for each in proof.outlets:
        first, *others = proof.about(each.id) or [""]
        more = f" (and {len(others)} more)" if others else ""
        lines += [f"! {clean(each.name, 40)}: {clean(first, 160)}{more}"] if first else []
    return "\n".join(lines)
