"""Power cuts on a store, simulated: what was synced is there, of what was not anything may be, also half a page.

The store writes; at a moment drawn by chance its files are copied as a power cut could leave them. Whatever a commit
acknowledged must be in the copy, its journal must verify, and its anchor must raise no alarm.
"""

import random
import shutil
from pathlib import Path

from msgspec import Struct
from outagetui.facts.events import Activated
from outagetui.store import anchor
from outagetui.store.journal import Store
from outagetui.store.reader import Reader
from tests.kit.filled_stores import BEAT

PAGE = 4096
LONG_AGO = 1000.0  # before this machine was started, as after a power cut


class Cuts(Struct):
    """How many were tried, and in words what was wrong with some."""

    tries: int = 0
    failures: list[str] = []


class PowerCuts:
    """Cuts the power of one store again and again."""

    def __init__(self, place: Path, seed: int) -> None:
        self._place, self._draw = place, random.Random(seed)
        self._path = place / "store.db"
        self.cuts = Cuts()

    def go(self, tries: int) -> Cuts:
        """Write until `tries` cuts were made."""
        store = Store(self._path, lambda: LONG_AGO)
        number = 0
        while self.cuts.tries < tries:
            synced = self._files()
            moment = self._draw.randrange(1, 9)
            left: list[tuple[str, dict[str, bytes]]] = []

            def seen(statement: str, moment: int = moment, left: list[tuple[str, dict[str, bytes]]] = left) -> None:
                left.append((statement, {} if len(left) + 1 != moment else self._files()))

            store._db.set_trace_callback(seen)
            if self._draw.random() < 0.5:
                store.record([], [], BEAT)
            number += 1
            store.append(LONG_AGO + number, "daemon", Activated(channel=f"c{number}"), Activated(channel=f"d{number}"))
            store._db.set_trace_callback(None)
            statement, now = next((each for each in left if each[1]), ("", self._files()))
            if now.get("store.db") != synced.get("store.db"):
                continue  # SQLite has moved its log into the file, and synced all by itself
            done = statement in ("", "PRAGMA synchronous=NORMAL")  # the commit is behind it, and so on the disk
            if done:
                synced["store.db-wal"] = now["store.db-wal"]
            self._cut(synced, now, 2 * number if done else 2 * (number - 1), 2 * number)
        store.close()
        return self.cuts

    def _files(self) -> dict[str, bytes]:
        names = ("store.db", "store.db-wal", anchor.path_of(self._path).name)
        return {name: (self._place / name).read_bytes() for name in names if (self._place / name).exists()}

    def _cut(self, synced: dict[str, bytes], now: dict[str, bytes], least: int, most: int) -> None:
        copy = self._place / "cut"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for name, content in now.items():
            old = synced.get(name, b"")
            (copy / name).write_bytes(self._half(old, content, grows=name.endswith("-wal")))
        self.cuts.tries += 1
        store = Store(copy / "store.db", lambda: LONG_AGO)
        reader = Reader(copy / "store.db")
        entries, faults, breach = len(reader.entries()), reader.verdict().faults, store.breach
        reader.close()
        store.close()
        for wrong, words in (
            (not least <= entries <= most, f"{entries} entries, acknowledged {least}"),
            (bool(faults), str(faults[:1])),
            (bool(breach), breach),
        ):
            if wrong:
                self.cuts.failures.append(f"cut {self.cuts.tries}: {words}")

    def _half(self, old: bytes, new: bytes, *, grows: bool) -> bytes:
        """Return what may be on the disk: each page old, new, or torn; of what is new at the end perhaps nothing."""
        if old == new:
            return new
        size = self._draw.randrange(len(old), len(new) + 1) if grows and len(new) > len(old) else len(new)
        pages = bytearray(new[:size])
        start = len(old) if grows and new.startswith(old[:32]) else 0  # a log is only written behind its end
        for at in range(start - start % PAGE, size, PAGE):
            end = min(at + PAGE, size)
            low = max(at, start)
            if pages[low:end] == old[low:end] or low >= end:
                continue
            kind = self._draw.randrange(3)
            until = low if kind == 0 else self._draw.randrange(low, end) if kind == 1 else end
            rest = old[until:end].ljust(end - until, b"\0")
            pages[until:end] = rest
        return bytes(pages)
