"""Which programs may be declared: no value becomes a program, and nobody else can replace what the daemon runs."""

import json
import os
from pathlib import Path

import pytest
from outagetui import config
from outagetui.config import deep
from tests.kit.configs import SETTINGS, problems, write
from tests.kit.programs import script

INTERPRETERS = [
    (["/bin/sh", "-c", "{v}"], "sh -c makes a program of what follows"),
    (["/bin/bash", "-euo", "pipefail", "-c", "echo", "{v}"], "bash -c makes a program"),
    (["/bin/bash", "-lc", "{v}"], "bash -lc makes a program"),
    (["/usr/bin/python3.11", "-c", "print(1)", "{v}"], "python -c makes a program"),
    (["/usr/bin/python3", "-Ic", "{v}"], "python -Ic makes a program"),
    (["/usr/bin/python3", "-m", "{v}"], "python -m makes a program"),
    (["/usr/bin/python3", "{v}"], "it would choose what python runs"),
    (["/usr/bin/python3", "--", "{v}"], "it would choose what python runs"),
    (["/usr/bin/perl", "-e", "{v}"], "perl -e makes a program"),
    (["/usr/bin/node", "--eval", "{v}"], "node --eval makes a program"),
    (["/usr/bin/php", "-r", "{v}"], "php -r makes a program"),
    (["/usr/bin/awk", "{v}"], "it would choose what awk runs"),
    (["/usr/bin/sed", "-e", "{v}"], "sed -e makes a program"),
    (["/usr/bin/npx", "{v}"], "it would choose what npx runs"),
    (["/usr/bin/npx", "-c", "{v}"], "npx -c makes a program"),
    (["/usr/bin/env", "{v}"], "it would choose what env runs"),
    (["/usr/bin/env", "-S", "{v}"], "env -S makes a program"),
    (["/usr/bin/env", "bash", "-c", "{v}"], "bash -c makes a program"),
    (["/usr/bin/env", "A=b", "python3", "-c", "{v}"], "python -c makes a program"),
    (["/usr/bin/sudo", "-u", "www", "/bin/sh", "-c", "{v}"], "sh -c makes a program"),
    (["/usr/bin/sudo", "{v}"], "it would choose what sudo runs"),
    (["/usr/bin/sudo", "systemctl", "{v}"], "it would choose what sudo runs"),
    (["/usr/bin/nice", "-n", "5", "/usr/bin/env", "sh", "-c", "{v}"], "sh -c makes a program"),
    (["/usr/bin/flock", "/run/lock/x", "/bin/sh", "-c", "{v}"], "sh -c makes a program"),
    (["/usr/bin/flock", "/run/lock/x", "-c", "{v}"], "flock -c makes a program"),
    (["/bin/busybox", "sh", "-c", "{v}"], "sh -c makes a program"),
    (["/usr/bin/ssh", "host", "restart", "{v}"], "ssh hands its arguments to a shell"),
    (["/bin/su", "www", "-c", "{v}"], "su hands its arguments to a shell"),
]


@pytest.mark.parametrize(
    ("argv", "words"), INTERPRETERS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_value_never_becomes_a_program(tmp_path: Path, argv: list[str], words: str) -> None:
    table = f'[command.x]\nargv = {json.dumps(argv)}\nparams = {{ v = {{ pattern = ".*" }} }}\n'
    (told,) = problems(tmp_path, {"outagetui.toml": SETTINGS + table})
    assert told.startswith("outagetui.toml:5: command.x.argv[")
    assert words in told


@pytest.mark.parametrize(
    "argv",
    [
        ["/bin/sh", "-c", "echo fixed"],
        ["/bin/sh", "/opt/scripts/switch", "{v}"],
        ["/usr/bin/python3", "/opt/scripts/switch.py", "-c", "{v}"],
        ["/usr/bin/sudo", "-n", "/usr/bin/systemctl", "restart", "{v}"],
        ["/usr/bin/timeout", "5", "/opt/scripts/switch", "{v}"],
        ["/opt/scripts/switch", "-c", "{v}"],
        ["/usr/sbin/prosodyctl", "adduser", "{v}"],
        ["/usr/bin/env", "LANG=C", "/opt/scripts/switch", "{v}"],
    ],
    ids=" ".join,
)
def test_what_runs_a_fixed_program_is_taken(tmp_path: Path, argv: list[str]) -> None:
    params = 'params = { v = { pattern = ".*" } }\n' if "{v}" in argv else ""
    table = f"[command.x]\nargv = {json.dumps(argv)}\n{params}"
    assert config.load(write(tmp_path, {"outagetui.toml": SETTINGS + table})).commands[0].argv == tuple(argv)


# validate --deep.


def looked(directory: Path, table: str) -> list[str]:
    context = write(directory / "etc", {"outagetui.toml": f"{SETTINGS}[command.x]\n{table}\n"})
    return [str(each).removeprefix(f"{context}/") for each in deep(config.load(context))]


def test_a_sound_program_is_no_problem(tmp_path: Path) -> None:
    assert looked(tmp_path, 'argv = ["/bin/true"]\ndirectory = "/usr"') == []
    assert looked(tmp_path, f'argv = ["{script(tmp_path, "true")}"]') == []


def test_a_program_that_is_missing_or_not_executable_is_told(tmp_path: Path) -> None:
    plain = script(tmp_path, "true", mode=0o644)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for program, words in (
        ("/nowhere/x", "No such file or directory"),
        (plain, "not an executable file"),
        ("/usr", "not an executable file"),
        (f"{tmp_path}/loop", "loop"),
    ):
        (told,) = looked(tmp_path, f'argv = ["{program}"]')
        assert told.startswith(f"outagetui.toml:5: command.x.argv[1]: {program}: ")
        assert words in told


def test_a_program_that_others_could_replace_is_told(tmp_path: Path) -> None:
    program = script(tmp_path, "true", mode=0o757)
    assert "others may write" in looked(tmp_path, f'argv = ["{program}"]')[0]
    room = tmp_path / "room"
    room.mkdir()
    inside = script(room, "true")
    room.chmod(0o777)
    assert f"others may write {room}" in looked(tmp_path, f'argv = ["{inside}"]')[0]
    room.chmod(0o1777)
    assert looked(tmp_path, f'argv = ["{inside}"]') == []
    link = tmp_path / "link"
    link.symlink_to(program)
    assert "others may write" in looked(tmp_path, f'argv = ["{link}"]')[0]
    room.chmod(0o755)
    assert os.geteuid() == 0, "this test changes owners, so it must run as root: sudo make test"
    os.chown(inside, 65534, 65534)
    assert "belongs to neither root nor" in looked(tmp_path, f'argv = ["{inside}"]')[0]


def test_a_directory_and_a_secret_that_are_not_there_are_told(tmp_path: Path) -> None:
    told = looked(tmp_path, 'argv = ["/bin/true"]\ndirectory = "/nowhere"\nsecret_env = { A = "token" }')
    assert [line.split(": ")[1] for line in told] == ["command.x.directory", "command.x.secret_env.A"]
