"""Why JSON from outside could not be read, for people: the library's own words name types of a language. Pure."""

import re

import msgspec

# What msgspec tells of where it stopped.
_FIELD = re.compile(r"missing required field `([^`]+)`")
_PATH = re.compile(r"`\$([^`]*)`")
_BYTE = re.compile(r"\(byte (\d+)\)")


def why(error: Exception) -> str:
    """Return what `error` means that msgspec raised (or a text that is not UTF-8, or too deep): one clause."""
    if isinstance(error, msgspec.ValidationError):
        field, path = _FIELD.search(str(error)), _PATH.search(str(error))
        steps = [path[1].removeprefix(".") if path else "", field[1] if field else ""]
        place = ".".join(step for step in steps if step)
        return f"{place} is missing or of another kind" if place else "the document is of another kind"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    byte = _BYTE.search(str(error))
    return f"broken JSON at byte {byte[1]}" if byte else "broken JSON, or cut off"
