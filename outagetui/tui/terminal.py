"""The terminal: what it can show, how the screens take it, and how it is given back whatever ends them.

Nothing here imports the toolkit at module level: the toolkit reads its environment while it is imported.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outagetui.machine.signals import MEANT_FOR_NOBODY

if TYPE_CHECKING:
    from textual.app import App

REFUSED = 3  # exit status when there is no terminal that can show screens: the state is unknown
DEADLINE = 3.0  # seconds an orderly end may take
TRIES = 25  # to write to a terminal that does not read
TTY_CHECK = 2.0  # seconds between two looks whether the terminal is still ours
SIXTEEN = ("linux", "screen", "vt100", "vt220", "xterm", "ansi", "cygwin")
# CAN ends a half-sent sequence; then mouse, paste, focus, resize and keyboard modes off, wrap and cursor on, main page.
RESTORE = (
    b"\x18\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?2048l\x1b[?1004l"
    b"\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"
)


@dataclass(frozen=True)
class Terminal:
    """What the terminal can show: `ascii` when it has no Unicode, `plain` when it has sixteen colours or none."""

    ascii: bool
    plain: bool

    @classmethod
    def here(cls) -> "Terminal":
        """Judge the terminal of this process; the toolkit draws on standard error."""
        term = os.environ.get("TERM", "")
        encoding = (getattr(sys.__stderr__, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
        sixteen = term in SIXTEEN and not os.environ.get("COLORTERM")
        return cls(ascii=encoding != "utf8" or term == "linux", plain=sixteen or "NO_COLOR" in os.environ)


def refusal() -> str:
    """Return why screens cannot be shown here, with what to do instead; empty when they can."""
    streams = {"input": sys.__stdin__, "output": sys.__stdout__, "error": sys.__stderr__}
    for name, stream in streams.items():
        if stream is None or stream.closed or not stream.isatty():
            return f"outagetui: standard {name} is not a terminal; 'outagetui status' prints the board as text"
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return "outagetui: the terminal is dumb (see TERM); 'outagetui status' prints the board as text"
    return ""


def prepare(environment: MutableMapping[str, str]) -> None:
    """Set what the toolkit reads while it is imported: nothing moves by itself, nothing listens to a debugger."""
    environment["TEXTUAL_ANIMATIONS"] = "none"
    environment["TEXTUAL_SMOOTH_SCROLL"] = "0"
    environment["ESCDELAY"] = "5"  # what is torn is put together before the toolkit sees it
    for name in ("TEXTUAL", "TEXTUAL_DEBUG", "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_SCREENSHOT", "TEXTUAL_LOG"):
        environment.pop(name, None)


def run(app_factory: "Callable[[], App[Any]]") -> int:
    """Show an app until it ends and return the exit status: its own, or 128 and the signal's number.

    The factory imports the app, which has to happen after the environment is set.
    """
    words = refusal()
    if words:
        sys.stderr.write(words + "\n")
        return REFUSED
    prepare(os.environ)
    app = app_factory()
    leaving = _Leaving(app)
    before = {number: signal.signal(number, leaving.on_signal) for number in leaving.SIGNALS}
    before |= {number: signal.signal(number, _nothing) for number in MEANT_FOR_NOBODY}
    threading.Thread(target=leaving.watch_terminal, name="terminal-watch", daemon=True).start()
    try:
        with asyncio.Runner() as runner:
            leaving.loop = runner.get_loop()
            runner.run(app.run_async(mouse=False))
    finally:
        leaving.finish()
        for number, handler in before.items():
            signal.signal(number, handler)
    return leaving.status or app.return_code or 0


def _nothing(_number: int, _frame: object) -> None:
    """Do nothing: a handler of ours, and not the kernel's to ignore it, which programs we start would inherit."""


class _Leaving:
    """Ends an app on a signal or when its terminal is gone, by force when it does not end in time.

    The handlers are plain ones: those of a loop never run while it waits for a terminal that stopped reading.
    """

    SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT)

    def __init__(self, app: "App[Any]") -> None:
        self._app = app
        self._modes = termios.tcgetattr(0)
        self._over = threading.Event()
        self._ending = threading.Lock()  # held by whoever leaves first: the app in order, or the deadline by force
        self.loop: asyncio.AbstractEventLoop | None = None
        self.status = 0

    def on_signal(self, number: int, _frame: object) -> None:
        """Ask the app to end, and see to it that it does."""
        if self.status:
            return
        self.status = 128 + number
        threading.Thread(target=self._deadline, name="deadline", daemon=True).start()
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # a closed loop: the end is near anyway
                self.loop.call_soon_threadsafe(lambda: self._app.exit(return_code=self.status))

    def finish(self) -> None:
        """Stop watching. After a signal the deadline stays: leaving the interpreter may hang as well."""
        if not self.status:
            self._over.set()
        elif not self._ending.acquire(blocking=False):
            threading.Event().wait()  # the deadline is giving the terminal back and ends the process

    def _deadline(self) -> None:
        if not self._over.wait(DEADLINE):
            if self._ending.acquire(blocking=False):
                restore(self._modes)
            os._exit(self.status)

    def watch_terminal(self) -> None:
        """Treat a terminal that vanished without a word as a hang-up.

        One that is there but does not control this process, as under `su -c`, is as good as any other.
        """
        while not self._over.wait(TTY_CHECK):
            try:
                termios.tcgetattr(0)
            except (OSError, termios.error):
                self.on_signal(signal.SIGHUP, None)
                return


def restore(modes: list[Any]) -> None:
    """Give the terminal back without waiting for it: drop what it has not read, then leave every mode."""
    output = sys.__stderr__.fileno() if sys.__stderr__ is not None else 2
    with contextlib.suppress(OSError, termios.error):
        terminal = _own_terminal(output)
        # A thread that waits for the terminal keeps it locked; it lets go when its write may no longer wait.
        flags = fcntl.fcntl(output, fcntl.F_GETFL)
        fcntl.fcntl(output, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        try:
            _wake_writers()
            for _ in range(TRIES):
                if _give_back(terminal, modes):
                    return
                time.sleep(0.02)
        finally:
            # The description is shared with the shell, which expects to wait.
            fcntl.fcntl(output, fcntl.F_SETFL, flags)


def _own_terminal(output: int) -> int:
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:  # the terminal does not control this process
        return output


def _wake_writers() -> None:
    for thread in threading.enumerate():
        if thread.ident is not None and thread is not threading.current_thread():
            with contextlib.suppress(ProcessLookupError):
                signal.pthread_kill(thread.ident, signal.SIGTERM)


def _give_back(terminal: int, modes: list[Any]) -> bool:
    with contextlib.suppress(termios.error):
        termios.tcflush(terminal, termios.TCIOFLUSH)
        termios.tcsetattr(terminal, termios.TCSANOW, modes)
    try:
        return os.write(terminal, RESTORE) == len(RESTORE)
    except BlockingIOError:
        return False
