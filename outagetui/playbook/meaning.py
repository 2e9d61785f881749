"""What the names in a step's options mean in the configuration as it is now: kept in the run's snapshot. Pure."""

from collections.abc import Callable
from typing import Any

from outagetui.model import Config
from outagetui.step_options import StepOptions


def meaning(do: str, options: StepOptions, config: Config) -> dict[str, Any]:
    """Return as plain values what a step of kind `do` needs beside its options; empty for most kinds."""
    find = _MEANINGS.get(do)
    return find(options, config) if find else {}


_MEANINGS: dict[str, Callable[[Any, Config], dict[str, Any]]] = {}
