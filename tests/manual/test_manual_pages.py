"""The manual's pages: links that lead somewhere, tables that are whole, lines that fit, nothing said twice."""

from collections import defaultdict
from pathlib import Path

import pytest
from outagetui import manual
from outagetui.core.text import clean_lines
from outagetui.manual import PAGES, source
from outagetui.manual.layout import lines
from outagetui.manual.markdown_parser import Code, Heading, Table, anchor, plain
from outagetui.manual.topics import summary
from tests.manual.reading import BLOCKS, EVERYTHING, README, ROOT, spans_of, words_of

LONGEST_CODE = 70  # cells, which an indented block of a man page leaves at 80
WORDS = 1500  # of the README, so that it is read to its end


def test_every_page_is_listed_and_every_page_listed_is_there() -> None:
    assert {file.stem for file in Path(str(manual.__file__)).parent.glob("*.md")} == set(PAGES)


def test_the_readme_is_read_to_its_end() -> None:
    assert len(README.split()) <= WORDS


@pytest.mark.parametrize("page", PAGES)
def test_a_page_begins_with_its_title_and_a_sentence_for_the_list(page: str) -> None:
    first, *others = [block for block in BLOCKS[page] if isinstance(block, Heading)]
    assert BLOCKS[page][0] == first
    assert first.level == 1
    assert all(other.level > 1 for other in others)
    assert len(summary(page)) <= 62
    assert summary(page).endswith((".", "?"))


@pytest.mark.parametrize("page", EVERYTHING)
def test_links_lead_to_a_page_and_a_heading_of_it(page: str) -> None:
    headings = {
        name: {anchor(plain(block.spans)) for block in blocks if isinstance(block, Heading)}
        for name, blocks in BLOCKS.items()
    }
    for span in (span for block in EVERYTHING[page] for span in spans_of(block) if span.to):
        file, _, part = span.to.partition("#")
        if file.startswith("https://"):
            continue
        if page == "README":
            assert (ROOT / file).exists(), span
            if not file.startswith("outagetui/manual/"):
                continue
        name = Path(file or page).name.removesuffix(".md")
        assert name in PAGES, span
        assert not part or part in headings[name], span


@pytest.mark.parametrize("page", PAGES)
def test_headings_of_a_page_are_called_differently(page: str) -> None:
    titles = [anchor(plain(block.spans)) for block in BLOCKS[page] if isinstance(block, Heading)]
    assert sorted(set(titles)) == sorted(titles)


@pytest.mark.parametrize("page", PAGES)
def test_every_row_has_as_many_cells_as_its_head(page: str) -> None:
    for block in BLOCKS[page]:
        if isinstance(block, Table):
            assert {len(row) for row in block.rows} == {len(block.head)}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_a_terminal_of_eighty_columns(page: str) -> None:
    long = [line for block in BLOCKS[page] if isinstance(block, Code) for line in block.lines]
    assert [line for line in long if len(line) > LONGEST_CODE] == []
    drawn = ["".join(span.text for span in line) for line in lines(BLOCKS[page], 80)]
    assert [line for line in drawn if len(line) > 80] == []
    assert [line for line in drawn if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [20, 40, 60, 79])
def test_no_word_is_lost_however_narrow_the_terminal_is(width: int) -> None:
    for page in PAGES:
        narrow = "".join(span.text for line in lines(BLOCKS[page], width) for span in line)
        wide = "".join(span.text for line in lines(BLOCKS[page], 4000) for span in line)
        assert sorted(narrow.replace(" ", "")) == sorted(wide.replace(" ", ""))
        prose = [block for block in BLOCKS[page] if not isinstance(block, Code | Heading)]
        drawn = ["".join(span.text for span in line) for line in lines(prose, width)]
        assert max(map(len, drawn)) <= max(width, 60)


def test_no_page_repeats_another() -> None:
    told: dict[str, set[str]] = defaultdict(set)
    for page, blocks in EVERYTHING.items():
        for words in words_of(blocks):
            if len(words) > 30:
                told[words.casefold()].add(page)
    assert {words: sorted(pages) for words, pages in told.items() if len(pages) > 1} == {}


@pytest.mark.parametrize("page", PAGES)
def test_nothing_on_a_page_can_act_on_a_terminal(page: str) -> None:
    text = source(page).strip()
    assert clean_lines(text, len(text)) == text
