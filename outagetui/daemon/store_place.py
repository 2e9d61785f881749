"""Where the daemon stands: the directory, the store, its lock and its socket must stay the very same files.

Whoever moves the directory away, or makes it anew, has a daemon that writes where nobody looks, and room for a second
one. Paths say nothing of that; the numbers of the files (st_dev, st_ino) do.
"""

from pathlib import Path

LOOK_EVERY = 0.5  # seconds
Identity = tuple[int, int]


class StorePlace:
    """Remembers which files the daemon took; `gone` says when one of them is another, or is there no more."""

    def __init__(self, store: Path) -> None:
        """Begin with the store, its directory and what lies beside it. Raises OSError."""
        self._taken: dict[Path, tuple[str, Identity]] = {}
        self.take("directory", store.parent)
        self.take("file", store)

    def take(self, what: str, path: Path) -> None:
        """Remember what lies at `path` now. Raises OSError."""
        self._taken[path] = what, _identity(path)

    def let_go(self, path: Path) -> None:
        """Forget what lies at `path`: it is about to be removed by ourselves."""
        self._taken.pop(path, None)

    def gone(self) -> str:
        """Return in words what is not where it was, or nothing. Takes some microseconds."""
        for path, (what, taken) in list(self._taken.items()):
            try:
                if _identity(path) == taken:
                    continue
            except FileNotFoundError:
                return f"the store's {what} {path} was moved or deleted under the running daemon"
            except OSError as error:
                return f"the store's {what} {path} cannot be looked at any more: {error.strerror}"
            return f"the store's {what} {path} was replaced under the running daemon"
        return ""


def _identity(path: Path) -> Identity:
    found = path.stat()
    return found.st_dev, found.st_ino
