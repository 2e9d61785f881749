"""The lines of SMTP (RFC 5321) as a client reads and writes them, within bounds, and what an answer means.

What is shown of an answer is masked: no address, and nothing that we said ourselves, stands in `words`.
"""

import re
import socket
from collections.abc import Iterable
from typing import NamedTuple

from outagetui.core.hosts import unzoned
from outagetui.core.masking import mask_answer, names_of, quote_answer
from outagetui.core.model import Outcome
from outagetui.net.stream import Stream
from outagetui.net.trouble import Trouble, fail
from outagetui.protocols.throttling import in_words, is_throttled

LINE_LIMIT = 4096  # RFC 5321 allows 512
LINES_LIMIT = 128
CLOSING = 421
TLS_FIRST = 530  # or a login (RFC 3207 section 4, RFC 4954 section 6)
_TOO_MANY_RECIPIENTS = "4.5.3"  # RFC 3463: of one message, which says nothing of how often we come
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_NOT_KNOWN = (500, 501, 502, 504)  # how servers without EHLO answer it (RFC 5321 section 3.2)
# Old servers write `AUTH=PLAIN LOGIN`, some both forms, which mail programs take for the same.
_SEPARATORS = re.compile(r"[\s=]+")
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class SmtpReply(NamedTuple):
    """A whole reply: its code, the text of each line, and the words of ours that must not be shown from it."""

    code: int
    lines: tuple[str, ...]
    private: frozenset[str] = frozenset()

    @property
    def said(self) -> str:
        """The text on one line, as shown to people."""
        return mask_answer(" ".join(self.lines), self.private)

    @property
    def words(self) -> str:
        """The reply on one line, as shown to people."""
        return f"{self.code} {self.said}".rstrip()

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 3463), such as 5.7.1; empty without one."""
        found = _STATUS.match(self.lines[0]) if self.lines else None
        return found[0] if found else ""

    @property
    def taken(self) -> bool:
        """Whether it is a yes: a client goes by the first digit (RFC 5321 section 4.2)."""
        return 200 <= self.code < 300

    @property
    def later(self) -> bool:
        """Whether it asks to come again, as greylisting does: the mail is late, and not refused."""
        return 400 <= self.code < 500 and not self.elsewhere

    @property
    def throttled(self) -> bool:
        """Whether it is refused for now because we come too often, which is our own doing."""
        return 400 <= self.code < 500 and self.status != _TOO_MANY_RECIPIENTS and is_throttled(self.said)

    @property
    def crowded(self) -> bool:
        """Whether one message has too many recipients for it, and the others want another (RFC 5321 4.5.3.1.10)."""
        said = self.status[1:] == _TOO_MANY_RECIPIENTS[1:] or "too many recipients" in self.said.lower()
        return self.code in (452, 552) and said

    @property
    def elsewhere(self) -> bool:
        """Whether this server ends the session, so that a client tries the next address (RFC 5321 section 3.8)."""
        return self.code == CLOSING


class RefusedError(Trouble):
    """The server answered `what` with another code than the one needed: `smtp.NNN`.

    It is a warning where an envelope or a message is asked to come `later`, which every sender does by itself, and
    unknown `smtp.throttled` where we come too often.
    """

    def __init__(self, reply: SmtpReply, what: str, *, outcome: Outcome = Outcome.FAIL) -> None:
        said = f"{what}: {reply.words}"
        if reply.throttled:
            super().__init__(Outcome.UNKNOWN, "smtp.throttled", in_words(said))
        else:
            super().__init__(outcome, f"smtp.{reply.code}", said)
        self.reply = reply


class DoorError(RefusedError):
    """The server serves nobody at this address, or not us: it said so instead of a greeting (RFC 5321 section 3.1)."""


class SmtpConnection:
    """A client's side of the dialogue. Every method may raise `Trouble` `smtp.NNN`, `smtp.protocol`, `smtp.closed`."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.extensions: dict[str, str] = {}
        self._private: frozenset[str] = frozenset()

    def keep_private(self, words: Iterable[str]) -> None:
        """Show `words`, which we say in this dialogue, of no reply from now on."""
        self._private |= frozenset(words)

    async def read(self) -> SmtpReply:
        """Return the next reply, of one or more lines."""
        code = 0
        lines: list[str] = []
        while len(lines) < LINES_LIMIT:
            line = await self.stream.read_line(LINE_LIMIT)
            if line is None:
                fail("smtp.closed", "the server closed the connection")
            match = _LINE.fullmatch(line)
            if match is None or code not in (0, int(match[1])):
                fail("smtp.protocol", f"not an SMTP reply: {quote_answer(line, self._private)}")
            code = int(match[1])
            lines.append((match[3] or b"").decode("utf-8", "replace"))
            if match[2] != b"-":
                return SmtpReply(code, tuple(lines), self._private)
        return fail("smtp.protocol", f"a reply of more than {LINES_LIMIT} lines")

    async def greet(self) -> SmtpReply:
        """Wait for the banner; raises DoorError where there is another word."""
        reply = await self.read()
        if not reply.taken:
            raise DoorError(reply, "greeting")
        return reply

    async def command(self, line: str) -> SmtpReply:
        """Send one command and return its reply, whatever it is."""
        await self.stream.write(f"{line}\r\n".encode())
        return await self.read()

    async def envelope(self, sender: str, recipients: Iterable[str]) -> dict[str, SmtpReply]:
        """Begin a message and return the replies to the recipients that are not taken, by their address.

        Raises RefusedError where the sender is not taken, and where the session ends (421).
        """
        envelope(await self.command(f"MAIL FROM:<{sender}>"), "MAIL FROM")
        turned_away: dict[str, SmtpReply] = {}
        for each in recipients:
            self.keep_private(names_of(each))
            reply = await self.command(f"RCPT TO:<{each}>")
            if reply.elsewhere:
                envelope(reply, "RCPT TO")
            if not reply.taken:
                turned_away[each] = reply
        return turned_away

    async def give(self, message: bytes) -> SmtpReply:
        """Give `message` to the recipients that were taken, and return the server's words of acceptance."""
        envelope(await self.command("DATA"), "DATA", 354)
        # Lines end in CRLF, whatever they ended in, and a dot of their own is doubled (RFC 5321 section 4.5.2).
        lines = [b"." + line if line.startswith(b".") else line for line in message.splitlines()]
        await self.stream.write(b"\r\n".join([*lines, b".", b""]))
        return envelope(await self.read(), "message")

    async def hello(self) -> None:
        """Say EHLO, or HELO where that is not known, and learn the extensions."""
        name = own_name(self.stream)
        reply = await self.command(f"EHLO {name}")
        if reply.code in _NOT_KNOWN:
            reply = await self.command(f"HELO {name}")
        expect(reply, 250, "EHLO")
        self.extensions = {}
        for line in reply.lines[1:]:
            keyword, *parameters = _SEPARATORS.split(line.strip())
            known = self.extensions.get(keyword.upper(), "")
            self.extensions[keyword.upper()] = f"{known} {' '.join(parameters).upper()}".strip()


def expect(reply: SmtpReply, code: int, what: str, *, outcome: Outcome = Outcome.FAIL) -> SmtpReply:
    """Return `reply` if it is of the kind of `code`, its first digit, else raise RefusedError."""
    if reply.code // 100 != code // 100:
        raise RefusedError(reply, what, outcome=outcome)
    return reply


def envelope(reply: SmtpReply, what: str, code: int = 250) -> SmtpReply:
    """As `expect` for what is asked of a message: one judgement for whoever sends, or looks whether one could.

    Later (4xx) is a warning, since senders come again; an ended session (421) and every no (5xx) are failures.
    """
    return expect(reply, code, what, outcome=Outcome.WARN if reply.later else Outcome.FAIL)


def own_name(stream: Stream) -> str:
    """Return how we name ourselves: the host's full name, else our address as a literal (RFC 5321 section 4.1.3)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = unzoned(stream.local)
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
