"""What can be asked for: a page, a part of one by its name, or a row of a table by what stands in its first cell."""

import re
from collections.abc import Iterable
from itertools import groupby, takewhile
from typing import NamedTuple

from outagetui.manual import PAGES, source
from outagetui.manual.markdown_parser import (
    Block,
    Heading,
    Paragraph,
    Span,
    Spans,
    Table,
    anchor,
    parse,
    plain,
    spans,
    texts,
)

_NAME = re.compile(r"[\w.:\[\]{}$*/+-]+(?: [a-z]+)?")


class Part(NamedTuple):
    """A heading of `page` and all that stands below it."""

    page: str
    heading: Heading
    blocks: tuple[Block, ...]


def summary(page: str) -> str:
    """Return what a page is about, in a sentence."""
    words = next(plain(block.spans) for block in parse(source(page)) if isinstance(block, Paragraph))
    return re.split(r"(?<=\.)\s", words)[0]


def contents() -> tuple[Block, ...]:
    """Return the list of pages, each with what it is about."""
    rows = tuple(((Span(page, "code"),), (Span(summary(page)),)) for page in PAGES)
    ask = "More: `outagetui help TOPIC`, a page, a probe, a step, an outlet, a command, a key of a file, a code."
    return Heading(1, spans("The manual")), Table(((), ()), rows), Paragraph(spans(ask))


def look_up(topic: str) -> tuple[Block, ...]:
    """Return what the manual says about `topic`, as the blocks to show; none when nothing is called so."""
    wanted = topic.strip().casefold()
    if wanted in PAGES:
        return parse(source(wanted))
    parts = [part for page in PAGES for part in parts_of(page)]
    named = [part for part in parts if wanted in _names(part)] or [
        part for part in parts if any(name.startswith(f"{wanted}.") for name in _codes(part.heading.spans))
    ]
    page = parse(source(f"{wanted}s")) if f"{wanted}s" in PAGES else ()
    if named or page:
        return (*_shown(named), *page)
    _, _, key = wanted.rpartition(".")  # of a key with its table, as `validate` prints it
    return _rows(parts, wanted) or _rows(parts, key) or _mentions(parts, wanted)


def names() -> set[str]:
    """Return everything that can be asked for."""
    parts = [part for page in PAGES for part in parts_of(page)]
    rows = {name for part in parts for table in _tables(part) for row in table.rows for name in _codes(row[0])}
    found = {*PAGES, *(name for part in parts for name in _names(part)), *rows}
    return found | {name.partition(".")[0] for name in found if "." in name}


def parts_of(page: str) -> list[Part]:
    """Return the parts of a page below its title: sections, with the parts inside of them, and these."""
    blocks = parse(source(page))
    found = []
    for at, block in enumerate(blocks):
        if isinstance(block, Heading) and block.level > 1:
            ends = (
                end
                for end, other in enumerate(blocks[at + 1 :], at + 1)
                if isinstance(other, Heading) and other.level <= block.level
            )
            found.append(Part(page, block, blocks[at + 1 : next(ends, len(blocks))]))
    return found


def _codes(words: Spans) -> list[str]:
    """Return the names that stand in code, without what follows them, such as an option's value."""
    found = (_NAME.match(span.text) for span in words if span.style == "code")
    return [match[0].casefold() for match in found if match]


def _names(part: Part) -> set[str]:
    title = plain(part.heading.spans)
    return {title.casefold(), anchor(title), *_codes(part.heading.spans)}


def _shown(parts: Iterable[Part]) -> tuple[Block, ...]:
    shown: list[Block] = []
    for page, group in groupby(parts, key=lambda part: part.page):
        shown.append(Heading(1, spans(page.capitalize())))
        for part in group:
            shown += [part.heading, *part.blocks]
    return tuple(shown)


def _rows(parts: Iterable[Part], wanted: str) -> tuple[Block, ...]:
    shown: list[Block] = []
    for part in parts:
        for table in _tables(part):
            rows = tuple(row for row in table.rows if wanted in _called(row[0]))
            if rows:
                title = f"{part.page}: {plain(part.heading.spans)}"
                shown += [Heading(3, spans(title)), Table(table.head, rows)]
    return tuple(shown)


def _mentions(parts: Iterable[Part], wanted: str) -> tuple[Block, ...]:
    """Return a list of the parts that use a word, for what nothing is called."""
    word = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)", re.IGNORECASE)
    found = [part for part in parts if any(word.search(text) for block in _own(part) for text in texts(block))]
    rows = tuple(((Span(part.page, "code"),), (Span(plain(part.heading.spans)),)) for part in found)
    return (Heading(1, (Span("It is spoken of in"),)), Table(((), ()), rows)) if rows else ()


def _called(cell: Spans) -> set[str]:
    return {name.split(" ")[0].removeprefix("--") for name in _codes(cell)} | set(_codes(cell))


def _tables(part: Part) -> Iterable[Table]:
    return (block for block in _own(part) if isinstance(block, Table))


def _own(part: Part) -> Iterable[Block]:
    """Return the blocks of a part that stand in no part inside of it."""
    return takewhile(lambda block: not isinstance(block, Heading), part.blocks)
