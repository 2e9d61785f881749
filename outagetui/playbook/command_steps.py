"""What a `command` or `service` step runs, as its run keeps it: the whole argv, and the way back. Pure."""

from typing import Any

from outagetui.core.model import Command, Config
from outagetui.core.step_options import CommandOptions, ServiceOptions, StepOptions
from outagetui.machine.commands import fill, quoted

_BACK = {"start": "stop", "stop": "start"}
LOOKS = "is-active"


def of_command(options: CommandOptions, config: Config) -> dict[str, Any]:
    """Return argv, environment, references of secrets, and directory."""
    command = _declared(options.command, config)
    return _facts(command, fill(command, options.args))


def of_service(options: ServiceOptions, config: Config) -> dict[str, Any]:
    """Return the same; `look` is the argv that tells whether it is active, `undo` what takes a start or stop back.

    Both only where the values that the command takes allow it: nothing is taken back that may have been so before.
    """
    command = _declared(options.command, config)
    facts = _facts(command, _argv(command, options.unit, options.verb))
    looks = _allowed(command, options.unit, LOOKS)
    if looks is None or options.verb == LOOKS:
        return facts
    facts["look"] = looks
    back = _BACK.get(options.verb, "")
    argv = _allowed(command, options.unit, back) if back else None
    if argv is not None:
        undo = _facts(command, argv) | {"look": looks}
        plain = {"command": options.command, "unit": options.unit, "verb": back}
        facts["undo"] = {"do": "service", "options": plain, "facts": undo, "what": sentence(options, undo)}
    return facts


def sentence(options: StepOptions, facts: dict[str, Any]) -> str:
    """Return what will be run, every argument told from its neighbours."""
    return f"run {quoted(facts['argv'])}"


def _declared(name: str, config: Config) -> Command:
    return next(command for command in config.commands if command.name == name)


def _facts(command: Command, argv: list[str]) -> dict[str, Any]:
    return {
        "argv": argv,
        "env": dict(command.env),
        "secret_env": dict(command.secret_env),
        "directory": command.directory,
    }


def _argv(command: Command, unit: str, verb: str) -> list[str]:
    return fill(command, {"unit": unit, "verb": verb})


def _allowed(command: Command, unit: str, verb: str) -> list[str] | None:
    try:
        return _argv(command, unit, verb)
    except ValueError:
        return None
