"""Reading one file of a configuration: bytes to TOML values with positions, every failure a problem and never more."""

import functools
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from outagetui.config import positions
from outagetui.config.hidden_text import hidden_in, may_hide, trouble_of
from outagetui.config.problems import Report

Homes = Mapping[str, tuple[str, ...]]  # for a key the headers it may stand right below; "" is the top of the file
LARGEST = 1 << 20  # bytes; a configuration file beyond this is a mistake, and reading it would stall the program


class Source:
    """One TOML file: `name` without its ending, `shown` as told to people; `data` is None when it does not parse."""

    def __init__(self, shown: str, name: str, report: Report) -> None:
        self.shown = shown
        self.name = name
        self.report = report
        self.homes: Homes = {}
        self.text = ""
        self.data: dict[str, Any] | None = None
        self._hidden: set[positions.Path] = set()

    def problem(self, at: positions.Path, message: str) -> None:
        """Note a fault of the key at `at`, on the key's line or, when it is missing, its table's.

        What nobody sees in it was noted first, and says enough: the rest of such a text is not judged.
        """
        if at in self._hidden:
            return
        self.report.add(self.shown, self.line(at), dotted(at), message)

    def holds(self, at: positions.Path) -> bool:
        """Return whether the key at `at` is written in the file."""
        value: Any = self.data
        try:
            for part in at:
                value = value[part]
        except (KeyError, IndexError, TypeError):
            return False
        return True

    def belongs(self, at: positions.Path, value: object) -> str:
        """Return where the key at `at`, which has no meaning there, belongs; nothing when it means nothing anywhere."""
        *parent, key = at
        names = ".".join(part for part in parent if isinstance(part, str))
        here = f"[[{names}]]" if parent and isinstance(parent[-1], int) else f"[{names}]"
        homes = [home for home in self.homes.get(str(key), ()) if home != here]
        if "" not in homes:
            return f"; it belongs right below {' or '.join(homes)}" if homes else ""
        if isinstance(value, dict):
            return f"; it is a table of its own: write [{key}]"
        if isinstance(value, list) and any(isinstance(each, dict) for each in value):
            return f"; each is a table of its own: write [[{key}]]"
        first = self._positions.header
        return f"; it belongs to the top of the file{f': put it above {first}' if first else ''}"

    @functools.cached_property
    def _positions(self) -> positions.Positions:
        """Where the keys stand: looked for only once somebody has to be shown one."""
        return positions.Positions({}) if self.data is None else positions.scan(self.text)

    def line(self, at: positions.Path) -> int:
        """Return the line of a key, or of what is nearest around it."""
        return self._positions.line(at)

    def place(self, at: positions.Path) -> str:
        """Return `path:line` of a key, to point at from another problem."""
        return f"{self.shown}:{self.line(at)}"

    def parse(self, text: str) -> None:
        """Read `text`; a syntax error becomes a problem with its line."""
        import tomli  # not for those who only ask whether a directory is there

        self.text = text
        try:
            self.data = tomli.loads(text)
        except tomli.TOMLDecodeError as error:
            line = getattr(error, "lineno", None) or 1
            self.report.add(self.shown, line, "", f"not valid TOML: {_syntax_words(error)}")
        except (ValueError, OverflowError, RecursionError):
            self.report.add(self.shown, 1, "", "not valid TOML: a number is too large or tables are nested too deep")
        else:
            for at, trouble in hidden_in(self.data) if may_hide(text) else ():
                self.problem(at, trouble)
                self._hidden.add(at)


def read_source(path: Path, report: Report) -> Source:
    """Read the TOML file at `path`. Faults go to `report`, shown with `path` as it is given."""
    source = Source(str(path), path.stem, report)
    text = read_text(path, report)
    if text is not None:
        source.parse(text)
    return source


def read_text(path: Path, report: Report) -> str | None:
    """Return the text of a regular UTF-8 file of sensible size; None after noting the problem."""
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                report.add(str(path), 1, "", "not a file; remove or rename it")
                return None
            content = file.read(LARGEST + 1)
    except OSError as error:
        words = "not a file; remove or rename it" if isinstance(error, IsADirectoryError) else _reason(error)
        report.add(str(path), 1, "", words)
        return None
    if len(content) > LARGEST:
        report.add(str(path), 1, "", "larger than 1 MiB; a configuration file cannot be that long")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        report.add(
            str(path), line_of(error), "", f"not UTF-8: byte 0x{error.object[error.start]:02x}; save the file as UTF-8"
        )
        return None


def line_of(error: UnicodeDecodeError) -> int:
    """Return the line of the byte that is not UTF-8."""
    return error.object.count(b"\n", 0, error.start) + 1


def _syntax_words(error: ValueError) -> str:
    """tomli's message, with its Python in words."""
    message = getattr(error, "msg", None) or str(error)
    if message.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate inline")):
        return "this key or table is here a second time"
    return f"{message[:1].lower()}{message[1:]}"


def _reason(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"


def is_directory(path: Path) -> bool:
    """Return whether `path` can be seen to be a directory; False also when it may not be looked at."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def names_in(directory: Path, ending: str, report: Report) -> list[Path]:
    """Return the files in `directory` with that ending, sorted, without hidden ones; none if there is no directory."""
    try:
        found = sorted(entry.name for entry in os.scandir(directory))
    except FileNotFoundError:
        return []
    except OSError as error:
        report.add(str(directory), 1, "", _reason(error))
        return []
    names = [name for name in found if name.endswith(ending) and not name.startswith(".")]
    for name in names:
        if trouble := trouble_of(name):
            report.add(str(directory / name), 1, "", f"the file's name {trouble}")
    return [directory / name for name in names]


def passed_over(directory: Path, ending: str, beside: Collection[str] = ()) -> list[Path]:
    """Return what lies in `directory` and is not read, since its name lacks the ending: sorted, without hidden ones.

    Texts for people and what is named in `beside` have a reason to be there.
    """
    fine = (ending, ".md", ".txt")
    try:
        names = sorted(entry.name for entry in os.scandir(directory))
    except OSError:
        return []  # whoever reads the directory says so
    return [
        directory / name
        for name in names
        if not name.startswith(".") and not name.endswith(fine) and name not in beside
    ]


def dotted(at: positions.Path) -> str:
    """Write a key path as people do: `check[2].every`, counting from 1."""
    words = ""
    for part in at:
        if isinstance(part, int):
            words += f"[{part + 1}]"
        else:
            words += f".{part}" if words else part
    return words
