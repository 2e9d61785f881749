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
from tests.kit.installation import NOBODY, Installation, as_user, descriptors, eventually

GROUP = 54321  # a group of ours; it needs no name


def daemon(installation: Installation) -> "subprocess.CompletedProcess[str]":
    """Start a daemon that is expected to end by itself."""
    return installation.cli("daemon")


def test_a_second_daemon_says_who_holds_the_store_and_changes_nothing(installation: Installation) -> None:
    installation.configure(every="5s").start()
    assert installation.daemon is not None
    done = daemon(installation)
    assert done.returncode == 1
    assert done.stderr == (
        f"another daemon, process {installation.daemon.pid}, runs this store ({installation.store}); "
        "stop it with: outagetui daemon --stop\n"
    )
    assert installation.order("hello")["pid"] == installation.daemon.pid
    assert len(installation.events(DaemonStarted)) == 1


def test_the_lock_and_a_dead_daemons_socket_do_not_outlive_a_kill(installation: Installation) -> None:
    installation.configure(every="5s").start()
    installation.kill()
    assert installation.socket.exists()
    installation.start()
    assert installation.order("hello")["ok"]
    assert len(installation.events(DaemonStarted)) == 2
    assert installation.events(DaemonStopped) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_with_a_journal_entry_and_leaves_shm(
    installation: Installation, number: signal.Signals
) -> None:
    installation.configure(every="5s").start()
    assert installation.daemon is not None
    with installation.client() as client:  # a client that stays must not hold it up
        client.order("hello")
        installation.daemon.send_signal(number)
        assert installation.daemon.wait(10) == 0
    assert installation.stderr.read_text() == ""
    assert [event.reason for event in installation.events(DaemonStopped)] == [f"signal {number.name}"]
    assert {file.name for file in installation.state.iterdir()} == {
        "store.db", "store.db-wal", "store.db-shm", "store.db.lock", "store.db.anchor", "store.db.beat",
    }  # fmt: skip
    assert (installation.state / "store.db-wal").stat().st_size == 0
    installation.verify_chain()


def test_a_signal_in_the_middle_of_a_run_keeps_the_run_for_the_next_daemon(installation: Installation) -> None:
    installation.configure().start()
    run = installation.order("start", playbook="chat-down")["run"]
    eventually(lambda: installation.question(run))
    installation.order("answer", run=run, step="sure", attempt=1, answer="done")
    assert installation.terminate() == 0
    installation.start()
    step, _, _ = eventually(lambda: installation.question(run))
    assert step == "tell"
    assert installation.events(Activated)[0].channel == "phone"


@pytest.mark.parametrize("end", ["alive", "terminated", "killed"])
def test_a_second_user_reads_and_cannot_write(installation: Installation, end: str) -> None:
    installation.configure(every="5s")
    installation.state.mkdir()
    os.chown(installation.state, -1, GROUP)
    installation.state.chmod(0o2750)
    installation.start()
    assert installation.order("activate", channels=["phone"])["ok"]
    if end == "terminated":
        installation.terminate()
    elif end == "killed":
        installation.kill()
    names = {file.name for file in installation.state.iterdir()}
    assert "store.db-shm" in names

    def look() -> str:
        reader = Reader(installation.store)
        kinds = {entry.kind for entry in reader.entries()}
        return f"{reader.verify()[1]}{'activate' in kinds}"

    def write(statement: str) -> str:
        with contextlib.closing(sqlite3.connect(installation.store)) as db:
            db.execute(statement)
            db.commit()
        return "written"

    assert as_user(NOBODY, look, groups=(GROUP,)) == "True"
    assert "readonly" in as_user(NOBODY, lambda: write("DELETE FROM journal"), groups=(GROUP,))
    assert as_user(NOBODY, installation.store.unlink, groups=(GROUP,)).startswith("PermissionError")
    assert as_user(NOBODY, (installation.state / "new").touch, groups=(GROUP,)).startswith("PermissionError")
    assert "StoreError" in as_user(NOBODY, look) or "PermissionError" in as_user(NOBODY, look)  # not in the group
    assert {file.name for file in installation.state.iterdir()} == names
    assert {file.stat().st_uid for file in installation.state.iterdir()} == {0}
    if end != "alive":
        installation.start()
    assert installation.order("deactivate", channels=["phone"])["ok"]  # and the daemon still writes
    installation.verify_chain()


def test_a_reader_makes_no_shm_where_there_is_none(installation: Installation) -> None:
    installation.configure()
    installation.outage()  # a store that was closed properly: no -wal, no -shm
    reader = Reader(installation.store)
    assert len(reader.entries()) == 1
    reader.close()
    assert {file.name for file in installation.state.iterdir()} == {"store.db", "store.db.anchor", "store.db.beat"}


# What it says when it cannot begin: one message, no traceback, the right status.


def refused(installation: Installation, status: int, *words: str) -> str:
    done = daemon(installation)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr
    return done.stderr


def test_a_broken_configuration_is_three_with_every_error(installation: Installation) -> None:
    installation.configure()
    (installation.config / "checks" / "chat.toml").write_text("[channel\n")
    (installation.config / "playbooks" / "chat-down.toml").write_text('nmae = "x"\n')
    words = refused(installation, 3, "checks/chat.toml:1", "playbooks/chat-down.toml")
    assert len(words.splitlines()) >= 2
    assert not installation.state.exists()


def test_a_configuration_that_may_not_be_read_is_three(installation: Installation) -> None:
    installation.configure()
    toml = installation.config / "checks" / "chat.toml"
    toml.unlink()
    toml.mkdir()
    refused(installation, 3, "chat.toml")
    installation.config.rename(installation.root / "elsewhere")
    refused(installation, 3, "not a directory")


def test_a_newer_store_is_left_alone(installation: Installation) -> None:
    installation.configure()
    installation.outage()
    with contextlib.closing(sqlite3.connect(installation.store)) as db:
        db.execute("PRAGMA user_version=99")
    before = installation.store.read_bytes()
    words = refused(installation, 3, "written by a newer outagetui (schema 99", "install that version")
    assert len(words.splitlines()) == 1
    assert installation.store.read_bytes() == before


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_programs_database_is_left_alone(installation: Installation, version: int) -> None:
    installation.configure()
    installation.state.mkdir()
    with contextlib.closing(sqlite3.connect(installation.store)) as db:
        db.execute(f"PRAGMA user_version={version}")
        db.execute("CREATE TABLE bookmarks(url)")
    before = installation.store.read_bytes()
    words = refused(installation, 3, f"{installation.store}: an SQLite file of another program; name another store")
    assert len(words.splitlines()) == 1
    assert installation.store.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as one" * 100, b"\0" * 4096])
def test_what_is_no_database_is_left_alone(installation: Installation, content: bytes) -> None:
    installation.configure()
    installation.state.mkdir()
    installation.store.write_bytes(content)
    refused(installation, 3, f"{installation.store}: cannot be used as the store")
    assert installation.store.read_bytes() == content


def test_a_damaged_store_is_named(installation: Installation) -> None:
    installation.configure(every="5s").start()
    installation.terminate()
    with contextlib.closing(sqlite3.connect(installation.store)) as db:
        db.execute("DROP TABLE words")
        db.commit()
    words = refused(installation, 3, str(installation.store), "damaged", "outagetui store check")
    assert len(words.splitlines()) == 1


def test_verdicts_that_were_damaged_are_made_anew(installation: Installation) -> None:
    installation.configure(every="5s").start()
    installation.terminate()
    with contextlib.closing(sqlite3.connect(installation.store)) as db:
        db.execute("UPDATE live SET document=x'ff'")
        db.execute("INSERT INTO live(series, document) VALUES(99999, x'ff')")
        db.commit()
    installation.start()
    eventually(lambda: Reader(installation.store).live())


def test_a_path_too_long_for_a_socket_is_one_clear_message(installation: Installation) -> None:
    installation.state = installation.root / ("long" * 25)
    installation.store = installation.state / "store.db"
    installation.configure()
    words = refused(installation, 1, "longer than 107 bytes", "[store] path")
    assert len(words.splitlines()) == 1


def test_a_directory_in_the_place_of_store_or_socket_is_one_clear_message(installation: Installation) -> None:
    installation.configure()
    installation.socket.mkdir(parents=True)
    assert len(refused(installation, 1, "orders.sock").splitlines()) == 1
    installation.socket.rmdir()
    installation.delete_store()
    installation.store.mkdir()
    assert len(refused(installation, 3, str(installation.store)).splitlines()) == 1


def test_a_place_that_may_not_be_made_is_one_clear_message(installation: Installation) -> None:
    (installation.root / "file").touch()
    installation.state = installation.root / "file" / "below"
    installation.store = installation.state / "store.db"
    installation.configure()
    assert len(refused(installation, 3, str(installation.store), "Not a directory").splitlines()) == 1


def test_a_port_in_use_is_no_matter_since_it_listens_on_none(installation: Installation) -> None:
    installation.configure(every="5s").start()
    assert installation.daemon is not None
    inodes = descriptors(installation.daemon.pid)
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert not [line for line in listening if line[3] == "0A" and f"socket:[{line[9]}]" in inodes]
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as sock:
        sock.connect(str(installation.socket))
