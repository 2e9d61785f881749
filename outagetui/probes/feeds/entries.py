"""RSS 0.9 to 2.0 and Atom, read into their entries: tolerant of what feeds get wrong, within the bounds of any XML."""

import html
import re
from codecs import getincrementaldecoder
from collections.abc import Generator, Iterator
from html.entities import html5

from msgspec import Struct, field

from outagetui.core.text import in_quotes
from outagetui.probes.feeds.encoding import encoding_of
from outagetui.probes.feeds.moments import moment_of
from outagetui.probes.feeds.statements import Unreadable
from outagetui.protocols.bounded_xml import BoundedXml, XmlRefused

ENTRIES = 1000  # of one feed
FIELDS = 256  # of one entry
LENGTH = 16_000  # characters of one text of an entry that are read
LINES = 600  # of such a text
_SLICE = 8 * 1024  # bytes read in one step
_ROOTS = {"rss": "rss", "rdf": "rdf", "feed": "atom"}
_OWN = frozenset(["", "atom", "a10", "rss", "rss1"])  # prefixes under which a feed's own elements are met
_TEXTS = {"description", "summary", "content", "content:encoded"}
_DATES = {"pubdate", "updated", "published", "modified", "dc:date", "dcterms:modified"}
_FIELDS = {*_TEXTS, *_DATES, "title", "link", "guid", "id", "status", "state", "category"}
_AMPERSAND = re.compile(r"&(?:#(\d{1,8}|[xX][0-9a-fA-F]{1,6});|(\w{1,40});)?")
_NO_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST_ENTITY = 44


class Entry(Struct):
    """One entry as it stands there: texts in HTML, `dates` in epoch seconds, `states` of elements called status."""

    title: str = ""
    texts: list[str] = field(default_factory=list)
    dates: list[float] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    id: str = ""
    link: str = ""
    cut: bool = False


def entries(body: bytes, content_type: str = "") -> Generator[None, None, list[Entry]]:
    """Return the entries of the feed `body`, in steps; raises `Unreadable` for what is none, or is not whole."""
    reader = _Reader()
    xml = BoundedXml(reader.start, reader.end, reader.text, doctype=True, encoding="utf-8")
    try:
        for text in _slices(body, content_type):
            xml.feed(_NO_XML.sub("", _AMPERSAND.sub(_reference, text)).encode(errors="replace"))
            if xml.complete:
                break
            yield
    except XmlRefused as error:
        raise Unreadable("feed.unreadable", f"broken RSS or Atom: {error}") from None
    if not xml.complete:
        raise Unreadable("feed.unreadable", "not RSS or Atom, or cut off in the middle")
    if not reader.titled:
        raise Unreadable("feed.unreadable", "not RSS or Atom: neither a feed nor a channel with a title")
    return reader.entries


def _slices(body: bytes, content_type: str) -> Iterator[str]:
    """Return the text of `body` without the space before it, in pieces that end in no entity.

    What cannot be decoded is replaced: words for a state are readable all the same.
    """
    codec, start = encoding_of(body, content_type)
    decoder = getincrementaldecoder(codec)("replace")
    kept, begun = "", False
    for at in range(start, len(body), _SLICE):
        text = kept + decoder.decode(body[at : at + _SLICE], at + _SLICE >= len(body))
        amp = text.rfind("&", max(0, len(text) - _LONGEST_ENTITY)) if at + _SLICE < len(body) else -1
        text, kept = (text[:amp], text[amp:]) if amp >= 0 else (text, "")
        text = text if begun else text.lstrip("\ufeff \t\r\n")
        begun = begun or bool(text)
        yield text


def _reference(found: re.Match[str]) -> str:
    """Return a reference as XML knows it; entities of HTML become what they mean, a bare ampersand itself."""
    number, name = found[1], found[2]
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        legal = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
        return found[0] if legal else " "
    if name in ("amp", "lt", "gt", "quot", "apos"):
        return found[0]
    meant = html5.get(f"{name};") if name else None
    return html.escape(meant) if meant else f"&amp;{found[0][1:]}"


class _Reader:
    """Takes the elements of a feed and keeps what of its entries is read."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.titled = False
        self._form = self._prefix = ""
        self._path: list[str] = []
        self._entry: Entry | None = None
        self._entry_depth = self._fields = 0
        self._pieces: list[tuple[bool, str]] | None = None  # of the field that is being read; whether it is markup
        self._size = 0

    def start(self, name: str, attributes: list[str]) -> None:
        """Take the beginning of an element."""
        given = dict(zip(attributes[::2], attributes[1::2], strict=True))
        if not self._path:
            self._begin(name, given)
        local = self._local(name)
        self._path.append(local)
        depth = len(self._path)
        if self._pieces is not None:
            self._piece(True, f"<{local.rpartition(':')[2]}>")
        elif self._entry is not None and depth == self._entry_depth + 1:
            self._field(local, given)
        elif local in ("item", "entry") and self._entry is None:
            if len(self.entries) >= ENTRIES:
                raise XmlRefused(f"more than {ENTRIES} entries")
            self._entry, self._entry_depth, self._fields = Entry(), depth, 0
        elif local == "title" and self._path[:-1] in (["rss", "channel"], ["rdf", "channel"], ["feed"]):
            self.titled = True

    def text(self, text: str) -> None:
        """Take text, which counts within a field only."""
        if self._pieces is not None:
            self._piece(False, text)

    def end(self, _: str) -> None:
        """Take the end of the innermost element."""
        local = self._path.pop()
        if self._entry is None:
            return
        depth = len(self._path)
        if self._pieces is not None and depth == self._entry_depth:
            self._keep(self._entry, local)
        elif self._pieces is not None:
            self._piece(True, f"</{local.rpartition(':')[2]}>")
        elif depth < self._entry_depth:
            self.entries.append(self._entry)
            self._entry = None

    def _begin(self, name: str, given: dict[str, str]) -> None:
        self._prefix, _, local = name.lower().rpartition(":")
        self._form = _ROOTS.get(local, "")
        space = given.get(f"xmlns:{self._prefix}" if self._prefix else "xmlns", "").lower()
        if not self._form or (self._form == "atom" and "atom" not in space):
            raise XmlRefused(f"neither RSS nor Atom but {in_quotes(name, 40)}")

    def _local(self, name: str) -> str:
        """Return an element's name without the prefix of the feed itself; foreign ones keep theirs."""
        prefix, _, local = name.lower().rpartition(":")
        return local if prefix in _OWN or prefix == self._prefix else f"{prefix}:{local}"

    def _field(self, local: str, given: dict[str, str]) -> None:
        entry = self._entry
        if entry is None or local not in _FIELDS:
            return
        self._fields += 1
        if self._fields > FIELDS:
            raise XmlRefused(f"an entry of more than {FIELDS} fields")
        if local == "link" and given.get("href") and given.get("rel", "alternate") == "alternate":
            entry.link = entry.link or given["href"]
        if local == "category" and given.get("term"):
            entry.categories.append(given["term"][:100])
        self._pieces, self._size = [], 0

    def _piece(self, markup: bool, text: str) -> None:
        if self._pieces is None or self._entry is None:
            return
        room = LENGTH - self._size
        if len(text) > room:
            self._entry.cut = True
        if room > 0:
            self._pieces.append((markup, text if markup else text[:room]))
            self._size += len(text)

    def _keep(self, entry: Entry, local: str) -> None:
        pieces, self._pieces = self._pieces or [], None
        nested = any(markup for markup, _ in pieces)  # such as XHTML, whose text is no HTML of its own
        value = "".join(text if markup or not nested else html.escape(text) for markup, text in pieces).strip()
        if local in _TEXTS:
            # What is written out in full goes before its summary.
            entry.texts.insert(0 if local.startswith("content") else len(entry.texts), value)
        elif local in _DATES:
            entry.dates += [] if (moment := moment_of(value)) is None else [moment]
        elif local == "title":
            entry.title = entry.title or value
        elif local in ("guid", "id"):
            entry.id = entry.id or value
        elif local == "link":
            entry.link = entry.link or value
        elif value:
            (entry.categories if local == "category" else entry.states).append(value[:100])
