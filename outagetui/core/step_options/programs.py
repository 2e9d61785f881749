"""Steps that run a declared command."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from msgspec import field
from msgspec.structs import replace

from outagetui.core.commands import fill, quoted
from outagetui.core.model import Command, Config
from outagetui.core.step_kind import StepOptions, Word, way_back

_BACK = {"start": "stop", "stop": "start"}
_LOOKS = "is-active"


class ProgramOptions(StepOptions, frozen=True, kw_only=True):
    """What runs the `[command.NAME]` of outagetui.toml that `command` names."""

    outside = True
    # Parameters that the command must have, each a key of ours; without any, `args` has those that it has.
    params: ClassVar[tuple[str, ...]] = ()

    command: Word

    def values(self) -> dict[str, str]:
        """Return the values of its parameters."""
        return {}

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        return f"run {quoted(facts['argv'])}"

    def meaning(self, config: Config) -> dict[str, Any]:
        return _facts(self._declared(config), self.values())

    def _declared(self, config: Config) -> Command:
        return next(command for command in config.commands if command.name == self.command)


class CommandOptions(ProgramOptions, frozen=True, kw_only=True):
    """`command`: a `[command.NAME]` of outagetui.toml, with a value for each of its parameters."""

    word = "command"

    args: dict[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        return self.args


class ServiceOptions(ProgramOptions, frozen=True, kw_only=True):
    """`service`: a declared command with the parameters `unit` and `verb`; `is-active` only looks."""

    word = "service"
    module = "command"
    params = ("unit", "verb")

    command: Word = "service"
    unit: Word
    verb: Literal["start", "stop", "restart", "reload", "is-active"]

    def values(self) -> dict[str, str]:
        return {"unit": self.unit, "verb": self.verb}

    def meaning(self, config: Config) -> dict[str, Any]:
        """Return the same; `look` is the argv that tells whether it is active, `undo` what takes a start or stop back.

        Both only where the values that the command takes allow it: nothing is taken back that may have been so before.
        """
        facts = super().meaning(config)
        look = self._allowed(_LOOKS, config)
        if look is None or self.verb == _LOOKS:
            return facts
        facts["look"] = look["argv"]
        back = self._allowed(_BACK.get(self.verb, ""), config)
        if back is not None:
            undo = {**back, "look": look["argv"]}
            step = replace(self, verb=_BACK[self.verb])
            facts["undo"] = way_back(step, step.sentence({}, undo), **undo)
        return facts

    def _allowed(self, verb: str, config: Config) -> dict[str, Any] | None:
        try:
            return _facts(self._declared(config), {"unit": self.unit, "verb": verb})
        except ValueError:
            return None


def _facts(command: Command, values: dict[str, str]) -> dict[str, Any]:
    return {
        "argv": fill(command, values),
        "env": dict(command.env),
        "secret_env": dict(command.secret_env),
        "directory": command.directory,
    }
