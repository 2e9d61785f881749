"""Plain text to what a page may show: paragraphs, lists, and links to a few harmless kinds of address. Pure."""

import re
from urllib.parse import urlsplit

from msgspec import Struct

from outagetui.core import telephone

SCHEMES = frozenset({"https", "http", "mailto", "tel", "sip", "sips", "xmpp", "irc", "ircs", "matrix"})
_WITH_HOST = ("http", "https", "irc", "ircs")
_ADDRESS = re.compile(r"(?<![A-Za-z0-9+.\-])(?:https?|mailto|tel|sips?|xmpp|ircs?|matrix):[!-~]+", re.IGNORECASE)
_SAFE = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")  # RFC 3986: what a URI is made of


class Piece(Struct, frozen=True):
    """A run of text; with `href` it is a link."""

    text: str
    href: str = ""


class Block(Struct, frozen=True):
    """A paragraph of lines, or a list of items."""

    lines: tuple[tuple[Piece, ...], ...]
    items: bool = False


def link(address: str) -> Piece:
    """Return how to show an address: a link if its scheme is allowed and it is a plain URI, otherwise the bare text."""
    if number := telephone.read(address):
        return Piece(number.shown, number.uri)
    scheme, colon, rest = address.partition(":")
    if not colon or not rest or scheme.lower() not in SCHEMES or not _SAFE.fullmatch(rest):
        return Piece(address)
    if scheme.lower() == "matrix":
        return Piece(address, address)
    if scheme.lower() not in _WITH_HOST:
        return Piece(rest.partition("?")[0], address)
    try:
        parts = urlsplit(address)
    except ValueError:
        return Piece(address)
    if not parts.hostname or "@" in parts.netloc:  # https://bank.example@evil.example shows one host and opens another
        return Piece(address)
    return Piece(address, address)


def scheme_of(piece: Piece) -> str:
    """Return the scheme a link opens; empty for plain text."""
    return piece.href.partition(":")[0].lower()


def blocks(text: str, without: frozenset[str] = frozenset()) -> tuple[Block, ...]:
    """Split `text` into paragraphs and `- ` lists.

    Lines in `without` are left out, and with them a line before that ends in a colon and led to nothing else.
    """
    made: list[Block] = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = _lines(paragraph, without)
        run: list[str] = []
        for line in [*lines, None]:
            if run and (line is None or line.startswith("- ") != run[0].startswith("- ")):
                items = run[0].startswith("- ")
                made.append(Block(tuple(_pieces(each[2:] if items else each) for each in run), items))
                run = []
            if line is not None:
                run.append(line)
    return tuple(made)


def _lines(paragraph: str, without: frozenset[str]) -> list[str]:
    kept: list[str] = []
    lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
    for at, line in enumerate(lines):
        if line not in without:
            kept.append(line)
            continue
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if kept and kept[-1].endswith(":") and not following.startswith("- "):
            kept.pop()
    return kept


def _pieces(line: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    done = 0
    for match in _ADDRESS.finditer(line):
        address = match[0].rstrip(".,;:!?)'\"")
        found = link(address)
        if not found.href:
            continue
        if match.start() > done:
            pieces.append(Piece(line[done : match.start()]))
        pieces.append(found)
        done = match.start() + len(address)
    if done < len(line):
        pieces.append(Piece(line[done:]))
    return tuple(pieces)
