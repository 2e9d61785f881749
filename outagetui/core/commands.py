"""Declared commands and the values a step gives them: what argv comes out, and why a value is refused. Pure.

One placeholder is one argument, whatever stands in its value: there is no shell and no template language.
"""

import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence

from outagetui.core.interpreters import after_program
from outagetui.core.model import Command
from outagetui.core.text import in_quotes

LONGEST = 4096  # characters of a value
PATIENCE = 0.2  # seconds a pattern may take on one value
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}", re.ASCII)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, bidi and zero-width characters, line separators


def names_in(argv: Sequence[str]) -> dict[str, int]:
    """Return the placeholders of `argv` and where each stands first."""
    found: dict[str, int] = {}
    for index, element in enumerate(argv):
        if match := PLACEHOLDER.fullmatch(element):
            found.setdefault(match[1], index)
    return found


def fill(command: Command, args: Mapping[str, str]) -> list[str]:
    """Return the argv of `command` with a value for each placeholder. Raises ValueError when one must not be used."""
    for name in names_in(command.argv):
        if name not in args:
            raise ValueError(f"{name}: missing")
        if trouble := value_trouble(command, name, args[name]):
            raise ValueError(f"{name}: {trouble}")
    places = ((element, PLACEHOLDER.fullmatch(element)) for element in command.argv)
    return [args[match[1]] if match else element for element, match in places]


def pattern_trouble(pattern: str) -> str:
    """Return why `pattern` is no regular expression; nothing when it is one."""
    import regex  # not for those who declare no command

    try:
        regex.compile(pattern)
    except regex.error as error:
        return f"not a regular expression: {error}"
    return ""


def value_trouble(command: Command, name: str, value: str) -> str:
    """Return why `value` must not be the parameter `name` of `command`; nothing when it may."""
    if len(value) > LONGEST:
        return f"longer than {LONGEST} characters"
    for character in value:
        if unicodedata.category(character) in _UNSEEN:
            return f"holds a control or invisible character, U+{ord(character):04X}"
    shown = f"{value[:60]}…" if len(value) > 60 else value
    at = names_in(command.argv).get(name, 0)
    if value.startswith("-") and "--" not in after_program(command.argv, at):
        return f'"{shown}" begins with - and could be taken for an option; put "--" before {{{name}}} in its argv'
    import regex

    try:
        good = regex.fullmatch(command.params[name], value, timeout=PATIENCE)
    except TimeoutError:
        return f"the pattern {in_quotes(command.params[name])} takes too long on this value: simplify it"
    return "" if good else f'"{shown}" does not match {in_quotes(command.params[name])}, as the whole value must'


def quoted(argv: Sequence[str]) -> str:
    """Return `argv` as one line in which every argument can be told from its neighbours, as a shell would take it."""
    return " ".join(map(_quoted, argv))


def _quoted(argument: str) -> str:
    if all(unicodedata.category(each) not in _UNSEEN for each in argument):
        return shlex.quote(argument)
    return "$'" + "".join(map(_escaped, argument)) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if unicodedata.category(character) not in _UNSEEN:
        return character
    return f"\\U{ord(character):08x}" if ord(character) > 0x7F else f"\\x{ord(character):02x}"
