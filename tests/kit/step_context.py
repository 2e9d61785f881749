"""What a single step that acts over the network is given, and plans as a run keeps them."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from outagetui.actions import Result
from outagetui.core.step_options import STEPS
from outagetui.facts.events import StepPlan
from outagetui.machine.secrets import Secrets

KEY = "0123456789abcdef0123456789abcdef"


class ContextWithSecrets:
    """Real secrets in real files; everything else a step of this kind must not ask for."""

    run = "r1"
    key = KEY
    undone = KEY

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.secrets = Secrets(directory, {})
        self.told: list[str] = []
        self.tried = False

    def keep(self, name: str, content: str) -> None:
        """Put a secret where the step finds it."""
        path = self.directory / name
        path.touch(0o600)
        path.write_text(f"{content}\n")

    def secret(self, name: str) -> str:
        return self.secrets.read(name)

    def hide(self, text: str) -> str:
        return self.secrets.hide(text)

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def progress(self, detail: str) -> None:
        self.told.append(detail)


def plan_of(do: str, timeout: float = 5.0, **options: Any) -> StepPlan:
    """A step's plan, its options through JSON as in the journal."""
    raw = {key.rstrip("_"): value for key, value in options.items()}
    made = msgspec.convert(raw, type=STEPS[do])
    kept = msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(made)))
    return StepPlan(id="step", do=do, what="a step", timeout=timeout, options=kept)


def without(result: Result | str | None, *canaries: str) -> None:
    """Hold that nothing of a secret is in what came of a step."""
    text = repr(result)
    for canary in canaries:
        assert canary not in text, text
