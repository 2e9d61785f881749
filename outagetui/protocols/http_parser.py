"""Reading an HTTP/1 answer as browsers do: bytes in, status, header lines and body out (RFC 9112; pure and bounded).

Forgiven is what browsers forgive: a space before the colon, names with odd characters, lines without a colon, bare line
feeds, folded lines, empty lines ahead, a status line without a reason or with an odd version, equal repeated headers,
what follows after the end. Lengths that contradict each other, a body that is cut off and chunks that are none are the
server's failure. It makes no difference how the bytes were cut on their way.
"""

import re
from collections.abc import Callable
from typing import Final, NoReturn

from msgspec import Struct

HEADERS_LIMIT: Final = 256 * 1024  # bytes ahead of a body, which is also where Chromium stops
LINES_LIMIT: Final = 5000  # header lines of an answer; curl takes as many
INTERIM_LIMIT: Final = 16  # 1xx answers ahead of the real one
_LINE_LIMIT: Final = 16 * 1024  # bytes of a chunk's size with its extensions, as in Chromium

# Up to four bytes may stand before it, as in Chromium: what an earlier answer left behind, or a byte-order mark.
_STATUS = re.compile(
    rb"[^\n]{0,4}?HTTP/(\d{1,3})(?:\.(\d{1,3}))?[ \t]+(\d{3})(?!\d)[ \t]*(.*)", re.IGNORECASE | re.DOTALL
)
_BEGINS = re.compile(rb"[^\n]{0,4}?HTTP/", re.IGNORECASE)
_DECIDES = 9  # bytes that tell whether it is HTTP at all
_BLANK = b" \t\r\n"
_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"0*([0-9A-Fa-f]{1,16})")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})\r\n")
_SETTINGS = re.compile(rb"\x00[\x00-\xff]{2}\x04\x00\x00\x00\x00\x00", re.DOTALL)  # an HTTP/2 server's first frame


class NotHttpError(ValueError):
    """The answer is not proper HTTP; the words say why, without anything of the answer."""


class SpeaksHttp2Error(NotHttpError):
    """The far side speaks HTTP/2 whatever it is asked."""


class Head(Struct, frozen=True):
    """Status line and header lines of an answer, in order, names in lower case."""

    status: int
    version: str
    lines: tuple[tuple[str, bytes], ...]

    def values(self, name: str) -> list[bytes]:
        """Return the different values of a header, in order."""
        return list(dict.fromkeys(value for each, value in self.lines if each == name))

    def tokens(self, name: str) -> list[str]:
        """Return the members of a header that is a list, in order and in lower case (RFC 9110 section 5.6.1)."""
        values = (value.decode("latin-1") for each, value in self.lines if each == name)
        return [word for value in values for each in value.split(",") if (word := each.strip().lower())]

    def headers(self) -> dict[str, str]:
        """Return the headers as text; different values of one name are joined by a comma, equal ones are one."""
        joined: dict[str, list[bytes]] = {}
        for name, value in dict.fromkeys(self.lines):
            joined.setdefault(name, []).append(value)
        return {name: b", ".join(values).decode("utf-8", "replace") for name, values in joined.items()}

    def location(self) -> str:
        """Return where a redirect leads, empty without one. Raises `NotHttpError` when it names two places."""
        found = [value for value in self.values("location") if value]
        if len(found) > 1:
            raise NotHttpError("it redirects to two places at once")
        if not found:
            return ""
        try:
            return found[0].decode()
        except UnicodeDecodeError:  # no text: a browser escapes such bytes one by one
            return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in found[0])


class AnswerParser:
    """Reads one answer to a request of `method`; at most `limit` bytes of its body are kept.

    `head` is there as soon as it is complete, `body` grows, `truncated` tells that there was more than is read, `done`
    that no more is needed. `codings` are the transfer codings beside chunked, in the order in which they were applied;
    `rest` is what came right behind a `101`, where one is `upgrading`.
    """

    def __init__(self, method: str, limit: int, *, upgrading: bool = False) -> None:
        self.head: Head | None = None
        self.body = bytearray()
        self.truncated = False
        self.done = False
        self.rest = b""
        self.codings: tuple[str, ...] = ()
        self._method, self._limit, self._upgrading = method, limit, upgrading
        # Reads one thing and returns whether there may be more; unbound, so that no circle keeps a body in memory.
        self._step: Callable[[AnswerParser], bool] = AnswerParser._whole_head
        self._unread: bytes | bytearray = b""
        self._at = 0  # where in `_unread` the next line begins
        self._seen = 0  # bytes of `_unread` in which no line ends
        self._left = 0  # bytes of the body, or of a chunk, still to come
        self._whole = -1  # bytes of a body of known length
        self._framing = 0  # bytes around the chunks
        self._size = self._count = 0  # bytes and lines of the head so far
        self._interim = 0
        self._status: tuple[int, str] | None = None
        self._lines: list[tuple[str, list[bytes]]] = []

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises `NotHttpError`."""
        if self._unread:
            self._unread += data
        else:
            self._unread = data
        while not self.done and self._step(self):
            pass
        self._unread = bytearray(self._unread[self._at :]) if self._at < len(self._unread) else b""
        self._seen, self._at = max(0, self._seen - self._at), 0

    def close(self) -> None:
        """Take that the far side has closed the connection. Raises `NotHttpError` when the answer is not complete."""
        if self.done or self._step is AnswerParser._until_close:
            self.done = True
        elif self.head is None:
            self._not("it ends within its header lines" if _BEGINS.match(self._unread) else "it has no status line")
        elif self._whole >= 0:
            self._not(f"it was closed after {self._whole - self._left} of {self._whole} bytes")
        else:
            self._not("it was closed before its last chunk")

    def _line(self, limit: int, endless: str) -> bytes | None:
        """Take one line without its ending; None while it is not complete."""
        end = self._unread.find(b"\n", max(self._at, self._seen))
        if (len(self._unread) if end < 0 else end) - self._at > limit:
            self._not(endless)
        if end < 0:
            self._seen = len(self._unread)
            return None
        at, self._at = self._at, end + 1
        return bytes(self._unread[at : end - 1 if self._unread[end - 1 : end] == b"\r" and end > at else end])

    def _whole_head(self) -> bool:
        unread = self._unread
        while self._at < len(unread) and unread[self._at] in _BLANK:
            self._at += 1
            self._size += 1
        self._begin()
        end = _END.search(unread, max(self._at, self._seen - 3))
        self._seen = end.end() if end else len(unread)
        if self._size + (end.end() if end else len(unread)) - self._at > HEADERS_LIMIT:
            self._not(f"more than {HEADERS_LIMIT >> 10} KiB of header lines")
        if end is None:
            return False
        block = bytes(unread[self._at : end.start()])
        self._size += end.end() - self._at
        self._at = end.end()
        self._take(block.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        return True

    def _begin(self) -> None:
        """Refuse at once what is no HTTP, instead of waiting for a line of it that may never end."""
        start = bytes(self._unread[self._at : self._at + _DECIDES])
        if len(start) < _DECIDES:
            return
        if _SETTINGS.match(start):
            raise SpeaksHttp2Error("it speaks HTTP/2 only")
        if not _BEGINS.match(start):
            self._not("it has no status line")

    def _take(self, block: bytes) -> None:
        """Read a status line and header lines, which are separated by line feeds."""
        self._count += block.count(b"\n")
        if self._count > LINES_LIMIT:
            self._not(f"more than {LINES_LIMIT} header lines")
        if b"\0" in block:
            self._not("a NUL stands in its header lines")
        first, *lines = block.split(b"\n")
        found = _STATUS.fullmatch(first)
        if found is None:
            self._not("it has no status line")
        status = int(found[3])
        if status // 100 != 1 or (status == 101 and self._upgrading):
            self.head = Head(status, f"{int(found[1])}.{int(found[2] or 0)}", _unfolded(lines))
            self._frame(self.head)
            return
        self._interim += 1
        if status == 101:
            self._not("it changes to another protocol unasked")
        if self._interim > INTERIM_LIMIT:
            self._not("it never comes to the point")

    def _frame(self, head: Head) -> None:
        """Find out where the body ends (RFC 9112 section 6.3, and what browsers make of it)."""
        if head.status == 101:
            self.rest = bytes(self._unread[self._at :])
        if self._method == "HEAD" or head.status in (101, 204, 304):
            self.done = True
            return
        codings = head.tokens("transfer-encoding")
        self.codings = tuple(each for each in codings if each not in ("chunked", "identity"))
        if "chunked" in codings:
            self._step = AnswerParser._chunk_size
            return
        lengths = head.tokens("content-length")
        if len({each.lstrip("0") if each.isdigit() else each for each in lengths}) > 1:
            self._not("its lengths contradict each other")
        length = lengths[0] if lengths else ""
        if self.codings or not (length.isdigit() and len(length) < 20):
            self._step = AnswerParser._until_close
            return
        self._left = self._whole = int(length)
        self._step, self.done = AnswerParser._data, not self._left

    def _until_close(self) -> bool:
        self._keep(self._unread[self._at :])
        self._at = len(self._unread)
        return False

    def _data(self) -> bool:
        part = self._unread[self._at : self._at + self._left]
        self._at += len(part)
        self._left -= len(part)
        self._keep(part)
        if self._left:
            return False
        if self._whole >= 0:
            self.done = True
        else:
            self._step = AnswerParser._chunk_end
        return True

    def _keep(self, data: bytes | bytearray) -> None:
        self.body += data
        if len(self.body) > self._limit:
            del self.body[self._limit :]
            self.truncated = self.done = True

    def _chunk_size(self) -> bool:
        size = _SIZE.match(self._unread, self._at)
        if size is not None:
            around = size.end() - self._at
            self._at = size.end()
        else:  # with extensions, with spaces, not all of it, or none
            line = self._line(_LINE_LIMIT, "the size of a chunk does not end")
            if line is None:
                return False
            size = _CHUNK.fullmatch(line.partition(b";")[0].strip())
            around = len(line) + 1
        if size is None:
            self._not("a chunk has no size")
        self._left = int(size[1], 16)
        self._around(around)
        self._step = AnswerParser._data if self._left else AnswerParser._trailer
        return True

    def _chunk_end(self) -> bool:
        end = self._unread[self._at : self._at + 2]
        if end[:1] == b"\n" or end == b"\r\n":
            self._at += end.index(b"\n") + 1
            self._step = AnswerParser._chunk_size
            return True
        if end not in (bytearray(), bytearray(b"\r")):
            self._not("a chunk is longer than its size")
        return False

    def _trailer(self) -> bool:
        line = self._line(HEADERS_LIMIT, "a trailer does not end")
        if line is None:
            return False
        self._around(len(line) + 2)
        self.done = self.done or not line
        return True

    def _around(self, size: int) -> None:
        """Count bytes around the chunks, which may be far more than the data in them."""
        self._framing += size
        if self._framing > HEADERS_LIMIT + len(self.body):
            self.truncated = self.done = True

    def _not(self, words: str) -> NoReturn:
        raise NotHttpError(words)


def _unfolded(lines: list[bytes]) -> tuple[tuple[str, bytes], ...]:
    """Return header lines as names and values; a folded line goes on with the one before (RFC 9112 section 5.2)."""
    found: list[tuple[str, bytes]] = []
    folded: list[bytes] = []
    for line in reversed(lines):
        if line[:1] in (b" ", b"\t"):
            folded.append(line.strip())
            continue
        name, colon, value = line.partition(b":")
        if colon and (name := name.rstrip()):
            value = b" ".join((value.strip(), *reversed(folded))).strip() if folded else value.strip()
            found.append((name.lower().decode("latin-1"), value))
        folded = []
    return tuple(reversed(found))
