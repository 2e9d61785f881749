"""Amounts of data as people write them; pure."""

import re

_UNITS = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate(("k", "M", "G", "T"), 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate(("K", "M", "G", "T"), 1)},
}
_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?([kKMGT]?i?B)")


def parse_size(text: str) -> int | None:
    """Return the bytes of a size such as `800MB`, `3GB` or `2 GiB` (IEC 80000-13); None when it is none."""
    found = _FORM.fullmatch(text.strip())
    unit = _UNITS.get(found[2]) if found else None
    return round(float(found[1]) * unit) if found and unit else None


def show_size(count: int) -> str:
    """Write `count` bytes in the largest decimal unit that leaves at least one: `3.2 GB`."""
    for unit in ("T", "G", "M", "k"):
        if count >= _UNITS[f"{unit}B"]:
            return f"{count / _UNITS[f'{unit}B']:.3g} {unit}B"
    return f"{count} B"
