"""The manual as man pages: `outagetui.1`, and `outagetui.5` about the files. Made when a package is built."""

from collections.abc import Iterable, Iterator

from outagetui import __doc__ as ABOUT  # noqa: N812 - what the package says of itself
from outagetui import __version__
from outagetui.manual import PAGES, source
from outagetui.manual.markdown_parser import Block, Code, Heading, Item, Paragraph, Spans, Table, leads, parse, plain

NAMES = {1: "outagetui.1", 5: "outagetui.5"}
_VOLUMES = {1: "User Commands", 5: "File Formats"}
_SYNOPSIS = {
    1: (".B outagetui", r"[\fB\-\-config\fR \fIDIR\fR] [\fB\-\-store\fR \fIFILE\fR] [\fICOMMAND\fR \&...]"),
    5: (".I outagetui.toml", ".br", ".I checks/*.toml", ".br", ".I playbooks/*.toml", ".br", ".I audience.toml"),
}
_MARKS = {"*": "\N{BULLET}"}
NEEDED = "needed"  # stands for a default where there is none
# What a terminal shows that has no other characters than ASCII.
_POOR = {"…": "...", "●": "o", "◐": "~", "▲": "%", "✖": "X", "⊘": "0"}
_ESCAPED = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}
)  # what groff would draw as another character


def man(section: int) -> str:
    """Return the man page of `section`, 1 or 5, as roff."""
    assert ABOUT is not None
    other = next(each for each in NAMES if each != section)
    lines = [
        f'.TH outagetui {section} "" "outagetui {__version__}" "{_VOLUMES[section]}"',
        *(f".fchar {_text(char)} {poor}" for char, poor in _POOR.items()),
        ".nh",  # words of two languages and of none: no hyphens of its own
        ".ad l",
        ".SH NAME",
        rf"outagetui \- {_text(ABOUT.partition(': ')[2].rstrip('.'))}",
        ".SH SYNOPSIS",
        *_SYNOPSIS[section],
    ]
    for page, its in PAGES.items():
        if its == section:
            lines += _roff(parse(source(page)))
    lines += [".SH SEE ALSO", rf".BR outagetui ({other})", ".PP", r"\fBoutagetui help\fR shows any part by its name."]
    return "\n".join(lines) + "\n"


def _roff(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading(1, words):
                yield f".SH {_text(plain(words).upper())}"
            case Heading(2, words):
                yield f".SS {_text(plain(words))}"
            case Heading(_, words):
                yield from (".PP", rf"\fB{_text(plain(words))}\fR")
            case Paragraph(words):
                yield from (".PP", _line(words))
            case Item(mark, words):
                yield from (f".IP {_text(_MARKS.get(mark, mark))} 4", _line(words))
            case Code(_, file, code):
                yield from (".PP", ".in +2", ".nf")
                yield from ([rf"\fI# {_text(file)}\fR"] if file else [])
                yield from (_guarded(_text(line)) for line in code)
                yield from (".fi", ".in")
            case Table():
                yield from _entries(block)


def _entries(table: Table) -> Iterator[str]:
    """Yield a table as a list: each first cell, and below it the others with what their columns are called."""
    heads = [plain(cell) for cell in table.head]
    for first, *others in table.rows:
        yield from (".TP", _line(first) or r"\&")
        named = len(others) > 1
        told = []
        for head, cell in zip(heads[1:], others, strict=True):
            if cell:
                label = f"{_text(head)}: " if named and head != "meaning" and plain(cell) != NEEDED else ""
                told.append(f"{label}{_line(cell)}")
        yield "\n.br\n".join(told) or r"\&"


def _line(words: Spans) -> str:
    fonts = {"code": "B", "strong": "I", "head": "B"}
    parts = []
    for span in words:
        text = _text(span.text)
        parts.append(rf"\f{fonts[span.style]}{text}\fR" if span.style else text)
        parts.append(_text(leads(span)))
    return _guarded("".join(parts))


def _guarded(line: str) -> str:
    """Keep a line that begins like a request from being one."""
    return rf"\&{line}" if line.startswith((".", "'")) else line


def _text(text: str) -> str:
    """Return text that groff draws as it is written, other characters than ASCII by their numbers."""
    escaped = text.translate(_ESCAPED)
    return "".join(char if char.isascii() else rf"\[u{ord(char):04X}]" for char in escaped)
