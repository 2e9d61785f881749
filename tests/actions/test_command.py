"""`command` against real programs: that behave, fail, hang, fork, flood, print rubbish, and are not there."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outagetui import actions
from outagetui.actions.command import KEY, preview
from outagetui.core.commands import value_trouble
from outagetui.core.model import Command
from outagetui.facts.events import StepPlan
from outagetui.machine import program as process
from outagetui.machine.secrets import SecretError
from tests.kit.double_fork import DOUBLE_FORK
from tests.kit.programs import (
    PRINTS_ARGV,
    PYTHON,
    ContextWithOutput,
    LeftBehind,
    alive,
    command_step,
    harmless,
    mode_of,
    script,
)
from tests.kit.step_context import without

CANARY = "canary-q83hf-secret"
NASTY = [
    "a b",
    "",
    "'",
    '"',
    'it\'s "so"',
    "$(id)",
    "`id`",
    "$HOME;id",
    "a&&b|c>d",
    "*",
    "~",
    "{unit}",
    "%s",
    "\\",
    "ünï ✓ 日本",
    "x" * 4096,
    "a=b",
    "a -b",
]


@pytest.fixture
def context(tmp_path: Path) -> ContextWithOutput:
    return ContextWithOutput(tmp_path)


@pytest.fixture(autouse=True)
async def left() -> AsyncIterator[LeftBehind]:
    """Fail a test that leaves a child, a descriptor or a task behind."""
    left = LeftBehind()
    yield left
    assert not left.children
    assert left.descriptors == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def act(context: ContextWithOutput, plan: StepPlan) -> actions.Result:
    result = await actions.act(plan, context)  # type: ignore[arg-type]
    assert harmless(result.detail)
    assert not (result.done and result.unsure)
    return result


async def recover(context: ContextWithOutput, plan: StepPlan) -> "actions.Result | str | None":
    return await actions.recover(plan, context)  # type: ignore[arg-type]


async def pid_in(path: Path) -> int:
    while not (path.exists() and path.read_text().strip()):
        await asyncio.sleep(0.005)
    return int(path.read_text())


async def gone(pid: int) -> bool:
    """Whether the process ends now; its new parent may need a moment to hear of it."""
    for _ in range(400):
        if not alive(pid):
            return True
        await asyncio.sleep(0.005)
    return False


# How it ends.


@pytest.mark.parametrize(
    ("body", "done", "detail", "output"),
    [
        ("exit 0", True, "exit status 0", ""),
        ("echo one; echo two >&2; echo three", True, "exit status 0: three", "one\ntwo\nthree"),
        ("echo not today; exit 3", False, "exit status 3: not today", "not today"),
        ("exit 255", False, "exit status 255", ""),
        ("kill -KILL $$", False, "killed by SIGKILL", ""),
        ("echo au; kill -SEGV $$", False, "killed by SIGSEGV: au", "au"),
        ("kill -40 $$", False, "killed by signal 40", ""),
    ],
)
async def test_the_exit_status_decides_and_both_outputs_are_kept_in_their_order(
    context: ContextWithOutput, tmp_path: Path, body: str, done: bool, detail: str, output: str
) -> None:
    result = await act(context, command_step(script(tmp_path, body)))
    assert (result.done, result.detail, result.output, result.unsure) == (done, detail, output, False)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("/nowhere/program",), "No such file or directory"),
        (("/etc/passwd",), "Permission denied"),
        (("/bin",), "Permission denied"),
    ],
)
async def test_a_program_that_cannot_be_run_has_failed_and_surely_did_nothing(
    context: ContextWithOutput, argv: tuple[str, ...], words: str
) -> None:
    result = await act(context, command_step(*argv))
    assert (result.done, result.unsure, result.detail) == (False, False, f"{argv[0]} cannot be run: {words}")


async def test_a_script_without_its_interpreter_and_a_directory_that_is_gone_are_told(
    context: ContextWithOutput, tmp_path: Path
) -> None:
    for plan in (
        command_step(script(tmp_path, "true", interpreter="/nowhere/sh")),
        command_step(script(tmp_path, "true", mode=0o644)),
        command_step("/bin/true", directory=str(tmp_path / "gone")),
    ):
        result = await act(context, plan)
        assert (result.done, result.unsure) == (False, False)
        assert "cannot be run" in result.detail


# What it gets.


@pytest.mark.parametrize("value", NASTY)
async def test_a_value_is_exactly_one_argument_whatever_stands_in_it(
    context: ContextWithOutput, tmp_path: Path, value: str
) -> None:
    program = script(tmp_path, PRINTS_ARGV, interpreter=PYTHON)
    result = await act(context, command_step(program, "before", "{unit}", "after", args={"unit": value}))
    if len(value) < 2000:
        assert json.loads(result.output) == ["before", value, "after"]
    else:
        assert value[:1000] in result.output


@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(NASTY))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_value_is_accepted_reaches_the_program_unchanged(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    command = Command(name="c", argv=("/p", "{v}"), params={"v": "(?s).*"})
    if value_trouble(command, "v", value):
        return
    directory = tmp_path_factory.getbasetemp()
    program = directory / "prints-argv"
    if not program.exists():
        program.write_text(f'#!{PYTHON}\nimport sys\nopen(sys.argv[1], "wb").write(sys.argv[2].encode())\n')
        program.chmod(0o755)
    seen = directory / "argument"
    plan = command_step(str(program), str(seen), "{v}", args={"v": value})
    result = await act(ContextWithOutput(directory), plan)
    assert result.done, result
    assert seen.read_bytes() == value.encode()


async def test_it_sees_only_the_environment_that_is_declared(
    context: ContextWithOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "geheim")
    result = await act(context, command_step("/usr/bin/env", env={"LEVEL": "ü $HOME", "LANG": "de_DE.UTF-8"}))
    seen = dict(line.split("=", 1) for line in result.output.splitlines())
    assert seen == {"PATH": "/usr/bin:/bin", "LANG": "de_DE.UTF-8", "LEVEL": "ü $HOME", KEY: context.key}


async def test_it_gets_no_input_no_terminal_no_open_file_and_a_session_of_its_own(
    context: ContextWithOutput, tmp_path: Path
) -> None:
    leak = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(leak, True)
    made = tmp_path / "made"
    body = f"ls /proc/$$/fd; cat; pwd; touch {made}; cut -d' ' -f4-7 /proc/$$/stat; echo $$"
    result = await act(context, command_step(script(tmp_path, body), directory="/usr"))
    os.close(leak)
    *descriptors, directory, numbers, pid = result.output.splitlines()
    assert not {str(leak)} & set(descriptors)
    assert set(descriptors) <= {"0", "1", "2", "3", "10", "255"}  # the script itself, and the listing
    _, group, session, terminal = numbers.split()
    assert (directory, group, session, terminal) == ("/usr", pid, pid, "0")
    assert mode_of(made) == 0o644


# Secrets.


async def test_a_secret_is_handed_over_by_environment_and_seen_nowhere(
    context: ContextWithOutput, tmp_path: Path
) -> None:
    context.keep("token", CANARY)
    pid = tmp_path / "pid"
    body = f'echo "the token is $TOKEN"; echo $TOKEN >&2; echo $$ > {pid}; sleep 0.5; [ -n "$TOKEN" ]'
    plan = command_step(script(tmp_path, body), secret_env={"TOKEN": "token"})
    assert CANARY not in repr(plan)
    assert "with TOKEN=the secret token" in preview(plan, context)  # type: ignore[arg-type]
    task = asyncio.create_task(act(context, plan))
    process_id = await pid_in(pid)
    assert CANARY.encode() not in Path(f"/proc/{process_id}/cmdline").read_bytes()
    result = await task
    assert result.done
    assert result.output == "the token is [secret]\n[secret]"
    without(result, CANARY)
    assert context.shown
    assert CANARY not in "".join(context.shown)


async def test_no_part_of_a_secret_is_left_where_output_is_cut_or_still_being_written(
    context: ContextWithOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SHOWN_EVERY", 0.01)
    context.keep("token", CANARY)
    body = (
        'for n in $(seq 1 3000); do printf "%s," "$TOKEN"; done; printf "\\n%s" "${TOKEN%secret}"; sleep 0.2; '
        'printf "secret\\n"; for n in $(seq 1 3000); do echo "$n $TOKEN"; done'
    )
    result = await act(context, command_step(script(tmp_path, body), secret_env={"TOKEN": "token"}))
    for text in (result.output, result.detail, *context.shown):
        for part in range(len(CANARY) - 7):
            assert CANARY[part : part + 8] not in text


async def test_a_secret_that_cannot_be_read_ends_the_step_before_anything_is_run(
    context: ContextWithOutput, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    plan = command_step("/usr/bin/touch", str(made), secret_env={"TOKEN": "nothing"})
    with pytest.raises(SecretError):
        await actions.act(plan, context)  # type: ignore[arg-type]
    assert not made.exists()


async def test_a_secret_no_environment_can_hold_is_told_without_it(context: ContextWithOutput, tmp_path: Path) -> None:
    context.keep("token", f"{CANARY}\0x")
    result = await act(context, command_step("/bin/true", secret_env={"TOKEN": "token"}))
    assert not result.done
    without(result, CANARY)


# Its time.


async def test_what_hangs_is_ended_in_time_and_is_unsure(context: ContextWithOutput, tmp_path: Path) -> None:
    body = f"trap 'echo tidied; exit 0' TERM; echo $$ > {tmp_path}/pid; echo begun; while :; do sleep 0.01; done"
    started = time.monotonic()
    result = await act(context, command_step(script(tmp_path, body), timeout=1.0))
    assert time.monotonic() - started < 1.0
    assert (result.done, result.unsure) == (False, True)
    assert result.detail == "not done within 1 s; ended with SIGTERM"
    assert result.output.startswith("begun\n")
    assert result.output.endswith("\ntidied")
    assert not alive(int((tmp_path / "pid").read_text()))


async def test_what_ignores_the_polite_signal_is_killed_with_all_that_it_started(
    context: ContextWithOutput, tmp_path: Path
) -> None:
    body = f"trap '' TERM HUP; sleep 60 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/pid; while :; do wait; done"
    result = await act(context, command_step(script(tmp_path, body), timeout=1.0))
    assert result.detail == "not done within 1 s; ended with SIGTERM and SIGKILL"
    assert result.unsure
    for name in ("pid", "child"):
        assert await gone(int((tmp_path / name).read_text()))


async def test_a_grandchild_has_its_time_to_tidy_up_when_its_parent_goes_at_once(
    context: ContextWithOutput, tmp_path: Path
) -> None:
    tidy = f"trap 'sleep 0.1; echo tidied > {tmp_path}/tidy; exit' TERM; while :; do sleep 0.01; done"
    child = script(tmp_path, tidy)
    result = await act(context, command_step(script(tmp_path, f"{child} > /dev/null 2>&1 & wait"), timeout=2.0))
    assert result.detail == "not done within 2 s; ended with SIGTERM"
    assert (tmp_path / "tidy").read_text() == "tidied\n"


async def test_a_grandchild_that_ignores_the_polite_signal_is_killed(
    context: ContextWithOutput, tmp_path: Path
) -> None:
    body = f"(trap '' TERM HUP; sleep 60) > /dev/null 2>&1 & echo $! > {tmp_path}/pid; wait"
    result = await act(context, command_step(script(tmp_path, body), timeout=1.0))
    assert result.detail == "not done within 1 s; ended with SIGTERM and SIGKILL"
    assert await gone(int((tmp_path / "pid").read_text()))


async def test_what_is_left_in_the_group_ends_with_the_program(context: ContextWithOutput, tmp_path: Path) -> None:
    body = f"(trap '' TERM HUP; sleep 60) & echo $! > {tmp_path}/pid; echo fine"
    result = await act(context, command_step(script(tmp_path, body)))
    assert (result.done, result.output) == (True, "fine")
    assert await gone(int((tmp_path / "pid").read_text()))


async def test_a_child_in_a_session_of_its_own_that_holds_the_output_does_not_hold_us(
    context: ContextWithOutput, tmp_path: Path
) -> None:
    body = f"setsid sh -c 'echo $$ > {tmp_path}/pid; while :; do echo more; done' & echo fine; sleep 0.3"
    started = time.monotonic()
    result = await act(context, command_step(script(tmp_path, body)))
    assert result.done
    assert time.monotonic() - started < 3
    assert await gone(int((tmp_path / "pid").read_text())), "its pipe is closed, so its next word ends it"


async def test_a_step_that_forks_twice_leaves_nothing(context: ContextWithOutput, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    body = DOUBLE_FORK.format(told=str(told), closes=True) + "print('fine')"
    result = await act(context, command_step(script(tmp_path, body, interpreter=f"{sys.executable} -IS")))
    assert (result.done, result.output) == (True, "fine")
    assert await gone(int(told.read_text()))


async def test_a_cancelled_step_leaves_no_process(context: ContextWithOutput, tmp_path: Path, left: LeftBehind) -> None:
    body = f"trap '' TERM; (sleep 60) & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/pid; wait; sleep 60"
    task = asyncio.create_task(act(context, command_step(script(tmp_path, body))))
    pids = [await pid_in(tmp_path / name) for name in ("pid", "child")]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not left.children
    assert all([await gone(pid) for pid in pids])


# After a crash.


async def test_a_command_that_a_killed_daemon_left_is_told_while_it_runs_and_after(tmp_path: Path) -> None:
    context, other = ContextWithOutput(tmp_path, "a" * 32), ContextWithOutput(tmp_path, "b" * 32)
    plan = command_step(script(tmp_path, f"echo $$ > {tmp_path}/pid; sleep 60"))
    task = asyncio.create_task(act(context, plan))
    pid = await pid_in(tmp_path / "pid")
    words = await recover(context, plan)
    assert words == f"it still runs, as process {pid}; it may end when it next writes something"
    assert await recover(other, plan) == "it may or may not have run, and it runs no more"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await recover(context, plan) == "it may or may not have run, and it runs no more"
