"""Process groups known by their number alone: they outlive whoever started them, and are ended by another process."""

import contextlib
import os
import signal
import time
from pathlib import Path

PATIENCE = 5.0  # seconds a server may take to end before it is killed


def started(process: int) -> int:
    """Return when a process began, in clock ticks since boot; 0 when there is none. A number alone can be another's."""
    row = _row(process)
    return int(row[19]) if row else 0


def members(group: int) -> list[int]:
    """Return the living processes of a group."""
    rows = {int(path.name): _row(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()}
    return [process for process, row in rows.items() if row and int(row[2]) == group and row[0] != "Z"]


def end(group: int, since: int) -> bool:
    """End a group whose leader began at `since`, and wait until it is gone; tell whether there was anything to end."""
    if started(group) not in (0, since) or not members(group):
        return False
    for number in (signal.SIGCONT, signal.SIGTERM):
        _signal(group, number)
    limit = time.monotonic() + PATIENCE
    while members(group):
        if time.monotonic() > limit:
            _signal(group, signal.SIGKILL)
        time.sleep(0.02)
    return True


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _row(process: int) -> list[str]:
    """Return the fields of /proc/PID/stat behind the name, which may hold anything."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
