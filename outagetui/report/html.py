"""A report as one page that needs nothing else: no script, no request, dark and light, for screens and paper; pure."""

from functools import partial
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from outagetui.core.times import span, stamp, zone_or_utc
from outagetui.facts.reach import percent
from outagetui.machine.pages import styles, template
from outagetui.report import formats
from outagetui.report.chart import chart, legend
from outagetui.report.markdown import REVIEW, after, basis, lost, mark, sent, silence, spent, summary, title, unseen
from outagetui.report.values import Report
from outagetui.report.ways import way_text

_HERE = Path(__file__).parent


def html(report: Report) -> str:
    """Return the whole page."""
    zone = zone_or_utc(report.timezone)
    return template(_HERE, "page.html").render(
        report=report,
        title=title(report),
        summary=summary(report, zone),
        stories=[(story, chart(report, story)) for story in report.reach],
        legend=legend(report),
        days=groupby(report.timeline, lambda line: f"{line.at.astimezone(zone):%A, %-d %B %Y}"),
        review=REVIEW,
        br=Markup("<br>"),
        after=after,
        basis=basis,
        clock=partial(formats.clock, zone=zone),
        is_language=_is_language,
        local=partial(formats.local, zone=zone),
        lost=lost,
        mark=mark,
        percent=percent,
        sent=partial(sent, zone=zone),
        silence=partial(silence, zone=zone),
        span=span,
        spent=spent,
        stamp=stamp,
        way_text=way_text,
        unseen=partial(unseen, zone=zone),
        utc=lambda at: formats.utc(at, at.astimezone(zone)),
        **styles(_HERE),
    )


def _is_language(text: str) -> bool:
    letters = text.replace("-", "")
    return letters.isascii() and letters.isalnum()
