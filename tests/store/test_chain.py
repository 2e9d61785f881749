"""The hash chain: whatever is done to the journal behind the program's back is pinpointed."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from outagetui.store.reader import Reader
from tests.kit.filled_stores import store_with_entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "store.db"


COLUMNS = ("at", "actor", "kind", "document", "prev", "hash")
OTHERS = ", ".join(COLUMNS)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 3, 6])
def test_a_flipped_bit_anywhere_in_an_entry_is_pinpointed(path: Path, column: str, seq: int) -> None:
    store = store_with_entries(path)
    (old,) = store._db.execute(f"SELECT {column} FROM journal WHERE seq=?", (seq,)).fetchone()
    size = 1 if isinstance(old, int) else len(old)
    for place in range(size):
        new = old ^ 1 if isinstance(old, int) else old[:place] + chr(ord(old[place]) ^ 1) + old[place + 1 :]
        store._db.execute(f"UPDATE journal SET {column}=? WHERE seq=?", (new, seq))
        count, words = Reader(path).verify()
        assert count == seq - 1
        assert f"entry {seq}" in words
    store._db.execute(f"UPDATE journal SET {column}=? WHERE seq=?", (old, seq))
    assert Reader(path).verify() == (6, "")


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"{\x80}"])
def test_bytes_that_are_no_text_are_pinpointed_too_and_the_rest_stays_readable(path: Path, bad: bytes) -> None:
    store = store_with_entries(path)
    store._db.execute("UPDATE journal SET document=CAST(? AS TEXT) WHERE seq=4", (bad,))
    reader = Reader(path)
    assert reader.verify()[0] == 3
    assert "entry 4 was changed" in reader.verify()[1]
    assert len(reader.entries()) == 6


Damage = Callable[[sqlite3.Connection], object]


@pytest.mark.parametrize(
    ("damage", "sound", "words"),
    [
        (lambda db: db.execute("DELETE FROM journal WHERE seq=3"), 2, "entry 3 is missing: 4 follows 2"),
        (lambda db: db.execute("DELETE FROM journal WHERE seq=1"), 0, "entry 1 is missing: 2 follows 0"),
        (lambda db: db.execute("DELETE FROM journal WHERE seq=6"), 5, "entries behind 5 are missing"),
        (lambda db: db.execute("DELETE FROM journal"), 0, "entries behind 0 are missing"),
        (
            lambda db: db.executescript(
                "UPDATE journal SET seq=99 WHERE seq=2; UPDATE journal SET seq=2 WHERE seq=3;"
                " UPDATE journal SET seq=3 WHERE seq=99"
            ),
            1,
            "entry 2 does not follow entry 1",
        ),
        (
            lambda db: db.execute(f"INSERT INTO journal SELECT 7, {OTHERS} FROM journal WHERE seq=6"),
            6,
            "entry 7 does not follow entry 6",
        ),
        (
            lambda db: db.executescript(
                "UPDATE journal SET seq=-seq WHERE seq>3; UPDATE journal SET seq=1-seq WHERE seq<0;"
                f" INSERT INTO journal SELECT 4, {OTHERS} FROM journal WHERE seq=3"
            ),
            3,
            "entry 4 does not follow entry 3",
        ),
        (lambda db: db.execute("DELETE FROM meta WHERE key='head'"), 6, "not recorded"),
        (lambda db: db.execute("UPDATE meta SET value=x'ff' WHERE key='head'"), 6, "not recorded"),
    ],
    ids=["drop", "drop first", "cut one", "cut all", "swap", "append twice", "insert twice", "no head", "bad head"],
)  # fmt: skip
def test_every_tampering_is_pinpointed(path: Path, damage: Damage, sound: int, words: str) -> None:
    store = store_with_entries(path)
    damage(store._db)
    count, told = Reader(path).verify()
    assert count == sound
    assert words in told
