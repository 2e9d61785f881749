"""A report as Markdown, ready to be edited: GitHub's tables, and nothing from outside that acts; pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from outagetui.core.times import span, zone_or_utc
from outagetui.core.words import PLACED
from outagetui.facts.reach import percent
from outagetui.report import formats
from outagetui.report.inert import fenced, inert
from outagetui.report.values import Delivered, Gap, Part, Question, ReachStory, Report, Spent, Stretch
from outagetui.report.ways import way_text

REVIEW = ("What helped", "What hindered", "What we change")


def markdown(report: Report) -> str:
    """Return the whole document."""
    zone = zone_or_utc(report.timezone)
    sections = (
        (f"# {inert(title(report))}", _head(report, zone)),
        ("## Key moments", _figures(report, zone)),
        ("## Who could reach us", _reach(report, zone)),
        ("## Timeline", _timeline(report, zone)),
        *([("## How far packets came", _ways(report, zone))] if report.ways else []),
        ("## What was told", _announcements(report, zone)),
        ("## What was asked and answered", _questions(report, zone)),
        ("## What it cost", _money(report)),
        ("## What did not go as planned", _troubles(report, zone)),
        ("## Review", _review()),
        ("## What this report cannot know", _limits(report, zone)),
    )
    return "\n\n".join("\n".join((heading, "", *lines)).rstrip("\n") for heading, lines in sections) + "\n"


def title(report: Report) -> str:
    """Return the title in plain words: `Incident i12 at Example: Messenger`, with DRILL before a drill's."""
    names = ", ".join(channel.name for channel in report.channels)
    drill = "DRILL: " if report.drill else ""
    return f"{drill}Incident {report.incident} at {report.business}: {names}"


def summary(report: Report, zone: tzinfo) -> list[tuple[str, str]]:
    """Return what stands at the top, as names and plain words."""
    ended = "still open" if report.ended is None else _both(report.ended, zone)
    return [
        *([("Drill", f"{report.drill}: a rehearsal, nobody outside was told")] if report.drill else []),
        ("Began", _both(report.began, zone)),
        ("Ended", ended),
        ("Open so far" if report.open else "Length", span(report.duration_s)),
        ("Seen from", report.vantage),
    ]


def after(seconds: float) -> str:
    """Return how long after the detection a moment came; for the detection itself, after the first sign of trouble."""
    return f"{span(-seconds)} before" if seconds < 0 else span(seconds)


def spent(row: Spent) -> str:
    """Return the money in words, an estimate marked as such."""
    if row.spent is None:
        return "not known"
    return formats.money(row.spent, row.currency) + ("" if row.measured else " (estimate)")


def basis(row: Spent) -> str:
    """Return what the money is known from."""
    if row.measured and row.balance_before is not None and row.balance_after is not None:
        before, now = formats.money(row.balance_before, row.currency), formats.money(row.balance_after, row.currency)
        return f"balance {before} to {now}"
    return f"declared: {row.rates}" if row.rates else "nothing declared"


def lost(story: ReachStory) -> str:
    """Return the person-minutes lost in words, `about` where the reach is not sure."""
    if story.lost_person_minutes is None:
        return "–"
    about = "about " if story.uncertain_s else ""
    return about + formats.people(story.lost_person_minutes)


def sent(part: Delivered, zone: tzinfo) -> str:
    """Return what became of a part at one outlet."""
    when = "" if part.at is None else f" at {formats.clock(part.at, zone)}"
    url = f", {part.url}" if part.url else ""
    detail = f" ({part.detail})" if part.detail and part.state not in PLACED else ""
    return f"{part.name}: {part.state}{when}{url}{detail}"


def silence(gap: Gap, zone: tzinfo) -> str:
    """Return how long an announcement was silent, and when it should have spoken."""
    when = f"{formats.local(gap.begin, zone)} to {formats.local(gap.end, zone)}"
    promised = "" if gap.promised is None else f"; the next was promised for {formats.clock(gap.promised, zone)}"
    return f"{gap.announcement} to {gap.audience}: {span(gap.seconds)}, {when}{promised}"


def unseen(stretch: Stretch, zone: tzinfo) -> str:
    """Return when nobody could see, and why."""
    return f"{formats.local(stretch.begin, zone)}, for {span(stretch.seconds)}: nobody could see ({stretch.words})."


def _both(at: datetime, zone: tzinfo) -> str:
    local = formats.local(at, zone)
    return local if formats.zone_name(at, zone) == "UTC" else f"{local} ({formats.utc(at, at.astimezone(zone))} UTC)"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _head(report: Report, zone: tzinfo) -> Iterator[str]:
    for name, value in summary(report, zone):
        yield f"- **{name}:** {inert(value)}"
    yield ""
    yield f"Drafted from the journal on {formats.local(report.made, zone)}. Edit it freely."


def _figures(report: Report, zone: tzinfo) -> Iterator[str]:
    yield "Spans count from the detection; that of the detection itself from the first sign of trouble."
    yield ""
    yield from _table(
        ("moment", "after", "local time", "how"),
        (
            (
                figure.name,
                "–" if figure.after_s is None else after(figure.after_s),
                "–" if figure.at is None else formats.local(figure.at, zone),
                inert(figure.words),
            )
            for figure in report.figures
        ),
    )


def _reach(report: Report, zone: tzinfo) -> Iterator[str]:
    yield from _table(
        ("audience", "people", "before", "lowest", "when", "at the end", "person-minutes lost", "uncertain for"),
        (
            (
                story.audience,
                str(story.people),
                percent(story.before),
                percent(story.lowest),
                "–" if story.lowest_at is None else formats.clock(story.lowest_at, zone),
                percent(story.last),
                lost(story),
                span(story.uncertain_s) if story.uncertain_s else "–",
            )
            for story in report.reach
        ),
    )
    yield ""
    for story in report.reach:
        if len(story.points) > 1:
            yield f"How the reach of {story.audience} changed (`?`: uncertain):"
            yield ""
            for point in story.points:
                guess = " ?" if point.uncertain else ""
                yield f"- {formats.local(point.at, zone)}: {percent(point.reach)}{guess}"
            yield ""


def _timeline(report: Report, zone: tzinfo) -> Iterator[str]:
    yield from _table(
        (f"local ({inert(report.timezone)})", "UTC", "who", "what"),
        (
            (
                formats.local(line.at, zone),
                formats.utc(line.at, line.at.astimezone(zone)),
                inert(line.actor),
                (f"**{mark(line.mark)}.** " if line.mark and line.kind != "derived" else "") + inert(line.words),
            )
            for line in report.timeline
        ),
    )


def _ways(report: Report, zone: tzinfo) -> Iterator[str]:
    for way in report.ways:
        yield from (f"{formats.local(way.at, zone)}, to {inert(way.to)}: {inert(way.words)}", "")
        if way.hops or way.canary:
            yield from fenced(way_text(way))
            yield ""


def mark(name: str) -> str:
    """Return the words of a key moment's mark in the timeline."""
    firsts = {"alerted": "First alert out", "backup-live": "First backup live", "announced": "First announcement out"}
    return firsts.get(name, name.capitalize())


def _announcements(report: Report, zone: tzinfo) -> Iterator[str]:
    if not report.announcements:
        yield from ("Nothing was announced.", "")
    for told in report.announcements:
        state = "still open" if told.open else "closed"
        yield f"### {inert(told.announcement)} to {inert(told.audience)} ({state})"
        yield ""
        if not told.parts:
            yield from ("It stood since before this incident; no part of it was made now.", "")
        for part in told.parts:
            yield from _part(part, zone)
    if report.gaps:
        yield from ("### Silences", "", "An open announcement without a new part for more than half an hour:", "")
        for gap in report.gaps:
            yield f"- {inert(silence(gap, zone))}"


def _part(part: Part, zone: tzinfo) -> Iterator[str]:
    yield f"#### {formats.local(part.at, zone)}: {inert(part.kind)}"
    yield ""
    for each in part.outlets:
        yield f"- {inert(sent(each, zone))}"
    if part.outlets:
        yield ""
    for text in part.texts:
        yield from fenced(f"{text.title}\n\n{text.body}")
        yield ""


def _questions(report: Report, zone: tzinfo) -> Iterator[str]:
    if not report.questions:
        yield "No run asked anything."
        return
    yield from _table(
        ("asked", "run and step", "question", "answer", "waited"),
        (
            (
                formats.clock(each.asked, zone),
                inert(f"{each.run} {each.step}"),
                inert(each.question),
                _replies(each),
                "–" if each.waited_s is None else span(each.waited_s),
            )
            for each in report.questions
        ),
    )
    yield ""
    for each in report.questions:
        for reply in each.replies:
            if "\n" in reply.note:
                yield f"The remark at {inert(f'{each.run} {each.step}')}:"
                yield ""
                yield from fenced(reply.note)
                yield ""


def _replies(question: Question) -> str:
    told = [
        inert(reply.answer) + (f": {inert(' '.join(reply.note.split()))}" if reply.note else "")
        for reply in question.replies
    ]
    return "; ".join(told) or "not answered"


def _money(report: Report) -> Iterator[str]:
    if not report.money:
        yield "No backup with a declared cost was active."
        return
    yield from _table(
        ("backup", "active for", "spent", "known from"),
        ((inert(row.name), span(row.active_s), inert(spent(row)), inert(basis(row))) for row in report.money),
    )


def _troubles(report: Report, zone: tzinfo) -> Iterator[str]:
    if not report.troubles:
        yield "The journal tells of nothing."
    for trouble in report.troubles:
        yield f"- {formats.local(trouble.at, zone)}: {inert(trouble.words)}"


def _review() -> Iterator[str]:
    yield from ("For people to fill in. What happened is above; no names are needed here.", "")
    for heading in REVIEW:
        yield from (f"### {heading}", "", "-", "-", "-", "")


def _limits(report: Report, zone: tzinfo) -> Iterator[str]:
    for stretch in report.unseen:
        yield f"- {inert(unseen(stretch, zone))}"
    for limit in report.limits:
        yield f"- {inert(limit)}"
