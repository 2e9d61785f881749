"""A whole machine: daemon, operators and wall are users of their own, as the shipped files say, over a real sshd."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from outagetui.facts.events import Activated, StateChanged
from outagetui.store.reader import Reader
from tests.kit.house import eventually
from tests.kit.pty_driver import Pty
from tests.servers.sshd import Sshd
from tests.system.village import Village, village

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes UNIX users: sudo make test")
LEAVE = 3.0  # seconds that a wall may outlive its terminal
SHOWN = "Example Hosting"


@pytest.fixture(name="place", scope="module")
def _place() -> Iterator[Village]:
    with village() as made:
        made.start()
        yield made


@pytest.fixture(name="server", scope="module")
def _server(place: Village) -> Iterator[Sshd]:
    with place.ssh("ssh") as made:
        for person in (place.operator, place.viewer, place.stranger):
            made.admit(person.name)
        line = made.admit(place.wall.name, "restrict,pty")
        (made.keys / place.wall.name).unlink()  # the shipped settings look for it elsewhere
        with (place.system / "etc/ssh/outagetui-wall.keys").open("a") as file:
            file.write(line)
        yield made


@contextlib.contextmanager
def wall(place: Village, server: Sshd, *command: str) -> Iterator[Pty]:
    """Come as the wall's user, with a terminal, and end without a process left."""
    others = set(place.wall.processes())
    with Pty(server.argv(place.wall.name, *command, options=("-tt",)), columns=100, lines=30) as terminal:
        terminal.until_text(SHOWN)
        yield terminal
    eventually(lambda: set(place.wall.processes()) <= others, LEAVE + 2)


def actors(place: Village, kind: str) -> list[str]:
    """Return who caused the entries of a kind; a login user that differs stands behind the name."""
    return [entry.actor.partition(" (")[0] for entry in place.entries() if entry.kind == kind]


# What lies there, and who may.


def test_everything_belongs_to_whom_it_should(place: Village) -> None:
    keeper, watchers = place.keeper, place.wall.gid
    owned = {}
    for path in place.state.iterdir():
        about = path.stat()
        owned[path.name] = (about.st_uid, about.st_gid, oct(about.st_mode & 0o7777))
    file = (keeper.uid, watchers, "0o640")
    assert owned == {
        "store.db": file,
        "store.db-wal": file,
        "store.db-shm": file,
        "store.db.lock": (keeper.uid, keeper.gid, "0o640"),  # or the wall could keep a daemon from starting
        "orders.sock": (keeper.uid, keeper.gid, "0o660"),
    }
    assert place.daemon is not None
    assert Path(f"/proc/{place.daemon.pid}").stat().st_uid == keeper.uid


def reach(place: Village) -> dict[str, str]:
    """What a user finds open or closed."""

    def read() -> str:
        reader = Reader(place.store)
        try:
            return "read" if reader.beat() else "no beat"
        finally:
            reader.close()

    def write() -> str:
        with contextlib.closing(sqlite3.connect(place.store)) as store:
            store.execute("DELETE FROM journal")
        return "written"

    def connect() -> str:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(place.socket))
        return "connected"

    doings = {
        "read": read,
        "write": write,
        "add": (place.state / "new").touch,
        "remove": place.store.unlink,
        "orders": connect,
        "lock": lambda: os.close(os.open(place.state / "store.db.lock", os.O_RDONLY)) or "opened",
        "config": lambda: "listed" if list(place.config.iterdir()) else "empty",
        "secrets": lambda: list((place.config / "secrets").iterdir()),
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


def test_the_operator_reads_and_orders_and_writes_nothing(place: Village) -> None:
    said = eval(place.operator.does(lambda: reach(place)))
    assert said.pop("write") == "OperationalError: attempt to write a readonly database"
    assert said == {
        "read": "read", "add": "errno 13", "remove": "errno 13", "orders": "connected", "lock": "opened",
        "config": "listed", "secrets": "errno 13",
    }  # fmt: skip


def test_the_walls_user_reads_the_store_and_nothing_else(place: Village) -> None:
    said = eval(place.wall.does(lambda: reach(place)))
    assert said.pop("write") == "OperationalError: attempt to write a readonly database"
    assert said == {
        "read": "read", "add": "errno 13", "remove": "errno 13", "orders": "errno 13", "lock": "errno 13",
        "config": "errno 13", "secrets": "errno 13",
    }  # fmt: skip


def test_a_stranger_gets_nothing(place: Village, server: Sshd) -> None:
    said = eval(place.stranger.does(lambda: reach(place)))
    assert said.pop("write") == "OperationalError: unable to open database file"
    assert set(said.values()) == {"errno 13"}
    for words in (["status"], ["ack"], ["activate", "phone"]):
        done = place.enter(server, place.stranger, *words)
        assert done.returncode == 3, done.stdout
        assert done.stderr.count("\n") < 3, done.stderr
    done = subprocess.run(
        server.argv(place.stranger.name, str(place.program), "--store", str(place.store), "status"),
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.endswith("you may not look into it; join the store's group (see outagetui init --system)\n")
    assert done.stdout == ""


def test_the_daemon_pings_and_hands_the_right_to_it_on_to_nobody(place: Village) -> None:
    assert place.daemon is not None
    words = Path(f"/proc/{place.daemon.pid}/status").read_text()
    held = {line.split(":")[0]: int(line.split()[1], 16) for line in words.splitlines() if line.startswith("Cap")}
    assert held["CapEff"] == 1 << 13
    assert held["CapAmb"] == 0
    reader = Reader(place.store)
    try:
        (ping,) = eventually(lambda: [live for live in reader.live() if live.check == "phone.ping"])
        seen = eventually(lambda: reader.history("phone.ping", 0.0))
    finally:
        reader.close()
    assert ping.vantage == "here"
    assert {each.sample.outcome.value for each in seen} == {"pass"}


# Operators over SSH.


def test_an_operator_looks_and_orders_over_ssh_under_their_own_name(place: Village, server: Sshd) -> None:
    eventually(lambda: [event for event in place.told(StateChanged) if (event.id, event.now) == ("chat", "down")])
    done = place.enter(server, place.operator, "status")
    assert done.returncode == 2, done.stderr
    assert "chat" in done.stdout
    for words in (["ack"], ["recheck"], ["activate", "phone"]):
        done = place.enter(server, place.operator, *words)
        assert done.returncode == 0, done.stderr
    assert [event.channel for event in place.told(Activated)] == ["phone"]
    assert set(actors(place, "activate")) == {place.operator.name}
    done = place.enter(server, place.operator, "journal")
    assert done.returncode == 0, done.stderr
    assert place.operator.name in done.stdout
    with Pty(
        server.argv(place.operator.name, str(place.program), "--config", str(place.config), options=("-tt",))
    ) as pty:
        pty.until_text("chat")
        pty.send("q")
        assert pty.wait() == 0


def test_a_viewer_looks_and_gives_no_orders(place: Village, server: Sshd) -> None:
    assert "chat" in place.enter(server, place.viewer, "status").stdout
    before = len(actors(place, "activate"))
    done = place.enter(server, place.viewer, "activate", "phone")
    assert done.returncode != 0
    assert f"{place.viewer.name} is viewer; activate needs operator" in done.stderr
    assert place.enter(server, place.viewer, "daemon", "--stop").returncode != 0
    assert len(actors(place, "activate")) == before
    assert place.viewer.name not in {entry.actor for entry in place.entries()}


# The wall over SSH.


@pytest.mark.parametrize("command", ["", "sh -c id", "; id #"])
def test_whatever_is_asked_for_the_wall_is_shown(place: Village, server: Sshd, command: str) -> None:
    with wall(place, server, *([command] if command else [])) as terminal:
        assert b"uid=" not in terminal.output
        (shown,) = [line for line in place.wall.processes().values() if "python" in line]
        assert " wallboard --store " in shown
        terminal.send("q")
        assert terminal.wait() == 0
    assert b"uid=" not in terminal.output


def test_keys_on_the_wall_order_nothing_and_open_nothing(place: Village, server: Sshd) -> None:
    before = len([entry for entry in place.entries() if entry.actor == place.wall.name])
    with wall(place, server) as terminal:
        running = place.wall.processes()
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
        assert set(place.wall.processes()) == set(running)
        states = [Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] for pid in running]
        assert "T" not in states  # none was suspended
        terminal.send("\x03")
        terminal.wait()
    assert len([entry for entry in place.entries() if entry.actor == place.wall.name]) == before


def test_without_a_terminal_there_is_no_wall_and_nothing_else_either(place: Village, server: Sshd) -> None:
    done = subprocess.run(
        server.argv(place.wall.name, "id"),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=False,
    )
    assert done.returncode == 3
    assert "is not a terminal" in done.stderr
    assert "uid=" not in done.stdout
    target = f"127.0.0.1:{place.phone.getsockname()[1]}"
    done = subprocess.run(
        server.argv(place.wall.name, options=("-W", target)),
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "forwarding failed" in done.stderr


@pytest.mark.parametrize("way", ["client killed", "server's session ended"])
def test_a_wall_that_lost_its_screen_leaves_no_process_behind(place: Village, server: Sshd, way: str) -> None:
    with wall(place, server) as terminal:
        if way == "client killed":
            terminal.process.kill()
        else:
            terminal.hang_up()
        left = time.monotonic()
        eventually(lambda: not place.wall.processes(), LEAVE)
        assert time.monotonic() - left < LEAVE


@pytest.mark.parametrize("end", ["killed", "stopped"])
def test_the_wall_tells_that_the_daemon_is_gone_and_goes_on_when_it_is_back(
    place: Village, server: Sshd, end: str
) -> None:
    with wall(place, server) as terminal:
        assert "STALE" not in terminal.picture.text
        if end == "killed":
            place.kill()
        else:
            assert place.terminate() == 0
        terminal.until_text("STALE")
        with wall(place, server) as late:  # one that comes now finds a store that can be read, too
            late.until_text("STALE")
        place.start()
        terminal.until(lambda seen: "STALE" not in seen.picture.text)
        assert SHOWN in terminal.picture.text
        terminal.send("q")
        assert terminal.wait() == 0
    test_everything_belongs_to_whom_it_should(place)


def test_the_keys_own_words_are_enough_without_the_servers_settings(place: Village) -> None:
    example = (place.system / "etc/ssh/outagetui-wall.keys").read_text()
    words = next(line for line in example.splitlines() if "command=" in line).removeprefix("# ").partition(" ssh-")[0]
    with place.ssh("plain", shipped=False) as server:
        server.admit(place.wall.name, words)
        with wall(place, server, "id") as terminal:
            terminal.send("q")
            assert terminal.wait() == 0
        assert b"uid=" not in terminal.output
