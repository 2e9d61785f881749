"""The anchor outside of the store: what is cut off, lost or rewritten is noticed, and a crash is none of these."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from outagetui.facts.events import Activated
from outagetui.store import anchor
from outagetui.store.damage import StoreError
from outagetui.store.entries import chain
from outagetui.store.journal import Store
from outagetui.store.reader import Reader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


BEGIN = 4e9  # after this machine was started


def filled(path: Path, entries: int = 5) -> Store:
    store = Store(path, lambda: BEGIN)
    for number in range(entries):
        store.append(BEGIN + number, "alice", Activated(channel=f"c{number}"))
    return store


def faults(path: Path) -> list[str]:
    reader = Reader(path)
    try:
        return [fault.words for fault in reader.verdict().faults]
    finally:
        reader.close()


def changed(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_it_stands_at_the_head_after_every_commit(path: Path) -> None:
    store = filled(path)
    said = anchor.read(path)
    assert said is not None
    assert said.head == store.head
    assert said.head.seq == 5
    assert said.before == said.head
    assert said.at == BEGIN + 4
    assert faults(path) == []


def test_samples_do_not_touch_it(path: Path) -> None:
    store = filled(path)
    before = anchor.path_of(path).read_bytes()
    from tests.kit.filled_stores import BEAT

    store.record([], [], BEAT)
    assert anchor.path_of(path).read_bytes() == before


def cut(path: Path) -> None:
    changed(
        path,
        "DELETE FROM journal WHERE seq > 3",
        f"UPDATE meta SET value=CAST('{head(path, 3)}' AS BLOB) WHERE key='head'",
    )


def head(path: Path, seq: int) -> str:
    db = sqlite3.connect(path)
    found = db.execute("SELECT hash FROM journal WHERE seq=?", (seq,)).fetchone()[0]
    db.close()
    return f"{seq}:{found}"


def rewrite(path: Path) -> None:
    """Change an entry and make every hash behind it anew, as whoever knows how it is done would."""
    db = sqlite3.connect(path)
    rows = db.execute("SELECT * FROM journal ORDER BY seq").fetchall()
    prev = rows[1][6]
    for seq, at, actor, kind, document, *_ in rows[2:]:
        document = document.replace("c2", "cX")
        digest = chain(seq, at, actor, kind, document, prev)
        db.execute("UPDATE journal SET document=?, prev=?, hash=? WHERE seq=?", (document, prev, digest, seq))
        prev = digest
    db.execute("UPDATE meta SET value=? WHERE key='head'", (f"{rows[-1][0]}:{prev}".encode(),))
    db.commit()
    db.close()


def forge(path: Path) -> None:
    """Add an entry as the daemon would."""
    db = sqlite3.connect(path)
    _, prev = head(path, 5).split(":")
    digest = chain(6, 1, "alice", "activate", '{"channel":"x"}', prev)
    db.execute("INSERT INTO journal VALUES(6, 1, 'alice', 'activate', ?, ?, ?)", ('{"channel":"x"}', prev, digest))
    db.execute("UPDATE meta SET value=? WHERE key='head'", (f"6:{digest}".encode(),))
    db.commit()
    db.close()


def unanchor(path: Path) -> None:
    anchor.path_of(path).unlink()


def spoil(path: Path) -> None:
    anchor.path_of(path).write_bytes(b"\xff" * 8192)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut, "entries behind 3 are missing: the anchor of 2096-10-02T07:06:44Z knows 5 "),
        (rewrite, "entry 5 was rewritten: the anchor of 2096-10-02T07:06:44Z says 5 "),
        (forge, "entries behind 5 are not anchored"),
        (unanchor, "the anchor is missing"),
        (spoil, "none of its copies is whole"),
    ],
)
def test_whatever_the_chain_alone_cannot_tell_is_noticed_by_reader_and_daemon(
    path: Path, damage: Callable[[Path], None], words: str
) -> None:
    filled(path).close()
    damage(path)
    (told,) = faults(path)
    assert words in told
    store = Store(path, lambda: 2000.0)
    assert words in store.breach
    store.append(2001.0, "outagetui", Activated(channel="later"))  # does not cover it up
    store.close()
    assert words in Store(path, lambda: 3000.0).breach
    assert any(words in told for told in faults(path))


@pytest.mark.parametrize("damage", [cut, rewrite, forge, unanchor, spoil])
def test_a_word_of_an_operator_ends_the_alarm_and_stays_in_the_journal(
    path: Path, damage: Callable[[Path], None]
) -> None:
    filled(path).close()
    damage(path)
    store = Store(path, lambda: 2000.0)
    store.append(2001.0, "outagetui", Activated(channel="later"))
    (entry,) = store.accept(2002.0, "bob", "Monday's backup was put back")
    assert (entry.actor, entry.kind) == ("bob", "journal.accept")
    assert store.breach == ""
    assert store.accept(2003.0, "bob", "again") == []
    store.close()
    assert faults(path) == []
    again = Store(path, lambda: 3000.0)
    assert again.breach == ""
    again.close()
    changed(path, "UPDATE journal SET actor='eve' WHERE seq=2")  # accepted is what was known, and nothing else
    assert faults(path) == ["entry 2 was changed: its content does not match its hash"]


def test_a_lost_wal_is_noticed(path: Path) -> None:
    store = filled(path)
    store.leave()
    store.append(1100.0, "alice", Activated(channel="in the wal only"))
    kept = path.with_name("kept.db")
    shutil.copyfile(path, kept)
    shutil.copyfile(anchor.path_of(path), anchor.path_of(kept))
    (told,) = faults(kept)
    assert told.startswith("entries behind 5 are missing")
    store.close()


def test_a_store_that_is_made_anew_beside_its_anchor_is_noticed(path: Path) -> None:
    filled(path).close()
    path.unlink()
    assert "entries behind 0 are missing" in Store(path, lambda: 1.0).breach


def test_a_backup_that_was_put_back_is_noticed(path: Path) -> None:
    filled(path).close()
    backup = path.with_name("backup.db")
    shutil.copyfile(path, backup)
    store = Store(path, lambda: 1.0)
    store.append(1200.0, "alice", Activated(channel="after the backup"))
    store.close()
    backup.replace(path)
    assert "entries behind 5 are missing" in Store(path, lambda: 1.0).breach


def test_a_copy_elsewhere_has_no_anchor_and_is_sound(path: Path) -> None:
    filled(path).close()
    copy = path.with_name("backup.db")
    shutil.copyfile(path, copy)
    assert faults(copy) == []


def test_a_store_of_before_there_were_anchors_is_anchored_without_a_word(path: Path) -> None:
    filled(path).close()
    unanchor(path)
    changed(path, "DELETE FROM meta WHERE key='anchored'")
    assert faults(path) == []
    store = Store(path, lambda: 1.0)
    assert store.breach == ""
    said = anchor.read(path)
    assert said is not None
    assert said.head == store.head


@pytest.mark.parametrize("slot", [0, 1, 2])
@pytest.mark.parametrize("length", [0, 1, 100, 200])
def test_a_torn_write_leaves_what_was_on_the_disk_before(path: Path, slot: int, length: int) -> None:
    store = filled(path)
    torn = bytearray(anchor.path_of(path).read_bytes())
    torn[slot * 4096 + length : (slot + 1) * 4096] = b"\xaa" * (4096 - length)
    anchor.path_of(path).write_bytes(torn)
    assert faults(path) == []
    store.close()


def test_a_cut_of_the_last_commit_alone_is_no_crash(path: Path) -> None:
    filled(path, 4).close()
    cut(path)
    (told,) = faults(path)
    assert told.startswith("entries behind 3 are missing")


@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
def test_what_is_no_plain_file_is_refused_in_words(path: Path, kind: str) -> None:
    place = anchor.path_of(path)
    if kind == "directory":
        place.mkdir()
    elif kind == "link":
        place.symlink_to("/etc/passwd")
    else:
        os.mkfifo(place)
    with pytest.raises(StoreError, match=r"cannot be used as the journal's anchor"):
        Store(path)


def test_power_loss_may_leave_the_anchor_behind_by_one_commit_and_no_more(path: Path) -> None:
    store = Store(path, lambda: 1000.0)
    store.append(1001.0, "alice", Activated(channel="a"))
    behind = anchor.path_of(path).read_bytes()
    store.append(1002.0, "alice", Activated(channel="b"), Activated(channel="c"))
    after_power_loss = anchor.path_of(path)
    after_power_loss.write_bytes(behind)
    assert faults(path) == []
    store.append(1003.0, "alice", Activated(channel="d"))
    after_power_loss.write_bytes(behind)
    (told,) = faults(path)
    assert told.startswith("entries behind 1 are not anchored")
    store.close()


def test_power_loss_at_the_first_commit_is_no_alarm(path: Path) -> None:
    store = Store(path, lambda: 1000.0)
    behind = anchor.path_of(path).read_bytes()
    store.append(1002.0, "alice", Activated(channel="b"), Activated(channel="c"))
    anchor.path_of(path).write_bytes(behind)
    assert faults(path) == []
    store.close()


# A kill at every step: the anchor is ahead of the store by exactly what was to be committed, and that is no alarm.


class KilledError(BaseException):
    pass


def steps_until(path: Path, wanted: int) -> int:
    """In a child, kill at the `wanted`th write or sync, of the anchor or the store. Return how many there were."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return -1 if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    pwrite, sync = os.pwrite, os.fdatasync

    def writing(handle: int, content: bytes, at: int) -> int:
        step()
        half = pwrite(handle, content[: len(content) // 2], at)
        step()
        return half + pwrite(handle, content[half:], at + half)

    def syncing(handle: int) -> None:
        step()
        sync(handle)
        step()

    os.pwrite, os.fdatasync = writing, syncing  # type: ignore[assignment]
    try:
        store = Store(path, lambda: 1.0)
        store._db.set_trace_callback(lambda statement: step())
        for number in range(3):
            step()
            store.append(float(number), "daemon", Activated(channel=f"c{number}"), Activated(channel=f"d{number}"))
            step()
        os._exit(min(count, 127))
    except BaseException:
        os._exit(126)


def test_a_kill_at_any_step_is_no_alarm_and_loses_nothing(tmp_path: Path) -> None:
    whole = steps_until(tmp_path / "whole.db", 0)
    assert 20 < whole < 120
    for wanted in range(1, whole + 1):
        path = tmp_path / f"{wanted}.db"
        assert steps_until(path, wanted) == -1
        if path.exists() and path.stat().st_size:
            found = faults(path)
            assert found == [], f"killed at step {wanted}"
        store = Store(path, lambda: 2.0)
        assert store.breach == "", f"killed at step {wanted}"
        store.append(9.0, "daemon", Activated(channel="after"))
        assert faults(path) == []
        store.close()
