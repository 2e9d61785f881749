"""Processes from outside: CPU seconds and memory out of /proc, free ports, and an end for whatever was started."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.report import MissingError

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(stat: str) -> float:
    """Return user and system seconds out of the text of /proc/PID/stat; the name may hold blanks and brackets."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that the process with all its threads has used."""
    return cpu_of(Path(f"/proc/{pid}/stat").read_text())


def rss_of(status: str) -> float:
    """Return resident megabytes out of the text of /proc/PID/status."""
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def rss_mb(pid: int) -> float:
    """Return the megabytes of memory the process holds now."""
    return rss_of(Path(f"/proc/{pid}/status").read_text())


def switches_of(status: str) -> int:
    """Return how often a thread went to sleep of its own will, and so was woken, out of /proc/PID/task/TID/status."""
    line = next(line for line in status.splitlines() if line.startswith("voluntary_ctxt_switches:"))
    return int(line.split()[1])


def wakings(pid: int) -> int:
    """Return how often the threads that a process has now were woken so far."""
    return sum(switches_of((task / "status").read_text()) for task in Path(f"/proc/{pid}/task").iterdir())


def written_of(io: str) -> int:
    """Return the bytes sent to the disk out of the text of /proc/PID/io, less those that were taken back in time."""
    fields = dict(line.split(": ") for line in io.splitlines())
    return int(fields["write_bytes"]) - int(fields["cancelled_write_bytes"])


def written(pid: int) -> int:
    """Return the bytes that a process has sent to the disk; what lies in memory, such as a tmpfs, is none."""
    return written_of(Path(f"/proc/{pid}/io").read_text())


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago, for programs that cannot choose one themselves."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def program(name: str, package: str) -> str:
    """Return the path of a program; raises MissingError with the line that installs its Debian package."""
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"{name} is missing: apt-get install --no-install-recommends {package}")
    return found


@contextlib.contextmanager
def running(
    argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a program in a session of its own with its words in `log`, and end it with the block."""
    with log.open("wb") as words:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
            env=os.environ | dict(env or {}),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(seen: Callable[[], bool], what: str, timeout: float = 30.0, pause: float = 0.02) -> None:
    """Wait until `seen` holds, asking every `pause` seconds; raises TimeoutError that names `what` never came."""
    limit = time.monotonic() + timeout
    while not seen():
        if time.monotonic() > limit:
            raise TimeoutError(f"{what} did not come within {timeout:.0f} s")
        time.sleep(pause)


def listens(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    with socket.socket() as sock:
        sock.settimeout(0.5)
        return sock.connect_ex(("127.0.0.1", port)) == 0
