"""Whatever ends the program, the terminal is usable after it."""

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from outagetui.machine.signals import MEANT_FOR_NOBODY
from outagetui.tui.terminal import DEADLINE, REFUSED, TTY_CHECK
from tests.kit.installation import eventually
from tests.kit.pty_driver import Pty, python

OFF = (25, True), (1049, False), (2004, False), (1004, False), (1000, False), (1003, False), (7, True)


def child(kind: str = "board", scene: str = "outage") -> list[str]:
    return python("-m", "tests.tui.child", kind, scene)


def assert_usable(terminal: Pty) -> None:
    modes = terminal.picture.modes
    for mode, wanted in OFF:
        assert modes.get(mode, wanted) is wanted, f"mode {mode} is left {modes[mode]}"
    assert terminal.output.rfind(b"\x1b[<u") > terminal.output.rfind(b"\x1b[>"), "the keyboard protocol is left on"
    assert terminal.modes_now() == terminal.modes_before


@pytest.mark.parametrize("kind", ["board", "wall"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT])
def test_a_signal_ends_the_screens_and_gives_the_terminal_back(kind: str, number: signal.Signals) -> None:
    with Pty(child(kind)) as terminal:
        terminal.until_text("Example Hosting")
        terminal.signal(number)
        assert terminal.wait(DEADLINE - 0.5) == 128 + number
        assert_usable(terminal)


@pytest.mark.parametrize(("kind", "key"), [
    ("board", "q"), ("board", "\x11"), ("board", "\x03"), ("board", "m\x03"), ("wall", "q"), ("wall", "\x03"),
])  # fmt: skip
def test_a_key_ends_the_screens_with_status_0(kind: str, key: str) -> None:
    with Pty(child(kind)) as terminal:
        terminal.until_text("Example Hosting")
        terminal.send(key)
        assert terminal.wait() == 0
        assert_usable(terminal)


@pytest.mark.parametrize("kind", ["board", "wall"])
def test_signals_that_are_meant_for_nobody_change_nothing(kind: str) -> None:
    with Pty(child(kind)) as terminal:
        terminal.until_text("Example Hosting")
        for number in MEANT_FOR_NOBODY:
            terminal.signal(number)
        terminal.read(0.5)
        assert terminal.process.poll() is None
        terminal.send("q")
        assert terminal.wait() == 0
        assert_usable(terminal)


@pytest.mark.parametrize("kind", ["board", "wall"])
def test_bytes_that_no_keyboard_sends_end_nothing(kind: str) -> None:
    with Pty(child(kind)) as terminal:
        terminal.until_text("Example Hosting")
        for made_up in (b"\xff\xfe", b"\x1b[1114112u", b"\x1b[200~q\x1b[201~q", b"\xc3"):
            os.write(terminal.master, made_up)
            terminal.read(0.3)
        assert terminal.process.poll() is None
        terminal.send("q")
        assert terminal.wait() == 0


def test_an_error_in_ourselves_is_no_status_0() -> None:
    code = (
        "import sys; from outagetui.tui import keyboard; "
        "keyboard.Keyboard.feed = lambda self, data, now: 1 // 0; "
        "import runpy; sys.argv=['child','board','outage']; runpy.run_module('tests.tui.child', run_name='__main__')"
    )
    with Pty(python("-c", code)) as terminal:
        terminal.send("j")
        assert terminal.wait() == 1
        assert_usable(terminal)


def test_a_terminal_that_is_taken_away_ends_the_program() -> None:
    with Pty(child()) as terminal:
        terminal.until_text("Example Hosting")
        terminal.hang_up()
        assert terminal.process.wait(8) == 128 + signal.SIGHUP


def test_a_terminal_that_vanishes_without_a_signal_is_noticed() -> None:
    ignoring = "import signal,sys,runpy; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP]); "
    code = ignoring + "sys.argv=['child','board','outage']; runpy.run_module('tests.tui.child', run_name='__main__')"
    with Pty(python("-c", code)) as terminal:
        terminal.until_text("Example Hosting")
        terminal.hang_up()
        assert terminal.process.wait(8) == 128 + signal.SIGHUP


@pytest.mark.parametrize("kind", ["board", "wall"])
def test_a_terminal_that_does_not_control_the_program_is_as_good_as_any(kind: str) -> None:
    with foreign_terminal(child(kind)) as (process, master):
        assert read_until(master, b"Example Hosting")
        assert stays(process, master, TTY_CHECK * 1.5)
        os.write(master, b"q")
        assert ended(process, master) == 0


def test_a_terminal_that_does_not_control_the_program_is_given_back_when_it_is_ended() -> None:
    with foreign_terminal(child()) as (process, master):
        assert read_until(master, b"Example Hosting")
        process.terminate()
        assert ended(process, master) == 128 + signal.SIGTERM


def test_a_terminal_that_does_not_control_the_program_is_missed_when_it_vanishes() -> None:
    with foreign_terminal(child()) as (process, master):
        assert read_until(master, b"Example Hosting")
        os.close(master)
        assert process.wait(8) == 128 + signal.SIGHUP


@contextlib.contextmanager
def foreign_terminal(argv: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A program whose streams are a terminal, in a session which that terminal does not control, as under `su -c`."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "PYTHONUTF8": "1"}
    process = subprocess.Popen(
        argv, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )  # fmt: skip
    os.close(slave)
    try:
        yield process, master
    finally:
        process.kill()
        process.wait(5)
        with contextlib.suppress(OSError):
            os.close(master)


def read_until(master: int, words: bytes) -> bool:
    seen, end = b"", time.monotonic() + 15
    while words not in seen and time.monotonic() < end:
        seen += pump(master)
    return words in seen


def stays(process: subprocess.Popen[bytes], master: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        pump(master)
    return process.poll() is None


def ended(process: subprocess.Popen[bytes], master: int) -> int | None:
    stays(process, master, 8)
    return process.poll()


def pump(master: int) -> bytes:
    """What comes within a tenth of a second."""
    if not select.select([master], [], [], 0.1)[0]:
        return b""
    try:
        return os.read(master, 65536)
    except OSError:
        return b""


def blocked(pid: int) -> bool:
    """Whether the process has written nothing for two tenths of a second."""

    def written() -> str:
        return next(line for line in Path(f"/proc/{pid}/io").read_text().splitlines() if line.startswith("wchar"))

    before = written()
    time.sleep(0.2)
    return written() == before


def test_a_terminal_that_stops_reading_does_not_hold_the_program_back() -> None:
    with Pty(child("board", "all"), columns=200, lines=60) as terminal:
        terminal.until_text("Example Hosting")
        terminal.send("\x0c" * 120)  # redraws that nobody reads fill every buffer on the way
        eventually(lambda: blocked(terminal.process.pid))
        started = time.monotonic()
        terminal.signal(signal.SIGTERM)
        while terminal.process.poll() is None and time.monotonic() - started < DEADLINE + 3:
            time.sleep(0.02)  # not reading is the point
        assert terminal.process.poll() == 128 + signal.SIGTERM
        assert time.monotonic() - started < DEADLINE + 1
        terminal.wait()
        assert_usable(terminal)


def test_an_error_in_the_program_gives_the_terminal_back_and_says_so_without_hostile_bytes() -> None:
    with Pty(child("broken"), columns=100) as terminal:
        terminal.until_text("Example Hosting")
        terminal.send("\x0c")
        assert terminal.wait() == 1
        assert_usable(terminal)
        end = bytes(terminal.output[terminal.output.rfind(b"\x1b[?1049l") :])
    assert b"ValueError: boom" in end
    assert b"start it again" in end
    assert b"\x1b]" not in end


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_without_a_terminal_screens_are_refused_with_words(stream: str) -> None:
    master, slave = os.openpty()
    try:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), slave) | {stream: subprocess.DEVNULL}
        if stream == "stderr":
            streams["stderr"] = subprocess.PIPE
        done = subprocess.run(child(), check=False, env=os.environ | {"TERM": "xterm"}, timeout=20, **streams)  # type: ignore[call-overload]
        assert done.returncode == REFUSED
        words = done.stderr if stream == "stderr" else os.read(master, 4096)
        assert b"not a terminal" in words
        assert b"outagetui status" in words
        assert b"\x1b" not in words
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_is_refused_with_words(term: str) -> None:
    with Pty(child(), env={"TERM": term}) as terminal:
        assert terminal.wait() == REFUSED
        assert b"dumb" in terminal.output
        assert b"\x1b" not in terminal.output


def test_the_environment_is_set_before_the_toolkit_is_imported() -> None:
    code = (
        "import sys, outagetui.tui.terminal as t; assert not [m for m in sys.modules if m.startswith('textual')]\n"
        "environment = {'TEXTUAL_PRESS': 'q', 'ESCDELAY': '77'}\n"
        "t.prepare(environment); print(sorted(environment.items()))"
    )
    seen = subprocess.run(python("-c", code), capture_output=True, text=True, check=True).stdout
    assert "('TEXTUAL_ANIMATIONS', 'none'), ('TEXTUAL_SMOOTH_SCROLL', '0')" in seen
    assert "('ESCDELAY', '5')" in seen, "what is torn is put together before the toolkit sees it"
    assert "TEXTUAL_PRESS" not in seen
