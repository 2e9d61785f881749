"""Rows of the journal as entries, and the hash that chains them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from outagetui.core.model import Entry
from outagetui.core.times import LATEST

# Named in every query: a damaged schema then has no such column, instead of columns with a name of garbage.
COLUMNS = "seq, at, actor, kind, document, prev, hash"
SELECT = f"SELECT {COLUMNS} FROM journal"  # noqa: S608
ACCEPTED = "journal.accept"  # the kind of entry by which an operator accepts what `verify` found


def chain(seq: int, at_us: int, actor: str, kind: str, document: str, prev: str) -> str:
    """Return the hash of an entry: SHA-256 over the previous hash and the entry's canonical JSON."""
    import hashlib  # readers of the store that verify nothing start without OpenSSL

    body = msgspec.json.encode(
        {"actor": actor, "at": at_us, "document": document, "kind": kind, "seq": seq}, order="sorted"
    )
    return hashlib.sha256(prev.encode() + body).hexdigest()


def entry_of(row: Sequence[Any]) -> Entry:
    """Return a journal row as an entry, whatever stands in its columns: a damaged one must not take the rest away.

    A moment outside of what a calendar holds becomes the nearest that it does.
    """
    seq, at_us, actor, kind, document, prev, digest = row
    at = at_us / 1e6 if isinstance(at_us, int | float) else 0.0
    at = min(max(at, 0.0), LATEST) if at == at else 0.0
    return Entry(seq, at, text_of(actor), text_of(kind), text_of(document), text_of(prev), text_of(digest))


def sound(row: Sequence[Any]) -> bool:
    """Whether every column of a journal row holds what was written there: numbers, and text."""
    return all(type(each) is int for each in row[:2]) and all(type(each) is str for each in row[2:])


def text_of(value: object) -> str:
    """Return what a damaged row holds where text should be."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else "" if value is None else str(value)
