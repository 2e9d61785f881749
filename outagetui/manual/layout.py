"""A page as lines of a width: what a terminal and the screens show."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from outagetui.manual.markdown_parser import (
    Block,
    Code,
    Heading,
    Item,
    Paragraph,
    Span,
    Spans,
    Style,
    Table,
    leads,
    plain,
)

INDENT, GAP = 2, 2
Line = tuple[Span, ...]


class Word(NamedTuple):
    """What is not to be parted, in one style or more, and the style of the space before it."""

    spans: tuple[Span, ...]
    space: Style = ""

    @property
    def size(self) -> int:
        """How many cells it takes."""
        return sum(len(span.text) for span in self.spans)


def lines(blocks: Iterable[Block], width: int) -> list[Line]:
    """Return `blocks` as lines of at most `width` cells, with an empty line between blocks."""
    drawn: list[Line] = []
    before: Block | None = None
    for block in blocks:
        if drawn and not (isinstance(block, Item) and isinstance(before, Item)):
            drawn.append(())
        drawn += _drawn(block, width)
        before = block
    return drawn


def _drawn(block: Block, width: int) -> Iterator[Line]:
    match block:
        case Heading(level, words):
            title = plain(words)
            yield (Span(title, "head"),)
            if level < 3:
                yield (Span("=-"[level - 1] * len(title), "head"),)
        case Paragraph(words):
            yield from _hanging(_wrapped(words, width - INDENT), " " * INDENT)
        case Item(mark, words):
            room = len(mark) + 1 + INDENT
            yield from _hanging(_wrapped(words, width - room), f"{' ' * INDENT}{mark} ")
        case Code(_, file, code):
            if file:
                yield (Span(f"{' ' * INDENT}# {file}"),)
            for line in code:
                yield (Span(" " * 2 * INDENT + line, "code"),) if line else ()
        case Table():
            yield from _table(block, width - INDENT)


def _hanging(wrapped: list[Line], first: str) -> Iterator[Line]:
    margin = first
    for line in wrapped:
        yield (Span(margin), *line)
        margin = " " * len(first)


def _table(table: Table, width: int) -> Iterator[Line]:
    head = tuple(tuple(span._replace(style="head") for span in cell) for cell in table.head)
    rows = [head, *table.rows] if any(map(plain, head)) else list(table.rows)
    natural = [max(_length(row[column]) for row in rows) for column in range(len(head))]
    least = [max(_longest(row[column]) for row in rows) for column in range(len(head))]
    widths = _widths(natural, least, width - GAP * (len(head) - 1))
    for row in rows:
        cells = [_wrapped(cell, room) for cell, room in zip(row, widths, strict=True)]
        for number in range(max(map(len, cells))):
            yield _joined([cell[number] if number < len(cell) else () for cell in cells], widths)


def _joined(cells: Sequence[Line], widths: Sequence[int]) -> Line:
    """Return the cells beside each other, without spaces at the end."""
    line: list[Span] = []
    gap = INDENT
    for cell, width in zip(cells, widths, strict=True):
        if cell:
            line += [Span(" " * gap), *cell]
            gap = 0
        gap += width - sum(len(span.text) for span in cell) + GAP
    return tuple(line)


def _widths(natural: list[int], least: list[int], room: int) -> list[int]:
    """Return the columns' widths: the short ones get what they need, the long ones share the rest."""
    if sum(least) > room:
        least = [min(each, room // len(least)) for each in least]
    widths = list(least)
    left = room
    order = sorted(range(len(natural)), key=natural.__getitem__)
    for place, column in enumerate(order):
        rest = order[place + 1 :]
        fair = min(left // (len(rest) + 1), left - sum(least[other] for other in rest))
        widths[column] = max(least[column], min(natural[column], fair))
        left -= widths[column]
    return widths


def _words(spans: Spans) -> list[Word]:
    """Return what stands between spaces."""
    words = [Word(())]
    for span in spans:
        first, *rest = f"{span.text}{leads(span)}".split(" ")
        words[-1] = Word((*words[-1].spans, Span(first, span.style)), words[-1].space)
        words += [Word((Span(text, span.style),), span.style) for text in rest]
    return [word for word in words if word.size]


def _length(spans: Spans) -> int:
    words = _words(spans)
    return sum(word.size for word in words) + max(0, len(words) - 1)


def _longest(spans: Spans) -> int:
    return max((word.size for word in _words(spans)), default=0)


def _wrapped(spans: Spans, width: int) -> list[Line]:
    """Return the words in lines of at most `width` cells; a longer word is parted."""
    wrapped: list[Line] = [()]
    used = 0
    for word in (part for whole in _words(spans) for part in _parts(whole, max(1, width))):
        if used and used + 1 + word.size > width:
            wrapped.append(())
            used = 0
        space = (Span(" ", word.space),) if used else ()
        wrapped[-1] = (*wrapped[-1], *space, *word.spans)
        used += len(space) + word.size
    return wrapped


def _parts(word: Word, width: int) -> Iterator[Word]:
    while word.size > width:
        taken: list[Span] = []
        rest, room = list(word.spans), width
        while room:
            span = rest.pop(0)
            taken.append(span._replace(text=span.text[:room]))
            if len(span.text) > room:
                rest.insert(0, span._replace(text=span.text[room:]))
            room -= len(taken[-1].text)
        yield Word(tuple(taken), word.space)
        word = Word(tuple(rest))
    yield word
