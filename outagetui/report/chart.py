"""The reach over time as an inline SVG: in percent of its width, so that its words stay readable on a phone; pure."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from outagetui.facts.reach import percent
from outagetui.report import formats
from outagetui.report.elements import Html, join, tag
from outagetui.report.values import Point, ReachStory, Report

TOP, BOTTOM = 14.0, 88.0  # where 100 % and 0 % lie, in percent of the height
THINNEST = 0.002  # of the width: steps that are nearer to each other are drawn as the lowest of them
SHORTEST_SECONDS = 1.0


def chart(report: Report, story: ReachStory, zone: tzinfo) -> Html:
    """Return the picture of one audience's reach; nothing when it has none."""
    if not story.points:
        return Html("")
    begin = story.points[0].at.timestamp()
    end = max(report.began.timestamp() + report.duration_s, begin + SHORTEST_SECONDS)
    points = list(_thinned(story.points, begin, end))
    ends = [at for at, _, _ in points[1:]] + [1.0]
    label = f"reach-{story.audience}"
    return tag(
        "svg",
        tag("title", f"Reach of {story.audience} over time", id=label),
        *_grid(),
        *(_rest(at, until) for (at, _, guess), until in zip(points, ends, strict=True) if guess),
        *_marks(report, begin, end),
        *_line(points, ends),
        *_ends(story.points[0].at, datetime.fromtimestamp(end, zone), zone),
        role="img",
        aria_labelledby=label,
        class_="chart",
    )


def _thinned(points: Iterable[Point], begin: float, end: float) -> Iterable[tuple[float, float, bool]]:
    """Give (share of the width, reach, uncertain), without steps too near to be told apart."""
    last: tuple[float, float, bool] | None = None
    for point in points:
        at = min(1.0, max(0.0, (point.at.timestamp() - begin) / (end - begin)))
        if last is not None and at - last[0] < THINNEST:
            last = last[0], min(last[1], point.reach), last[2] or point.uncertain
            continue
        if last is not None:
            yield last
        last = at, point.reach, point.uncertain
    if last is not None:
        yield last


def _x(share: float) -> str:
    return f"{share * 100:.2f}%"


def _y(reach: float) -> str:
    return f"{BOTTOM - reach * (BOTTOM - TOP):.2f}%"


def _grid() -> Iterable[Html]:
    for share in (1.0, 0.5, 0.0):
        yield tag("line", x1="0", x2="100%", y1=_y(share), y2=_y(share), class_="grid")
        yield tag("text", percent(share), x="100%", y=_y(share), dy="-5", text_anchor="end", class_="scale")


def _rest(at: float, until: float) -> Html:
    """Return the shade over a stretch that is uncertain."""
    return tag("rect", x=_x(at), y=_y(1.0), width=_x(until - at), height=f"{BOTTOM - TOP:.2f}%", class_="unsure")


def _line(points: list[tuple[float, float, bool]], ends: list[float]) -> Iterable[Html]:
    before: float | None = None
    for (at, reach, guess), until in zip(points, ends, strict=True):
        if before is not None:
            yield tag("line", x1=_x(at), x2=_x(at), y1=_y(before), y2=_y(reach), class_="reach")
        kind = "reach guess" if guess else "reach"
        yield tag("line", x1=_x(at), x2=_x(until), y1=_y(reach), y2=_y(reach), class_=kind)
        before = reach


LETTERS = {"detected": "D", "acknowledged": "A", "backup-live": "B", "announced": "T", "recovered": "R"}


def _marks(report: Report, begin: float, end: float) -> Iterable[Html]:
    """Give the key moments as lines with a letter."""
    taken: list[float] = []
    for figure in report.figures:
        if figure.at is None or figure.id not in LETTERS:
            continue
        at = min(1.0, max(0.0, (figure.at.timestamp() - begin) / (end - begin)))
        level = sum(1 for other in taken if abs(other - at) < 0.03)
        taken.append(at)
        yield tag("line", x1=_x(at), x2=_x(at), y1="0", y2=_y(0.0), class_="mark")
        dx = "-3" if at > 0.95 else "3"
        anchor = "end" if at > 0.95 else None
        text = LETTERS[figure.id]
        yield tag("text", text, x=_x(at), y="10", dx=dx, dy=str(level * 12), text_anchor=anchor, class_="letter")


def _ends(begin: datetime, end: datetime, zone: tzinfo) -> Iterable[Html]:
    yield tag("text", formats.clock(begin, zone), x="0", y="98%", class_="scale")
    yield tag("text", formats.clock(end, zone), x="100%", y="98%", text_anchor="end", class_="scale")


def legend(report: Report) -> Html:
    """Return what the letters in the pictures mean."""
    shown = [figure for figure in report.figures if figure.at is not None and figure.id in LETTERS]
    items = [join(tag("dt", LETTERS[figure.id]), tag("dd", figure.name)) for figure in shown]
    if any(point.uncertain for story in report.reach for point in story.points):
        items.append(join(tag("dt", "?"), tag("dd", "shaded and dotted: uncertain")))
    return tag("dl", *(tag("div", item) for item in items), class_="legend")
