"""Texts that try to act on a terminal or to become markup, put into every field of a board."""

from typing import Any

import msgspec

ATTACKS = (
    "\x1b[2J\x1b[31mRED\x1b]52;c;ZXZpbA==\x07\x1b]0;title\x07",
    "\x9b31mC1\x9d0;t\x9c",
    "a\u202egnp.exe\u2066\u200b\u200f\ufeff",
    "[@click=app.quit]link[/] [/b] [TODO] [b]x",
    "line\r\nnext\tend\x7f\x00",
    "\U000e0041tag\ud800 \x1bP+q\x1b\\",
    "漢字 🎉 e" + "\u0301" * 30,
)


def poisoned(value: Any, depth: int = 0) -> Any:
    """`value` with an attack in front of every text in it; words the screens compare stay as they are."""
    if isinstance(value, msgspec.Struct):
        changed = {}
        for name in value.__struct_fields__:
            field = getattr(value, name)
            changed[name] = field if name in KEPT else poisoned(field, depth + 1)
        return msgspec.structs.replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(poisoned(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return {poisoned(key, depth + 1): poisoned(item, depth + 1) for key, item in value.items()}
    if type(value) is str:
        return ATTACKS[(len(value) + depth) % len(ATTACKS)] + value
    return value


# Enumerations that the board's own rules set, never the outside.
KEPT = {"state", "known", "audience", "role", "standing", "readiness", "outcome", "expect", "timezone"}
