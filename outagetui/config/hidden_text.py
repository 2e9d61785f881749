"""Characters that nobody sees in what a configuration says: they let a name look like another, or act on a terminal."""

import re
from collections.abc import Iterator
from typing import Any

from outagetui.config.positions import Path

# What is compared with or sent to others may hold any character.
DATA = frozenset({"answer", "body", "equals", "headers", "match", "no_match", "pattern", "send", "widget"})
# Texts of several lines, and arguments, which may be a program of a shell.
LINES = frozenset({"answers", "args", "argv", "env", "instructions", "reason", "say", "summary", "text"})

# What a file has to hold before one of its values can: an escape, three quotes, or more than printable ASCII.
_MAY_HIDE = re.compile(r"""[^\n -~]|\\|(["'])\1\1""")


def may_hide(text: str) -> bool:
    """Whether the TOML `text` has to be looked through; most has not, and need not be walked value by value."""
    return _MAY_HIDE.search(text) is not None


def hidden_in(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the place of every key and text in the TOML values `data` that holds such a character, and what to say."""
    left: list[tuple[Path, Any, str]] = [((), data, "")]
    while left:
        at, value, key = left.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                if trouble := trouble_of(name):
                    yield (*at, name), f"this key {trouble}"
                left.append(((*at, name), inner, key if key in DATA | LINES else name))
        elif isinstance(value, list):
            left.extend(((*at, index), inner, key) for index, inner in enumerate(value))
        elif isinstance(value, str) and (trouble := _trouble(value, key)):
            yield at, trouble


def trouble_of(text: str, kept: str = "") -> str:
    """Return what `text` holds that nobody sees, save for the characters in `kept`, or nothing."""
    rest = text.translate(dict.fromkeys(map(ord, kept), " "))
    if rest.isascii() and rest.isprintable():  # nearly all, and no import for them
        return ""
    from outagetui.wording.published import character, unseen

    found = next(unseen(rest), "")
    return f"holds {character(found)}" if found else ""


def _trouble(text: str, key: str) -> str:
    if key in DATA:
        return ""
    return trouble_of(text, "\0\t\n\r" if key in LINES else "\0")  # NUL is refused everywhere, by `decode`
