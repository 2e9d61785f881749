"""Secrets by reference: a name in the configuration, a private file on the machine."""

import os
import stat
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from outagetui.core.masking import Secret, hide_secrets, shapes, together
from outagetui.core.text import in_quotes

LIMIT = 64 * 1024
MADE = 256  # of what was made from secrets that are kept hidden: more than the looks that go on at a time
CREDENTIALS = "CREDENTIALS_DIRECTORY"  # where systemd puts what LoadCredential= names


class SecretError(Exception):
    """A secret cannot be used. The message says why and what to do, and never holds any of its content."""

    code = "secret.unreadable"


class Secrets:
    """The directory where secret references are looked up, and systemd's credentials beside it."""

    def __init__(self, directory: Path | None, environ: Mapping[str, str] | None = None) -> None:
        self._directory = directory
        self._environ = os.environ if environ is None else environ
        self._refused = ""
        self._read: dict[str, Secret] = {}
        self._made: deque[Secret] = deque(maxlen=MADE)
        self._known = Secret()  # all of these together

    @classmethod
    def none(cls) -> "Secrets":
        """Return a store that refuses every name."""
        secrets = cls(None, {})
        secrets._refused = "no secret is loaded here"
        return secrets

    @classmethod
    def of_drill(cls, directory: Path | None, place: Path | None) -> "Secrets":
        """Return what a drill made for its own servers: `directory`, if it lies in the drill's own `place`; else none.

        No secret of the real configuration is loaded, nor one that systemd hands over.
        """
        if directory is None or place is None or not directory.resolve().is_relative_to(place.resolve()):
            return cls.none()
        return cls(directory, {})

    def read(self, name: str) -> str:
        """Return the content of secret `name` less one final newline.

        Raises `SecretError` when the name is not a plain file name, or the file is missing, unreadable, not UTF-8,
        or open to others than its owner.
        """
        if self._refused:
            raise SecretError(f"secret {in_quotes(name)}: {self._refused}")
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise SecretError(f"secret {in_quotes(name)}: a secret is named by a plain file name")
        credentials = self._environ.get(CREDENTIALS, "")
        if self._directory is not None:
            path = self._directory / name
            found = _read(path, from_systemd=False)
            if found is not None:
                return self._kept(found)
        if credentials:
            found = _read(Path(credentials) / name, from_systemd=True)
            if found is not None:
                return self._kept(found)
        places = [str(place) for place in (self._directory, credentials) if place]
        where = " or ".join(places) or "any place: set [secrets] directory"
        raise SecretError(f"secret {in_quotes(name)}: there is no such file in {where}")

    def hide(self, text: str) -> str:
        """Return `text` with every secret read so far replaced, however it is written (see `core.masking`)."""
        return hide_secrets(text, self._known)

    def add(self, made: str) -> None:
        """Hide `made` too, which was made from a secret or for one, such as an access token; the latest are kept."""
        found = shapes(made)
        if made and found not in self._made:
            self._made.append(found)
            self._join()

    def _kept(self, content: str) -> str:
        if content not in self._read:
            self._read[content] = shapes(content)
            self._join()
        return content

    def _join(self) -> None:
        self._known = together((*self._read.values(), *self._made))


def _read(path: Path, *, from_systemd: bool) -> str | None:
    """Return the content of `path`, None when there is no such file; the checks are made on the opened file."""
    try:
        # Without O_NONBLOCK, opening a named pipe would hang the whole loop.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SecretError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise SecretError(f"{path}: is not a regular file")
        open_to_others = stat.S_IMODE(info.st_mode) & 0o077
        # systemd grants the service's user by an access list, which shows as the group's read bit of root's file.
        if open_to_others and not (from_systemd and info.st_uid == 0 and open_to_others == 0o040):
            raise SecretError(f"{path}: others may use it: chmod 600 {path}")
        content = os.read(handle, LIMIT + 1)
    except OSError as error:
        raise SecretError(f"{path}: cannot be read: {error.strerror}") from error
    finally:
        os.close(handle)
    if len(content) > LIMIT:
        raise SecretError(f"{path}: is longer than {LIMIT // 1024} KiB")
    try:
        return content.removesuffix(b"\n").decode()
    except UnicodeDecodeError:
        raise SecretError(f"{path}: is not UTF-8 text") from None
