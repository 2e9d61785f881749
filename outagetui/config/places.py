"""Where things lie: the configuration directory, the shipped definitions, the store, and the digest of it all."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from outagetui.config.problems import ConfigError, Problem, Report
from outagetui.config.tomlfile import is_directory, read_source

if TYPE_CHECKING:
    from outagetui.core.model import Config

VARIABLE = "OUTAGETUI_CONFIG"
SETTINGS = "outagetui.toml"
SYSTEM = Path("/etc/outagetui")
_PARTS = (("", ".toml"), ("checks", ".toml"), ("playbooks", ".toml"), ("playbooks/announcements", ".txt"))


def find(option: str | None, env: Mapping[str, str], cwd: Path, home: Path) -> Path:
    """Return the configuration directory: the option, `$OUTAGETUI_CONFIG`, `cwd` with `checks/`, then the usual places.

    Raises `ConfigError` when the one named is none, or none is found, naming the places looked in.
    """
    chosen = named(option, env, cwd)
    if chosen is not None:
        if not _counts(cwd / chosen):
            advice = f"`outagetui --config {chosen} add NAME TARGET` begins one there"
            raise ConfigError([Problem(str(chosen), 0, "", f"holds neither {SETTINGS} nor checks/; {advice}")])
        return chosen
    usual = (home / ".config" / "outagetui", SYSTEM)
    if is_directory(cwd / "checks"):
        return cwd
    for place in usual:
        if _counts(place):
            return place
    empty = f" (has neither {SETTINGS} nor checks/)"
    looked = ", ".join(
        [f"{cwd} (has no checks/)", *(f"{place}{empty if is_directory(place) else ''}" for place in usual)]
    )
    advice = "`outagetui init DIR` writes one to start from, `outagetui add NAME TARGET` begins one here"
    raise ConfigError(
        [Problem("configuration", 0, "", f"none found; looked in {looked}; {advice}, --config DIR names one")]
    )


def named(option: str | None, env: Mapping[str, str], cwd: Path) -> Path | None:
    """Return the directory that the option or the environment names. Raises `ConfigError` when it is no directory."""
    for given, name in ((option, "--config"), (env.get(VARIABLE) or None, f"${VARIABLE}")):
        if given is not None:
            if not is_directory(cwd / given):
                raise ConfigError([Problem(given or '""', 0, "", f"not a directory; {name} must name one")])
            return Path(given)
    return None


def _counts(place: Path) -> bool:
    """Return whether `place` holds a configuration. One that may not be looked into may: whoever reads it says so."""
    if not is_directory(place):
        return False
    settings = os.path.lexists(place / SETTINGS)
    return settings or is_directory(place / "checks") or not os.access(place, os.X_OK)


def shipped() -> Path:
    """Return the directory with the shipped `checks/` and `playbooks/`: in a wheel its own, else the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parent


def default_store(directory: Path, env: Mapping[str, str]) -> str:
    """Return the store's path for a configuration that names none: one for each configuration directory."""
    state = Path(env.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():  # the XDG rules: a relative path is to be ignored
        try:
            state = Path.home() / ".local" / "state"
        except RuntimeError as error:
            place = str(directory / SETTINGS)
            message = "this user has no home directory; say where the store lies"
            raise ConfigError([Problem(place, 1, "store.path", message)]) from error
    import hashlib

    name = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:8]
    return str(state / "outagetui" / name / "store.db")


def store_of(directory: Path, env: Mapping[str, str]) -> str:
    """Return the store's path from outagetui.toml alone, for readers who need nothing else of the configuration.

    A file that cannot be read counts as silent here: whoever loads it whole says what is wrong with it.
    """
    table = (read_source(directory / SETTINGS, Report()).data or {}).get("store")
    path = table.get("path") if isinstance(table, dict) else None
    return str(directory.resolve() / path) if isinstance(path, str) and path else default_store(directory, env)


def digest(directory: Path) -> str:
    """Return the hex SHA-256 over the configuration's files, names and bytes. `ConfigError`: one is unreadable."""
    import hashlib

    total = hashlib.sha256()
    for name in _names(directory):
        try:
            content = (directory / name).read_bytes()
        except OSError as error:
            raise ConfigError([Problem(str(directory / name), 1, "", f"cannot be read: {error.strerror}")]) from error
        total.update(f"{len(os.fsencode(name))} {len(content)} ".encode() + os.fsencode(name) + content)
    return total.hexdigest()


def places_of(config: "Config") -> list[Path]:
    """Return every directory and file that decides what a daemon does: who may write one may do all that it may."""
    directory, store = Path(config.directory), Path(config.store)
    folders = [directory / folder for folder, _ in _PARTS]
    files = [directory / name for name in _names(directory)]
    beside = [store.with_name(store.name + ending) for ending in ("", "-wal", "-shm", ".lock", ".anchor", ".beat")]
    return [*folders, *files, *([Path(config.secrets)] if config.secrets else []), store.parent, *beside]


def _names(directory: Path) -> list[str]:
    names = []
    for folder, ending in _PARTS:
        try:
            entries = list(os.scandir(directory / folder))
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = Problem(str(directory / folder), 1, "", f"cannot be read: {error.strerror}")
            raise ConfigError([problem]) from error
        names += [
            f"{folder}/{entry.name}" if folder else entry.name
            for entry in entries
            if entry.name.endswith(ending) and not entry.name.startswith(".") and entry.is_file()
        ]
    return sorted(names)
