"""Nothing that a command prints acts on a terminal, whatever it was given and wherever it is printed to."""

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from outagetui.cli import output
from outagetui.cli.output import json_safe, print_json
from outagetui.config import load
from outagetui.core.text import NOT_DRAWN
from outagetui.daemon.public_copy import shown
from outagetui.facts.events import Acked, DaemonStarted, Muted, StateChanged
from outagetui.store.journal import Store
from outagetui.wording.published import unseen
from tests.kit.configs import CHANNEL, write

ESC = "x\x1b]0;y\x07\x9b31m\u202e\u200b\r"


def run(*words: str | bytes, **more: Any) -> "subprocess.CompletedProcess[bytes]":
    argv = [sys.executable, "-m", "outagetui", *words]
    environment = {**os.environ, "TERM": "xterm", **more.pop("env", {})}
    return subprocess.run(argv, capture_output=True, check=False, timeout=60, env=environment, **more)


def is_quiet(raw: bytes) -> bool:
    text = raw.decode()  # all that is printed is UTF-8
    return not [char for char in text if ord(char) in NOT_DRAWN]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose journal holds what no daemon of ours would write."""
    path = tmp_path_factory.mktemp("store") / "store.db"
    store = Store(path)
    started = DaemonStarted(version=ESC, pid=1, vantage=ESC, digest=ESC, drill=ESC)
    down = StateChanged(id=f"a{ESC}", was=ESC, now="down", why=ESC)
    store.append(time.time() - 60, f"ada{ESC}", started, down)
    store.append(time.time(), ESC, Acked(incident="i1", note=ESC), Muted(id=ESC, until=time.time() + 9e3, reason=ESC))
    config = load(write(path.parent, {"checks/a.toml": CHANNEL}))
    public = shown(config, ESC, ())
    channels = tuple(replace(each, name=ESC, address=ESC) for each in public.channels)
    store.publish(replace(public, business=ESC, vantage=ESC, channels=channels), ())
    store.close()
    return path


COMMANDS = [
    *([name] for name in ("status", "journal", "runs", "report", "check", "validate", "accounts", "help")),
    ["status", "--json"], ["journal", "--json"], ["journal", "--verify"], ["runs", "--json"], ["report", "i1"],
    ["report", "--format", "json"], ["report", "--format", "html"], ["report", ESC], ["report", "--format", ESC],
    ["check", ESC], ["check", "--json"], ["help", ESC], ["drill", ESC], ["mute", "a", ESC], ["announce", ESC],
    ["contacts", "export", "--channel", ESC, "--format", "csv"], ["contacts", "import", ESC], ["contacts", ESC],
    ["init", "--example", ESC], ["init", ESC], ["add", ESC, "tcp://127.0.0.1:1"], ["validate", f"--{ESC}"], [ESC],
    [f"--{ESC}"], ["accounts", ESC],
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: ascii(" ".join(words))[:40])
def test_no_command_prints_what_acts(tmp_path: Path, hostile: Path, words: list[str]) -> None:
    directory = write(tmp_path / f"conf{ESC}", {"checks/a.toml": CHANNEL})
    done = run("--config", str(directory), "--store", str(hostile), *words, cwd=tmp_path)
    assert is_quiet(done.stdout)
    assert is_quiet(done.stderr)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("place", [ESC, b"x\xff\xfe\x1b[2J"], ids=["controls", "bytes"])
@pytest.mark.parametrize("command", ["validate", "status", "check", "journal", "report", "daemon", "ack", "wallboard"])
def test_a_path_that_acts_is_printed_so_that_it_does_not(tmp_path: Path, place: str | bytes, command: str) -> None:
    for more in (("--config", place), ("--store", place)):
        done = run(*more, command, cwd=tmp_path, env={"XDG_STATE_HOME": str(tmp_path)})
        assert done.returncode not in (0, -6, -11)
        assert is_quiet(done.stdout)
        assert is_quiet(done.stderr)
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("variable", ["OUTAGETUI_CONFIG", "XDG_STATE_HOME", "COLUMNS", "TERM"])
def test_an_environment_that_acts_is_printed_so_that_it_does_not(tmp_path: Path, variable: str) -> None:
    done = run("status", cwd=tmp_path, env={variable: ESC})
    assert is_quiet(done.stdout + done.stderr)


def test_a_traceback_does_not_act_and_is_a_failure() -> None:
    body = f"from outagetui import __main__ as m\ndef run(): raise ValueError({ESC!r})\nm._run = run\nm.main()"
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"ValueError" in done.stderr
    assert is_quiet(done.stderr)


@pytest.mark.parametrize("command", [["journal"], ["status"], ["help", "probes"], ["journal", "--json"], ["--help"]])
def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path, hostile: Path, command: list[str]) -> None:
    read, end = os.pipe()
    os.close(read)
    argv = [sys.executable, "-m", "outagetui", "--store", str(hostile), *command]
    done = subprocess.run(argv, stdout=end, stderr=subprocess.PIPE, check=False, timeout=60, cwd=tmp_path)
    os.close(end)
    assert done.stderr == b""
    assert done.returncode == (1 if command[0] == "help" else output.BROKEN_PIPE)  # the pager's own way


def test_a_full_disk_is_told_and_is_a_failure(hostile: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        argv = [sys.executable, "-m", "outagetui", "--store", str(hostile), "journal"]
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"cannot be printed: No space left on device\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "utf-8:strict"])
@pytest.mark.parametrize("words", [["validate"], ["check"], ["check", "--json"], ["validate", "--ümlaut"]])
def test_no_encoding_ends_a_command(tmp_path: Path, encoding: str, words: list[str]) -> None:
    directory = write(tmp_path, {"checks/a.toml": CHANNEL.replace('"A"', '"Störung 日本"')})
    done = run("--config", str(directory), *words, env={"PYTHONIOENCODING": encoding})
    assert b"Traceback" not in done.stderr
    if "--json" in words:
        assert json.loads(done.stdout.decode(encoding.partition(":")[0]))["channels"][0]["name"] == "Störung 日本"


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_a_closed_stream_goes_nowhere(tmp_path: Path, closed: tuple[int, ...]) -> None:
    directory = write(tmp_path, {"checks/a.toml": CHANNEL})
    line = f'exec "$@" {" ".join(f"{number}>&-" for number in closed)}'
    argv = ["/bin/sh", "-c", line, "sh", sys.executable, "-m", "outagetui", "--config", str(directory), "validate"]
    assert subprocess.run(argv, check=False, timeout=60).returncode == 0


def test_json_holds_the_same_data(hostile: Path) -> None:
    (first, *_) = json.loads(run("--store", str(hostile), "journal", "--json").stdout)
    assert (first["actor"], first["document"]["vantage"]) == (f"ada{ESC}", ESC)


@given(st.text())
def test_whatever_is_written_is_drawn_harmlessly(text: str) -> None:
    behind = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    door = output.Door(behind, ends=True)
    door.write(text)
    door.flush()
    assert is_quiet(behind.buffer.getvalue())


@given(st.text(), st.booleans())
def test_documents_keep_line_ends_and_nothing_that_is_unseen(text: str, crlf: bool) -> None:
    behind = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    door = output.Door(behind, ends=True)
    given = text.replace("\n", "\r\n") if crlf else text
    door.buffer.write(given.encode("utf-8", "replace"))
    told = behind.buffer.getvalue().decode()
    assert set(unseen(told.replace("\r\n", "\n"))) <= {"\n", "\t"}
    if not list(unseen(text)):
        assert told == text


def test_a_prompt_does_not_act() -> None:
    """`input` writes its prompt to a terminal itself, unless standard output has no number."""
    body = f"from outagetui.cli.output import guard\nguard()\nimport click\nclick.confirm({ESC!r})"
    main, end = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", body], stdin=end, stdout=end, stderr=end) as asking:
        os.close(end)
        told = b""
        while b"[y/N]" not in told:
            told += os.read(main, 1000)
        os.write(main, b"y\n")
        asking.wait(20)
    os.close(main)
    assert asking.returncode == 0
    assert is_quiet(told)


def test_the_manual_keeps_its_styles_on_a_terminal() -> None:
    main, end = pty.openpty()
    argv = [sys.executable, "-m", "outagetui", "help", "files"]
    environment = {**os.environ, "PAGER": "cat", "TERM": "xterm"}
    with subprocess.Popen(argv, stdin=end, stdout=end, stderr=end, env=environment) as showing:
        os.close(end)
        told = os.read(main, 4000)
        showing.kill()
    os.close(main)
    assert b"\x1b[1m" in told


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)


@given(JSON)
def test_json_is_indented_as_the_standard_library_does_it(document: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        print_json(document)
        assert printed.getvalue() == json_safe(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def test_half_a_character_in_a_file_s_name_is_printed_too() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        print_json(["\udcff"])
    assert json.loads(printed.getvalue()) == ["\udcff"]
