"""The one door of commands to a terminal, file or pipe: whatever else they print, nothing of it acts on a terminal.

`__main__` puts it before standard output and error. The screens talk to `sys.__stdout__` themselves, and the pager
gets the manual as it is.
"""

import codecs
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from outagetui.core.text import NOT_DRAWN, drawable

BROKEN_PIPE = 141  # as a shell tells of SIGPIPE
FAILED = 1
_PLAIN = re.compile(r"(?:[\t\n\x20-\x7e]|\r\n)*")


class Door(io.TextIOBase):
    """A text stream before `stream`: line feeds and tabs pass, every other control, bidi or unseen character does not.

    What the encoding cannot write becomes `?`. A reader that left ends the command quietly, if it read what was asked
    for (`ends`); a disk that is full ends it with one sentence. It has no file number: `input` would write its prompt
    there, past the door.
    """

    def __init__(self, stream: TextIO, *, ends: bool) -> None:
        self.stream, self._ends = stream, ends
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
        self._bytes = _Bytes(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of the stream behind it
        """The encoding of the stream behind it."""
        return self.stream.encoding or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """What becomes of characters that the encoding lacks."""
        return "replace"

    @property
    def buffer(self) -> "_Bytes":
        """The way for documents, which are UTF-8 in any locale."""
        return self._bytes

    def write(self, text: str) -> int:
        """Write `text` as it may be drawn."""
        with self._leaving():
            self.stream.write(drawable(text))
        return len(text)

    def document(self, data: bytes) -> None:
        """Write bytes that were looked at."""
        with self._leaving():
            self.stream.flush()
            cast("Any", self.stream).buffer.write(data)

    def flush(self) -> None:
        """Hand over what is written."""
        with self._leaving():
            self.stream.flush()

    def isatty(self) -> bool:
        """Whether output may be styled for somebody who reads along; errors never are."""
        return self._ends and self.stream.isatty()

    def writable(self) -> bool:
        """Whether it can be written to: always."""
        return True

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._drop()
            if self._ends:
                sys.exit(BROKEN_PIPE)
        except OSError as error:
            self._drop()
            if self._ends:
                sys.stderr.write(f"cannot be printed: {error.strerror}\n")
                sys.exit(FAILED)

    def _drop(self) -> None:
        """Have the rest, which nobody gets, go nowhere: the interpreter would try it again at its end."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.stream.fileno())
        os.close(null)


class _Bytes(io.BufferedIOBase):
    """The binary side of a `Door`: UTF-8, of which line ends of both kinds and what scripts are written with pass."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: Any) -> int:
        """Write `data`, without what acts or is unseen."""
        text = self._decoder.decode(bytes(data))
        self._door.document(_seen(text).encode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        """Hand over what is written."""
        self._door.flush()

    def writable(self) -> bool:
        """Whether it can be written to: always."""
        return True


def _seen(text: str) -> str:
    if _PLAIN.fullmatch(text):  # nearly all, and no import for it
        return text
    from outagetui.wording.published import printable

    return printable(text)


def print_json(document: object) -> None:
    """Print one document and nothing else."""
    from msgspec.json import format as indented  # json indents in Python, at four times the price

    plain = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    sys.stdout.write(json_safe(indented(plain, indent=2).decode("utf-8", "surrogatepass")) + "\n")


def json_safe(text: str) -> str:
    """Return a JSON text that holds the same, with characters by their numbers where they cannot be printed."""
    if text.isascii() and "\x7f" not in text:
        return text
    # An encoding without some letter would print another instead, and the data were wrong.
    whole = codecs.lookup(sys.stdout.encoding or "ascii").name.startswith("utf")
    strange = {char for char in set(text) if ord(char) in NOT_DRAWN or not (whole or char.isascii())}
    return text.translate({ord(char): json.dumps(char)[1:-1] for char in strange} | {0x7F: "\\u007f"})


@contextmanager
def past_the_door() -> Iterator[None]:
    """Give whoever enters the stream behind standard output, for what is wholly our own."""
    door = sys.stdout
    try:
        if isinstance(door, Door):
            sys.stdout = door.stream
        yield
    finally:
        sys.stdout = door


def guard() -> None:
    """Put the door before standard output and error; one that is closed goes nowhere."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # else the next file that is opened, such as the store, would get what is printed
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = cast("Any", Door(sys.stdout or _stream(1), ends=True))
    sys.stderr = cast("Any", Door(sys.stderr or _stream(2), ends=False))


def _stream(number: int) -> TextIO:
    return io.TextIOWrapper(io.FileIO(number, "w", closefd=False))
