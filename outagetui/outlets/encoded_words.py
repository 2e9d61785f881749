"""Headers that hold people's words, in lines that every mail program takes (RFC 2047, RFC 5322 section 2.2.3). Pure.

The library's own folding makes words of more than 75 characters, loses spaces, and reads what only looks encoded.
"""

import base64
from collections.abc import Iterator

LONGEST_LINE = 76  # characters of a line that holds an encoded word (RFC 2047 section 2)
_AROUND = len("=?utf-8?b??=")
_SPECIAL = frozenset('"\\')


def words_header(name: str, text: str) -> bytes:
    """Return a header of free text, such as Subject, with its line ends; `text` is one line."""
    return _lines(f"{name}:", _plain(text, len(name) + 2) or [*_encoded(text, LONGEST_LINE - len(name) - 2)])


def mailbox_header(name: str, words: str, address: str) -> bytes:
    """Return a header of one address, such as From, and whose it is; `words` is one line, or empty."""
    if not words:
        return _lines(f"{name}:", [address])
    quoted = '"' + "".join(f"\\{char}" if char in _SPECIAL else char for char in words) + '"'
    pieces = _plain(quoted, len(name) + 2) or [*_encoded(words, LONGEST_LINE - len(name) - 2)]
    return _lines(f"{name}:", [*pieces, f"<{address}>"])


def _lines(head: str, pieces: list[str]) -> bytes:
    lines = [head]
    for piece in pieces:
        if len(lines[-1]) + 1 + len(piece) <= LONGEST_LINE or lines == [head]:
            lines[-1] += f" {piece}"
        else:
            lines.append(f" {piece}")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _plain(text: str, indent: int) -> list[str]:
    """Return the pieces of a text that needs no encoding; empty when it does."""
    pieces = text.split(" ")
    fits = all(0 < len(piece) <= LONGEST_LINE - indent for piece in pieces)
    return pieces if fits and text.isascii() and text.isprintable() and "=?" not in text else []


def _encoded(text: str, first: int) -> Iterator[str]:
    """Yield encoded words, the first of at most `first` characters; none parts a character."""
    taken, room = b"", _bytes_in(first)
    for char in text:
        raw = char.encode()
        if len(taken) + len(raw) > room:
            yield _word(taken)
            taken, room = b"", _bytes_in(LONGEST_LINE - 1)
        taken += raw
    yield _word(taken)


def _bytes_in(characters: int) -> int:
    return (characters - _AROUND) // 4 * 3


def _word(raw: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(raw).decode()}?="
