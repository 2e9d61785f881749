"""The files that make the daemon a system service: its unit, users, directories, and the wall's way in over SSH."""

import os
import re
import sys
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from outagetui.config.problems import ConfigError, Problem

PROGRAM = "/usr/local/bin/outagetui"  # as the shipped files say it
HIDDEN = ("/home", "/root", "/run/user")  # what ProtectHome=yes takes out of the service's sight
# Meant to be edited, so a changed one is kept: settings of this machine, keys, units.
KEPT = frozenset(
    {
        "etc/systemd/system/outagetui.service.d/local.conf",
        "etc/ssh/outagetui-wall.keys",
        "etc/polkit-1/rules.d/50-outagetui.rules",
    }
)
_PLAIN = re.compile(r"[A-Za-z0-9/._+-]+")
_NEXT = """\
systemd-sysusers outagetui.conf
systemd-tmpfiles --create outagetui.conf
usermod -aG outagetui,outagetui-wall LOGIN      # each operator, who then logs in anew
systemctl daemon-reload
systemctl enable --now outagetui
sshd -t && systemctl reload ssh                 # for a wall; its keys: /etc/ssh/outagetui-wall.keys
"""


def program() -> str:
    """Return the command line that starts this installation: its script, or this Python with the package's name."""
    python = Path(sys.executable)
    script = python.with_name("outagetui")
    return str(script) if os.access(script, os.X_OK) else f"{python} -m outagetui"


def unseen(command: str) -> str:
    """Return why the service could not start `command`, or nothing."""
    path = command.partition(" ")[0]
    real = os.path.realpath(path)
    if not _PLAIN.fullmatch(path):
        return f"{path}: its path holds characters that a unit file and sshd read in ways of their own"
    if any(Path(each).is_relative_to(place) for each in (path, real) for place in HIDDEN):
        return f"{path}: the service sees nothing below {', '.join(HIDDEN)}"
    return ""


def system_files(command: str = PROGRAM) -> dict[str, str]:
    """Return the files by their path below the system's root; `command` is how the program is started."""
    top = resources.files("outagetui") / "system"
    return {name: text.replace(PROGRAM, command) for name, text in sorted(_below(top, ""))}


def _below(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        else:
            found.append((f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")))
    return found


def install(root: Path, command: str) -> list[str]:
    """Write the system files below `root`; return a line for each, as it was left.

    Raises `ConfigError`, with nothing written, when one of them that is not meant to be edited was changed, or when
    something is in the way.
    """
    if not root.is_dir():
        raise ConfigError([Problem(str(root), 0, "", "not a directory; --system / writes into this machine")])
    files = system_files(command)
    there: dict[str, str] = {}
    problems = []
    for name, text in files.items():
        path = root / name
        try:
            there[name] = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            words = getattr(error, "strerror", None) or "not UTF-8 text"
            problems.append(Problem(str(path), 0, "", f"is in the way: {words}"))
            continue
        if there[name] != text and name not in KEPT:
            problems.append(
                Problem(str(path), 0, "", f"differs from this version's; move it away first: mv {path}{{,.old}}")
            )
    if problems:
        raise ConfigError(problems)
    told = []
    for name, text in files.items():
        path = root / name
        if name in there:
            told.append(f"{path}: {'as it was' if there[name] == text else 'kept, as it was edited'}")
            continue
        try:
            _write(path, text)
        except OSError as error:
            raise ConfigError([Problem(str(path), 0, "", f"cannot be written: {error.strerror}")]) from error
        told.append(f"{path}: written")
    return told


def _write(path: Path, text: str) -> None:
    """Write a file that everybody may read, whatever the umask: sshd and systemd read some as other users."""
    for parent in reversed(path.parents):
        if not parent.is_dir():
            parent.mkdir()
            parent.chmod(0o755)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o644)
    fresh.rename(path)


def next_words(root: Path) -> str:
    """Return what to type after `install`."""
    where = "Next" if root.resolve() == Path("/") else f"Next, in the system that has {root} as its root"
    return f"{where}:\n" + "".join(f"  {line}\n" for line in _NEXT.splitlines())
