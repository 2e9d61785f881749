"""The lines of IMAP (RFC 9051, RFC 3501) as a client reads and writes them, within bounds.

What is shown of an answer is masked: no address, and nothing that we said ourselves, stands in `said`.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple, NoReturn

from outagetui.core.masking import mask_answer, quote_answer
from outagetui.net.stream import Stream
from outagetui.net.trouble import fail, unknown
from outagetui.protocols.throttling import is_throttled, throttled

LINE_LIMIT = 64 * 1024  # a SEARCH in a large mailbox answers on one line
LITERAL_LIMIT = 256 * 1024
REPLY_LIMIT = 4 * 1024 * 1024  # bytes of all that answers one command
LINES_LIMIT = 20_000  # a line for each message that somebody else deletes or flags at that moment
_PIECE = 64  # bytes that a line or literal costs beside its own
_LITERAL = re.compile(rb"\{(\d{1,10})\+?\}\Z")
_DONE = re.compile(r"(OK|NO|BAD)(?: +(.*))?", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"\s*\[([^\]]*)\]")
_UNTAGGED = re.compile(r"\* +(OK|NO|BAD|BYE|PREAUTH)\b ?(.*)", re.IGNORECASE | re.DOTALL)
_NEXT_UID = re.compile(r"\* +(?:OK +\[)?UIDNEXT +(\d{1,10})(?!\d)", re.IGNORECASE | re.ASCII)
_CAPABILITY = re.compile(r"\* +CAPABILITY\s+(.*)", re.IGNORECASE | re.DOTALL)
# What people may read can end in braces; only data holds literals (RFC 9051 section 9, resp-text).
_WORDS = re.compile(rb"\+|\* +(?:OK|NO|BAD|BYE|PREAUTH)\b|[a-z]\d+ +(?:OK|NO|BAD)\b", re.IGNORECASE)
_TOO_OFTEN = "LIMIT"  # RFC 5530
_NOT_LIMITS = (
    "AUTHENTICATIONFAILED",
    "AUTHORIZATIONFAILED",
    "EXPIRED",
    "OVERQUOTA",
)  # which a server's words do not undo
Respond = Callable[[str], Awaitable[bytes]]


class ImapLine(NamedTuple):
    """One response: its text without its literals, and those in order."""

    text: str
    literals: tuple[bytes, ...] = ()


class ImapReply(NamedTuple):
    """What answered a command: OK, NO or BAD, the words behind it, and the untagged lines before it."""

    status: str
    words: str
    lines: tuple[ImapLine, ...]
    private: frozenset[str] = frozenset()

    @property
    def said(self) -> str:
        """The words as shown to people."""
        return mask_answer(self.words, self.private)

    @property
    def code(self) -> str:
        """The response code in brackets, such as AUTHENTICATIONFAILED; empty without one."""
        found = _CODE.match(self.words)
        return found[1].upper() if found else ""

    @property
    def throttled(self) -> bool:
        """Whether it was refused because we come too often, which is our own doing."""
        return self.status == "NO" and _is_throttled(self.words)

    def number(self, name: str) -> int | None:
        """Return the last N that was told as `* N NAME`, such as EXISTS."""
        found = [re.fullmatch(rf"\* (\d{{1,10}}) {name}", line.text, re.IGNORECASE) for line in self.lines]
        return next((int(each[1]) for each in reversed(found) if each), None)

    @property
    def next_uid(self) -> int | None:
        """Return the UID that the next message will have, as an opened mailbox tells it; None where it does not."""
        found = (_NEXT_UID.match(line.text) for line in self.lines)
        return next((int(each[1]) for each in found if each), None)


class ImapConnection:
    """A client's side of the dialogue. Every method may raise `Trouble` `imap.protocol`, `imap.bye`, `imap.closed`.

    Where the server ends the session because we come too often, that is unknown `imap.throttled`, and unknown
    `imap.too-much` where we read no more of an answer.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._number = 0
        self._size = 0
        self._private: frozenset[str] = frozenset()
        self.capabilities: frozenset[str] = frozenset()
        self.logged_in = False

    def keep_private(self, words: Iterable[str]) -> None:
        """Show `words`, which we say in this dialogue, of no answer from now on."""
        self._private |= frozenset(words)

    async def greet(self) -> str:
        """Wait for the greeting and return its words; `logged_in` tells of a PREAUTH."""
        line = await self._line()
        found = _UNTAGGED.fullmatch(line.text)
        word = found[1].upper() if found else ""
        if found is None or word in ("NO", "BAD"):
            fail("imap.protocol", f"not an IMAP greeting: {quote_answer(line.text, self._private)}")
        if word == "BYE":
            _bye(found[2], f"refused at the door: {mask_answer(found[2])}")
        self.logged_in = word == "PREAUTH"
        self._learn(found[2])
        return found[2]

    async def command(
        self,
        command: str,
        answers: Sequence[bytes] = (),
        *,
        respond: Respond | None = None,
        farewell: bool = False,
    ) -> ImapReply:
        """Send one command and return what came; `answers` are given one by one where the server says to go on.

        When those are used up, `respond` is asked for what answers the words behind the server's plus. A BYE is
        a failure unless it is the `farewell` that LOGOUT asks for.
        """
        self._number += 1
        self._size = 0
        tag = f"a{self._number}"
        await self._stream.write(f"{tag} {command}\r\n".encode())
        verb = command.partition(" ")[0]
        lines: list[ImapLine] = []
        waiting = list(answers)
        while len(lines) < LINES_LIMIT:
            line = await self._line()
            if not line.text:  # one too many, as some servers send between two answers
                lines.append(line)
            elif line.text.startswith("+"):
                if not waiting and respond is None:
                    fail(
                        "imap.protocol",
                        f"asked to go on with {verb}, which is whole: {quote_answer(line.text, self._private)}",
                    )
                next_one = waiting.pop(0) if waiting or respond is None else await respond(line.text[1:].strip())
                await self._stream.write(next_one + b"\r\n")
            elif line.text.startswith(f"{tag} "):
                done = _DONE.fullmatch(line.text[len(tag) + 1 :])
                if done is None:
                    fail("imap.protocol", f"no proper end of {verb}: {quote_answer(line.text, self._private)}")
                self._learn(done[2] or "")
                return ImapReply(done[1].upper(), done[2] or "", tuple(lines), self._private)
            elif line.text.startswith("* "):
                found = _UNTAGGED.fullmatch(line.text)
                if found and found[1].upper() == "BYE" and not farewell:
                    _bye(found[2], f"the server ended the session: {mask_answer(found[2], self._private)}")
                told = _CAPABILITY.fullmatch(line.text)
                self._learn(f"[CAPABILITY {told[1]}]" if told else found[2] if found else "")
                lines.append(line)
            else:
                fail("imap.protocol", f"not an IMAP answer: {quote_answer(line.text, self._private)}")
        return unknown("imap.too-much", f"more than {LINES_LIMIT} lines in answer to {verb}, and more are not read")

    def forget(self) -> None:
        """Drop what was learned before TLS: anybody on the way could have said it (RFC 9051 section 6.2.1)."""
        self.capabilities = frozenset()

    def _learn(self, words: str) -> None:
        found = _CODE.match(words)
        if found and found[1].upper().startswith("CAPABILITY "):
            self.capabilities = frozenset(found[1].upper().split()[1:])

    async def _line(self) -> ImapLine:
        texts: list[bytes] = []
        literals: list[bytes] = []
        while True:
            text = await self._stream.read_line(LINE_LIMIT)
            if text is None:
                fail("imap.closed", "the server closed the connection")
            if not text and _is_open(texts):  # some servers send an empty line too many behind a literal
                self._count(0)
                continue
            texts.append(text)
            self._count(len(text))
            announced = None if len(texts) == 1 and _WORDS.match(text) else _LITERAL.search(text)
            if announced is None:
                return ImapLine(b"".join(texts).decode("utf-8", "replace"), tuple(literals))
            size = int(announced[1])
            if size > LITERAL_LIMIT:
                fail("imap.protocol", f"a literal of {size} bytes, more than any answer to us holds")
            self._count(size)
            literals.append(await self._exactly(size))

    def _count(self, size: int) -> None:
        self._size += size + _PIECE
        if self._size > REPLY_LIMIT:
            unknown(
                "imap.too-much", f"more than {REPLY_LIMIT >> 20} MiB in answer to one command, and more is not read"
            )

    async def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            more = await self._stream.read(size - len(data))
            if not more:
                fail("imap.closed", "the server closed the connection within a literal")
            data += more
        return bytes(data)


def _is_open(texts: list[bytes]) -> bool:
    """Tell whether a list that began in `texts` goes on, so that what comes next is part of it."""
    return sum(text.count(b"(") - text.count(b")") for text in texts) > 0


def expect(reply: ImapReply, what: str, code: str = "imap.protocol") -> ImapReply:
    """Return `reply` if it is OK; NO fails as `code`, BAD as `imap.protocol`; `imap.throttled` is unknown."""
    if reply.throttled:
        raise throttled("imap.throttled", f"{what}: {reply.said}")
    if reply.status == "NO":
        fail(code, f"{what}: {reply.said}")
    if reply.status != "OK":
        fail("imap.protocol", f"{what}: {reply.status} {reply.said}")
    return reply


def _is_throttled(words: str) -> bool:
    found = _CODE.match(words)
    code = found[1].upper().partition(" ")[0] if found else ""
    return code == _TOO_OFTEN or (code not in _NOT_LIMITS and is_throttled(words))


def _bye(words: str, shown: str) -> NoReturn:
    if _is_throttled(words):
        raise throttled("imap.throttled", shown)
    fail("imap.bye", shown)
