"""What is wrong with a configuration: one `Problem` a fault, all of them in one `ConfigError`."""

from collections.abc import Iterable

from msgspec import Struct

from outagetui.core.text import clean


class Problem(Struct, frozen=True, order=True):
    """One fault: the file, its line (from 1; 0: about no line), the key as people write it, and what to do."""

    path: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        """`path:line: key: message`, without the parts that are empty."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(Exception):
    """A configuration cannot be used; `problems` holds every fault of every file, sorted by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class Report:
    """Collects problems while files are read; the same fault is told once."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}

    def add(self, path: str, line: int, key: str, message: str) -> None:
        """Note a fault. Names and values come from the files, so all text is cleaned here."""
        self._problems[Problem(clean(path), line, clean(key), clean(message, 600))] = None

    @property
    def problems(self) -> list[Problem]:
        """Everything noted so far, sorted by file and line."""
        return sorted(self._problems)
