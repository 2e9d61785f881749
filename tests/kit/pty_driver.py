"""A pseudo-terminal to run programs in: counts bytes, answers a terminal's queries, keeps a picture of the screen."""

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence

from rich.cells import cell_len

ASKS_SYNC = b"\x1b[?2026$p"
HAS_SYNC = b"\x1b[?2026;2$y"
# What the screens may send: modes, keyboard protocol, queries, cursor, colours; nothing else begins with ESC.
ALLOWED = re.compile(
    rb"\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    rb"|\x1b\[\?(?:2026|2048)\$p"
    rb"|\x1b\[[<>=]?\d*u"
    rb"|\x1b\[\d+;\d+H"
    rb"|\x1b\[[\d;]*m"
)


class Picture:
    """What a terminal would show of the bytes it got: text and modes, no colours."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.cells = [[" "] * columns for _ in range(lines)]
        self.modes: dict[int, bool] = {}
        self._at = (0, 0)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take more output."""
        data = self._rest + data
        # An incomplete sequence or character at the end waits for the rest of it.
        cut = re.search(rb"(?:\x1b(?:\[[?<>=]?[\d;]*\$?)?|[\xc0-\xff][\x80-\xbf]{0,2})\Z", data)
        self._rest = b"" if cut is None else cut.group()
        data = data if cut is None else data[: cut.start()]
        text = data.decode("utf-8", "replace")
        for match in re.finditer(r"\x1b\[([?<>=]?)([\d;]*)(\$?[A-Za-z])|([^\x1b])", text):
            kind, numbers, final, char = match.groups()
            if char is not None:
                self._put(char)
            elif final == "H":
                row, column, *_ = (int(number or 1) for number in f"{numbers};1".split(";"))
                self._at = (row - 1, column - 1)
            elif kind == "?" and final in "hl":
                self.modes[int(numbers)] = final == "h"

    def _put(self, char: str) -> None:
        row, column = self._at
        width = cell_len(char)
        if row < self.lines and column < self.columns and char.isprintable() and width:
            self.cells[row][column] = char
            for more in range(column + 1, min(column + width, self.columns)):
                self.cells[row][more] = ""
        self._at = (row, column + width)

    @property
    def text(self) -> str:
        """The screen, one line a row, without trailing blanks."""
        return "\n".join("".join(row).rstrip() for row in self.cells)


class Pty:
    """A program on a pseudo-terminal of its own session. Use as a context manager: it ends what it started."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.modes_before = termios.tcgetattr(slave)
        self.slave = slave
        self.output = bytearray()
        self.picture = Picture(columns, lines)
        base = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=base | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1"} | dict(env or {}),
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - one ioctl, before any thread of the test exists
        )

    def __enter__(self) -> "Pty":
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(5)
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def read(self, seconds: float) -> bytes:
        """Return what comes within `seconds`."""
        start = len(self.output)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._pump(left)
        return bytes(self.output[start:])

    def until(self, seen: Callable[["Pty"], bool], timeout: float = 15.0) -> None:
        """Read until `seen` holds; a failure shows the screen."""
        end = time.monotonic() + timeout
        while not seen(self):
            left = end - time.monotonic()
            if left <= 0 or (self.process.poll() is not None and not self._pump(0.05)):
                raise AssertionError(f"never came; exit {self.process.poll()}; the screen is:\n{self.picture.text}")
            self._pump(min(left, 0.2))

    def until_text(self, words: str, timeout: float = 15.0) -> None:
        """Read until the screen shows `words`."""
        self.until(lambda terminal: words in terminal.picture.text, timeout)

    def _pump(self, timeout: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            time.sleep(min(timeout, 0.02))  # nobody holds the other end any more
            return False
        self.output += data
        self.picture.feed(data)
        if ASKS_SYNC in data:
            os.write(self.master, HAS_SYNC)
        return bool(data)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def signal(self, number: int) -> None:
        """Send a signal to the program."""
        os.kill(self.process.pid, number)

    def hang_up(self) -> None:
        """Take the terminal away."""
        os.close(self.slave)
        os.close(self.master)

    def wait(self, timeout: float = 10.0) -> int:
        """Read until the program ended, and on to the last byte; return its exit status."""
        end = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < end:
            self._pump(0.05)
        status = self.process.wait(0.1)
        while self._pump(0.05):
            pass
        return status

    def modes_now(self) -> list[object]:
        """The line discipline's settings, to compare with `modes_before`."""
        return termios.tcgetattr(self.slave)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def python(*arguments: str) -> list[str]:
    """The command line that runs this Python with `arguments`."""
    return [sys.executable, *arguments]
