"""The part of Markdown that the manual is written in, as blocks of spans: a page is parsed once and drawn anywhere."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

Style = Literal["", "code", "strong", "head"]

_INLINE = re.compile(r"`(?P<code>[^`]+)`|\[(?P<words>[^\]]+)\]\((?P<to>[^)]+)\)|\*(?P<strong>[^*\s][^*]*)\*")
_HEADING = re.compile(r"(#{1,3}) (.+)")
_ITEM = re.compile(r"(\*|\d+\.) (.+)")
_FENCE = re.compile(r"```(\w*) ?(.*)")
_BAR = re.compile(r"(?<!\\)\|")


class Span(NamedTuple):
    """Words in one style; `to` is where they lead: a page of the manual, with an anchor behind #, or an address."""

    text: str
    style: Style = ""
    to: str = ""


Spans = tuple[Span, ...]


class Heading(NamedTuple):
    """A title: 1 of a page, 2 of a section, 3 of a part that has a name of its own."""

    level: int
    spans: Spans


class Paragraph(NamedTuple):
    """Words that are wrapped."""

    spans: Spans


class Item(NamedTuple):
    """One item of a list, behind its `mark`."""

    mark: str
    spans: Spans


class Table(NamedTuple):
    """Rows under a head, all of as many cells."""

    head: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]


class Code(NamedTuple):
    """Lines as they are; `file` says which file of a configuration they are an example of."""

    language: str
    file: str
    lines: tuple[str, ...]


Block = Heading | Paragraph | Item | Table | Code


def parse(text: str) -> tuple[Block, ...]:
    """Return the blocks of a page."""
    return tuple(_blocks(text.splitlines()))


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if fence := _FENCE.fullmatch(line):
            end = lines.index("```", end) + 1
            yield Code(fence[1], fence[2], tuple(lines[at + 1 : end - 1]))
        elif heading := _HEADING.fullmatch(line):
            yield Heading(len(heading[1]), spans(heading[2]))
        elif line.startswith("|"):
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            head, _, *rows = map(_cells, lines[at:end])
            yield Table(head, tuple(rows))
        elif line:
            # Soft ends of lines: a paragraph or an item goes on to the next block's first line.
            while end < len(lines) and lines[end] and not _begins(lines[end]):
                end += 1
            words = spans(" ".join(each.strip() for each in lines[at:end]))
            item = _ITEM.fullmatch(line)
            yield _item(item[1], words) if item else Paragraph(words)
        at = end


def _begins(line: str) -> bool:
    return line.startswith(("|", "```")) or bool(_HEADING.fullmatch(line) or _ITEM.fullmatch(line))


def _item(mark: str, words: Spans) -> Item:
    first, *rest = words
    return Item(mark, (first._replace(text=first.text.removeprefix(f"{mark} ")), *rest))


def _cells(row: str) -> tuple[Spans, ...]:
    return tuple(spans(cell.strip().replace("\\|", "|")) for cell in _BAR.split(row)[1:-1])


def spans(text: str) -> Spans:
    """Return the spans of a line of words."""
    found: list[Span] = []
    at = 0
    for match in _INLINE.finditer(text):
        if match.start() > at:
            found.append(Span(text[at : match.start()]))
        if match["code"]:
            found.append(Span(match["code"], "code"))
        elif match["strong"]:
            found.append(Span(match["strong"], "strong"))
        else:
            found.append(Span(match["words"], "", match["to"]))
        at = match.end()
    if at < len(text):
        found.append(Span(text[at:]))
    return tuple(found)


def plain(words: Spans) -> str:
    """Return the words without their styles."""
    return "".join(span.text for span in words)


def texts(block: Block) -> Iterator[str]:
    """Yield the words of a block: of each cell, of each line."""
    match block:
        case Heading(_, words) | Paragraph(words) | Item(_, words):
            yield plain(words)
        case Table(head, rows):
            yield from (plain(cell) for row in (head, *rows) for cell in row)
        case Code():
            yield from block.lines


def anchor(title: str) -> str:
    """Return what stands behind # in a link to a title: its letters and digits, with dashes between."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def leads(span: Span) -> str:
    """Return what is written behind a link's words where it cannot be followed; mostly the page's name."""
    page = span.to.partition("#")[0].removesuffix(".md")
    if page == span.to:
        return f" <{page}>" if page else ""
    return "" if page in span.text else f" ({page})"
