"""The folded journal as bytes, so that whoever reads it later folds only what came after. Pure.

The bytes are for the same fold alone: what another made, or what was changed since, is no ledger, and the journal is
folded from its beginning. Zlib's own checksum is there against damage, as the journal's chain is against people.
"""

import zlib
from typing import Final

import msgspec
from msgspec import Raw
from msgspec.msgpack import decode, encode
from msgspec.structs import replace

from outagetui.facts.announcement import Announcement
from outagetui.facts.ledger import Ledger
from outagetui.facts.run import Run

VERSION: Final = b"\x01"  # of the fold and of what it is made of: raised with each change of either
MOST_BYTES: Final = 64 * 1024 * 1024  # of a ledger, before it is compressed
FAST: Final = 1

# What grows for ever is taken piece by piece: one call for all of it would hold every other thread up.
_Pieces = tuple[Raw, list[Raw], list[Raw]]


def pack(ledger: Ledger) -> bytes | None:
    """Return the ledger as bytes; None where it is too large, or holds something that has no such form."""
    try:
        pieces: _Pieces = (
            Raw(encode(replace(ledger, runs={}, announcements={}))),
            [Raw(encode(run)) for run in ledger.runs.values()],
            [Raw(encode(made)) for made in ledger.announcements.values()],
        )
        body = encode(pieces)
    except (msgspec.MsgspecError, OverflowError, TypeError, ValueError, RecursionError):
        return None
    return VERSION + zlib.compress(body, FAST) if len(body) <= MOST_BYTES else None


def unpack(document: object, primaries: frozenset[str]) -> Ledger | None:
    """Return the ledger that `pack` made these bytes of; None where they are damaged, or of another fold.

    `primaries` must be the same: with others the journal tells other incidents.
    """
    if not isinstance(document, bytes) or not document.startswith(VERSION):
        return None
    try:
        inflating = zlib.decompressobj()
        body = inflating.decompress(document[len(VERSION) :], MOST_BYTES)
        if not inflating.eof:
            return None
        head, runs, announcements = decode(body, type=_Pieces)
        ledger = decode(head, type=Ledger)
        ledger.runs = {run.id: run for run in (decode(raw, type=Run) for raw in runs)}
        ledger.announcements = {made.id: made for made in (decode(raw, type=Announcement) for raw in announcements)}
    except (zlib.error, msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return None
    return ledger if ledger.primaries == primaries else None
