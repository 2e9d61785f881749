"""What the programs that we start leave behind: found by its parent, which is us, and ended.

A process that left its group (setsid, a double fork) is given to the nearest ancestor that asked for such
(PR_SET_CHILD_SUBREAPER, prctl(2)). So nothing that a program starts outlives it.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_PR_SET_CHILD_SUBREAPER = 36
_GONE = "ZX"


class Process(NamedTuple):
    """A line of /proc/PID/stat (proc(5)); `born` counts clock ticks since the machine's start."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    born: int

    @property
    def age(self) -> tuple[int, int]:
        """What orders processes by their age: of the same tick, the later one has the higher number."""
        return self.born, self.pid


class Descendants:
    """The programs of this process that run, and what came down to us from those that ended."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[int, int]] = {}  # the age of each, by its number
        self._since: tuple[int, int] | None = None  # the age of the oldest ended program that may have left something
        self._adopting = False

    def adopt(self) -> None:
        """Have orphans given to us; to be called before a program is started."""
        if not self._adopting:
            import ctypes  # not for those who start none

            self._adopting = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0

    def began(self, pid: int) -> None:
        """Take note of a program that was started just now."""
        process = process_of(pid)
        self._running[pid] = process.age if process is not None else (0, pid)

    def ended(self, pid: int, seconds: float) -> None:
        """Kill what the program `pid`, which was waited for, has left behind; at most `seconds` are spent on it.

        What a program that still runs may have started stays until that has ended as well.
        """
        age = self._running.pop(pid, None)
        if age is None or not self._adopting:
            return
        since = age if self._since is None else min(age, self._since)
        until = time.monotonic() + seconds
        while True:
            orphans = [each for each in processes() if self._is_orphan(each, since)]
            ours = [each for each in orphans if all(each.age < other for other in self._running.values())]
            for each in ours:
                with contextlib.suppress(ProcessLookupError, PermissionError):  # of another user: not to be ended
                    os.kill(each.pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(each.pid, os.WNOHANG)
            if not ours or time.monotonic() > until:
                self._since = since if orphans else None
                return
            time.sleep(0.001)

    def _is_orphan(self, process: Process, since: tuple[int, int]) -> bool:
        """Whether it is a child that we did not start: our own are known, or in our session."""
        ours = process.parent == os.getpid() and process.pid not in self._running
        return ours and process.session != os.getsid(0) and process.age > since


def group_lives(group: int) -> bool:
    """Whether any process of the group runs, zombies not counted."""
    return any(each.group == group and each.state not in _GONE for each in processes())


def processes() -> Iterator[Process]:
    """Yield every process that can be seen."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (process := process_of(int(entry.name))) is not None:
            yield process


def process_of(pid: int) -> Process | None:
    """Return the process with this number; None when there is none."""
    try:
        # The name before it may hold blanks and brackets.
        fields = (Path("/proc") / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return Process(pid, fields[0], int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))
    except (OSError, ValueError, IndexError):
        return None
