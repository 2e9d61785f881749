"""Files and directories that others may change or list, as sshd looks at keys (sshd_config(5), StrictModes)."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path


def written_by_all(places: Iterable[Path]) -> Iterator[str]:
    """Yield a line for each of `places` that every user of this machine may write, with the command that mends it.

    What is not there, or lies on a file system that nobody can write, is no danger. Links are followed.
    """
    for place in places:
        try:
            mode = place.stat().st_mode
            if mode & stat.S_IWOTH and not os.statvfs(place).f_flag & os.ST_RDONLY:
                yield f"{place}: every user of this machine may write it: chmod o-w {place}"
        except (OSError, ValueError):
            continue


def listed_by_all(directory: Path) -> str:
    """Return a line when every user may list `directory`, with the command that mends it; else nothing."""
    try:
        listed = directory.stat().st_mode & stat.S_IROTH
    except (OSError, ValueError):
        return ""
    return f"{directory}: every user of this machine may list it: chmod 700 {directory}" if listed else ""
