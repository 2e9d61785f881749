"""What is wrong with options that several kinds share: secrets, patterns, keys that go together, web requests. Pure."""

import re
import warnings
from collections.abc import Iterator, Mapping

from msgspec import Struct

Trouble = tuple[tuple[str | int, ...], str]  # (the key path of the option, what is wrong)

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_METHOD = re.compile(r"[A-Z]+(?:-[A-Z]+)*")
_STATUS = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?", re.ASCII)


def secret_troubles(options: Struct, *keys: str) -> Iterator[Trouble]:
    """Yield those of `keys` that name no secret."""
    for key in keys:
        name = getattr(options, key, None)
        if name is not None and (name in ("", ".", "..") or "/" in name):
            yield (key,), "expected the name of a file in the secrets directory, without a slash"


def pattern_troubles(options: Struct, *keys: str) -> Iterator[Trouble]:
    """Yield those of `keys` that hold no regular expression."""
    for key in keys:
        pattern = getattr(options, key, None)
        if pattern is None:
            continue
        try:
            groups(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            yield (key,), f"not a regular expression: {error}"
        if pattern == "":
            yield (key,), "must not be empty; remove it, or say what has to be found"


def groups(pattern: str) -> int:
    """Return how many groups a regular expression has; raises what `re.compile` raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python tells of patterns it may read differently one day
        return re.compile(pattern).groups


def pair_troubles(options: Struct, *pairs: tuple[str, str]) -> Iterator[Trouble]:
    """Yield the first key of every pair that is given without the second."""
    for key, other in pairs:
        if getattr(options, key) is not None and getattr(options, other) is None:
            yield (key,), f"needs {other} beside it"


def line_troubles(options: Struct, *keys: str) -> Iterator[Trouble]:
    """Yield those of `keys` that are not one line of text."""
    for key in keys:
        if not (getattr(options, key) or "").isprintable():
            yield (key,), "holds a line end or another control character"


def request_troubles(method: str, headers: Mapping[str, str], status: tuple[str | int, ...]) -> Iterator[Trouble]:
    """Yield what is wrong with a request's method, headers and expected codes, each with its key."""
    if not _METHOD.fullmatch(method):
        yield ("method",), f'expected a method such as "GET", not "{method}"'
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            yield ("headers", name), f'"{name}" is no header name'
        if any(not char.isprintable() and char != "\t" for char in value):
            yield ("headers", name), f'the value of "{name}" holds a line end or another control character'
    for index, each in enumerate(status):
        if isinstance(each, int):
            good = 100 <= each <= 599
        else:
            found = _STATUS.fullmatch(each)
            good = found is not None and (found[2] or found[1]) >= found[1]
        if not good:
            told = f'"{each}"' if isinstance(each, str) else "this number"
            yield ("status", index), f'expected codes such as 200 or "200-399", not {told}'
    if not status:
        yield ("status",), "must not be empty"


def json_path_trouble(path: str) -> str:
    """Return why `path` is no JSONPath, or nothing."""
    import jsonpath_rfc9535  # 40 ms that only a configuration that names one pays for

    try:
        jsonpath_rfc9535.compile(path)
    except Exception as error:
        return f"not a JSONPath (RFC 9535): {error}"
    return ""
