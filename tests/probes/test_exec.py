"""The plugin probe with plugins that behave, hang, fork, flood, ignore signals, and are not there."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.core.text import clean
from outagetui.net.vantage import Vantage
from outagetui.probes.exec import first_line, read, read_line
from outagetui.probes.plugin import FLOOD, LIMIT
from tests.kit.double_fork import DOUBLE_FORK
from tests.kit.programs import LeftBehind, alive, script
from tests.kit.scripted_servers import look_at

Plugin = Callable[..., str]


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    """Write a plugin and return its path."""

    def write(body: str, *, shell: str = "/bin/sh", mode: int = 0o755) -> str:
        path = tmp_path / f"plugin-{len(list(tmp_path.iterdir()))}"
        path.write_text(f"#!{shell}\n{body}\n")
        path.chmod(mode)
        return str(path)

    return write


@pytest.fixture(autouse=True)
async def left() -> AsyncIterator[LeftBehind]:
    """Fail a test that leaves a child, a descriptor or a task behind."""
    left = LeftBehind()
    yield left
    assert not left.children
    assert left.descriptors == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def pid_in(path: Path) -> int:
    while not (path.exists() and path.read_text().strip()):
        await asyncio.sleep(0.005)
    return int(path.read_text())


async def gone(pid: int) -> bool:
    """Whether the process ends now; its new parent may need a moment to hear of it."""
    for _ in range(200):
        if not alive(pid):
            return True
        await asyncio.sleep(0.005)
    return False


@pytest.mark.parametrize(
    ("body", "outcome", "code", "detail", "value"),
    [
        ("echo 'OK - 3 users | users=3;5;10;0'", Outcome.PASS, "", "OK - 3 users", 3.0),
        ("echo 'SLOW | time=0.31s;0.2'; exit 1", Outcome.WARN, "exec.warning", "SLOW", 0.31),
        ("echo 'DOWN'; exit 2", Outcome.FAIL, "exec.critical", "DOWN", None),
        ("echo 'who knows' ; exit 3", Outcome.UNKNOWN, "exec.unknown", "who knows", None),
        ("echo odd; exit 7", Outcome.UNKNOWN, "exec.status", "ended with status 7: odd", None),
        ("kill -SEGV $$", Outcome.UNKNOWN, "exec.signal", "ended by signal 11: no words", None),
        ("echo trouble >&2; exit 2", Outcome.FAIL, "exec.critical", "trouble", None),
        ("exit 0", Outcome.PASS, "", "no words", None),
        ("printf '\\n\\nlate\\nmore | x=9\\n'", Outcome.PASS, "", "late", 9.0),
        ("printf 'no newline | a=-1.5e3'", Outcome.PASS, "", "no newline", -1500.0),
    ],
)
async def test_the_exit_status_is_the_verdict_and_the_first_line_the_words(
    vantage: Vantage, plugin: Plugin, body: str, outcome: Outcome, code: str, detail: str, value: float | None
) -> None:
    sample = await look_at(vantage, "exec", "exec:test", argv=(plugin(body),))
    assert (sample.outcome, sample.code, sample.detail, sample.value) == (outcome, code, detail, value)
    assert list(sample.phases) == ["exec"]


@pytest.mark.parametrize(
    ("line", "words", "value"),
    [
        ("OK | 'free space'=7%;5;2", "OK", 7.0),
        ("OK | 'it''s'=1 b=2", "OK", 1.0),
        ("OK | a=U b=2.5ms", "OK", 2.5),
        ("OK | load1=0,31;;", "OK", 0.31),
        ("OK |", "OK", None),
        ("OK | nothing here", "OK", None),
        ("OK | a=1e999", "OK", None),
        ("| a=1", "no words", 1.0),
        ("x=5", "x=5", None),
    ],
)
def test_performance_data_gives_the_first_number(line: str, words: str, value: float | None) -> None:
    assert read_line(line) == (words, value)


async def test_arguments_reach_the_plugin_as_they_are(vantage: Vantage, plugin: Plugin) -> None:
    argv = (plugin('printf "%s," "$@"'), "a b", "$HOME;id", "`id`", "*", "")
    assert (await look_at(vantage, "exec", "exec:test", argv=argv)).detail == "a b,$HOME;id,`id`,*,,"


async def test_a_plugin_sees_no_environment_no_input_and_no_open_files(
    vantage: Vantage, plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "geheim")
    leak = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(leak, True)
    seen = tmp_path / "seen"
    body = f"tr '\\0' '\\n' < /proc/self/environ > {seen}; ls /proc/$$/fd >> {seen}; pwd >> {seen}; cat; echo done"
    sample = await look_at(vantage, "exec", "exec:test", argv=(plugin(body),))
    os.close(leak)
    assert sample.detail == "done"
    words = seen.read_text().split()
    assert sorted(word.partition("=")[0] for word in words if "=" in word) == ["LANG", "PATH"]
    assert str(leak) not in words
    assert words[-1] == "/"


@pytest.mark.parametrize(
    "argv",
    [
        ("/nowhere/plugin",),
        ("/bin",),
        ("/etc/passwd",),
    ],
)
async def test_a_plugin_that_cannot_be_run_is_our_own_fault(vantage: Vantage, argv: tuple[str, ...]) -> None:
    sample = await look_at(vantage, "exec", "exec:test", argv=argv)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "exec.missing")
    assert argv[0] in sample.detail


async def test_a_text_file_and_a_script_whose_interpreter_is_gone_cannot_be_run(
    vantage: Vantage, plugin: Plugin, tmp_path: Path
) -> None:
    text = tmp_path / "text"
    text.write_text("just words")
    text.chmod(0o755)
    for program in (str(text), plugin("echo", shell="/nowhere/sh"), plugin("echo", mode=0o644)):
        assert (await look_at(vantage, "exec", "exec:test", argv=(program,))).code == "exec.missing"


async def test_a_plugin_that_hangs_is_ended_in_time(vantage: Vantage, plugin: Plugin, tmp_path: Path) -> None:
    argv = (plugin(f"echo $$ > {tmp_path}/pid; sleep 60"),)
    started = time.monotonic()
    sample = await look_at(vantage, "exec", "exec:test", within=0.5, argv=argv)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert time.monotonic() - started < 0.6
    assert not alive(int((tmp_path / "pid").read_text()))


async def test_a_plugin_may_tidy_up_when_its_time_is_over(vantage: Vantage, plugin: Plugin, tmp_path: Path) -> None:
    body = f"trap 'echo tidied > {tmp_path}/tidy; exit 0' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.01; done"
    sample = await look_at(vantage, "exec", "exec:test", within=1.0, argv=(plugin(body),))
    assert sample.code == "timeout"
    assert (tmp_path / "tidy").read_text() == "tidied\n"


async def test_a_plugin_that_ignores_the_polite_signal_is_killed(
    vantage: Vantage, plugin: Plugin, tmp_path: Path
) -> None:
    body = f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 60; done"
    sample = await look_at(vantage, "exec", "exec:test", within=0.5, argv=(plugin(body),))
    assert sample.code == "timeout"
    assert not alive(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("ending", ["exit 0", "wait"])
async def test_what_a_plugin_started_ends_with_it(
    vantage: Vantage, plugin: Plugin, tmp_path: Path, ending: str
) -> None:
    body = f"(trap '' TERM HUP; sleep 60) & echo $! > {tmp_path}/pid; echo fine; {ending}"
    sample = await look_at(vantage, "exec", "exec:test", within=0.5, argv=(plugin(body),))
    assert sample.code == ("" if ending == "exit 0" else "timeout")
    assert await gone(int((tmp_path / "pid").read_text()))


async def test_a_child_that_holds_the_output_open_does_not_keep_the_look_waiting(
    vantage: Vantage, plugin: Plugin, tmp_path: Path
) -> None:
    body = f"setsid sleep 60 & echo $! > {tmp_path}/pid; echo fine"
    started = time.monotonic()
    sample = await look_at(vantage, "exec", "exec:test", argv=(plugin(body),))
    assert (sample.outcome, sample.detail) == (Outcome.PASS, "fine")
    assert time.monotonic() - started < 2
    assert await gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("then", ["print('fine')", "os.execv('/bin/sleep', ['sleep', '60'])"])
async def test_a_plugin_that_forks_twice_leaves_nothing(
    vantage: Vantage, tmp_path: Path, closes: bool, then: str, left: LeftBehind
) -> None:
    told = tmp_path / "pid"
    body = DOUBLE_FORK.format(told=str(told), closes=closes) + then
    argv = (script(tmp_path, body, interpreter=f"{sys.executable} -IS"),)
    sample = await look_at(vantage, "exec", "exec:test", within=2.0, argv=argv)
    assert sample.outcome is (Outcome.PASS if "fine" in then else Outcome.FAIL)
    assert await gone(int(told.read_text()))
    assert not left.children


async def test_much_output_is_cut_and_does_not_block_the_plugin(vantage: Vantage, plugin: Plugin) -> None:
    body = f"echo 'first | n=1'; head -c {FLOOD // 2} /dev/zero | tr '\\0' x; exit 1"
    sample = await look_at(vantage, "exec", "exec:test", argv=(plugin(body),))
    assert (sample.code, sample.detail, sample.value) == ("exec.warning", "first", 1.0)


async def test_one_endless_line_is_cut(vantage: Vantage, plugin: Plugin) -> None:
    sample = await look_at(vantage, "exec", "exec:test", argv=(plugin(f"head -c {2 * LIMIT} /dev/zero | tr '\\0' x"),))
    assert sample.outcome is Outcome.PASS
    assert len(sample.detail) == 300


async def test_a_plugin_that_never_stops_writing_is_ended(vantage: Vantage, plugin: Plugin) -> None:
    sample = await look_at(vantage, "exec", "exec:test", argv=(plugin("exec cat /dev/zero"),))
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "exec.flood")
    assert (await look_at(vantage, "exec", "exec:test", argv=(plugin("exec cat /dev/zero >&2"),))).code == "exec.flood"


async def test_escape_sequences_and_strange_bytes_come_out_clean(vantage: Vantage, plugin: Plugin) -> None:
    body = r"printf '\033]52;c;Zm9v\007\302\233\377\342\200\256evil [@click=quit]\r'; exit 2"
    sample = await look_at(vantage, "exec", "exec:test", argv=(plugin(body),))
    assert sample.detail.isprintable()
    assert "evil" in sample.detail


async def test_a_cancelled_look_leaves_no_process(
    vantage: Vantage, plugin: Plugin, tmp_path: Path, left: LeftBehind
) -> None:
    program = plugin(f"(sleep 60) & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/pid; trap '' TERM; sleep 60")
    look = asyncio.create_task(look_at(vantage, "exec", "exec:test", argv=(program,)))
    pids = [await pid_in(tmp_path / "pid"), await pid_in(tmp_path / "child")]
    look.cancel()
    await asyncio.gather(look, return_exceptions=True)
    assert not left.children
    assert all([await gone(pid) for pid in pids])


async def test_many_at_once_are_each_told_their_own(vantage: Vantage, plugin: Plugin) -> None:
    program = plugin('echo "$1"; exit 0')
    looks = [look_at(vantage, "exec", f"exec:{n}", within=20, argv=(program, str(n))) for n in range(40)]
    assert [sample.detail for sample in await asyncio.gather(*looks)] == [str(n) for n in range(40)]


@given(st.binary(max_size=300))
def test_no_output_breaks_the_reader(output: bytes) -> None:
    words, value = read_line(first_line(output))
    assert clean(words).isprintable() or clean(words) == clean(clean(words))
    assert value is None or isinstance(value, float)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("load1=.52;5;10;0 load5=1.10;4;8;0", 0.52),
        ("load1=0,52;5;10", 0.52),
        ("load1=,52", 0.52),
        ("load1=5.", 5.0),
        ("t=-1.5e-3s;@10:20;~:30;0;", -0.0015),
        ("t=1E+3ms", 1000.0),
        ("t=+4C", 4.0),
        ("free=12%;10:;5:;0;100", 12.0),
        ("'free space'=5GB", 5.0),
        ("'it''s 80%=full'=81%;80", 81.0),
        ("'a b=1'=2", 2.0),
        ("it's=3", 3.0),
        ("temp=21.5\N{DEGREE SIGN}C", 21.5),
        ("first=U;1;2 second=7", 7.0),
        ("first=U", None),
        ("first=;1;2", None),
        ("first= second=3", 3.0),
        ("version=1.2.3 up=4", 4.0),
        ("sum=1,234.5", None),
        ("x=nan y=inf", None),
        ("x=1e999", None),
        ("x=0x10", 0.0),
        ("nothing here", None),
        ("", None),
        ("a=1 | b=2", 1.0),
    ],
)
def test_the_first_number_of_performance_data_is_read_in_every_legal_form(data: str, value: float | None) -> None:
    assert read_line(f"OK - fine|{data}") == ("OK - fine", value)
    assert read_line(f"OK - fine | {data}") == ("OK - fine", value)


@pytest.mark.parametrize(
    ("output", "words", "value"),
    [
        (b"OK - fine\nlong text\nmore | a=.5;1\nb=2\n", "OK - fine", 0.5),
        (b"OK - fine | c=3\nlong text | a=1\nb=2\n", "OK - fine", 3.0),
        (b"OK - fine | c=U\nlong text | a=1\nb=2\n", "OK - fine", 1.0),
        (b"\n\nOK | a=1\r\n", "OK", 1.0),
        (b"| a=1\n", "no words", 1.0),
        (b"OK 100% = a|b\n", "OK 100% = a", None),
        (b"OK\nx=5\n", "OK", None),
    ],
)
def test_performance_data_may_stand_in_later_lines(output: bytes, words: str, value: float | None) -> None:
    assert read(output) == (words, value)


@pytest.mark.parametrize("noise", ["'a ", "'", "a", "a=", "''", "' ", "1", ",1", "=", "a'b "])
def test_long_output_is_read_in_no_time(noise: str) -> None:
    began = time.process_time()
    read(b"OK | " + (noise * 65536)[:65536].encode())
    assert time.process_time() - began < 1


@pytest.mark.parametrize("status", [4, 5, 126, 127, 255])
async def test_a_status_that_plugins_do_not_have_is_unknown(plugin: Plugin, vantage: Vantage, status: int) -> None:
    sample = await look_at(vantage, "exec", "exec:x", argv=(plugin(f"echo 'hm | a=1'; exit {status}"),))
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "exec.status")
    assert sample.detail == f"ended with status {status}: hm"


@pytest.mark.parametrize(
    ("shell", "body", "said"),
    [
        ("/usr/bin/perl", "use Not::Here::At::All; print 'OK'; exit 0;", "Can't locate Not/Here/At/All.pm in @INC"),
        ("/usr/bin/perl", "open(my $file, '<', '/not/there') or die 'cannot look';", "cannot look at"),
        (sys.executable, "import not_here_at_all", "ModuleNotFoundError: No module named 'not_here_at_all'"),
        (sys.executable, "print('OK'", "SyntaxError: '(' was never closed"),
        (
            sys.executable,
            "import argparse; p = argparse.ArgumentParser(); p.add_argument('-H', required=True); p.parse_args()",
            "the following arguments are required: -H",
        ),
        ("/bin/sh", "if [ 1 = 1 ; then (", "yntax error"),
        ("/bin/bash", "set -u; exec 1>/dev/null; echo $NOT_SET", "unbound variable"),
        ("/bin/sh", "not_a_program_at_all || exit 2", "not found"),
        ("/bin/sh", "echo \"$0: unrecognized option '--bogus'\" >&2; exit 2", "unrecognized option"),
        ("/bin/sh", "echo 'panic: runtime error: index out of range' >&2; exit 2", "panic: runtime error"),
        ("/bin/sh", 'echo "Usage: $(basename $0) -H HOST"; exit 2', "Usage: plugin-0 -H HOST"),
    ],
)
async def test_a_plugin_that_breaks_has_judged_nothing(
    plugin: Plugin, vantage: Vantage, shell: str, body: str, said: str
) -> None:
    sample = await look_at(vantage, "exec", "exec:x", argv=(plugin(body, shell=shell),))
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "exec.broken")
    assert said in sample.detail


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("echo 'mysqladmin: connect to server at localhost failed' >&2; exit 1", "exec.warning", "mysqladmin: connect"),
        ("echo 'Usage: 97 % of the disk'; exit 2", "exec.critical", "Usage: 97 % of the disk"),
        ("echo 'Traceback (most recent call last):' >&2; echo DOWN; exit 2", "exec.critical", "DOWN"),
        ("echo 'Use of uninitialized value at x line 5.' >&2; echo SLOW; exit 1", "exec.warning", "SLOW"),
        ("echo '10.0.0.1: host not found' >&2; exit 2", "exec.critical", "10.0.0.1: host not found"),
        ("exit 2", "exec.critical", "no words"),
    ],
)
async def test_a_plugin_that_judges_is_believed_whatever_it_says_beside_it(
    plugin: Plugin, vantage: Vantage, body: str, code: str, said: str
) -> None:
    sample = await look_at(vantage, "exec", "exec:x", argv=(plugin(body),))
    assert sample.code == code
    assert sample.detail.startswith(said)
