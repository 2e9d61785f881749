"""The three forms of one whole incident, compared with what people read and found right."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from outagetui.report.gather import gather
from outagetui.report.html import html
from outagetui.report.markdown import REVIEW, markdown
from outagetui.report.values import Report
from tests.report.story import BEGIN, night, samples, write

GOLDEN = Path(__file__).with_name("golden")
LATER = BEGIN + 3 * 3600.0


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return gather(write(tmp_path_factory.mktemp("store") / "store.db", night(), samples()), None, LATER)


def documents(report: Report) -> dict[str, str]:
    encoded = msgspec.json.format(msgspec.json.encode(report)).decode()
    return {"night.md": markdown(report), "night.html": html(report), "night.json": encoded + "\n"}


@pytest.mark.parametrize("name", ["night.md", "night.html", "night.json"])
def test_an_incident_reads_as_it_was_approved(report: Report, name: str) -> None:
    """OUTAGETUI_GOLDEN=write makes the files anew, to be read in the diff."""
    text = documents(report)[name]
    if os.environ.get("OUTAGETUI_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_json_reads_back_as_the_same_report(report: Report) -> None:
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_people_find_headings_to_fill_in(report: Report) -> None:
    for heading in REVIEW:
        assert f"### {heading}\n\n-\n-\n-\n" in markdown(report)
        assert f'<h3>{heading}</h3>\n<ul class="plain"><li class="blank"></li>' in html(report)


def test_names_of_people_stand_in_the_timeline_only(report: Report) -> None:
    before, _, rest = markdown(report).partition("## Timeline")
    timeline, _, after = rest.partition("## What was told")
    for actor in ("alice", "bob"):
        assert f"| {actor} |" in timeline
        assert actor not in before + after


class Page(HTMLParser):
    """What a page holds: its elements with their attributes, and whether they close in order."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag == name]


def test_the_page_is_one_whole_that_asks_for_nothing(report: Report) -> None:
    text = html(report)
    page = Page(text)
    assert page.open == []
    tags = {tag for tag, _ in page.found}
    assert not tags & {"script", "link", "img", "iframe", "form", "object", "base"}
    attributes = {name for _, each in page.found for name in each}
    assert not attributes & {"src", "srcset", "style", "action", "xlink:href"}
    assert not [name for name in attributes if name.startswith("on")]
    assert {each.get("href") for each in page.all("a")} == {"#main"}
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_has_a_language_landmarks_and_one_title(report: Report) -> None:
    page = Page(html(report))
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(name)) for name in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    ids = [each["id"] for _, each in page.found if "id" in each]
    assert len(ids) == len(set(ids))
    for section in page.all("section"):
        assert section["aria-labelledby"] in ids
    for picture in page.all("svg"):
        assert picture["role"] == "img"
        assert picture["aria-labelledby"] in ids
    for each in page.all("th"):
        assert each["scope"] == "col"


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_has_contrast_on_what_is_behind_it(report: Report, scheme: int) -> None:
    roots = re.findall(r":root \{([^}]*--ground[^}]*)\}", html(report))
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", roots[scheme]))

    def contrast(one: str, other: str) -> float:
        high, low = sorted((luminance(colours[one]), luminance(colours[other])), reverse=True)
        return (high + 0.05) / (low + 0.05)

    texts = [(text, ground) for text in ("ink", "soft", "mark") for ground in ("ground", "card")]
    for text, ground in [*texts, ("soft", "unsure"), ("mark", "unsure"), ("drill", "drill-tint")]:
        assert contrast(text, ground) >= 4.5, (text, ground)
    assert contrast("reach", "card") >= 3.0
    assert contrast("reach", "unsure") >= 3.0
