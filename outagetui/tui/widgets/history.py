"""The latency of a check over time as rows of characters, its failures in a lane of their own. Pure."""

from bisect import insort
from collections.abc import Iterable, Sequence

from msgspec import Struct

from outagetui.core.model import Observation, Outcome

BLOCKS = " ▁▂▃▄▅▆▇█"
OVERLAP = 60.0  # seconds asked for again: a slow probe's sample is recorded after younger ones


class Bin(Struct, frozen=True):
    """What one column stands for: the worst latency in ms (None without one), and how many samples said what."""

    latency: float | None = None
    passed: int = 0
    warned: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def failing(self) -> float:
        """Share of failures among the samples that count."""
        certain = self.passed + self.warned + self.failed
        return self.failed / certain if certain else 0.0


Cell = tuple[str, str]  # one character, and the kind that gives it its colour


class Graph(Struct, frozen=True):
    """A drawn history: `rows` of the bars from the top, the `lane` of failures, and the latency at the top in ms."""

    rows: tuple[tuple[Cell, ...], ...]
    lane: tuple[Cell, ...]
    top: float


def binned(observations: Iterable[Observation], start: float, end: float, width: int) -> list[Bin]:
    """Sort `observations` from `start` to `end` (epoch seconds) into `width` columns."""
    latencies: list[float | None] = [None] * width
    counts = [[0, 0, 0, 0] for _ in range(width)]
    places = {Outcome.PASS: 0, Outcome.WARN: 1, Outcome.FAIL: 2, Outcome.UNKNOWN: 3}
    for seen in observations:
        if not start <= seen.at <= end or end <= start:
            continue
        column = min(width - 1, int((seen.at - start) / (end - start) * width))
        counts[column][places[seen.sample.outcome]] += 1
        latency = seen.sample.latency_ms
        # A failure's latency is often the time-out itself and would flatten everything else.
        if latency is not None and seen.sample.outcome in (Outcome.PASS, Outcome.WARN):
            latencies[column] = max(latency, latencies[column] or 0.0)
    return [Bin(latency, *count) for latency, count in zip(latencies, counts, strict=True)]


def drawn(bins: Sequence[Bin], height: int) -> Graph:
    """Draw `bins` as bars `height` rows high, eight steps a row, with a full lane where everything failed."""
    top = nice_top(max((each.latency or 0.0 for each in bins), default=0.0))
    steps = [_steps(each, top, height) for each in bins]
    kinds = ["warn" if each.warned else "pass" for each in bins]
    rows = []
    for row in range(height):
        below = (height - 1 - row) * 8
        levels = (BLOCKS[min(8, max(0, step - below))] for step in steps)
        rows.append(tuple(zip(levels, kinds, strict=True)))
    return Graph(rows=tuple(rows), lane=tuple(_lane(each) for each in bins), top=top)


def nice_top(highest: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten at or above `highest`, at least 1 ms, so that scales stay put."""
    top = 1.0
    while True:
        for factor in (1, 2, 5):
            if highest <= top * factor:
                return top * factor
        top *= 10


def merged(known: list[Observation], new: Iterable[Observation], since: float) -> list[Observation]:
    """Return `known` and `new` in order of time, each sample once, without those before `since`."""
    have = {(each.at, each.vantage) for each in known}
    result = [each for each in known if each.at >= since]
    for each in new:
        if each.at >= since and (each.at, each.vantage) not in have:
            have.add((each.at, each.vantage))
            insort(result, each, key=lambda other: other.at)
    return result


def _steps(each: Bin, top: float, height: int) -> int:
    return 0 if each.latency is None else max(1, round(each.latency / top * height * 8))


def _lane(each: Bin) -> Cell:
    if each.failed:
        return BLOCKS[max(1, round(each.failing * 8))], "fail"
    if each.passed or each.warned:
        return "·", "dim"
    return ("?", "unknown") if each.unknown else (" ", "")
