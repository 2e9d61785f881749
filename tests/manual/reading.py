"""The manual's pages as tests look at them: tables by their keys, words that should stand on one page only."""

from collections.abc import Iterator
from pathlib import Path

from outagetui.manual import PAGES, source
from outagetui.manual.markdown_parser import Block, Code, Heading, Item, Paragraph, Span, Table, parse, plain
from outagetui.manual.topics import Part, parts_of

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS: dict[str, tuple[Block, ...]] = {page: parse(source(page)) for page in PAGES}
EVERYTHING = BLOCKS | {"README": parse(README)}
Rows = dict[str, tuple[str | None, str]]  # by key: its default, None where no column says it, and its meaning


def spans_of(block: Block) -> Iterator[Span]:
    """Every span of a block, whatever it is."""
    match block:
        case Heading(_, words) | Paragraph(words) | Item(_, words):
            yield from words
        case Table(head, rows):
            yield from (span for row in (head, *rows) for cell in row for span in cell)


def tables(page: str) -> list[Table]:
    """The tables of a page."""
    return [block for block in BLOCKS[page] if isinstance(block, Table)]


def part(page: str, name: str) -> Part:
    """The part of a page whose heading is `name`, in code."""
    found = [each for each in parts_of(page) if plain(each.heading.spans) == name]
    assert len(found) == 1, f"{page}.md has no one part ### `{name}`"
    return found[0]


def rows_of(table: Table) -> Rows:
    """A table of keys: what the code of the first cell says, with the default where there is such a column."""
    rows: Rows = {}
    for first, *rest in table.rows:
        default, meaning = (plain(rest[0]) if len(rest) > 1 else None), plain(rest[-1])
        for name in (span.text for span in first if span.style == "code"):
            rows[name] = default, meaning
    return rows


def options_of(page: str, name: str) -> Rows:
    """The options that the part `name` explains."""
    blocks = part(page, name).blocks
    found = [block for block in blocks if isinstance(block, Table) and plain(block.head[0]) in ("option", "key")]
    return rows_of(found[0]) if found else {}


def words_of(blocks: tuple[Block, ...]) -> Iterator[str]:
    """What should stand on one page only: paragraphs, items and rows."""
    for block in blocks:
        match block:
            case Paragraph(words) | Item(_, words):
                yield plain(words)
            case Table(_, rows):
                yield from (" | ".join(map(plain, row)) for row in rows)


def examples() -> list[tuple[str, Code]]:
    """Every example of a file of a configuration, with its page."""
    blocks = [(page, block) for page, blocks in EVERYTHING.items() for block in blocks]
    return [(page, block) for page, block in blocks if isinstance(block, Code) and block.language == "toml"]


def command_lines() -> list[tuple[str, str]]:
    """Every command line of ours, with its page."""
    found = []
    for page, blocks in EVERYTHING.items():
        for block in blocks:
            lines = [span.text for span in spans_of(block) if span.style == "code"]
            if isinstance(block, Code) and block.language in ("sh", ""):
                lines += "\n".join(block.lines).replace("\\\n", " ").splitlines()
            found += [(page, line) for line in lines if line.startswith(("outagetui ", ".venv/bin/outagetui "))]
    return found
