"""A service manager's end of sd_notify(3): a real datagram socket that keeps what it is told."""

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

Seen = list[dict[str, str]]


class Listener:
    """Use as a context manager; `path` is what NOTIFY_SOCKET must name."""

    def __init__(self, path: Path | str) -> None:
        self.path = path
        self.seen: Seen = []
        self.times: list[float] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = str(path)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def listen(self, seconds: float) -> Seen:
        """Return what comes within `seconds`."""
        before = len(self.seen)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._take(left)
        return self.seen[before:]

    def until(self, met: Callable[[Seen], object], seconds: float = 20.0) -> None:
        """Listen until `met` holds of all that was told."""
        end = time.monotonic() + seconds
        while not met(self.seen):
            left = end - time.monotonic()
            assert left > 0, f"never told; only {self.seen}"
            self._take(left)

    def _take(self, seconds: float) -> None:
        self._socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            fields = self._socket.recv(8192).decode().split("\n")
            self.seen.append(dict(field.partition("=")[::2] for field in fields))
            self.times.append(time.monotonic())
