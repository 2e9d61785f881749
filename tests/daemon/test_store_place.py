"""The store taken away under a running daemon: it ends within a second, and there are never two on one business."""

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable

import pytest
from tests.kit.installation import Installation, eventually

SOON = 1.5  # a second, and what a busy machine takes to tell


def moved(installation: Installation) -> None:
    installation.state.rename(installation.root / "elsewhere")


def made_anew(installation: Installation) -> None:
    moved(installation)
    installation.state.mkdir()


def deleted(installation: Installation) -> None:
    shutil.rmtree(installation.state)


def file_replaced(installation: Installation) -> None:
    copy = installation.state / "copy"
    shutil.copyfile(installation.store, copy)
    copy.replace(installation.store)


def file_deleted(installation: Installation) -> None:
    installation.store.unlink()


def socket_replaced(installation: Installation) -> None:
    installation.socket.unlink()
    installation.socket.touch()


def lock_deleted(installation: Installation) -> None:
    installation.store.with_name("store.db.lock").unlink()


TAKEN = [moved, made_anew, deleted, file_replaced, file_deleted, socket_replaced, lock_deleted]


@pytest.mark.parametrize("taken", TAKEN)
def test_a_daemon_whose_place_was_taken_ends_within_a_second_and_says_why(
    installation: Installation, taken: Callable[[Installation], None]
) -> None:
    installation.configure(every="1s").start()
    process = installation.daemon
    assert process is not None
    taken(installation)
    began = time.monotonic()
    assert process.wait(10) == 1  # so that systemd starts it anew
    assert time.monotonic() - began < SOON
    told = installation.stderr.read_text()
    assert "under the running daemon; it writes and does nothing any more" in told
    assert len(told.splitlines()) == 1
    installation.daemon = None


def test_nothing_is_written_or_ordered_between_the_taking_and_the_end(installation: Installation) -> None:
    installation.configure(every="1s").start()
    run = installation.order("start", playbook="chat-down")["run"]
    eventually(lambda: installation.question(run))
    elsewhere = installation.root / "elsewhere"
    with installation.client() as client:
        assert client.order("hello")["ok"]
        installation.state.rename(elsewhere)
        reply = client.order("answer", run=run, step="sure", attempt=1, answer="done")
        assert reply["ok"] is False
        assert "moved or deleted under the running daemon" in reply["error"]
    process = installation.daemon
    assert process is not None
    process.wait(10)
    installation.daemon = None
    installation.state, installation.store = elsewhere, elsewhere / "store.db"
    kinds = [entry.kind for entry in installation.entries()]
    assert "step.answer" not in kinds
    assert "daemon.stop" not in kinds


def test_a_second_daemon_in_the_directory_made_anew_waits_for_the_first_to_go(installation: Installation) -> None:
    installation.configure(every="1s").start()
    first = installation.daemon
    assert first is not None
    made_anew(installation)
    installation.daemon = None
    installation.start()
    assert first.wait(5) == 1
    second = installation.daemon
    assert second is not None
    assert installation.order("hello")["pid"] == second.pid


def test_a_second_daemon_is_refused_while_the_first_cannot_notice(installation: Installation) -> None:
    installation.configure(every="1s").start()
    first = installation.daemon
    assert first is not None
    first.send_signal(19)  # SIGSTOP
    try:
        made_anew(installation)
        done = installation.cli("daemon")
    finally:
        first.send_signal(18)
    assert done.returncode == 1
    assert f"another daemon, process {first.pid}, runs this configuration" in done.stderr
    assert not installation.store.exists()
    assert first.wait(5) == 1
    installation.daemon = None


def test_a_link_in_the_place_of_the_lock_is_refused_and_not_followed(installation: Installation) -> None:
    installation.configure()
    installation.state.mkdir()
    victim = installation.root / "victim"
    victim.write_text("precious")
    installation.store.with_name("store.db.lock").symlink_to(victim)
    done = installation.cli("daemon")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "cannot be the daemon's lock: it is a symbolic link; remove it" in done.stderr
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "socket"])
@pytest.mark.parametrize("name", ["store.db", "store.db.lock", "store.db.anchor"])
def test_what_is_no_plain_file_is_refused_in_one_line(installation: Installation, kind: str, name: str) -> None:
    installation.configure()
    installation.state.mkdir()
    place = installation.state / name
    if kind == "link":
        (installation.root / "target").touch()
        place.symlink_to(installation.root / "target")
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    else:
        os.mknod(place, stat.S_IFSOCK | 0o600)
    done = installation.cli("daemon", timeout=10)
    place.rmdir() if kind == "directory" else place.unlink()
    assert done.returncode == 3
    assert str(place) in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("what", ["state", "store", "config", "settings", "checks", "check", "secrets"])
def test_what_every_user_may_write_is_refused_with_how_to_mend_it(installation: Installation, what: str) -> None:
    installation.configure().start()
    installation.terminate()
    secrets = installation.root / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    settings = installation.config / "outagetui.toml"
    if "[secrets]" not in settings.read_text():
        settings.write_text(f'{settings.read_text()}\n[secrets]\ndirectory = "{secrets}"\n')
    place = {
        "state": installation.state,
        "store": installation.store,
        "config": installation.config,
        "settings": settings,
        "checks": installation.config / "checks",
        "check": next((installation.config / "checks").glob("*.toml")),
        "secrets": secrets,
    }[what]
    place.chmod(place.stat().st_mode | 0o002)
    done = installation.cli("daemon")
    assert done.returncode == 3
    assert done.stderr == f"{place}: every user of this machine may write it: chmod o-w {place}\n"
    validated = installation.cli("validate")
    assert validated.returncode == 0  # what validated goes on validating
    assert f"{place}: every user" in validated.stdout + validated.stderr or "chmod o-w" in validated.stdout
    subprocess.run(["chmod", "o-w", str(place)], check=True)
    installation.start()
