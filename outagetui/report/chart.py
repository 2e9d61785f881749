"""The reach over time as a picture: in percent of its width, so that its words stay readable on a phone; pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from outagetui.report.values import Point, ReachStory, Report

TOP, BOTTOM = 14.0, 88.0  # where 100 % and 0 % lie, in percent of the height
THINNEST = 0.002  # of the width: steps that are nearer to each other are drawn as the lowest of them
SHORTEST_SECONDS = 1.0
LETTERS = {"detected": "D", "acknowledged": "A", "backup-live": "B", "announced": "T", "recovered": "R"}


class Step(Struct, frozen=True):
    """The reach from `at` to `until`, both shares of the width."""

    at: float
    reach: float
    uncertain: bool
    until: float = 1.0


class Mark(Struct, frozen=True):
    """A key moment: a line at `at` (share of the width) and a letter, lower with each `level`; `late`: left of it."""

    at: float
    letter: str
    level: int
    late: bool


class Chart(Struct, frozen=True):
    """The picture of one audience's reach."""

    begin: datetime
    end: datetime
    steps: tuple[Step, ...]
    marks: tuple[Mark, ...]
    height: str = f"{BOTTOM - TOP:.2f}%"

    def x(self, share: float) -> str:
        """Return where a share of the width lies."""
        return f"{share * 100:.2f}%"

    def y(self, reach: float) -> str:
        """Return where a reach lies."""
        return f"{BOTTOM - reach * (BOTTOM - TOP):.2f}%"


def chart(report: Report, story: ReachStory) -> Chart | None:
    """Return the picture of one audience's reach; None when it has none."""
    if not story.points:
        return None
    begin = story.points[0].at.timestamp()
    end = max(report.began.timestamp() + report.duration_s, begin + SHORTEST_SECONDS)
    steps = list(_thinned(story.points, begin, end))
    ends = [step.at for step in steps[1:]] + [1.0]
    return Chart(
        begin=story.points[0].at,
        end=datetime.fromtimestamp(end, UTC),
        steps=tuple(replace(step, until=until) for step, until in zip(steps, ends, strict=True)),
        marks=tuple(_marks(report, begin, end)),
    )


def _thinned(points: Iterable[Point], begin: float, end: float) -> Iterator[Step]:
    """Give the steps, without those too near to be told apart."""
    last: Step | None = None
    for point in points:
        at = _share(point.at, begin, end)
        if last is not None and at - last.at < THINNEST:
            last = Step(last.at, min(last.reach, point.reach), last.uncertain or point.uncertain)
            continue
        if last is not None:
            yield last
        last = Step(at, point.reach, point.uncertain)
    if last is not None:
        yield last


def _marks(report: Report, begin: float, end: float) -> Iterator[Mark]:
    taken: list[float] = []
    for figure in report.figures:
        if figure.at is None or figure.id not in LETTERS:
            continue
        at = _share(figure.at, begin, end)
        yield Mark(at, LETTERS[figure.id], sum(abs(other - at) < 0.03 for other in taken), at > 0.95)
        taken.append(at)


def _share(at: datetime, begin: float, end: float) -> float:
    return min(1.0, max(0.0, (at.timestamp() - begin) / (end - begin)))


def legend(report: Report) -> list[tuple[str, str]]:
    """Return what the letters in the pictures mean."""
    shown = [(LETTERS[each.id], each.name) for each in report.figures if each.at is not None and each.id in LETTERS]
    guess = any(point.uncertain for story in report.reach for point in story.points)
    return [*shown, ("?", "shaded and dotted: uncertain")] if guess else shown
