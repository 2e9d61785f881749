"""UNIX users of the moment: made for a test, taken away with all their processes."""

import contextlib
import os
import pwd
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.kit.installation import as_user


class UnixUser:
    """A user who is there, and who may do things."""

    def __init__(self, name: str) -> None:
        entry = pwd.getpwnam(name)
        self.name, self.uid, self.gid = name, entry.pw_uid, entry.pw_gid

    def does(self, work: Callable[[], object]) -> str:
        """Do `work` as this user, with all groups; return what it returned or raised, as text.

        A fork: what `work` needs must be imported already, since this user may not be allowed to read it.
        """
        return as_user(self.uid, work, groups=os.getgrouplist(self.name, self.gid), gid=self.gid)

    def processes(self) -> dict[int, str]:
        """Return this user's processes that have not ended: their command lines by number."""
        found = {}
        for place in Path("/proc").iterdir():
            if place.name.isdigit():
                with contextlib.suppress(OSError):
                    if place.stat().st_uid == self.uid and not _ended(place):
                        found[int(place.name)] = place.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found


class UnixUsers:
    """Makes users with names of their own, and takes them away again."""

    def __init__(self) -> None:
        self.prefix = f"ot{secrets.token_hex(3)}"
        self._made: list[str] = []

    def adopt(self, name: str) -> UnixUser:
        """Take charge of a user whom somebody else made."""
        self._made.append(name)
        return UnixUser(name)

    def make(self, name: str, home: Path, groups: Sequence[str] = ()) -> UnixUser:
        """Make a user without a password, who may log in with a key."""
        full = f"{self.prefix}-{name}"
        _run("useradd", "-M", "-N", "-d", str(home), "-s", "/bin/sh", "-p", "*", "-G", ",".join(groups), full)
        return self.adopt(full)

    def remove(self) -> None:
        """End every process of these users, and remove them and their groups."""
        for name in reversed(self._made):
            user = UnixUser(name)
            limit = time.monotonic() + 5
            while (left := user.processes()) and time.monotonic() < limit:
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                time.sleep(0.02)
            _run("userdel", name)
        for name in reversed(self._made):
            subprocess.run(["groupdel", name], capture_output=True, check=False)  # userdel took most of them along
        self._made.clear()


def _ended(place: Path) -> bool:
    return place.joinpath("stat").read_text().rpartition(") ")[2].startswith("Z")


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv[0]}: {done.stderr}"
