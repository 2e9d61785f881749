"""The journal out of the bare pages of a store, for when SQLite finds no way to them any more.

A row is found by its form in any leaf page of a table (https://sqlite.org/fileformat2.html, sections 1.6 and 2), and is
believed only when its hash says that it is what was written: whatever else looks like one stays out.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from outagetui.store.entries import chain, sound

LEAF = 0x0D  # a leaf page of a table's tree
COLUMNS = 7
LONGEST = 64 * 1024 * 1024  # bytes of one row
Row = tuple[Any, ...]


def journal_rows(path: Path) -> Iterator[Row]:
    """Yield every journal row that the file's pages hold, in no order, each proven by its hash. Raises OSError."""
    with path.open("rb") as file:
        size = _page_size(file.read(100))
        usable = size  # a store of ours keeps no bytes of a page for extensions
        number = 0
        file.seek(0)
        while page := file.read(size):
            number += 1
            at = 100 if number == 1 else 0
            if len(page) < size or page[at] != LEAF:
                continue
            for cell in _cells(page, at):
                back = file.tell()
                row = _row(page, cell, usable, lambda wanted: _page(file, wanted, size))
                file.seek(back)
                if row is not None:
                    yield row


def _page_size(head: bytes) -> int:
    """Return the size that the header says; 4096, which every store is made with, where it says nonsense."""
    said = int.from_bytes(head[16:18], "big") if head.startswith(b"SQLite format 3\0") else 0
    said = 65536 if said == 1 else said
    return said if 512 <= said <= 65536 and said & (said - 1) == 0 else 4096


def _page(file: Any, number: int, size: int) -> bytes:
    file.seek((number - 1) * size)
    found: bytes = file.read(size)
    return found


def _cells(page: bytes, at: int) -> Iterator[int]:
    count = min(int.from_bytes(page[at + 3 : at + 5], "big"), (len(page) - at - 8) // 2)
    for index in range(count):
        place = at + 8 + 2 * index
        yield int.from_bytes(page[place : place + 2], "big")


def _row(page: bytes, at: int, usable: int, fetch: Any) -> Row | None:
    try:
        length, at = _varint(page, at)
        seq, at = _varint(page, at)
        if not 0 < length <= LONGEST or seq <= 0:
            return None
        payload = _payload(page, at, length, usable, fetch)
        values = _values(payload)
        if len(values) != COLUMNS or values[0] is not None:  # the number is the row's own
            return None
        row = (seq, *values[1:])
        _, at_us, actor, kind, document, prev, digest = row
        return row if sound(row) and chain(seq, at_us, actor, kind, document, prev) == digest else None
    except (IndexError, ValueError, struct.error, OSError):
        return None


def _payload(page: bytes, at: int, length: int, usable: int, fetch: Any) -> bytes:
    most = usable - 35
    if length <= most:
        return page[at : at + length]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    local = local if local <= most else least
    parts, have = [page[at : at + local]], local
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    while have < length and following:
        more = fetch(following)
        taken = min(usable - 4, length - have)
        parts.append(more[4 : 4 + taken])
        have, following = have + taken, int.from_bytes(more[:4], "big")
    return b"".join(parts)


def _values(payload: bytes) -> list[Any]:
    """Return the columns of a record; ValueError for a form that no journal row has."""
    size, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < size and len(kinds) <= COLUMNS:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Any] = []
    at = size
    for kind in kinds:
        width = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}.get(kind, (kind - 13) // 2)
        if kind == 7 or kind in (10, 11) or (kind >= 12 and kind % 2 == 0):
            raise ValueError("neither a number nor text")
        raw = payload[at : at + width]
        if len(raw) < width:
            raise ValueError("cut off")
        at += width
        if kind == 0:
            values.append(None)
        elif kind in (8, 9):
            values.append(kind - 8)
        else:
            values.append(int.from_bytes(raw, "big", signed=True) if kind < 7 else raw.decode())
    return values


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        byte = raw[at + index]
        if index == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + index + 1
    raise ValueError("no number")
