"""A report as one page that needs nothing else: no script, no request, dark and light, for screens and paper; pure."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from importlib.resources import files

from outagetui.core.times import span, stamp, zone_or_utc
from outagetui.core.words import PLACED
from outagetui.facts.reach import percent
from outagetui.report import formats
from outagetui.report.chart import chart, legend
from outagetui.report.elements import Html, join, tag
from outagetui.report.markdown import REVIEW, after, basis, lost, mark, spent, summary, title
from outagetui.report.values import Announced, Line, Part, Question, ReachStory, Report


def html(report: Report) -> str:
    """Return the whole page."""
    zone = zone_or_utc(report.timezone)
    css = files("outagetui.report").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html('<meta name="referrer" content="no-referrer">'),
        Html('<meta name="robots" content="noindex">'),
        tag("title", title(report)),
        Html(f"<style>{css}</style>"),
    )
    main = tag(
        "main",
        _figures(report, zone),
        _reach(report, zone),
        _timeline(report, zone),
        _announcements(report, zone),
        _questions(report, zone),
        _money(report),
        _troubles(report, zone),
        _review(),
        _limits(report, zone),
        id="main",
    )
    footer = tag("footer", tag("p", f"Drafted from the journal on {formats.local(report.made, zone)}. Edit it freely."))
    body = tag("body", tag("a", "To the report", class_="skip", href="#main"), _header(report, zone), main, footer)
    return f'<!doctype html>\n<html lang="en">\n{head}\n{body}\n</html>\n'


def _header(report: Report, zone: tzinfo) -> Html:
    drill = tag("p", "DRILL", class_="drill") if report.drill else Html("")
    heading = title(report).removeprefix("DRILL: ")
    facts = (tag("div", tag("dt", name), tag("dd", value)) for name, value in summary(report, zone))
    return tag("header", drill, tag("h1", heading, dir="auto"), tag("dl", *facts, class_="top"))


def _section(id: str, heading: str, *inside: Html) -> Html:
    return join(Html("\n"), tag("section", Html("\n"), tag("h2", heading, id=id), *inside, aria_labelledby=id))


def _table(label: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """Return a table that scrolls by itself where it is too wide, reachable by keyboard."""
    top = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in head)))
    body = tag("tbody", *(tag("tr", *(tag("td", cell, dir="auto") for cell in row)) for row in rows))
    return tag("div", tag("table", top, body), class_="wide", role="region", aria_label=label, tabindex="0")


def _time(at: datetime, text: str) -> Html:
    return tag("time", text, datetime=stamp(at.timestamp()))


def _figures(report: Report, zone: tzinfo) -> Html:
    cards = []
    for figure in report.figures:
        value: str = after(figure.after_s, figure.id)
        if not value:
            value = "–" if figure.at is None else formats.clock(figure.at, zone)
        elif figure.id == "detected":
            value = f"after {value}"
        at = Html("") if figure.at is None else tag("p", _time(figure.at, formats.local(figure.at, zone)), class_="how")
        how = tag("p", figure.words, class_="how", dir="auto") if figure.words else Html("")
        cards.append(tag("li", tag("p", figure.name, class_="name"), tag("p", value, class_="span"), at, how))
    lead = "Spans count from the detection; that of the detection itself from the first sign of trouble."
    return _section("moments", "Key moments", tag("ul", *cards, class_="cards"), tag("p", lead, class_="lead"))


def _reach(report: Report, zone: tzinfo) -> Html:
    return _section(
        "reach", "Who could reach us", *(_story(report, story, zone) for story in report.reach), legend(report)
    )


def _story(report: Report, story: ReachStory, zone: tzinfo) -> Html:
    if not story.points:
        return tag(
            "div",
            tag("h3", story.audience.capitalize()),
            tag("p", "Not known: no segment of this audience has people.", class_="soft"),
            class_="card",
        )
    lowest = percent(story.lowest) + ("" if story.lowest_at is None else f", {formats.clock(story.lowest_at, zone)}")
    numbers = [
        ("people", str(story.people)),
        ("before", percent(story.before)),
        ("lowest", lowest),
        ("at the end", percent(story.last)),
        ("person-minutes lost", lost(story)),
    ]
    if story.uncertain_s:
        numbers.append(("uncertain for", span(story.uncertain_s)))
    return tag(
        "div",
        tag("h3", story.audience.capitalize()),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in numbers), class_="numbers"),
        chart(report, story, zone),
        class_="card",
    )


def _timeline(report: Report, zone: tzinfo) -> Html:
    rows: list[Html] = []
    day = ""
    for line in report.timeline:
        today = f"{line.at.astimezone(zone):%A, %-d %B %Y}"
        if today != day:
            rows.append(tag("li", today, class_="day"))
            day = today
        rows.append(_line(line, zone))
    lead = tag("p", f"Times are those of {report.timezone}, with UTC beside them.", class_="soft")
    return _section("timeline", "Timeline", lead, tag("ol", *rows, class_="timeline"))


def _line(line: Line, zone: tzinfo) -> Html:
    times = tag(
        "div",
        _time(line.at, formats.clock(line.at, zone)),
        Html(" "),
        tag("span", f"{formats.utc(line.at, line.at.astimezone(zone))} UTC", class_="utc"),
    )
    derived = line.kind == "derived"
    key = tag("span", f"{mark(line.mark)}. ", class_="key") if line.mark and not derived else Html("")
    what = tag("p", key, tag("span", line.words, dir="auto", class_="derived" if derived else None))
    who = tag("p", line.actor, class_="who", dir="auto") if line.actor else Html("")
    return tag("li", times, tag("div", what, who))


def _announcements(report: Report, zone: tzinfo) -> Html:
    inside = [_told(told, zone) for told in report.announcements]
    if not inside:
        inside.append(tag("p", "Nothing was announced."))
    if report.gaps:
        items = []
        for gap in report.gaps:
            promised = (
                "" if gap.promised is None else f"; the next was promised for {formats.clock(gap.promised, zone)}"
            )
            items.append(
                tag(
                    "li",
                    f"{gap.announcement} to {gap.audience}: {span(gap.seconds)}, "
                    f"{formats.local(gap.begin, zone)} to {formats.local(gap.end, zone)}{promised}",
                )
            )
        inside.append(tag("h3", "Silences"))
        inside.append(tag("p", "An open announcement without a new part for more than half an hour:", class_="soft"))
        inside.append(tag("ul", *items, class_="plain"))
    return _section("told", "What was told", *inside)


def _told(told: Announced, zone: tzinfo) -> Html:
    state = "still open" if told.open else "closed"
    parts = [_part(part, zone) for part in told.parts]
    if not parts:
        parts.append(tag("p", "It stood since before this incident; no part of it was made now."))
    return tag("div", tag("h3", f"{told.announcement} to {told.audience} ({state})"), *parts, class_="card")


def _part(part: Part, zone: tzinfo) -> Html:
    outlets = []
    for sent in part.outlets:
        when = "" if sent.at is None else f" at {formats.clock(sent.at, zone)}"
        url = f", {sent.url}" if sent.url else ""
        detail = f" ({sent.detail})" if sent.detail and sent.state not in PLACED else ""
        outlets.append(tag("li", f"{sent.name}: {sent.state}{when}{url}{detail}", dir="auto"))
    return join(
        tag("h4", _time(part.at, formats.local(part.at, zone)), f": {part.kind}"),
        tag("ul", *outlets, class_="plain") if outlets else Html(""),
        *(
            tag("pre", tag("strong", text.title), f"\n\n{text.body}", dir="auto", lang=_tongue(text.language))
            for text in part.texts
        ),
    )


def _tongue(language: str) -> str | None:
    letters = language.replace("-", "")
    return language if letters.isascii() and letters.isalnum() else None


def _questions(report: Report, zone: tzinfo) -> Html:
    if not report.questions:
        return _section("asked", "What was asked and answered", tag("p", "No run asked anything."))
    rows = (
        (
            _time(each.asked, formats.clock(each.asked, zone)),
            f"{each.run} {each.step}",
            each.question,
            _replies(each),
            "–" if each.waited_s is None else span(each.waited_s),
        )
        for each in report.questions
    )
    head = ("asked", "run and step", "question", "answer", "waited")
    return _section("asked", "What was asked and answered", _table("Questions and answers", head, rows))


def _replies(question: Question) -> Html:
    told: list[str] = []
    for reply in question.replies:
        note = [Html("<br>") if piece is None else piece for piece in _lines(reply.note)]
        told += [*([Html("<br>")] if told else []), reply.answer, *([": ", *note] if note else [])]
    return join(*told) if told else join("not answered")


def _lines(text: str) -> Iterable[str | None]:
    """Give the lines of `text` with None between them."""
    for number, line in enumerate(text.split("\n") if text else ()):
        if number:
            yield None
        yield line


def _money(report: Report) -> Html:
    if not report.money:
        return _section("cost", "What it cost", tag("p", "No backup with a declared cost was active."))
    rows = ((row.name, span(row.active_s), spent(row), basis(row)) for row in report.money)
    return _section("cost", "What it cost", _table("Costs", ("backup", "active for", "spent", "known from"), rows))


def _troubles(report: Report, zone: tzinfo) -> Html:
    if not report.troubles:
        return _section("troubles", "What did not go as planned", tag("p", "The journal tells of nothing."))
    items = (
        tag("li", _time(each.at, formats.local(each.at, zone)), tag("span", f": {each.words}", dir="auto"))
        for each in report.troubles
    )
    return _section("troubles", "What did not go as planned", tag("ul", *items, class_="plain"))


def _review() -> Html:
    lead = tag("p", "For people to fill in. What happened is above; no names are needed here.", class_="soft")
    blank = [tag("li", class_="blank") for _ in range(3)]
    parts = (join(tag("h3", heading), tag("ul", *blank, class_="plain")) for heading in REVIEW)
    return _section("review", "Review", lead, *parts)


def _limits(report: Report, zone: tzinfo) -> Html:
    unseen = (
        f"{formats.local(each.begin, zone)}, for {span(each.seconds)}: nobody could see ({each.words})."
        for each in report.unseen
    )
    items = (tag("li", limit) for limit in (*unseen, *report.limits))
    return _section("limits", "What this report cannot know", tag("ul", *items, class_="plain"))
