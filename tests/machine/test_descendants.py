"""What a program starts does not outlive it, however it leaves its group; what another started is left alone."""

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from outagetui.machine.child import Child
from outagetui.machine.descendants import Descendants, process_of, processes

DAEMONIZE = """
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
open(sys.argv[1], "w").write(str(os.getpid()))
while True: time.sleep(1)
"""
ENDLESS = """
import os, sys, time
if os.fork():
    while not os.path.exists(sys.argv[1]): time.sleep(0.01)
    time.sleep(60)
os.setsid()
if os.fork(): os._exit(0)
open(sys.argv[1], "w").write(str(os.getpid()))
while True: time.sleep(1)
"""


def alive(pid: int) -> bool:
    process = process_of(pid)
    return process is not None and process.state not in "ZX"


def argv(body: str, told: Path) -> list[str]:
    return [sys.executable, "-I", "-c", body, str(told)]


async def pid_in(path: Path) -> int:
    while not (path.exists() and path.read_text()):
        await asyncio.sleep(0.005)
    return int(path.read_text())


def child_of(words: list[str], taken: bytearray | None = None) -> Child:
    def take(data: bytes) -> float:
        if taken is not None:
            taken.extend(data)
        return 0.0

    return Child(words, (take,), env={"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize(
    "line",
    [
        "setsid sleep 60 & echo $! > {told}; wait_for_it=1; sleep 0.1",
        "setsid sh -c 'sleep 60 & echo $! > {told}' & sleep 0.1",
        "env -i setsid -f sh -c 'echo $$ > {told}; exec sleep 60'; sleep 0.1",
        "nohup setsid -f sh -c 'echo $$ > {told}; exec sleep 60' </dev/null >/dev/null 2>&1; sleep 0.1",
        "setsid -f sh -c 'trap : TERM HUP INT; echo $$ > {told}; while :; do sleep 1; done'; sleep 0.1",
    ],
)
async def test_whatever_a_shell_leaves_running_ends_with_it(tmp_path: Path, line: str) -> None:
    told = tmp_path / "pid"
    child = child_of(["/bin/sh", "-c", line.format(told=told)])
    try:
        assert await child.ended(20)
        assert child.reap() == 0
    finally:
        child.close()
    assert not alive(await pid_in(told))


async def test_a_double_fork_ends_with_its_program_and_leaves_no_zombie(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    child = child_of(
        ["/bin/sh", "-c", f"\"{sys.executable}\" -I -c '{DAEMONIZE}' {told}; while [ ! -s {told} ]; do :; done"]
    )
    try:
        assert await child.ended(20)
        assert child.reap() == 0
    finally:
        child.close()
    assert process_of(await pid_in(told)) is None


async def test_a_program_that_is_killed_takes_along_what_left_its_group(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    child = child_of(argv(ENDLESS, told))
    pid = await pid_in(told)
    assert alive(pid)
    child.close()
    assert process_of(pid) is None


async def test_one_that_holds_the_pipe_and_writes_on_is_ended(tmp_path: Path) -> None:
    taken = bytearray()
    before = {each.pid for each in processes()}
    child = child_of(["/bin/sh", "-c", "setsid sh -c 'while :; do echo flood; done' & sleep 0.1; echo done"], taken)
    try:
        assert await child.ended(20)
        began = time.monotonic()
        assert child.reap() == 0
        assert time.monotonic() - began < 2
    finally:
        child.close()
    assert not [each for each in processes() if each.parent == os.getpid() and each.pid not in before]


async def test_what_a_running_program_started_stays_as_long_as_that_runs(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    long = child_of(argv(ENDLESS, told))
    pid = await pid_in(told)
    short = child_of(["/bin/true"])
    assert await short.ended(20)
    short.reap()
    short.close()
    assert alive(pid)
    long.close()
    assert process_of(pid) is None


async def test_what_we_started_otherwise_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as before, subprocess.Popen(["sleep", "60"]) as same:
        child = child_of(["/bin/sh", "-c", "setsid sleep 60 & sleep 0.1"])
        assert await child.ended(20)
        child.reap()
        child.close()
        lived = alive(before.pid), alive(same.pid)
        before.kill()
        same.kill()
    assert lived == (True, True)


def test_where_nobody_adopts_nobody_is_ended() -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as other:
        descendants = Descendants()
        descendants.began(other.pid)
        descendants.ended(other.pid, 0.1)
        lived = alive(other.pid)
        other.kill()
    assert lived


def test_only_these_modules_start_a_session() -> None:
    """A program of ours in a session of its own that `Descendants` does not know would be taken for an orphan."""
    package = Path(__file__).parents[2] / "outagetui"
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"start_new_session=True|os\.setsid\(", path.read_text())
    }
    assert found == {"machine/child.py", "orders/launch.py", "drill/processes.py"}
