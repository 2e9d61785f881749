"""A damaged store, in every way: what reads it says one line and ends with 3, or shows what can be read."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui.cli.group import outagetui
from outagetui.core.model import Observation, Outcome, Sample, State
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.facts.events import Activated, AnnouncementMade, StateChanged
from outagetui.facts.live import Beat
from outagetui.store.damage import SAID, StoreError
from outagetui.store.journal import Store
from outagetui.store.reader import Reader
from tests.kit.sample_business import PUBLIC, live_row

BEGIN = 1.7e9
PAGE = 4096
COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("journal",),
    ("journal", "--json"),
    ("journal", "--verify"),
    ("report",),
    ("report", "--format", "json"),
    ("runs",),
    ("alert",),
    ("store", "check"),
    ("store", "check", "--json"),
)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with every table filled over several pages, settled."""
    path = tmp_path_factory.mktemp("good") / "store.db"
    store = Store(path, lambda: BEGIN)
    store.publish(PUBLIC, ["messenger.port@here"])
    for minute in range(8):
        seen = [
            Observation(
                "messenger.port", "here", BEGIN + 60 * minute + at, Sample(Outcome.FAIL, "tcp.refused", f"no {at}")
            )
            for at in range(60)
        ]
        store.record(seen, [live_row("messenger.port", State.DOWN, BEGIN)], Beat(7, BEGIN + 500))
    store.append(BEGIN + 1, "outagetui", StateChanged(id="messenger", was="up", now="down", why="x"))
    for number in range(60):
        made = AnnouncementMade(
            announcement=f"a{number}", part=0, kind="outage", audience="customers", since=BEGIN, next_update=None,
            texts={"en": ("Title", "Body" * (3000 if number % 10 == 9 else 5))}, accounts=(), outlets=("page",),
        )  # fmt: skip
        store.append(BEGIN + 2 + number, "alice", Activated(channel=f"c{number}"), made)
    store.close()
    return path


@pytest.fixture
def path(good: Path, tmp_path: Path) -> Path:
    shutil.copytree(good.parent, tmp_path / "state")
    return tmp_path / "state" / "store.db"


def assert_calm(path: Path) -> dict[str, int]:
    """Use the store in every way; return the exit statuses of the commands."""
    before = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    ended = {}
    new = path.parent / "repaired.db"
    for words in (*COMMANDS, ("store", "repair", "--to", str(new))):
        done = CliRunner().invoke(outagetui, ["--store", str(path), *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), (words, done.exc_info)
        assert "Traceback" not in done.output
        if done.exit_code == 3 and words != ("status", "--json") and not done.stdout:
            assert len(done.stderr.splitlines()) == 1, (words, done.stderr)
        ended[" ".join(words[:2])] = done.exit_code
    if before:
        assert path.read_bytes() == before
    if new.exists():
        reader = Reader(new)
        assert reader.verdict().faults == ()
        reader.close()
        Store(new, lambda: BEGIN).close()
    store = _opened(path)
    if store is None:
        return ended
    try:
        JournalWriter(store, frozenset(), lambda: BEGIN)
        store.live()
        store.record([], [], Beat(1, BEGIN))
        list(store.upkeep(BEGIN, words=True))
    except SAID:
        pass  # which the daemon's writer and its entrance turn into words
    finally:
        store.close()
    return ended


def _opened(path: Path) -> Store | None:
    try:
        return Store(path, lambda: BEGIN)
    except StoreError as error:
        words = str(error)
    assert len(words.splitlines()) == 1
    return None


def rewritten(path: Path, change: Callable[[bytearray], object]) -> None:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def flip(content: bytearray, draw: random.Random, bits: int, low: int = 0, high: int | None = None) -> None:
    for _ in range(bits):
        content[draw.randrange(low, high or len(content))] ^= 1 << draw.randrange(8)


def test_a_sound_store_is_called_so_and_repaired_whole(path: Path) -> None:
    ended = assert_calm(path)
    assert ended["store check"] == 0
    assert ended["store repair"] == 0
    reader, new = Reader(path), Reader(path.parent / "repaired.db")
    assert new.entries() == reader.entries()
    assert new.history("messenger.port", 0.0) == reader.history("messenger.port", 0.0)
    assert new.live() == reader.live()
    assert new.public() == reader.public()


@pytest.mark.parametrize("page", range(0, 60, 4))
def test_a_page_of_zeros(path: Path, page: int) -> None:
    rewritten(path, lambda content: content.__setitem__(slice(page * PAGE, (page + 1) * PAGE), bytes(PAGE)))
    assert_calm(path)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("bits", "low", "high"), [(1, 0, None), (40, 0, None), (3, 0, 100), (6, 100, PAGE)])
def test_flipped_bits(path: Path, seed: int, bits: int, low: int, high: int | None) -> None:
    rewritten(path, lambda content: flip(content, random.Random(seed), bits, low, high))
    assert_calm(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.3, 0.6, 0.99])
def test_a_file_cut_short(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share))
    assert assert_calm(path)["status"] == 3


@pytest.mark.parametrize("table", ["meta", "words", "samples", "minutes", "live", "journal"])
def test_a_missing_table_is_named_and_the_others_are_saved(path: Path, table: str) -> None:
    db = sqlite3.connect(path)
    db.execute(f"DROP TABLE {table}")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match=f"damaged: it has no table {table}; see what can still be read"):
        Reader(path)
    ended = assert_calm(path)
    assert (ended["status"], ended["store check"], ended["store repair"]) == (3, 1, 1)
    if table != "journal":
        assert len(Reader(path.parent / "repaired.db").entries()) >= 121


def test_a_journal_whose_tree_is_gone_is_found_in_its_pages(path: Path) -> None:
    db = sqlite3.connect(path)
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='journal'").fetchone()
    db.close()
    whole = Reader(path).entries()
    rewritten(path, lambda content: content.__setitem__(slice((root - 1) * PAGE, root * PAGE), bytes(PAGE)))
    assert assert_calm(path)["store repair"] == 1
    saved = Reader(path.parent / "repaired.db").entries()
    assert saved[: len(whole)] == whole


def test_a_file_without_its_first_page_still_gives_the_journal(path: Path) -> None:
    whole = Reader(path).entries()
    rewritten(path, lambda content: content.__setitem__(slice(0, PAGE), bytes(PAGE)))
    assert assert_calm(path)["store repair"] == 1
    assert Reader(path.parent / "repaired.db").entries()[: len(whole)] == whole


def test_one_bad_page_loses_only_what_lies_in_it(path: Path) -> None:
    """A leaf of the samples: nothing else is lost, and of the samples only its own."""
    content = path.read_bytes()
    leaves = [
        at
        for at in range(0, len(content), PAGE)
        if content[at] == 0x0D and content.count(b"tcp.refused", at, at + PAGE) == 0
    ]
    whole = len(Reader(path).history("messenger.port", 0.0))
    lost = 0
    for leaf in leaves[2:12]:
        path.write_bytes(content)
        rewritten(path, lambda raw, leaf=leaf: raw.__setitem__(slice(leaf, leaf + 8), b"\xff" * 8))  # type: ignore[misc]
        new = path.parent / "repaired.db"
        done = CliRunner().invoke(outagetui, ["--store", str(path), "store", "repair", "--to", str(new)])
        assert done.exit_code in (0, 1)
        kept = Reader(new)
        lost = max(lost, whole - len(kept.history("messenger.port", 0.0)))
        kept.close()
        for ending in ("", ".anchor", ".beat"):
            new.with_name(new.name + ending).unlink()
    assert lost < whole / 2


def garbage(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def gone(path: Path) -> None:
    path.unlink()


def newer(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()


def foreign(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE bookmarks(url)")
    db.commit()
    db.close()


def bad_wal(path: Path) -> None:
    path.with_name("store.db-wal").write_bytes(os.urandom(10000))


@pytest.mark.parametrize("damage", [garbage, empty, directory, pipe, loop, gone, foreign, newer, bad_wal])
def test_what_is_no_store_is_one_line(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    assert assert_calm(path)["status"] == 3


def test_a_store_that_another_program_keeps_locked_is_one_line(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("INSERT INTO words(word) VALUES('x')")
    done = CliRunner().invoke(outagetui, ["--store", str(path), "status"])
    assert done.exit_code == 3
    assert "Traceback" not in done.output
    with pytest.raises(StoreError, match="another program keeps it locked"):
        _patient(path)
    other.close()


def _patient(path: Path) -> None:
    real = sqlite3.connect

    def impatient(*words: object, **more: object) -> sqlite3.Connection:
        return real(*words, **{**more, "timeout": 0.1})  # type: ignore[call-overload,no-any-return]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", impatient)
        Store(path)


@pytest.mark.parametrize("column", ["at", "actor", "kind", "document", "prev", "hash"])
@pytest.mark.parametrize(
    "value", ["x''", "x'ff00fe'", "-9223372036854775808", "9223372036854775807", "1e308", "'1e999'"]
)
def test_a_column_of_another_kind_ends_nothing(path: Path, column: str, value: str) -> None:
    db = sqlite3.connect(path)
    db.execute(f"UPDATE journal SET {column}={value} WHERE seq IN (1, 5, 9)")
    db.commit()
    db.close()
    ended = assert_calm(path)
    assert ended["journal --verify"] == 1
    assert ended["journal"] == 0


def test_repair_never_writes_over_anything(path: Path) -> None:
    for name in ("there.db", "there.db-wal", "there.db.anchor"):
        there = path.parent / name
        there.write_text("precious")
        done = CliRunner().invoke(
            outagetui, ["--store", str(path), "store", "repair", "--to", str(path.parent / "there.db")]
        )
        assert done.exit_code == 3
        assert "nothing is ever overwritten" in done.stderr
        assert there.read_text() == "precious"
        there.unlink()
    assert not (path.parent / "there.db").exists()


def test_what_is_lost_is_said_and_accepted_in_the_new_journal(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("DELETE FROM journal WHERE seq IN (7, 8)")
    db.commit()
    db.close()
    new = path.parent / "new.db"
    done = CliRunner().invoke(outagetui, ["--store", str(path), "store", "repair", "--to", str(new)])
    assert done.exit_code == 1
    assert "lost: entry 7 is missing: 9 follows 6" in done.stdout
    verified = CliRunner().invoke(outagetui, ["--store", str(new), "journal", "--verify"])
    assert verified.exit_code == 0
    assert "accepted: entry 7 is missing: 9 follows 6" in verified.stdout
