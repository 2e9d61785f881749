"""Writing a configuration to start from: the shipped definitions and commented settings, all or nothing."""

import contextlib
import os
import re
import shutil
import tempfile
from importlib import resources
from pathlib import Path

from outagetui.config.places import shipped
from outagetui.config.problems import ConfigError, Problem
from outagetui.config.tomlfile import is_directory

_SETTINGS = ("audience.toml", "outagetui.toml")
# A service and its operators are different users, so none of them can go by a home directory.
_MARKED = re.compile(r"^# (\[store\]|path = .*|\[secrets\]|directory = .*)$", re.MULTILINE)
_SECRETS = "secrets"  # in a configuration directory that systemd-tmpfiles made


def init(directory: Path, *, service: bool = False) -> list[Path]:
    """Write a commented configuration into `directory`, which must not exist or be empty; return its files.

    For a `service`, the store and the secrets are where the files of `init --system` put them. Raises `ConfigError`
    when something is there already or cannot be written; nothing is left behind then.
    """
    try:
        target = directory.absolute()
        if is_directory(target):
            _fill(target, directory, service)
        elif os.path.lexists(target):
            raise _refusal(directory, "exists already and is no directory; name another place")
        else:
            _create(target, service)
    except OSError as error:
        raise _refusal(directory, f"cannot be written: {error.strerror or error}") from error
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _create(target: Path, service: bool) -> None:
    made = _make_parents(target.parent)
    place = None
    try:
        place = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        _write(place, service)
        place.chmod(0o777 & ~umask())
        place.rename(target)
    except BaseException:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
        for parent in reversed(made):
            with contextlib.suppress(OSError):
                parent.rmdir()
        raise


def _fill(target: Path, shown: Path, service: bool) -> None:
    """Write into a directory that exists: it may be somebody's working directory or a mount, so it is not replaced."""
    if found := sorted(path.name for path in target.iterdir() if path.name != _SECRETS):
        raise _refusal(shown, f"is not empty ({found[0]}{', …' if len(found) > 1 else ''}); name another place")
    place = Path(tempfile.mkdtemp(prefix=".init.", dir=target))
    moved: list[Path] = []
    try:
        _write(place, service)
        # The settings come last: without them nothing takes the directory for a configuration.
        for path in sorted(place.iterdir(), key=lambda path: (path.name == "outagetui.toml", path)):
            moved.append(path.rename(target / path.name))
        place.rmdir()
    except BaseException:
        for path in moved:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        raise


def _write(place: Path, service: bool) -> None:
    for name in _SETTINGS:
        text = (resources.files("outagetui.config") / "starter" / name).read_text(encoding="utf-8")
        if service:
            text = _MARKED.sub(r"\1", text)
        (place / name).write_text(text, encoding="utf-8")
    for folder, ending in (("checks", ".toml"), ("playbooks", ".toml"), ("playbooks/announcements", ".txt")):
        (place / folder).mkdir()
        for file in sorted((shipped() / folder).glob(f"*{ending}")):
            (place / folder / file.name).write_bytes(file.read_bytes())


def _make_parents(parent: Path) -> list[Path]:
    missing = []
    while not os.path.lexists(parent):
        missing.append(parent)
        parent = parent.parent
    made: list[Path] = []
    for path in reversed(missing):
        path.mkdir()
        made.append(path)
    return made


def umask() -> int:
    """Return what this process takes away from the mode of the files it makes."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _refusal(directory: Path, message: str) -> ConfigError:
    return ConfigError([Problem(str(directory), 0, "", message)])
