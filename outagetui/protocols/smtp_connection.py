"""The lines of SMTP (RFC 5321) as a client reads and writes them, within bounds."""

import re
import socket
from typing import NamedTuple

from outagetui.core.hosts import unzoned
from outagetui.core.model import Outcome
from outagetui.core.text import in_quotes
from outagetui.net.stream import Stream
from outagetui.net.trouble import Trouble, fail

LINE_LIMIT = 4096  # RFC 5321 allows 512
LINES_LIMIT = 128
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class SmtpReply(NamedTuple):
    """A whole reply: its code, and the text of each line."""

    code: int
    lines: tuple[str, ...]

    @property
    def words(self) -> str:
        """The reply on one line, as shown to people."""
        return f"{self.code} {' '.join(self.lines)}"

    @property
    def taken(self) -> bool:
        """Whether it takes the recipient that RCPT named."""
        return self.code in (250, 251, 252)


class RefusedError(Trouble):
    """The server answered `what` with another code than the one needed: `smtp.NNN`."""

    def __init__(self, reply: SmtpReply, what: str) -> None:
        super().__init__(Outcome.FAIL, f"smtp.{reply.code}", f"{what}: {reply.words}")
        self.reply = reply


class SmtpConnection:
    """A client's side of the dialogue. Every method may raise `Trouble` `smtp.NNN`, `smtp.protocol`, `smtp.closed`."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.extensions: dict[str, str] = {}

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
                fail("smtp.protocol", f"not an SMTP reply: {in_quotes(line)}")
            code = int(match[1])
            lines.append((match[3] or b"").decode("utf-8", "replace"))
            if match[2] != b"-":
                return SmtpReply(code, tuple(lines))
        return fail("smtp.protocol", f"a reply of more than {LINES_LIMIT} lines")

    async def greet(self) -> SmtpReply:
        """Wait for the banner."""
        return expect(await self.read(), 220, "greeting")

    async def command(self, line: str) -> SmtpReply:
        """Send one command and return its reply, whatever it is."""
        await self.stream.write(f"{line}\r\n".encode())
        return await self.read()

    async def give(self, message: bytes) -> SmtpReply:
        """Give `message` to the recipients that were taken, and return the server's words of acceptance."""
        expect(await self.command("DATA"), 354, "DATA")
        # Lines end in CRLF, whatever they ended in, and a dot of their own is doubled (RFC 5321 section 4.5.2).
        lines = [b"." + line if line.startswith(b".") else line for line in message.splitlines()]
        await self.stream.write(b"\r\n".join([*lines, b".", b""]))
        return expect(await self.read(), 250, "message")

    async def hello(self) -> None:
        """Say EHLO, or HELO where that is not known, and learn the extensions."""
        name = own_name(self.stream)
        reply = await self.command(f"EHLO {name}")
        if reply.code in (500, 502):
            reply = await self.command(f"HELO {name}")
        expect(reply, 250, "EHLO")
        words = [line.partition(" ") for line in reply.lines[1:]]
        self.extensions = {keyword.upper(): parameters.upper() for keyword, _, parameters in words}


def expect(reply: SmtpReply, code: int, what: str) -> SmtpReply:
    """Return `reply` if it has `code`, else raise RefusedError."""
    if reply.code != code:
        raise RefusedError(reply, what)
    return reply


def own_name(stream: Stream) -> str:
    """Return how we name ourselves: the host's full name, else our address as a literal (RFC 5321 section 4.1.3)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = unzoned(stream.local)
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
