"""Programs to run in tests, and steps that run them as a run would: planned from a configuration, in a context."""

import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

from outagetui import config
from outagetui.core.model import Command, Config, Playbook, Step
from outagetui.core.step_options import CommandOptions, ServiceOptions
from outagetui.facts.events import StepPlan
from outagetui.playbook.plan import plan
from tests.kit.configs import SETTINGS, write
from tests.kit.step_context import ContextWithSecrets

RESTART = """
[command.restart]
argv = ["/usr/bin/systemctl", "restart", "{unit}"]
[command.restart.params]
unit = { pattern = "[a-z@.-]+" }
"""
SERVICE = """
[command.service]
argv = ["/usr/bin/systemctl", "{verb}", "--", "{unit}"]
params = { unit = { pattern = "[a-z@.-]+" }, verb = { pattern = "start|stop|is-active" } }
"""
BOOK = 'name = "Book"\n\n[[step]]\nid = "do-it"\n'
PRINTS_ARGV = "import json, sys\nprint(json.dumps(sys.argv[1:]))"
PYTHON = f"{sys.executable} -IS"


class ContextWithOutput(ContextWithSecrets):
    """A context that keeps what was shown while a step ran."""

    def __init__(self, directory: Path, key: str = "0" * 32) -> None:
        super().__init__(directory)
        self.key = key
        self.shown: list[str] = []

    def output(self, text: str) -> None:
        self.shown.append(text)


def script(directory: Path, body: str, *, interpreter: str = "/bin/sh", mode: int = 0o755) -> str:
    """Write a program and return its path."""
    path = directory / f"script-{len(list(directory.iterdir()))}"
    path.write_text(f"#!{interpreter}\n{body}\n")
    path.chmod(mode)
    return str(path)


def config_of(*commands: Command) -> Config:
    return Config(directory="/", business="b", vantage="v", timezone="UTC", store="/s", commands=commands)


def command_step(*argv: str, timeout: float = 20.0, args: dict[str, str] | None = None, **more: Any) -> StepPlan:
    """Plan a `command` step; every argument in braces takes any value."""
    params = {each[1:-1]: r"(?s).*" for each in argv if each.startswith("{")}
    command = Command(name="c", argv=argv, params=params, **more)
    step = Step(id="step", do="command", options=CommandOptions(command="c", args=args or {}), timeout=timeout)
    return plan(Playbook(id="p", name="P", steps=(step,)), config_of(command))[0]


def service_step(program: str, verb: str, verbs: str = r"[a-z-]+", timeout: float = 20.0) -> StepPlan:
    """Plan a `service` step on a command that takes `verbs`."""
    argv = (program, "{verb}", "{unit}")
    command = Command(name="service", argv=argv, params={"unit": r"[a-z.]+", "verb": verbs})
    options = ServiceOptions(unit="prosody.service", verb=verb)  # type: ignore[arg-type]
    step = Step(id="step", do="service", options=options, timeout=timeout)
    return plan(Playbook(id="p", name="P", steps=(step,)), config_of(command))[0]


def step(lines: str, commands: str = RESTART) -> dict[str, str]:
    return {"outagetui.toml": SETTINGS + commands, "playbooks/p.toml": BOOK + lines + "\n"}


def planned(directory: Path, files: dict[str, str]) -> tuple[StepPlan, ...]:
    loaded = config.load(write(directory, files))
    return plan(loaded.playbooks[0], loaded)


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class LeftBehind:
    """What this process has more of than when this was made, so that nobody answers for what others left."""

    def __init__(self) -> None:
        self._children, self._descriptors = _children(), _descriptors()

    @property
    def children(self) -> set[str]:
        """The processes that nobody waited for."""
        return _children() - self._children

    @property
    def descriptors(self) -> int:
        """How many more files are open, or fewer."""
        return _descriptors() - self._descriptors


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def mode_of(path: Path) -> int:
    """Return the permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def harmless(text: str) -> bool:
    """Whether nothing in it acts on a terminal."""
    return not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]", text)
