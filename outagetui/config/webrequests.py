"""What an HTTP request may be made of: its method, headers, expected codes, and the JSONPath of a value."""

import re
from collections.abc import Iterator, Mapping

from outagetui.config.positions import Path

Trouble = tuple[Path, str]  # (the key path of the option, what is wrong)

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_METHOD = re.compile(r"[A-Z]+(?:-[A-Z]+)*")
_STATUS = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?", re.ASCII)


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
