"""What a store holds, for `store check`: is the file whole, what can be read of each table, does the journal verify?

Reads only.
"""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from outagetui.facts.live import Public, live_of
from outagetui.store.anchor import path_of
from outagetui.store.damage import TABLES
from outagetui.store.entries import entry_of, text_of
from outagetui.store.repair import anchored
from outagetui.store.salvage import Salvage
from outagetui.store.verification import Verdict, Walk

HEAD = f"0:{'0' * 64}"


class Holdings(Struct, frozen=True, kw_only=True):
    """What can be read of a store: `rows` by table, `first` and `last` moments of the journal (epoch seconds).

    `integrity` is what SQLite finds wrong in the file, `troubles` why a table cannot be read whole.
    """

    rows: dict[str, int]
    first: float | None
    last: float | None
    integrity: tuple[str, ...]
    troubles: dict[str, str]
    verdict: Verdict
    configured: bool  # whether the screens' copy of the configuration can be read
    damaged_verdicts: int

    @property
    def sound(self) -> bool:
        """Whether all is as it was written."""
        return not (self.integrity or self.troubles or self.verdict.faults or self.damaged_verdicts)


def holdings(salvage: Salvage, path: Path) -> Holdings:
    """Return what `salvage` can read of the store at `path`."""
    said, gone = anchored(path)
    walk = Walk(said)
    integrity = tuple(salvage.integrity())
    rows = dict.fromkeys(TABLES, 0)
    meta: dict[object, object] = {}
    first = last = None
    damaged = 0
    for table in TABLES:
        for row in salvage.rows(table):
            rows[table] += 1
            if table == "meta":
                meta[row[0]] = row[1]
            elif table == "live":
                damaged += live_of(row[1]) is None if isinstance(row[1], bytes) else True
            elif table == "journal":
                walk.take(row)
                first = entry_of(row).at if first is None else first
                last = entry_of(row).at
    if said is None and not gone and meta.get("anchored") == os.fsencode(os.path.realpath(path)):
        gone = f"{path_of(path)}: the anchor is missing"
    return Holdings(
        rows=rows,
        first=first,
        last=last,
        integrity=integrity,
        troubles=dict(salvage.troubles),
        verdict=walk.end(text_of(meta.get("head")) or HEAD, lost=gone),
        configured=_configured(meta.get("public")),
        damaged_verdicts=damaged,
    )


def _configured(packed: object) -> bool:
    try:
        return isinstance(packed, bytes) and bool(msgspec.msgpack.decode(packed, type=Public))
    except (msgspec.MsgspecError, TypeError, ValueError):
        return False
