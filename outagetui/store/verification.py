"""Walking the journal: is every entry as it was written, is none missing, and does its end fit the anchor?"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from outagetui.core.times import stamp
from outagetui.facts.events import JournalAccepted, decode
from outagetui.store.anchor import GENESIS, START, Anchor, Head, booted
from outagetui.store.entries import ACCEPTED, chain, entry_of, sound

MOST_FAULTS = 50


class Fault(Struct, frozen=True):
    """Something that is not as it was written, in words. `sound` is the last entry before it that is, made at `since`.

    `since` is None where there is none: nothing is known to be sound.
    """

    sound: int
    words: str
    since: float | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """What a walk over the journal found: its `head` and, oldest first, its `faults`.

    `accepted` are the faults that an operator accepted by a word in the journal. `entries` counts those read.
    """

    entries: int
    head: Head
    faults: tuple[Fault, ...]
    accepted: tuple[Fault, ...]
    more: int = 0  # faults beyond the most that are told


class Walk:
    """Takes the rows in their order, up to the end that `anchor` knows, where there is one."""

    def __init__(self, anchor: Anchor | None = None) -> None:
        self._anchor = anchor
        self._there = ""  # the hash of the entry that the anchor names
        self._commits: set[object] = set()  # the moments of what lies behind it
        self.entries = 0
        self.head = START
        self.faults: list[Fault] = []
        self.accepted: set[str] = set()
        self._since: float | None = None
        self._intact = 0

    def take(self, row: Sequence[Any]) -> None:
        """Take one more row: number, microseconds, actor, kind, document, previous hash, hash."""
        entry = entry_of(row)
        words = self._fault(row)
        if words:
            self.fault(words)
        elif entry.kind == ACCEPTED:
            self.accepted.update(accepted_in(entry.document))
        if self._anchor is not None and entry.seq == self._anchor.head.seq:
            self._there = entry.hash
        elif self._anchor is not None and entry.seq > self._anchor.head.seq:
            self._commits.add(row[1])
        if not words:
            self._intact, self._since = entry.seq, entry.at
        self.entries += 1
        self.head = Head(entry.seq, entry.hash)

    def _fault(self, row: Sequence[Any]) -> str:
        seq, at_us, actor, kind, document, said, digest = row
        last = self.head
        if seq != last.seq + 1:
            return f"entry {last.seq + 1} is missing: {seq} follows {last.seq}"
        if said != last.hash:
            return f"entry {seq} does not follow entry {last.seq}: its previous hash differs"
        if not sound(row) or chain(seq, at_us, actor, kind, document, last.hash) != digest:
            return f"entry {seq} was changed: its content does not match its hash"
        return ""

    def fault(self, words: str) -> None:
        """Note a fault that was found at this point."""
        self.faults.append(Fault(self._intact, words, self._since))

    def end(self, recorded: str, *, lost: str = "") -> Verdict:
        """Compare with the head that the store itself `recorded` and with the anchor; `lost` says why that is gone."""
        anchor = self._anchor
        if recorded != f"{self.head.seq}:{self.head.hash}":
            number = recorded.partition(":")[0][:20]
            self.fault(
                f"entries behind {self.head.seq} are missing or not recorded: the store recorded {number or 'none'}"
            )
        words = lost
        if anchor is not None:
            words = anchor.breach or unanchored(anchor, self.head, self._there, len(self._commits), booted())
        if words:
            self.fault(words)
        open_ones = [fault for fault in self.faults if fault.words not in self.accepted]
        return Verdict(
            entries=self.entries,
            head=self.head,
            faults=tuple(open_ones[:MOST_FAULTS]),
            accepted=tuple(fault for fault in self.faults if fault.words in self.accepted),
            more=max(0, len(open_ones) - MOST_FAULTS),
        )


def unanchored(anchor: Anchor, head: Head, there: str, commits: int, booted: float) -> str:
    """Return in words how a journal that ends at `head` does not fit its anchor, or nothing.

    `there` is the hash that the journal holds for the entry that the anchor names; empty when it holds none. `commits`
    lie behind that one: one may, where the machine was started anew (`booted`, epoch seconds) after the anchor.
    """
    if head in (anchor.head, anchor.before):
        return ""
    there = there if anchor.head.seq else GENESIS  # before the first entry there is none to look for
    when = stamp(anchor.at)
    if there and there != anchor.head.hash:
        return (
            f"entry {anchor.head.seq} was rewritten: the anchor of {when} says {anchor.head}, the journal {there[:8]}…"
        )
    if head.seq > anchor.head.seq and not there:
        return f"entry {anchor.head.seq} is missing: the anchor of {when} knows {anchor.head}"
    if there and commits == 1 and anchor.at < booted:
        return ""
    if there:
        return f"entries behind {anchor.head.seq} are not anchored: no daemon of this version wrote them after {when}"
    return f"entries behind {head.seq} are missing: the anchor of {when} knows {anchor.head}"


def accepted_in(document: str) -> tuple[str, ...]:
    """Return the faults that a journal document of an operator's word accepts."""
    event = decode(ACCEPTED, document)
    return event.faults if isinstance(event, JournalAccepted) else ()
