"""Where the store may lie: what can never be one is an error, and what the daemon will refuse for now is a note."""

import os
import stat
from pathlib import Path

NO_DISK = ("/proc", "/sys", "/dev")  # file systems of the kernel; /dev/shm forgets, and that may be wanted
FOLDERS = ("checks", "playbooks")
SUGGESTED = "/var/lib/outagetui/store.db"
_KINDS = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))


def trouble(written: str, directory: Path) -> str:
    """Return why the store cannot be the file called `written` in the configuration in `directory`, or nothing."""
    path = os.path.normpath(os.path.join(os.path.realpath(directory), written))  # noqa: PTH118  of any characters
    ours = os.path.realpath(directory)
    if path in ("/", "//") or path == ours or written.endswith(("/", "/.", "/..")) or written in (".", ".."):
        return f'"{written}" is a directory; name a file in one, such as "{SUGGESTED}"'
    if any(path.startswith(f"{place}/") for place in NO_DISK) and not path.startswith("/dev/shm/"):  # noqa: S108
        return f'"{written}" lies on no disk; name a file on one, such as "{SUGGESTED}"'
    inside = os.path.relpath(path, ours)
    if path.startswith(f"{ours}/") and (inside.endswith((".toml", ".txt")) or inside.split("/")[0] in FOLDERS):
        return f'"{written}" is a place of the configuration itself; name a file such as "{SUGGESTED}"'
    return _occupied(written, path)


def _occupied(written: str, path: str) -> str:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  as above
    except NotADirectoryError:
        return f'"{written}" lies below a file: Not a directory'
    except (OSError, ValueError):
        return ""
    if stat.S_ISREG(mode):
        return ""
    kind = next((words for is_a, words in _KINDS if is_a(mode)), "a device")
    return f'"{written}" is {kind}; name a file such as "{SUGGESTED}"'
