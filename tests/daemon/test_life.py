"""One daemon per store, from its start to whatever ends it, and what it leaves to other users."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest
from outagetui.facts.events import Activated, DaemonStarted, DaemonStopped
from outagetui.store.reader import Reader
from tests.kit.house import NOBODY, House, as_user, descriptors, eventually

GROUP = 54321  # a group of ours; it needs no name


def daemon(home: House) -> "subprocess.CompletedProcess[str]":
    """Start a daemon that is expected to end by itself."""
    return home.cli("daemon")


def test_a_second_daemon_says_who_holds_the_store_and_changes_nothing(home: House) -> None:
    home.settle(every="5s").start()
    assert home.daemon is not None
    done = daemon(home)
    assert done.returncode == 1
    assert done.stderr == (
        f"another daemon, process {home.daemon.pid}, runs this store ({home.store}); "
        "stop it with: outagetui daemon --stop\n"
    )
    assert home.order("hello")["pid"] == home.daemon.pid
    assert len(home.told(DaemonStarted)) == 1


def test_the_lock_and_a_dead_daemons_socket_do_not_outlive_a_kill(home: House) -> None:
    home.settle(every="5s").start()
    home.kill()
    assert home.socket.exists()
    home.start()
    assert home.order("hello")["ok"]
    assert len(home.told(DaemonStarted)) == 2
    assert home.told(DaemonStopped) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_with_a_journal_entry_and_leaves_shm(home: House, number: signal.Signals) -> None:
    home.settle(every="5s").start()
    assert home.daemon is not None
    with home.client() as client:  # a client that stays must not hold it up
        client.order("hello")
        home.daemon.send_signal(number)
        assert home.daemon.wait(10) == 0
    assert home.trouble.read_text() == ""
    assert [event.reason for event in home.told(DaemonStopped)] == [f"signal {number.name}"]
    assert {file.name for file in home.state.iterdir()} == {
        "store.db", "store.db-wal", "store.db-shm", "store.db.lock",
    }  # fmt: skip
    assert (home.state / "store.db-wal").stat().st_size == 0
    home.sound()


def test_a_signal_in_the_middle_of_a_run_keeps_the_run_for_the_next_daemon(home: House) -> None:
    home.settle().start()
    run = home.order("start", playbook="chat-down")["run"]
    eventually(lambda: home.asks(run))
    home.order("answer", run=run, step="sure", attempt=1, answer="done")
    assert home.terminate() == 0
    home.start()
    step, _, _ = eventually(lambda: home.asks(run))
    assert step == "tell"
    assert home.told(Activated)[0].channel == "phone"


@pytest.mark.parametrize("end", ["alive", "terminated", "killed"])
def test_a_second_user_reads_and_cannot_write(home: House, end: str) -> None:
    home.settle(every="5s")
    home.state.mkdir()
    os.chown(home.state, -1, GROUP)
    home.state.chmod(0o2750)
    home.start()
    assert home.order("activate", channels=["phone"])["ok"]
    if end == "terminated":
        home.terminate()
    elif end == "killed":
        home.kill()
    names = {file.name for file in home.state.iterdir()}
    assert "store.db-shm" in names

    def look() -> str:
        reader = Reader(home.store)
        kinds = {entry.kind for entry in reader.entries()}
        return f"{reader.verify()[1]}{'activate' in kinds}"

    def write(statement: str) -> str:
        with contextlib.closing(sqlite3.connect(home.store)) as db:
            db.execute(statement)
            db.commit()
        return "written"

    assert as_user(NOBODY, look, groups=(GROUP,)) == "True"
    assert "readonly" in as_user(NOBODY, lambda: write("DELETE FROM journal"), groups=(GROUP,))
    assert as_user(NOBODY, home.store.unlink, groups=(GROUP,)).startswith("PermissionError")
    assert as_user(NOBODY, (home.state / "new").touch, groups=(GROUP,)).startswith("PermissionError")
    assert "StoreError" in as_user(NOBODY, look) or "PermissionError" in as_user(NOBODY, look)  # not in the group
    assert {file.name for file in home.state.iterdir()} == names
    assert {file.stat().st_uid for file in home.state.iterdir()} == {0}
    if end != "alive":
        home.start()
    assert home.order("deactivate", channels=["phone"])["ok"]  # and the daemon still writes
    home.sound()


def test_a_reader_makes_no_shm_where_there_is_none(home: House) -> None:
    home.settle()
    home.outage()  # a store that was closed properly: no -wal, no -shm
    reader = Reader(home.store)
    assert len(reader.entries()) == 1
    reader.close()
    assert {file.name for file in home.state.iterdir()} == {"store.db"}


# What it says when it cannot begin: one message, no traceback, the right status.


def refused(home: House, status: int, *words: str) -> str:
    done = daemon(home)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr
    return done.stderr


def test_a_broken_configuration_is_three_with_every_error(home: House) -> None:
    home.settle()
    (home.config / "checks" / "chat.toml").write_text("[channel\n")
    (home.config / "playbooks" / "chat-down.toml").write_text('nmae = "x"\n')
    words = refused(home, 3, "checks/chat.toml:1", "playbooks/chat-down.toml")
    assert len(words.splitlines()) >= 2
    assert not home.state.exists()


def test_a_configuration_that_may_not_be_read_is_three(home: House) -> None:
    home.settle()
    toml = home.config / "checks" / "chat.toml"
    toml.unlink()
    toml.mkdir()
    refused(home, 3, "chat.toml")
    home.config.rename(home.root / "elsewhere")
    refused(home, 3, "not a directory")


def test_a_newer_store_is_left_alone(home: House) -> None:
    home.settle()
    home.outage()
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        db.execute("PRAGMA user_version=99")
    before = home.store.read_bytes()
    words = refused(home, 1, "written by a newer outagetui (schema 99", "install that version")
    assert len(words.splitlines()) == 1
    assert home.store.read_bytes() == before


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_programs_database_is_left_alone(home: House, version: int) -> None:
    home.settle()
    home.state.mkdir()
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        db.execute(f"PRAGMA user_version={version}")
        db.execute("CREATE TABLE bookmarks(url)")
    before = home.store.read_bytes()
    words = refused(home, 1, f"{home.store}: an SQLite file of another program; name another store")
    assert len(words.splitlines()) == 1
    assert home.store.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as one" * 100, b"\0" * 4096])
def test_what_is_no_database_is_left_alone(home: House, content: bytes) -> None:
    home.settle()
    home.state.mkdir()
    home.store.write_bytes(content)
    refused(home, 1, f"{home.store}: cannot be used as the store")
    assert home.store.read_bytes() == content


def test_a_damaged_store_is_named(home: House) -> None:
    home.settle(every="5s").start()
    home.terminate()
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        db.execute("UPDATE live SET document=x'ff'")
        db.execute("INSERT INTO live VALUES(99999, x'ff')")
        db.commit()
    words = refused(home, 1, str(home.store), "damaged")
    assert len(words.splitlines()) == 1


def test_a_path_too_long_for_a_socket_is_one_clear_message(home: House) -> None:
    home.state = home.root / ("long" * 25)
    home.store = home.state / "store.db"
    home.settle()
    words = refused(home, 1, "longer than 107 bytes", "[store] path")
    assert len(words.splitlines()) == 1


def test_a_directory_in_the_place_of_store_or_socket_is_one_clear_message(home: House) -> None:
    home.settle()
    home.socket.mkdir(parents=True)
    assert len(refused(home, 1, "orders.sock").splitlines()) == 1
    home.socket.rmdir()
    home.forget()
    home.store.mkdir()
    assert len(refused(home, 1, str(home.store)).splitlines()) == 1


def test_a_place_that_may_not_be_made_is_one_clear_message(home: House) -> None:
    (home.root / "file").touch()
    home.state = home.root / "file" / "below"
    home.store = home.state / "store.db"
    home.settle()
    assert len(refused(home, 1, str(home.store), "Not a directory").splitlines()) == 1


def test_a_port_in_use_is_no_matter_since_it_listens_on_none(home: House) -> None:
    home.settle(every="5s").start()
    assert home.daemon is not None
    inodes = descriptors(home.daemon.pid)
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert not [line for line in listening if line[3] == "0A" and f"socket:[{line[9]}]" in inodes]
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as sock:
        sock.connect(str(home.socket))
