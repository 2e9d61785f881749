"""A daemon to try things on: a configuration in a directory, the real process in a session of its own, and a client.

Everything is on loopback and in one temporary directory; `Installation.end` ends only what was started here.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from outagetui.core.model import Entry
from outagetui.facts import events
from outagetui.facts.events import Event, StateChanged
from outagetui.facts.ledger import Ledger
from outagetui.store.journal import Store, StoreError
from outagetui.store.reader import Reader
from tests.kit.runner_in_memory import open_step

T = TypeVar("T")
PATIENCE = 20.0
NOBODY = 65534

SETTINGS = """business = "Example Hosting"
vantage = "here"
timezone = "UTC"
{canaries}
[store]
path = "{store}"
{operators}
"""
CHANNEL = """[channel]
name = "{name}"
audience = "customers"
role = "{role}"
address = "https://{name}.example/"

[[check]]
id = "port"
probe = "tcp"
target = "tcp://127.0.0.1:{port}"
every = "{every}"
timeout = "2s"
"""
PAGE = """[outlet]
name = "Page"
kind = "page"
audience = "customers"
directory = "{directory}"
url = "http://127.0.0.1/"
"""
TEMPLATE = "{kind}: {{failed}}\nUse:\n{{accounts}}\n{{note}}\n"
PLAYBOOK = """name = "Chat down"

[[step]]
id = "sure"
do = "manual"
say = "Is it so?"

[[step]]
id = "switch"
do = "activate"
with = { channels = ["phone"] }

[[step]]
id = "tell"
do = "announce"
with = { kind = "backup-active", audience = "customers", outlets = ["page"] }

[[step]]
id = "proof"
do = "verify"
with = { channels = ["phone"], times = 1, within = "20s" }

[[step]]
id = "wait"
do = "wait_for"
with = { checks = ["phone.port"], times = 1, within = "20s" }
"""


def eventually(
    look: Callable[[], T | None], seconds: float = PATIENCE, *, say: Callable[[], object] | None = None
) -> T:
    """Return what `look` finds as soon as it is truthy; a failure says what it found last, or what `say` says."""
    limit = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < limit, f"not within {seconds} s: {say() if say else found!r}"
        time.sleep(0.02)
    return found


def as_user(uid: int, work: Callable[[], object], *, groups: Sequence[int] = (), gid: int | None = None) -> str:
    """Do `work` as another real user, who is in `groups` beside its own; return what it returned or raised, as text.

    A fork, since another user may not be allowed to run this Python. What `work` needs must be imported already.
    """
    assert os.geteuid() == 0, "this test changes users, so it must run as root: sudo make test"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(list(groups))
            os.setgid(uid if gid is None else gid)
            os.setuid(uid)
            said = str(work())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode("utf-8", "replace"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def descriptors(pid: int) -> set[str]:
    """Return what the descriptors of a process lead to; those that it closes meanwhile are left out."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(link.readlink()))
    return found


def free_port() -> int:
    """Return a port where nothing listens now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Client:
    """A bare client of the order socket: what is sent is what the test says, byte for byte."""

    def __init__(self, path: Path, timeout: float = PATIENCE) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self._lines = self.socket.makefile("rb")

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def reply(self) -> dict[str, Any]:
        """Return the next reply; EOFError when the daemon is gone."""
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        reply = json.loads(line)
        assert isinstance(reply, dict)
        return reply

    def order(self, order: str, **fields: Any) -> dict[str, Any]:
        self.send(json.dumps({"order": order, **fields}).encode() + b"\n")
        return self.reply()

    def close(self) -> None:
        self._lines.close()
        self.socket.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Installation:
    """A business with a primary `chat` (nothing listens), a backup `phone` (answers), a page, and a daemon."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config, self.state, self.page = root / "config", root / "state", root / "page"
        self.store = self.state / "store.db"
        self.socket = self.state / "orders.sock"
        self.page.mkdir(parents=True)
        self.phone = socket.create_server(("127.0.0.1", 0))
        self.daemon: subprocess.Popen[bytes] | None = None
        self.stderr = root / "stderr"
        self._ledger = Ledger(frozenset({"chat"}))

    def configure(self, *, every: str = "1s", canaries: str = "", operators: str = "", **files: str) -> "Installation":
        """Write the configuration; `files` are added by their path, `/` written as `__`."""
        phone = self.phone.getsockname()[1]
        content = {
            "outagetui.toml": SETTINGS.format(
                store=self.store, canaries=f"canaries = {canaries}" if canaries else "", operators=operators
            ),
            "checks/chat.toml": CHANNEL.format(name="chat", role="primary", port=free_port(), every=every),
            "checks/phone.toml": CHANNEL.format(name="phone", role="backup", port=phone, every=every),
            "checks/page.toml": PAGE.format(directory=self.page),
            "playbooks/chat-down.toml": PLAYBOOK,
            **{
                f"playbooks/announcements/{kind}.en.txt": TEMPLATE.format(kind=kind)
                for kind in ("investigating", "backup-active", "update", "resolved")
            },
            **{name.replace("__", "/"): text for name, text in files.items()},
        }
        for name, text in content.items():
            path = self.config / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self

    def seed(self, *past: Event, at: float | None = None, actor: str = "outagetui") -> None:
        """Write journal entries as an earlier daemon did."""
        store = Store(self.store)
        store.append(time.time() if at is None else at, actor, *past)
        store.close()

    def outage(self) -> None:
        """Let the journal say that chat is down, so that there is an incident from the first moment."""
        self.seed(StateChanged(id="chat", was="up", now="down", why="refused"))

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "outagetui", "--config", str(self.config), *words]

    def start(self, *, wait: bool = True, env: Mapping[str, str] | None = None, **more: Any) -> "Installation":
        """Start the daemon in a session of its own."""
        with self.stderr.open("wb") as stderr:
            self.daemon = subprocess.Popen(
                self.argv("daemon"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
                env={**os.environ, **(env or {})},
                **more,
            )
        if wait:
            self.ready()
        return self

    def ready(self) -> None:
        """Wait until orders are taken."""

        def answers() -> bool:
            assert self.daemon is None or self.daemon.poll() is None, self.stderr.read_text()
            try:
                with Client(self.socket) as client:
                    return bool(client.order("hello")["ok"])
            except (OSError, EOFError):
                return False

        eventually(answers)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self.daemon is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.daemon.pid, signal.SIGKILL)
        self.daemon.wait(PATIENCE)

    def terminate(self) -> int:
        """SIGTERM; return the exit status."""
        assert self.daemon is not None
        self.daemon.terminate()
        return self.daemon.wait(PATIENCE)

    def end(self) -> None:
        if self.daemon is not None and self.daemon.poll() is None:
            self.kill()
        self.stop_background()
        self.phone.close()

    def stop_background(self) -> None:
        """End a daemon that a command started in the background, told apart by the lock of this store."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.state / "store.db.lock").read_text())
            if f"{self.config}\0daemon".encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)

    def client(self) -> Client:
        return Client(self.socket)

    def order(self, order: str, **fields: Any) -> dict[str, Any]:
        """Give one order over a connection of its own."""
        with self.client() as client:
            return client.order(order, **fields)

    def cli(self, *words: str, timeout: float = 30.0, **more: Any) -> "subprocess.CompletedProcess[str]":
        """Run a command without a terminal."""
        more = {"stdin": subprocess.DEVNULL, **more}
        return subprocess.run(self.argv(*words), capture_output=True, text=True, timeout=timeout, check=False, **more)

    def entries(self) -> list[Entry]:
        """Return the journal; waits for a daemon that is just making the store."""

        reader = eventually(self._reader)
        assert reader is not None
        try:
            return reader.entries()
        finally:
            reader.close()

    def events(self, *kinds: type[Event]) -> list[Any]:
        """Return the journal's events of these kinds, in order."""
        found = (events.decode(entry.kind, entry.document) for entry in self.entries())
        return [event for event in found if isinstance(event, kinds)]

    def ledger(self) -> Ledger:
        """Return the journal folded."""
        reader = eventually(self._reader)
        assert reader is not None
        for entry in reader.entries(self._ledger.seq):
            self._ledger.apply(entry)
        reader.close()
        return self._ledger

    def delete_store(self) -> None:
        """Take the store away."""
        for file in self.state.glob("store.db*"):
            file.unlink()
        self._ledger = Ledger(frozenset({"chat"}))

    def _reader(self) -> Reader | None:
        try:
            return Reader(self.store)
        except StoreError:
            return None

    def verify_chain(self) -> None:
        """Assert that the chain of hashes holds."""
        reader = Reader(self.store)
        try:
            assert reader.verify()[1] == ""
        finally:
            reader.close()

    def question(self, run: str) -> tuple[str, int, tuple[str, ...]] | None:
        """Return step, attempt and allowed answers of the question that a run asks."""
        found = self.ledger().runs.get(run)
        row = open_step(found) if found is not None and found.ended is None else None
        return None if row is None or row.state == "doing" else (row.id, row.attempt, row.answers)


@contextlib.contextmanager
def new_installation() -> Iterator[Installation]:
    """Make an installation that other users can reach: its directory is world-readable, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="outagetui-") as name:
        root = Path(name)
        root.chmod(0o755)
        made = Installation(root)
        try:
            yield made
        finally:
            made.end()


@pytest.fixture(name="installation")
def fresh_installation() -> Iterator[Installation]:
    with new_installation() as made:
        yield made
