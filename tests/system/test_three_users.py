"""A whole machine: daemon, operators and wall are users of their own, as the shipped files say, over a real sshd."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from outagetui.facts.events import Activated, StateChanged
from outagetui.store.reader import Reader
from tests.kit.installation import eventually
from tests.kit.pty_driver import Pty
from tests.servers.sshd import Sshd
from tests.system.installed_machine import InstalledMachine, installed_machine

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes UNIX users: sudo make test")
LEAVE = 3.0  # seconds that a wall may outlive its terminal
SHOWN = "Example Hosting"


@pytest.fixture(name="machine", scope="module")
def _machine() -> Iterator[InstalledMachine]:
    with installed_machine() as made:
        made.start()
        yield made


@pytest.fixture(name="server", scope="module")
def _server(machine: InstalledMachine) -> Iterator[Sshd]:
    with machine.ssh("ssh") as made:
        for user in (machine.operator, machine.viewer, machine.stranger):
            made.admit(user.name)
        line = made.admit(machine.wall.name, "restrict,pty")
        (made.keys / machine.wall.name).unlink()  # the shipped settings look for it elsewhere
        with (machine.system / "etc/ssh/outagetui-wall.keys").open("a") as file:
            file.write(line)
        yield made


@contextlib.contextmanager
def wall(machine: InstalledMachine, server: Sshd, *command: str) -> Iterator[Pty]:
    """Come as the wall's user, with a terminal, and end without a process left."""
    others = set(machine.wall.processes())
    with Pty(server.argv(machine.wall.name, *command, options=("-tt",)), columns=100, lines=30) as terminal:
        terminal.until_text(SHOWN)
        yield terminal
    eventually(lambda: set(machine.wall.processes()) <= others, LEAVE + 2)


def actors(machine: InstalledMachine, kind: str) -> list[str]:
    """Return who caused the entries of a kind; a login user that differs stands behind the name."""
    return [entry.actor.partition(" (")[0] for entry in machine.entries() if entry.kind == kind]


# What lies there, and who may.


def test_everything_belongs_to_whom_it_should(machine: InstalledMachine) -> None:
    service_user, watchers = machine.service_user, machine.wall.gid
    owned = {}
    for path in machine.state.iterdir():
        about = path.stat()
        owned[path.name] = (about.st_uid, about.st_gid, oct(about.st_mode & 0o7777))
    file = (service_user.uid, watchers, "0o640")
    assert owned == {
        "store.db": file,
        "store.db-wal": file,
        "store.db-shm": file,
        "store.db.anchor": file,
        "store.db.beat": file,
        "store.db.lock": (service_user.uid, service_user.gid, "0o640"),  # or the wall could keep a daemon from starting
        "orders.sock": (service_user.uid, service_user.gid, "0o660"),
    }
    assert machine.daemon is not None
    assert Path(f"/proc/{machine.daemon.pid}").stat().st_uid == service_user.uid


def reach(machine: InstalledMachine) -> dict[str, str]:
    """What a user finds open or closed."""

    def read() -> str:
        reader = Reader(machine.store)
        try:
            return "read" if reader.beat() else "no beat"
        finally:
            reader.close()

    def write() -> str:
        with contextlib.closing(sqlite3.connect(machine.store)) as store:
            store.execute("DELETE FROM journal")
        return "written"

    def connect() -> str:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(machine.socket))
        return "connected"

    def open_lock() -> str:
        os.close(os.open(machine.state / "store.db.lock", os.O_RDONLY))
        return "opened"

    doings: dict[str, Callable[[], object]] = {
        "read": read,
        "write": write,
        "add": (machine.state / "new").touch,
        "remove": machine.store.unlink,
        "orders": connect,
        "lock": open_lock,
        "config": lambda: "listed" if list(machine.config.iterdir()) else "empty",
        "secrets": lambda: list((machine.config / "secrets").iterdir()),
    }
    said = {}
    for name, work in doings.items():
        try:
            said[name] = str(work())
        except OSError as error:
            said[name] = f"errno {error.errno}"
        except Exception as error:
            said[name] = f"{type(error).__name__}: {error}"
    return said


def test_the_operator_reads_and_orders_and_writes_nothing(machine: InstalledMachine) -> None:
    said = eval(machine.operator.does(lambda: reach(machine)))
    assert said.pop("write") == "OperationalError: attempt to write a readonly database"
    assert said == {
        "read": "read", "add": "errno 13", "remove": "errno 13", "orders": "connected", "lock": "opened",
        "config": "listed", "secrets": "errno 13",
    }  # fmt: skip


def test_the_walls_user_reads_the_store_and_nothing_else(machine: InstalledMachine) -> None:
    said = eval(machine.wall.does(lambda: reach(machine)))
    assert said.pop("write") == "OperationalError: attempt to write a readonly database"
    assert said == {
        "read": "read", "add": "errno 13", "remove": "errno 13", "orders": "errno 13", "lock": "errno 13",
        "config": "errno 13", "secrets": "errno 13",
    }  # fmt: skip


def test_a_stranger_gets_nothing(machine: InstalledMachine, server: Sshd) -> None:
    said = eval(machine.stranger.does(lambda: reach(machine)))
    assert said.pop("write") == "OperationalError: unable to open database file"
    assert "you may not look into it" in said.pop("read")
    assert set(said.values()) == {"errno 13"}
    for words in (["status"], ["ack"], ["activate", "phone"]):
        done = machine.enter(server, machine.stranger, *words)
        assert done.returncode == 3, done.stdout
        assert done.stderr.count("\n") < 3, done.stderr
    done = subprocess.run(
        server.argv(machine.stranger.name, str(machine.program), "--store", str(machine.store), "status"),
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.endswith("you may not look into it; join the store's group (see outagetui init --system)\n")
    assert done.stdout == ""


def test_the_daemon_pings_and_hands_the_right_to_it_on_to_nobody(machine: InstalledMachine) -> None:
    assert machine.daemon is not None
    words = Path(f"/proc/{machine.daemon.pid}/status").read_text()
    held = {line.split(":")[0]: int(line.split()[1], 16) for line in words.splitlines() if line.startswith("Cap")}
    assert held["CapEff"] == 1 << 13
    assert held["CapAmb"] == 0
    reader = Reader(machine.store)
    try:
        (ping,) = eventually(lambda: [live for live in reader.live() if live.check == "phone.ping"])
        seen = eventually(lambda: reader.history("phone.ping", 0.0))
    finally:
        reader.close()
    assert ping.vantage == "here"
    assert {each.sample.outcome.value for each in seen} == {"pass"}


# Operators over SSH.


def test_an_operator_looks_and_orders_over_ssh_under_their_own_name(machine: InstalledMachine, server: Sshd) -> None:
    eventually(lambda: [event for event in machine.events(StateChanged) if (event.id, event.now) == ("chat", "down")])
    done = machine.enter(server, machine.operator, "status")
    assert done.returncode == 2, done.stderr
    assert "chat" in done.stdout
    for words in (["ack"], ["recheck"], ["activate", "phone"]):
        done = machine.enter(server, machine.operator, *words)
        assert done.returncode == 0, done.stderr
    assert [event.channel for event in machine.events(Activated)] == ["phone"]
    assert set(actors(machine, "activate")) == {machine.operator.name}
    done = machine.enter(server, machine.operator, "journal")
    assert done.returncode == 0, done.stderr
    assert machine.operator.name in done.stdout
    with Pty(
        server.argv(machine.operator.name, str(machine.program), "--config", str(machine.config), options=("-tt",))
    ) as pty:
        pty.until_text("chat")
        pty.send("q")
        assert pty.wait() == 0


def test_a_viewer_looks_and_gives_no_orders(machine: InstalledMachine, server: Sshd) -> None:
    assert "chat" in machine.enter(server, machine.viewer, "status").stdout
    before = len(actors(machine, "activate"))
    done = machine.enter(server, machine.viewer, "activate", "phone")
    assert done.returncode != 0
    assert f"{machine.viewer.name} is viewer; activate needs operator" in done.stderr
    assert machine.enter(server, machine.viewer, "daemon", "--stop").returncode != 0
    assert len(actors(machine, "activate")) == before
    assert machine.viewer.name not in {entry.actor for entry in machine.entries()}


# The wall over SSH.


@pytest.mark.parametrize("command", ["", "sh -c id", "; id #"])
def test_whatever_is_asked_for_the_wall_is_shown(machine: InstalledMachine, server: Sshd, command: str) -> None:
    with wall(machine, server, *([command] if command else [])) as terminal:
        assert b"uid=" not in terminal.output
        (shown,) = [line for line in machine.wall.processes().values() if "python" in line]
        assert " wallboard --store " in shown
        terminal.send("q")
        assert terminal.wait() == 0
    assert b"uid=" not in terminal.output


def test_keys_on_the_wall_order_nothing_and_open_nothing(machine: InstalledMachine, server: Sshd) -> None:
    before = len([entry for entry in machine.entries() if entry.actor == machine.wall.name])
    with wall(machine, server) as terminal:
        running = machine.wall.processes()
        for keys in (
            "\x1a",
            "\x10",
            "a",
            "A",
            "m",
            "R",
            "p",
            "\r",
            ":",
            "!",
            "\x1b",
            "\x1bOP",
            "?",
            "y",
            "D",
            "\x1c",
            "\x04",
            "l",
        ):
            terminal.send(keys)
        terminal.read(1.0)
        assert terminal.process.poll() is None
        assert SHOWN in terminal.picture.text
        assert set(machine.wall.processes()) == set(running)
        states = [Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] for pid in running]
        assert "T" not in states  # none was suspended
        terminal.send("\x03")
        terminal.wait()
    assert len([entry for entry in machine.entries() if entry.actor == machine.wall.name]) == before


def test_without_a_terminal_there_is_no_wall_and_nothing_else_either(machine: InstalledMachine, server: Sshd) -> None:
    done = subprocess.run(
        server.argv(machine.wall.name, "id"),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=False,
    )
    assert done.returncode == 3
    assert "is not a terminal" in done.stderr
    assert "uid=" not in done.stdout
    target = f"127.0.0.1:{machine.phone.getsockname()[1]}"
    done = subprocess.run(
        server.argv(machine.wall.name, options=("-W", target)),
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "forwarding failed" in done.stderr


@pytest.mark.parametrize("way", ["client killed", "server's session ended"])
def test_a_wall_that_lost_its_screen_leaves_no_process_behind(
    machine: InstalledMachine, server: Sshd, way: str
) -> None:
    with wall(machine, server) as terminal:
        if way == "client killed":
            terminal.process.kill()
        else:
            terminal.hang_up()
        left = time.monotonic()
        eventually(lambda: not machine.wall.processes(), LEAVE)
        assert time.monotonic() - left < LEAVE


@pytest.mark.parametrize("end", ["killed", "stopped"])
def test_the_wall_tells_that_the_daemon_is_gone_and_goes_on_when_it_is_back(
    machine: InstalledMachine, server: Sshd, end: str
) -> None:
    with wall(machine, server) as terminal:
        assert "STALE" not in terminal.picture.text
        if end == "killed":
            machine.kill()
        else:
            assert machine.terminate() == 0
        terminal.until_text("STALE")
        with wall(machine, server) as late:  # one that comes now finds a store that can be read, too
            late.until_text("STALE")
        machine.start()
        terminal.until(lambda seen: "STALE" not in seen.picture.text)
        assert SHOWN in terminal.picture.text
        terminal.send("q")
        assert terminal.wait() == 0
    test_everything_belongs_to_whom_it_should(machine)


def test_the_keys_own_words_are_enough_without_the_servers_settings(machine: InstalledMachine) -> None:
    example = (machine.system / "etc/ssh/outagetui-wall.keys").read_text()
    words = next(line for line in example.splitlines() if "command=" in line).removeprefix("# ").partition(" ssh-")[0]
    with machine.ssh("plain", shipped=False) as server:
        server.admit(machine.wall.name, words)
        with wall(machine, server, "id") as terminal:
            terminal.send("q")
            assert terminal.wait() == 0
        assert b"uid=" not in terminal.output
