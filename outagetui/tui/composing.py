"""Composing with the daemon: the words are composed when something changes, and sent once, as they were read."""

import re
from collections.abc import Iterable
from typing import Protocol

from msgspec.structs import replace

from outagetui.board.rows import Board, OutletRow
from outagetui.core.announcement_kinds import DRILL_KIND
from outagetui.core.model import SHORTEST_REASON
from outagetui.core.orders import Announce
from outagetui.core.text import clean
from outagetui.tui.operator import Front, Operator, Timer
from outagetui.tui.proofs import Draft, fresh, places, read, stirred
from outagetui.tui.widgets.sheets import Composed
from outagetui.wording.preview import Proof, Rendering

DEBOUNCE = 0.3  # seconds of quiet after a change before the words are composed anew
RENEW = 60.0  # seconds after which they are composed anew because time went on
RETRY = 5.0  # seconds after which it is tried again where there was no answer


class ComposerFront(Front, Protocol):
    """The screen of the composer."""

    def sent(self, announcement: str, part: int) -> None:
        """Give way to the announcement that was sent."""

    def turn_to(self, outlet: str) -> None:
        """Show the text of an outlet."""


class Composing:
    """A draft and the proof that the daemon made of it. Nothing is sent but what the proof shows."""

    def __init__(self, screen: ComposerFront, audience: str = "") -> None:
        self.proof: Proof | None = None
        self.sending = False
        self._screen = screen
        self._audience = audience
        self._draft: Draft | None = None
        self._proved: Announce | None = None  # the order that the proof, or the trouble, is of
        self._trouble = ""  # why it cannot be composed
        self._refused = ""  # why it was not sent, until something changes
        self._seen: object = None  # what of the board the words are made of
        self._asked_at = 0.0
        self._timer: Timer | None = None  # runs while a change waits to be composed
        self._asking = False
        self._again = False  # something changed while the daemon was asked
        self._confirming = False
        self._read: set[str] = set()  # texts that were in sight to their end

    @property
    def _operator(self) -> Operator:
        return self._screen.operator

    @property
    def board(self) -> Board:
        """The newest board; there is one before anything is composed."""
        assert self._operator.board is not None
        return self._operator.board

    @property
    def draft(self) -> Draft:
        """What is composed."""
        if self._draft is None:
            kept = self._operator.draft
            if kept is None or not kept.begun or self._audience not in ("", kept.audience):
                kept = fresh(self.board, self._audience)
            self.draft = kept
        assert self._draft is not None
        return self._draft

    @draft.setter
    def draft(self, draft: Draft) -> None:
        self._draft = self._operator.draft = draft

    @property
    def places(self) -> list[OutletRow]:
        """The outlets that can tell the audience."""
        return places(self.board, self.draft.audience)

    @property
    def composed(self) -> Composed:
        """What is to be shown."""
        state = "SENDING…" if self.sending else "" if self.ready or self._trouble else "composing…"
        return Composed(self.draft, self.proof, self._refused or self._trouble, state)

    @property
    def ready(self) -> bool:
        """Whether what is shown is what would be sent."""
        current = self._proved == self.draft.order(self.board)
        return self.proof is not None and current and self._timer is None and not self._asking

    @property
    def sheets(self) -> tuple[Rendering, ...]:
        """What each outlet would be sent."""
        return self.proof.outlets if self.proof is not None else ()

    def read(self, sheets: Iterable[Rendering]) -> None:
        """Remember that these texts were in sight to their end."""
        self._read |= {_gist(each) for each in sheets}

    def changed(self) -> None:
        """Show a change of the draft, and compose with it when no other follows at once."""
        self._refused = ""
        self._ask_soon(DEBOUNCE)
        self._screen.follow()
        self._screen.refresh_bindings()

    def notice(self) -> None:
        """Compose anew when what the words are made of changed, or when they are old."""
        seen, age = stirred(self.board, self.draft.audience), self._operator.clock() - self._asked_at
        if seen != self._seen or (age >= (RETRY if self.proof is None else RENEW) and not self._confirming):
            self._seen = seen
            self._ask_soon(0.0)

    def send(self) -> None:
        """Ask whether to send it, and send it once."""
        if self.sending or not self._operator.may("announce"):
            return
        if not self.ready:
            self._operator.tell(self._trouble or "wait for the texts: they are being composed", "warning")
        elif (unread := next((each for each in self.sheets if _gist(each) not in self._read), None)) is not None:
            self._screen.turn_to(unread.id)
            name = clean(unread.name, 60)
            self._operator.tell(f"read what {name} is sent to its end first: PgDn shows more", "warning")
        else:
            self._screen.run_worker(self._send(), exclusive=True, group="send", exit_on_error=False)

    async def _reason(self, said: Announce) -> str | None:
        """Return why a drill is announced where none is played, empty where no reason is needed; None when left."""
        if said.kind != DRILL_KIND or self.board.drill:
            return ""
        words = "No drill is played here. Why are people told that one is?"
        return await self._operator.reason(words, "The journal keeps it, with your name.", SHORTEST_REASON)

    def _ask_soon(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._asked_at = self._operator.clock()
        self._timer = self._screen.set_timer(seconds, self._ask) if seconds else None
        if not seconds:
            self._screen.call_next(self._ask)

    def _ask(self) -> None:
        """Have it composed, one question at a time."""
        self._timer = None
        if self._asking:
            self._again = True
            return
        said = self.draft.order(self.board)
        if said.outlets:
            self._asking, self._again = True, False
            self._screen.run_worker(self._prove(said), group="prove", exit_on_error=False)
        elif self.places:
            self._take_in(said, "every outlet is left out: space takes the one under the cursor in")
        else:
            self._take_in(said, f"no outlet can tell {self.draft.audience}")

    async def _prove(self, said: Announce) -> None:
        try:
            reply = await self._operator.ask(said.preview())
        finally:
            self._asking = False
        if said == self.draft.order(self.board):
            self._take_in(said, read(reply))
        else:
            self._again = True
        if self._again and self._timer is None:
            self._ask()

    def _take_in(self, said: Announce, found: Proof | str) -> None:
        self._proved = said
        if isinstance(found, Proof):
            self.proof, self._trouble = found, ""
        else:
            self.proof, self._trouble = None, clean(found, 600)
        self._screen.follow()

    async def _send(self) -> None:
        proof, said = self.proof, self._proved
        if proof is None or said is None:
            return
        self._confirming = True
        try:
            agreed = await self._operator.confirm(_question(proof, self.draft), _warnings(proof))
        finally:
            self._confirming = False
        if not agreed or (reason := await self._reason(said)) is None:
            return
        if self.proof is None or _read_of(self.proof) != _read_of(proof) or self.draft.order(self.board) != said:
            self._operator.tell("nothing was sent: it would say something else by now; read it again", "warning")
            return
        self.sending, self._refused = True, ""
        self._screen.follow()
        self._screen.refresh_bindings()
        try:
            outlets = tuple(each.id for each in proof.outlets)
            shown = replace(said, outlets=outlets, shown=proof.shown, reason=reason)
            reply = await self._operator.order(shown)
        finally:
            self.sending = False
        if reply.get("ok"):
            self._operator.draft = None
            part = reply.get("part")
            self._screen.sent(str(reply.get("announcement", "")), part if isinstance(part, int) else 0)
            return
        self._refused = f"not sent: {clean(reply.get('error', 'the daemon refused'), 500)}"
        self._screen.follow()
        self._screen.refresh_bindings()


def _gist(sheet: Rendering) -> str:
    """Return a text without the times of day in it: those pass while it is read, and need not be read again."""
    return re.sub(r"[0-9]{1,2}[:.][0-9]{2}", "", sheet.text)


def _read_of(proof: Proof) -> object:
    """Return what is read of a proof, but for its times of day: made anew for the same facts it says the same."""
    texts = [(each.id, _gist(each), each.names) for each in proof.outlets]
    about = proof.announcement, proof.part, proof.kind, proof.audience
    return about, texts, proof.effect, proof.warnings


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
