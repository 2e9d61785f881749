"""The store as screens read it: never creating or changing a file, whoever reads, with or without a daemon."""

import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from outagetui.core.model import Observation, Outcome, Sample
from outagetui.facts.events import Activated
from outagetui.facts.live import Beat
from outagetui.store.journal import Store, StoreError
from outagetui.store.reader import Reader, wait_for_store
from outagetui.store.schema import PHASES
from tests.kit.filled_stores import BEAT, store_with_entries
from tests.kit.sample_business import PUBLIC


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "store.db"


def files(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()}


def crashed(path: Path, *, leaving: bool) -> None:
    """Let another process write a store and end at once, as a killed daemon does, or one that left properly."""
    code = """
        import os, sys
        from pathlib import Path
        from tests.kit.filled_stores import store_with_entries
        store = store_with_entries(Path(sys.argv[1]))
        if sys.argv[2] == "True":
            store.leave()
        os._exit(0)
    """
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path), str(leaving)], check=True, cwd=root)


# Opening.


def test_a_missing_store_says_to_start_the_daemon_and_makes_nothing(path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no store yet; start the daemon"):
        Reader(path)
    assert not path.parent.exists()


def test_a_live_store_is_read_without_a_trace(path: Path) -> None:
    store = store_with_entries(path)
    before = files(path)
    reader = Reader(path)
    assert len(reader.entries()) == 6
    store.append(2000.0, "alice", Activated(channel="later"))
    assert '"channel":"later"' in reader.entries()[-1].document
    reader.close()
    assert files(path) == before == {"store.db", "store.db-wal", "store.db-shm", "store.db.anchor", "store.db.beat"}
    assert not reader.outlived()


@pytest.mark.parametrize("leaving", [True, False])
def test_a_store_whose_daemon_is_gone_is_read_whole_and_left_as_it_is(path: Path, leaving: bool) -> None:
    crashed(path, leaving=leaving)
    before = files(path)
    assert "store.db-shm" in before
    reader = Reader(path)
    assert len(reader.entries()) == 6
    assert reader.verify() == (6, "")
    reader.close()
    assert files(path) == before


def test_leaving_settles_everything_into_the_file(path: Path) -> None:
    crashed(path, leaving=True)
    assert path.with_name("store.db-wal").stat().st_size == 0


def test_a_cleanly_closed_store_is_read_without_making_the_shared_memory_file(path: Path) -> None:
    store_with_entries(path).close()
    assert files(path) == {"store.db", "store.db.anchor", "store.db.beat"}
    reader = Reader(path)
    assert len(reader.entries()) == 6
    assert reader.public() == PUBLIC
    reader.close()
    assert files(path) == {"store.db", "store.db.anchor", "store.db.beat"}


def test_a_store_with_unfinished_writes_and_no_shared_memory_is_refused(path: Path) -> None:
    crashed(path, leaving=False)
    path.with_name("store.db-shm").unlink()
    with pytest.raises(StoreError, match=r"unfinished writes and no daemon; start the daemon once"):
        Reader(path)
    assert "store.db-shm" not in files(path)


def test_a_settled_reader_notices_the_daemon_that_came(path: Path) -> None:
    store_with_entries(path).close()
    reader = Reader(path)
    assert not reader.outlived()
    store = Store(path)
    store.append(3000.0, "alice", Activated(channel="new"))
    assert reader.outlived()
    assert len(Reader(path).entries()) == 7


def test_a_replaced_store_is_noticed(path: Path) -> None:
    store = store_with_entries(path)
    reader = Reader(path)
    assert not reader.outlived()
    for file in path.parent.iterdir():
        file.rename(file.with_name("old-" + file.name))
    assert reader.outlived()
    fresh = store_with_entries(path, entries=1)
    assert reader.outlived()
    fresh.close()
    store.close()


def test_waiting_for_a_store_ends_when_it_comes_or_with_its_reason(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store yet"):
        wait_for_store(path, 0.1)
    timer = threading.Timer(0.2, lambda: store_with_entries(path))
    timer.start()
    assert wait_for_store(path, 10.0).entries() is not None
    timer.join()


def test_an_unfinished_or_foreign_file_is_refused_in_words(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with pytest.raises(StoreError, match="not a store of outagetui, or the daemon has not finished making it"):
        Reader(path)
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreError, match="cannot be read"):
        Reader(path)


def test_damaged_rows_are_told_as_such(path: Path) -> None:
    store = store_with_entries(path)
    store._db.execute("UPDATE live SET document=x'c1'")
    store._db.execute("UPDATE meta SET value=x'00' WHERE key='public'")
    reader = Reader(path)
    assert reader.live() == []
    with pytest.raises(StoreError, match="damaged, or written by another version"):
        reader.public()


def test_a_reader_cannot_write(path: Path) -> None:
    store = store_with_entries(path)
    reader = Reader(path)
    for query in ("DELETE FROM journal", "CREATE TABLE x(a)", "INSERT INTO words VALUES(99, 'x')"):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._db.execute(query)
    assert len(store.entries()) == 6


# Another user.


READERS = 54321


def as_nobody(work: Callable[[], str]) -> str:
    """Do `work` as a user who owns nothing here and is in the readers' group; without root, as ourselves.

    A fork without exec: this Python may lie where such a user cannot go.
    """
    result, answer = os.pipe()
    child = os.fork()
    if child == 0:
        told = "nothing"
        try:
            if os.geteuid() == 0:
                os.setgroups([READERS])
                os.setgid(65534)
                os.setuid(65534)
            told = work()
        except BaseException as error:
            told = repr(error)
        finally:
            os.write(answer, told.encode())
            os._exit(0)
    os.close(answer)
    with os.fdopen(result) as stream:
        told = stream.read()
    os.waitpid(child, 0)
    return told


def read_all(path: Path) -> str:
    reader = Reader(path)
    told = f"{len(reader.entries())} {reader.verify()[1]}"
    reader.close()
    return told


@pytest.fixture
def shared(path: Path) -> Path:
    """Make a store that a group of readers may see, in directories that others may pass."""
    path.parent.mkdir()
    if os.geteuid() == 0:
        os.chown(path.parent, -1, READERS)
        for above in path.parent.parents:
            if above.stat().st_uid == 0 and above.name.startswith(("pytest-", "popen-", "test_")):
                above.chmod(0o755)
    path.parent.chmod(0o2750)
    return path


@pytest.mark.parametrize("end", ["alive", "killed", "left"])
def test_a_second_user_reads_with_the_daemon_alive_killed_or_gone(shared: Path, end: str) -> None:
    if end == "alive":
        store = store_with_entries(shared)
    else:
        crashed(shared, leaving=end == "left")
    before = {file.name: (file.stat().st_uid, file.stat().st_mode) for file in shared.parent.iterdir()}
    assert as_nobody(lambda: read_all(shared)) == "6 "
    assert {file.name: (file.stat().st_uid, file.stat().st_mode) for file in shared.parent.iterdir()} == before
    if end == "alive":
        store.append(9000.0, "alice", Activated(channel="after"))
    if os.geteuid() == 0:
        shared.parent.chmod(0o700)
        assert "you may not look into it; join the store's group" in as_nobody(lambda: read_all(shared))
    again = Store(shared)  # and the daemon can still write
    again.append(9001.0, "alice", Activated(channel="again"))


# What is read.


def test_a_history_comes_back_with_phases_values_and_words(path: Path) -> None:
    store = Store(path)
    phases = {"resolve": 1.25, "connect": 0.5, "tls": 6.0, "first_byte": 2.0, "transfer": 0.125, "extra": 1.0}
    assert len(phases) == PHASES
    told = [
        Observation("a.b", "here", 10.0, Sample(Outcome.PASS, "", "", 12.345, phases)),
        Observation("a.b", "here", 11.5, Sample(Outcome.WARN, "slow", "900 ms", 900.0, {"connect": 1.0})),
        Observation("a.b", "there", 12.0, Sample(Outcome.FAIL, "tcp.refused", "connection refused")),
        Observation("a.b", "here", 13.0, Sample(Outcome.UNKNOWN, "net.no-route", "no route", value=-1.5)),
    ]
    others = [
        Observation("a.bc", "here", 10.0, Sample(Outcome.PASS)),
        Observation("xa.b", "here", 10.0, Sample(Outcome.PASS)),
    ]
    store.record([*told, *others], [], BEAT)
    reader = Reader(path)
    assert reader.history("a.b", 0.0) == told
    assert reader.span(0.0) == (1, 7)
    assert reader.slice("a.b", 2, 4) == told[1:3]
    assert reader.slice("a.b", 4, 7) == told[3:]
    assert reader.slice("b.c", 1, 7) == []
    assert reader.history("a.b", 11.5) == told[1:]
    assert reader.history("nobody", 0.0) == []


def test_patterns_in_a_name_find_nothing_else(path: Path) -> None:
    store = Store(path)
    store.record([Observation("a.b", "here", 10.0, Sample(Outcome.PASS))], [], BEAT)
    reader = Reader(path)
    for name in ("*", "a.?", "[a].b", "a.[b]"):
        assert reader.history(name, 0.0) == []


def test_changes_are_seen_by_the_data_version(path: Path) -> None:
    store = store_with_entries(path)
    reader = Reader(path)
    assert reader.changed()
    assert not reader.changed()
    store.record([], [], Beat(7, 1001.0))
    assert not reader.changed()  # alive as before
    store.record([], [], Beat(7, 1001.0, trouble="the disk is full"))
    assert reader.changed()
    assert not reader.changed()
    store.append(1001.0, "daemon", Activated(channel="a"))
    assert reader.changed()
    beat = reader.beat()
    assert beat is not None
    assert beat.at == 1001.0


def test_the_newest_entries_come_first_and_page_backwards(path: Path) -> None:
    store_with_entries(path)
    reader = Reader(path)
    assert [entry.seq for entry in reader.newest(3)] == [6, 5, 4]
    assert [entry.seq for entry in reader.newest(3, before=4)] == [3, 2, 1]
    assert [entry.seq for entry in reader.newest(3, before=1)] == []
    assert [entry.seq for entry in reader.entries(after=4)] == [5, 6]


def test_an_empty_store_is_sound_and_has_nothing(path: Path) -> None:
    Store(path)
    reader = Reader(path)
    assert (reader.public(), reader.beat(), reader.live(), reader.entries()) == (None, None, [], [])
    assert reader.verify() == (0, "")


# At once.


def test_readers_never_block_or_tear_a_writer(path: Path) -> None:
    """A daemon in a process of its own writes two linked facts a commit; readers must see both or none."""
    code = """
        import sys
        from pathlib import Path
        from outagetui.facts.events import Activated, Deactivated
        from outagetui.store.journal import Store
        from outagetui.facts.live import Beat
        store = Store(Path(sys.argv[1]))
        print("ready", flush=True)
        for number in range(300):
            store.append(float(number), "d", Activated(channel=f"c{number}"), Deactivated(channel=f"c{number}"))
            store.record([], [], Beat(1, float(number)))
        print("done", flush=True)
        sys.stdin.read()
    """
    root = Path(__file__).parents[2]
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    assert writer.stdout is not None
    assert writer.stdin is not None
    assert writer.stdout.readline() == "ready\n"
    readers = [Reader(path) for _ in range(3)]
    looks = 0
    count = 0
    while count < 600:
        for reader in readers:
            count = len(reader.entries())
            assert count % 2 == 0
            looks += 1
    assert writer.stdout.readline() == "done\n"
    writer.stdin.close()
    assert writer.wait(10) == 0
    writer.stdout.close()
    assert looks > 3
    assert all(reader.verify() == (600, "") for reader in readers)
    for reader in readers:
        reader.close()
