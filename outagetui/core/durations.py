"""Durations as people write them: `500ms`, `10s`, `2m`, `1h`, `7d`."""

import re

_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: str) -> float | None:
    """Return the seconds `text` says, or None when it is no duration."""
    found = _FORM.fullmatch(text.strip())
    return float(found[1]) * _SECONDS[found[2]] if found else None


def show_duration(seconds: float) -> str:
    """Write `seconds` in the largest unit that needs no fraction: the inverse of `parse_duration`."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds * 1000:.0f}ms"


def seconds_of(text: str) -> float:
    """Return the seconds `text` says, as `parse_duration`. ValueError: it is no duration; the message says what is."""
    seconds = parse_duration(text)
    if seconds is None:
        raise ValueError(f'expected a duration such as "30s", "10m" or "2h", not "{text}"')
    return seconds


def span(seconds: float) -> str:
    """Return a duration in its two largest units, such as `5 min` or `1 h 30 min`."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:g} ms"
    rest = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
