"""The journal of a store folded into a ledger: from the snapshot on that the daemon left, else from its beginning.

A snapshot counts only where the journal still holds the entry that it was folded up to, by number and hash.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from outagetui.facts.folded import pack, unpack
from outagetui.facts.ledger import Ledger
from outagetui.store.damage import SAID, StoreError
from outagetui.store.entries import SELECT, entry_of

BATCH = 1000  # entries in memory at once
Rows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]  # what a query with these values finds


class Snapshot(Struct, frozen=True):
    """The ledger up to entry `seq`, which has this `hash`, as bytes."""

    seq: int
    hash: str
    document: bytes


def folded(rows: Rows, primaries: frozenset[str]) -> Ledger:
    """Return the journal folded up to its newest entry."""
    ledger = _left(rows, primaries) or Ledger(primaries)
    fold_on(rows, ledger)
    return ledger


def fold_on(rows: Rows, ledger: Ledger) -> None:
    """Fold what the journal holds behind the entry that `ledger` was folded up to."""
    before = -1
    while ledger.seq > before:  # in a damaged file numbers can go back
        before = ledger.seq
        for row in rows(f"{SELECT} WHERE seq > ? ORDER BY seq LIMIT {BATCH}", (before,)):
            ledger.apply(entry_of(row))


def snapshot(rows: Rows, primaries: frozenset[str]) -> Snapshot | None:
    """Return the journal as it stands, folded; None where there is nothing to keep, or no form for it."""
    ledger = folded(rows, primaries)
    there = rows("SELECT hash FROM journal WHERE seq = ?", (ledger.seq,))
    document = pack(ledger) if there else None
    return None if document is None else Snapshot(ledger.seq, there[0][0], document)


def _left(rows: Rows, primaries: frozenset[str]) -> Ledger | None:
    """Return the ledger of the snapshot in the store; None where there is none, or none that can be used."""
    try:
        left = rows("SELECT seq, hash, document FROM folded ORDER BY seq DESC LIMIT 1", ())
        if not left or rows("SELECT hash FROM journal WHERE seq = ?", left[0][:1]) != [left[0][1:2]]:
            return None
    except (StoreError, *SAID):  # a first version has no such table; damage elsewhere is told where that is read
        return None
    ledger = unpack(left[0][2], primaries)
    return ledger if ledger is not None and ledger.seq == left[0][0] else None
