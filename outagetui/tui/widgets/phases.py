"""The phases of one probe as a proportional bar with its figures. Pure."""

from collections.abc import Mapping

from outagetui.core.text import clean

FILLS = "━╍─=▪"  # each has an ASCII sign of its own, so that phases differ without colour too


def shares(phases: Mapping[str, float], width: int) -> list[int]:
    """Return how many of `width` cells each phase gets: in proportion, at least one each while there is room."""
    total = sum(max(0.0, ms) for ms in phases.values())
    count = len(phases)
    if not count or total <= 0 or width < count:
        return [0] * count
    spare = width - count
    exact = [max(0.0, ms) / total * spare for ms in phases.values()]
    cells = [int(each) for each in exact]
    by_rest = sorted(range(count), key=lambda index: exact[index] - cells[index], reverse=True)
    for index in by_rest[: spare - sum(cells)]:
        cells[index] += 1
    return [1 + each for each in cells]


def bar(phases: Mapping[str, float], width: int) -> list[tuple[str, int]]:
    """Return the bar as (characters, index of the phase): each phase has a fill of its own."""
    return [(FILLS[index % len(FILLS)] * cells, index) for index, cells in enumerate(shares(phases, width)) if cells]


def legend(phases: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return (fill, words) of each phase, such as `("━", "resolve 1.2 ms")`."""
    words = (f"{clean(name, 16).replace('_', ' ')} {ms:.1f} ms" for name, ms in phases.items())
    return [(FILLS[index % len(FILLS)], each) for index, each in enumerate(words)]
