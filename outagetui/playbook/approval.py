"""What a second person approves: exactly what will be done, told by a hash that any change of it changes. Pure."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from outagetui.core.model import SHORTEST_HASH
from outagetui.facts.events import StepPlan

APPROVAL_SECONDS = 600.0  # how long a question for a second person stands


def approval_hash(run: str, attempt: int, plan: StepPlan, words: str) -> str:
    """Return the hex SHA-256 of one attempt of one step: its plan, and word for word what it will send."""
    whole = {"run": run, "attempt": attempt, "plan": msgspec.to_builtins(plan), "words": words}
    return hashlib.sha256(msgspec.json.encode(whole, order="sorted")).hexdigest()


def shown(plan: StepPlan, words: str) -> str:
    """Return what an approver reads: the kind, every parameter, what names stand for, and the words to be sent."""
    lines = [f"{plan.do}: {plan.what}", *_parameters(plan.options, ""), *_parameters(plan.facts, "")]
    return "\n".join(lines) + (f"\n\n{words}" if words else "")


def matches(given: str, wanted: str) -> bool:
    """Whether `given`, the whole hash or at least its first twelve digits, is the hash that was asked about."""
    return len(given) >= SHORTEST_HASH and wanted.startswith(given.lower())


def person(actor: str) -> str:
    """Return who is behind an actor: the login user that stands in parentheses where sudo hid it."""
    return actor[actor.index("(") + 1 : -1] if actor.endswith(")") and "(" in actor else actor


def _parameters(value: Any, name: str) -> Iterable[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _parameters(each, f"{name}.{key}" if name else str(key))
    elif value not in (None, "", [], ()):
        yield f"  {name} = {msgspec.json.encode(value).decode()}"
