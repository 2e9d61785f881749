"""A server's process group: started away from the terminal, frozen, thawed and ended as one."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path


class Group:
    """The processes of one server; `log` holds what they say."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, argv: Sequence[str], ready: Callable[[], bool], cwd: Path | None = None) -> None:
        """Start `argv` and wait until it is `ready`."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=cwd
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text(errors="replace")
            with contextlib.suppress(OSError):
                if ready():
                    return
            time.sleep(0.02)
        self.stop()
        raise AssertionError(self.log.read_text(errors="replace"))

    @property
    def id(self) -> int:
        """The process group's id, 0 when it does not run."""
        return self._process.pid if self._process else 0

    def freeze(self) -> None:
        """Stop all processes: connections stand, and nothing answers."""
        if self._process is not None:
            freeze(self._process.pid)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self.signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server and wait until it is gone; it may be started again."""
        if self._process is None:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._process.wait()
        self.signal(signal.SIGKILL)  # workers that outlive the main process
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the group."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def freeze(group: int) -> None:
    """Stop every process of a group, and wait until each thread of it stands: one may be about to answer."""
    os.killpg(group, signal.SIGSTOP)
    deadline = time.monotonic() + 5
    while any(state not in "TZX" for state in _threads(group)):
        assert time.monotonic() < deadline, "a stopped process goes on"
        time.sleep(0.001)


def _threads(group: int) -> Iterator[str]:
    """Yield the state of every thread of a process group, as proc(5) has them."""
    for status in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group:
                yield state


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def greets(port: int, words: bytes) -> bool:
    """Tell whether who listens on `port` greets with these words: a port can be a stranger's."""
    with socket.create_connection(("127.0.0.1", port), 1) as sock:
        sock.settimeout(1)
        return sock.recv(200).startswith(words)
