"""Where each key of a TOML text stands: tomli gives values without lines, so this scanner walks the text beside it.

It is given only text that tomli has accepted, and therefore need not find faults; on anything unforeseen it stops
and keeps the lines it has.
"""

import contextlib
import re

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(["\\befnrt]))')
_ESCAPED = {"b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class Positions:
    """The line of every key path: table names and array places, as in `("check", 0, "every")`.

    `header` is the first table's, as it is written; empty when there is none.
    """

    def __init__(self, lines: dict[Path, int], header: str = "") -> None:
        self.lines = lines
        self.header = header

    def line(self, path: Path) -> int:
        """Return the line of `path`, or of the nearest thing around it that has one; 1 for the file itself."""
        for end in range(len(path), 0, -1):
            if (found := self.lines.get(path[:end])) is not None:
                return found
        return 1


def scan(text: str) -> Positions:
    """Return the positions of every key and array element in the TOML `text`."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    with contextlib.suppress(_LostError, RecursionError):  # the lines found so far still serve
        scanner.document()
    return Positions(scanner.lines, scanner.header)


class _LostError(Exception):
    """The text is not what the scanner expects."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.header = ""
        self._elements: dict[Path, int] = {}  # arrays of tables and how many elements each has so far
        self._line = 1
        self._counted = 0

    def document(self) -> None:
        table: Path = ()
        while self._skip_blank():
            if self._take("[["):
                path = self._header("]]")
                index = self._elements.get(path, 0)
                self._elements[path] = index + 1
                table = (*path, index)
                self.lines.setdefault(path, self.line)
                self.lines[table] = self.line
            elif self._take("["):
                table = self._header("]")
                self._mark(table)
            else:
                self._pair(table)

    @property
    def line(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def _header(self, end: str) -> Path:
        path: Path = ()
        start = self.at
        for name in self._key():
            if path in self._elements:
                path = (*path, self._elements[path] - 1)
            path = (*path, name)
        if end == "]" and path in self._elements:
            raise _LostError
        self.header = self.header or f"{'[' * len(end)}{self.text[start : self.at].strip()}{end}"
        self._expect(end)
        return path

    def _pair(self, table: Path) -> None:
        path = table
        for name in self._key():
            path = (*path, name)
            self._mark(path)
        self.lines[path] = self.line
        self._expect("=")
        self._space()
        self._value(path)

    def _mark(self, path: Path) -> None:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], self.line)

    def _key(self) -> list[str]:
        names = []
        while True:
            self._space()
            if self._peek("\"'"):
                names.append(self._string())
            elif bare := _BARE.match(self.text, self.at):
                names.append(bare.group())
                self.at = bare.end()
            else:
                raise _LostError
            self._space()
            if not self._take("."):
                return names

    def _value(self, path: Path) -> None:
        if self._peek("\"'"):
            self._string()
        elif self._take("["):
            self._array(path)
        elif self._take("{"):
            self._inline(path)
        elif scalar := _SCALAR.match(self.text, self.at):
            self.at = scalar.end()

    def _array(self, path: Path) -> None:
        index = 0
        while self._skip_blank() and not self._take("]"):
            self.lines[(*path, index)] = self.line
            before = self.at
            self._value((*path, index))
            self._skip_blank()
            self._take(",")
            if self.at == before:
                raise _LostError
            index += 1

    def _inline(self, path: Path) -> None:
        while self._skip_blank() and not self._take("}"):
            self._pair(path)
            self._skip_blank()
            self._take(",")

    def _string(self) -> str:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            return self._long_string(quote)
        self.at += 1
        start = self.at
        while self.at < len(self.text) and self.text[self.at] != quote:
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        raw = self.text[start : self.at]
        self._expect(quote)
        return _ESCAPE.sub(_unescape, raw) if quote == '"' else raw

    def _long_string(self, quote: str) -> str:
        self.at += 3
        start = self.at
        while self.at < len(self.text) and not self.text.startswith(quote * 3, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        raw = self.text[start : self.at]
        self._expect(quote * 3)
        while self._take(quote):  # up to two quotes may stand before the closing three
            pass
        return raw

    def _skip_blank(self) -> bool:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _peek(self, characters: str) -> bool:
        return self.at < len(self.text) and self.text[self.at] in characters

    def _take(self, word: str) -> bool:
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise _LostError


def _unescape(found: re.Match[str]) -> str:
    short, long, byte, letter = found.groups()
    if letter:
        return _ESCAPED[letter]
    return chr(int(short or long or byte, 16))
