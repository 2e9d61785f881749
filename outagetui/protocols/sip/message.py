"""SIP messages (RFC 3261 section 7): what we write, and what came, read within bounds and without ever raising.

What cannot be read is None: malformed, and no answer to anything.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

MESSAGE_LIMIT = 65535  # bytes
_HEADERS_LIMIT = 256
_VALUE_LIMIT = 4096  # characters
_FOLD = re.compile(rb"\r\n[ \t]+")
_STATUS = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?", re.ASCII | re.IGNORECASE)
_REQUEST = re.compile(r"([A-Z]{1,20}) \S{1,2048} SIP/2\.0", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CSEQ = re.compile(r"(\d+)\s+([\w.!%*+`'~-]+)", re.ASCII)
_VIA = re.compile(r"SIP\s*/\s*2\.0\s*/\s*[A-Z-]+\s+[^;]*[^\s;][^;]*((?:;.*)?)", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^\s;,]+)", re.IGNORECASE)
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ADDRESS = re.compile(rf"(?:{_QUOTED}\s*|[^<\";]*)<([^<>]*)>(.*)", re.DOTALL)
_PARAMETER = re.compile(rf";\s*([^\s=;\"]+)(?:\s*=\s*({_QUOTED}|[^\s;\"]*))?\s*")
_PIECE = re.compile(r'[^",<>\\]+|\\.?|[",<>]', re.DOTALL)

# Names of one letter, as the IANA lists them.
_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}


class Incoming(Struct, frozen=True):
    """A message that came: `code` is 0 for a request, `method` the CSeq's; `headers` have lower-case names."""

    code: int
    phrase: str
    method: str
    seq: int
    call_id: str
    branch: str
    from_tag: str
    to_tag: str
    vias: int
    headers: dict[str, tuple[str, ...]]
    body: bytes

    def first(self, name: str) -> str:
        """Return the first value of a header, or an empty string."""
        return self.headers.get(name, ("",))[0]

    def every(self, name: str) -> list[str]:
        """Return every element of a header that is a list, verbatim and in order."""
        return [element for value in self.headers.get(name, ()) for element in elements(value)]

    @property
    def words(self) -> str:
        """The status as shown to people."""
        return f"{self.code} {self.phrase}".strip()


def parse(data: bytes) -> Incoming | None:
    """Return the message in `data`, or None when it is none that could be acted upon."""
    try:
        return _parse(data)
    except Exception:  # a parser's surprise at hostile bytes is not ours to die of
        return None


def _parse(data: bytes) -> Incoming | None:
    head, end, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not end or len(data) > MESSAGE_LIMIT:
        return None
    text = _FOLD.sub(b" ", head).decode("utf-8", "replace")
    start, *lines = text.split("\r\n")
    code, request = _STATUS.fullmatch(start), _REQUEST.fullmatch(start)
    if len(lines) > _HEADERS_LIMIT or not (code or request):
        return None
    if any(len(line) > _VALUE_LIMIT or _CONTROL.search(line) for line in (start, *lines)):
        return None
    if any(":" not in line for line in lines):
        return None
    headers = _headers(lines)
    cseq = _CSEQ.fullmatch(headers["cseq"][0])
    vias = [element for value in headers["via"] for element in elements(value)]
    via = _VIA.fullmatch(vias[0])
    branch = _BRANCH.search(via[1]) if via else None
    if (
        via is None
        or cseq is None
        or any(len(headers.get(name, ())) != 1 for name in ("cseq", "call-id", "from", "to"))
    ):
        return None
    if request and request[1] != cseq[2]:
        return None
    length = headers.get("content-length", (str(len(body)),))[0]
    if not (length.isascii() and length.isdigit()) or int(length) > len(body):
        return None
    return Incoming(
        code=int(code[1]) if code else 0,
        phrase=(code[2] or "") if code else "",
        method=cseq[2],
        seq=int(cseq[1]),
        call_id=headers["call-id"][0],
        branch=branch[1] if branch else "",
        from_tag=parameters(headers["from"][0]).get("tag", ""),
        to_tag=parameters(headers["to"][0]).get("tag", ""),
        vias=len(vias),
        headers=headers,
        body=body[: int(length)],
    )


def _headers(lines: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.rstrip().lower()
        name = _COMPACT.get(name, name)
        found[name] = (*found.get(name, ()), value.strip())
    return found


def uri_of(value: str) -> str:
    """Return the URI in a Contact, Route, From or To value, in angle brackets or without; nothing where none is."""
    found = _ADDRESS.fullmatch(value)
    if found is None:
        return "" if "<" in value else value.partition(";")[0].strip()
    return found[1].strip()


def parameters(value: str) -> dict[str, str]:
    """Return the parameters of such a value, not those of its URI in brackets; names in lower case, no quotes."""
    found = _ADDRESS.fullmatch(value)
    rest = found[2] if found else "".join(value.partition(";")[1:])
    return {name.lower(): given.strip('"') for name, given in reversed(_PARAMETER.findall(rest))}


def elements(value: str) -> list[str]:
    """Split a header's value at its commas, not at those within quotes or angle brackets."""
    found, quoted, bracketed = [""], False, False
    for piece in _PIECE.findall(value):
        if piece == '"' and not bracketed:
            quoted = not quoted
        elif piece in ("<", ">") and not quoted:
            bracketed = piece == "<"
        if piece == "," and not quoted and not bracketed:
            found.append("")
        else:
            found[-1] += piece
    return [each.strip() for each in found if each.strip()]


def compose(start: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """Return a message's bytes; its Content-Length is added."""
    lines = [start, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}"]
    return "\r\n".join((*lines, "", "")).encode() + body


class Reply(Struct, frozen=True):
    """What we say to a request: the status, headers beyond those every reply has, and a body."""

    status: str
    more: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def answer(request: Incoming, reply: Reply, tag: str) -> bytes:
    """Return our reply to a request that came (RFC 3261 section 8.2.6); `tag` is ours."""
    to = request.first("to")
    headers = [("Via", via) for via in request.headers["via"]]
    headers += [("From", request.first("from")), ("To", to if request.to_tag else f"{to};tag={tag}")]
    headers += [("Call-ID", request.call_id), ("CSeq", f"{request.seq} {request.method}"), *reply.more]
    return compose(f"SIP/2.0 {reply.status}", headers, reply.body)


class Framer:
    """Cuts a byte stream into messages by Content-Length (RFC 3261 section 18.3)."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that `data` completed. Raises ValueError when the stream cannot be cut any more."""
        self._data += data
        found = []
        while True:
            self._data = self._data.lstrip(b"\r\n")  # keep-alives (RFC 5626 section 3.5.1)
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                break
            size = end + 4 + _content_length(self._data[:end])
            if size > MESSAGE_LIMIT:
                raise ValueError("a message is longer than 64 KiB")
            if len(self._data) < size:
                break
            found.append(self._data[:size])
            self._data = self._data[size:]
        if len(self._data) > MESSAGE_LIMIT:
            raise ValueError("a message is longer than 64 KiB")
        return found


_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,9})[ \t]*(?=\r\n|$)", re.IGNORECASE)


def _content_length(head: bytes) -> int:
    found = _LENGTH.search(head)
    if found is None:
        raise ValueError("a message on a stream has no Content-Length")
    return int(found[1])
