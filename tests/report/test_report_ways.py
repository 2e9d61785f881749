"""What traces found stands in the report as evidence."""

from pathlib import Path

import pytest
from outagetui.facts import events
from outagetui.facts.network_path import Hop, NetworkPath, Stopped
from outagetui.report.gather import gather
from outagetui.report.html import html
from outagetui.report.markdown import markdown
from outagetui.report.values import Report
from tests.report.story import BEGIN, night, samples, write

LATER = BEGIN + 3 * 3600.0
PATH = NetworkPath(
    host="chat.example",
    address="203.0.113.9",
    source="10.0.0.2",
    hops=(Hop(1, "10.0.0.1", 0.4, "</pre><b>box"), Hop(2, "198.51.100.1", 8.1)),
    stopped=Stopped.SILENT,
)
CANARY = NetworkPath(
    host="192.0.2.53", address="192.0.2.53", hops=(Hop(1, "192.0.2.53", 9.0),), stopped=Stopped.REACHED
)


def report_of(place: Path, *traced: events.PathTraced) -> Report:
    story = sorted(
        [*night(), *((BEGIN + 1300.0 + number, "daemon", event) for number, event in enumerate(traced))],
        key=lambda row: row[0],
    )
    return gather(write(place / "store.db", story, samples()), None, LATER)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return report_of(tmp_path, events.PathTraced(channel="messenger", path=PATH, canary=CANARY))


def test_the_timeline_says_where_it_ended_and_a_section_each_hop(report: Report) -> None:
    words = next(line.words for line in report.timeline if line.kind == "trace")
    assert words.startswith("Traced Messenger: The way to")
    text = markdown(report)
    assert "## How far packets came" in text
    assert "  198.51.100.1  8.1 ms  (our provider)" in text
    assert "canary 192.0.2.53" in text


def test_names_from_outside_do_nothing_on_the_page(report: Report) -> None:
    page = html(report)
    assert "&lt;/pre&gt;&lt;b&gt;box" in page
    assert "<b>box" not in page


def test_without_a_trace_there_is_no_section(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    assert report.ways == ()
    assert "How far packets came" not in markdown(report) + html(report)
