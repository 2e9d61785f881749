"""XML from outside, read within bounds: nothing it defines itself, no endless depth, crowd or tag. Pure.

What expat holds of an unfinished tag and what elements cost are told by no length of a document, so both are counted.
"""

from collections.abc import Callable
from xml.parsers import expat

DEPTH = 100  # elements within each other
ELEMENTS = 100_000  # of one document
ATTRIBUTES = 256  # of one element
STANZA = 20_000  # elements of one stanza (RFC 6120), such as the list of a great room's members
_TOKEN = 64 * 1024  # bytes of one tag, comment or instruction
_SLICE = 16 * 1024  # bytes between two looks at the bounds


class XmlRefused(ValueError):  # noqa: N818 - what the document is, whoever erred
    """It is not XML, or more of it than is read; the message is for people."""


def _ignored(*_: object) -> None:
    pass


class BoundedXml:
    """Reads XML as it comes and tells of elements and text; raises `XmlRefused` as soon as a bound is passed.

    Namespaces are not resolved: a name stands as it is written, its attributes as a list of names and values in turn.
    `every` is how deep those elements lie for each of which `elements` are counted anew: 0 for a document, 1 for the
    stanzas of a stream. `doctype` says whether a document type without definitions is borne.
    """

    def __init__(
        self,
        start: Callable[[str, list[str]], None] = _ignored,
        end: Callable[[str], None] = _ignored,
        text: Callable[[str], None] = _ignored,
        *,
        elements: int = ELEMENTS,
        every: int = 0,
        doctype: bool = False,
        encoding: str | None = None,
    ) -> None:
        self._start, self._end, self._elements, self._every = start, end, elements, every
        self._fed = self._depth = self._count = 0
        self.complete = False
        parser = self._parser = expat.ParserCreate(encoding)
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._opened
        parser.EndElementHandler = self._closed
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._doctype if doctype else self._forbidden
        parser.EntityDeclHandler = self._entity

    def feed(self, data: bytes) -> None:
        """Take what has come. What follows the end of the document is not looked at."""
        for at in range(0, len(data), _SLICE):
            if self.complete:
                return
            piece = data[at : at + _SLICE]
            self._fed += len(piece)
            try:
                self._parser.Parse(piece, False)
            except expat.ExpatError as error:
                if not self.complete:
                    raise XmlRefused(f"not XML: {expat.errors.messages[error.code]}, line {error.lineno}") from None
            except (LookupError, UnicodeError, ValueError) as error:
                if isinstance(error, XmlRefused):
                    raise
                raise XmlRefused("not XML: an encoding that cannot be read") from None
            if self._fed - max(self._parser.CurrentByteIndex, 0) > _TOKEN and not self.complete:
                raise XmlRefused(f"a tag of more than {_TOKEN >> 10} KiB")

    def _opened(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > DEPTH:
            raise XmlRefused(f"more than {DEPTH} elements within each other")
        if self._count > self._elements:
            raise XmlRefused(f"more than {self._elements} elements")
        if len(attributes) > 2 * ATTRIBUTES:
            raise XmlRefused(f"an element with more than {ATTRIBUTES} attributes")
        self._start(name, attributes)

    def _closed(self, name: str) -> None:
        self._depth -= 1
        self._end(name)
        if self._depth <= self._every:
            self._count = 0
        self.complete = self._depth == 0

    def _doctype(self, _name: str, _system: str | None, _public: str | None, definitions: bool) -> None:
        if definitions:
            raise XmlRefused("it declares entities of its own, which nobody needs")

    def _forbidden(self, *_: object) -> None:
        raise XmlRefused("a document type, which is forbidden here")

    def _entity(self, *_: object) -> None:
        raise XmlRefused("it declares entities of its own, which nobody needs")
