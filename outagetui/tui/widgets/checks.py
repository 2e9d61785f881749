"""One check in detail as lines: what it does, what it saw, its history and its last samples. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle, islice

from msgspec import Struct
from rich.style import Style
from rich.text import Text

from outagetui.board.rows import CheckRow
from outagetui.core.model import PASSED, Observation, Outcome, State
from outagetui.core.text import clean
from outagetui.tui.glyphs import BLOCKS, STATE
from outagetui.tui.theme import Look
from outagetui.tui.time_words import age, milliseconds, second_of, time_of
from outagetui.tui.widgets.lines import LABEL, cut, fact, filled, flowing, joined, labelled, rule, said, sides
from outagetui.tui.widgets.story import state_mark

RANGES = ((900.0, "15 min"), (3600.0, "1 h"), (86400.0, "24 h"))
FILLS = "━╍─=▪"  # of phases; each has an ASCII sign of its own, so that they differ without colour too
SCALE = 8  # cells left of the graph
OUTCOMES = {
    Outcome.PASS: State.UP,
    Outcome.WARN: State.SLOW,
    Outcome.FAIL: State.DOWN,
    Outcome.UNKNOWN: State.UNKNOWN,
}


def tabs(checks: Sequence[CheckRow], chosen: int, width: int, look: Look) -> Text:
    """Return the checks side by side, the chosen one marked, from as far left as makes it visible."""
    for first in range(chosen + 1):
        line = joined(("Checks ", look.title)) if first == 0 else joined(("…", look.dim))
        for index in range(first, len(checks)):
            glyph = STATE[checks[index].state][0] + "?" * look.old
            name = f" {clean(checks[index].id, 60)} "
            mine = look.strong + look.cursor if index == chosen else look.dim
            mark = "▸" if index == chosen else " "
            line = joined(line, (f" {mark}", look.key), (glyph, look.states[checks[index].state]), (name, mine))
            if index == chosen and line.cell_len > width and first < chosen:
                break
        else:
            return cut(line, width)
    return cut(line, width)


def check_lines(check: CheckRow, now: float, zone: str, width: int, look: Look) -> list[Text]:
    """Return what the check does and what it saw last."""
    want = "" if check.expect == "up" else ", must be refused"
    often = milliseconds(check.every * 1000) if check.every < 1 else age(check.every)
    what = f"{clean(check.target, 200)} every {often}{want}"
    lines = fact(clean(check.probe, 11), joined(what), width, look)
    since = f" since {time_of(check.since, now, zone)}" if check.since is not None else ""
    state = joined(state_mark(check.state, look), since)
    why = " · ".join(filter(None, (clean(check.cause), check.count))) if check.state is not State.UP else ""
    lines += fact("state", joined(state, f": {why}") if why else state, width, look)
    lines += fact("last sample", _last(check, now, look), width, look)
    if check.odds:
        lines += fact("how sure", joined((clean(check.odds, 120), look.dim)), width, look)
    if len(check.vantages) > 1 or any(state != check.state for _, state in check.vantages):
        lines += fact("seen from", _vantages(check, look), width, look)
    return lines + phase_lines(check, width, look)


def phase_lines(check: CheckRow, width: int, look: Look) -> list[Text]:
    """Return the phases of the last sample: a bar in proportion, and its figures."""
    room = width - LABEL
    phases = check.sample.phases if check.sample is not None else {}
    cells = shares(phases, room)
    if not any(cells):
        return []
    marks = list(islice(zip(cycle(FILLS), cycle((look.possible, look.dim, look.good, look.text))), len(cells)))
    bar = joined(*((fill * count, style) for (fill, style), count in zip(marks, cells, strict=True)))
    figures = (
        joined(mark, f" {clean(name, 16).replace('_', ' ')} {ms:.1f} ms")
        for mark, (name, ms) in zip(marks, phases.items(), strict=True)
    )
    return labelled("phases", [bar, *flowing(figures, room, 2)], look)


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


def graph_lines(
    seen: Sequence[Observation], now: float, span: int, height: int, zone: str, width: int, look: Look
) -> list[Text]:
    """Return the history over one of `RANGES`: latency as bars, failures in the lane below, time at the bottom."""
    seconds, name = RANGES[span]
    room = width - SCALE
    bins = binned(seen, now - seconds, now, room)
    graph = drawn(bins, height)
    styles = _kinds(look)
    words = (
        (f"[{text}]", look.strong + look.cursor) if text == name else (f" {text} ", look.dim) for _, text in RANGES
    )
    choice = joined(" ", *words)
    title = joined(("Latency ", look.title), ("worst per column; below, the share failing", look.dim))
    lines = [Text(), sides(title, joined(("[ ]", look.key), choice), width)]
    for number, row in enumerate(graph.rows):
        label = milliseconds(graph.top) if number == 0 else "0" if number == height - 1 else ""
        edge = "┤" if label else "│"
        head = (f"{label:>{SCALE - 2}} ", look.dim), (edge, look.rule)
        lines.append(joined(*head, *((char, styles[kind]) for char, kind in row)))
    failed = sum(each.failed for each in bins)
    label = f"{failed} bad" if failed < 1000 else "failed"
    lane = ((char, styles[kind]) for char, kind in graph.lane)
    lines.append(joined((f"{label:>{SCALE - 2}} ", look.dim), ("│", look.rule), *lane))
    lines.append(_axis(now, seconds, zone, room, look))
    return lines


def sample_lines(seen: Sequence[Observation], zone: str, width: int, look: Look, limit: int = 50) -> list[Text]:
    """Return the newest samples as a table."""
    if not seen:
        return [Text(), said("No samples in this time.", look.dim)]
    several = len({each.vantage for each in seen}) > 1
    lines = [Text(), rule("Samples, newest first", width, look)]
    for each in seen[: -limit - 1 : -1]:
        state = OUTCOMES[each.sample.outcome]
        word = each.sample.outcome.value.upper()
        line = joined(
            (f" {second_of(each.at, zone)}  ", look.dim),
            (f"{STATE[state][0]} {word}", look.states[state]),
            " " * (8 - len(word)),
            f"{milliseconds(each.sample.latency_ms):>7}  ",
            filled(said(each.vantage, look.dim), 10) if several else "",
            (f"{clean(each.sample.code, 24)}  " if each.sample.code else "", look.strong),
            (clean(each.sample.detail), look.text),
        )
        lines.append(cut(line, width))
    return lines


def _last(check: CheckRow, now: float, look: Look) -> Text:
    sample = check.sample
    if sample is None:
        return joined(("nothing seen yet", look.dim))
    state = OUTCOMES[sample.outcome]
    line = joined((sample.outcome.value.upper(), look.states[state]), f" {milliseconds(sample.latency_ms)}")
    if sample.value is not None:
        line = joined(line, (f"  value {sample.value:g}", look.strong))
    if check.at is not None:
        line = joined(line, (f", {age(now - check.at)} ago", look.dim))
    if sample.code:
        line = joined(line, "  ", (clean(sample.code, 40), look.strong))
    return joined(line, f"  {clean(sample.detail)}") if sample.detail else line


def _vantages(check: CheckRow, look: Look) -> Text:
    seen = []
    for name, word in check.vantages:
        known = word in {state.value for state in State}
        seen.append(joined(f"{clean(name, 30)} ", state_mark(State(word), look) if known else clean(word, 12)))
    return Text(", ").join(seen)


def _axis(now: float, seconds: float, zone: str, room: int, look: Look) -> Text:
    """The times at the left, the middle and the right."""
    left, middle, right = (second_of(now - seconds * share, zone)[:5] for share in (1.0, 0.5, 0.0))
    gap = max(0, room - 15)
    words = " " * SCALE + left + " " * (gap // 2) + middle + " " * (gap - gap // 2) + right
    return joined((words, look.dim))


def _kinds(look: Look) -> dict[str, Style]:
    return {
        "pass": look.good,
        "warn": look.states[State.SLOW],
        "fail": look.states[State.PARTIAL],
        "unknown": look.states[State.UNKNOWN],
        "dim": look.dim,
        "": look.text,
    }


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
        if latency is not None and seen.sample.outcome in PASSED:
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


def _steps(each: Bin, top: float, height: int) -> int:
    return 0 if each.latency is None else max(1, round(each.latency / top * height * 8))


def _lane(each: Bin) -> Cell:
    if each.failed:
        return BLOCKS[max(1, round(each.failing * 8))], "fail"
    if each.passed or each.warned:
        return "·", "dim"
    return ("?", "unknown") if each.unknown else (" ", "")
