"""The lines of SMTP (RFC 5321) as a client reads and writes them, within bounds."""

import re
import socket
from typing import NamedTuple

from outagetui.net.stream import Stream
from outagetui.net.trouble import fail

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


class SmtpTalk:
    """A client's side of the dialogue. Every method may raise `Trouble` `smtp.NNN`, `smtp.protocol`, `smtp.closed`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.extensions: dict[str, str] = {}

    async def read(self) -> SmtpReply:
        """Return the next reply, of one or more lines."""
        code = 0
        lines: list[str] = []
        while len(lines) < LINES_LIMIT:
            line = await self._stream.read_line(LINE_LIMIT)
            if line is None:
                fail("smtp.closed", "the server closed the connection")
            match = _LINE.fullmatch(line)
            if match is None or code not in (0, int(match[1])):
                fail("smtp.protocol", f"not an SMTP reply: {line[:80]!r}")
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
        await self._stream.write(f"{line}\r\n".encode())
        return await self.read()

    async def hello(self) -> None:
        """Say EHLO, or HELO where that is not known, and learn the extensions."""
        name = own_name(self._stream)
        reply = await self.command(f"EHLO {name}")
        if reply.code in (500, 502):
            reply = await self.command(f"HELO {name}")
        expect(reply, 250, "EHLO")
        words = [line.partition(" ") for line in reply.lines[1:]]
        self.extensions = {keyword.upper(): parameters.upper() for keyword, _, parameters in words}


def expect(reply: SmtpReply, code: int, what: str) -> SmtpReply:
    """Return `reply` if it has `code`, else fail as `smtp.NNN`."""
    if reply.code != code:
        fail(f"smtp.{reply.code}", f"{what}: {reply.words}")
    return reply


def own_name(stream: Stream) -> str:
    """Return how we name ourselves: the host's full name, else our address as a literal (RFC 5321 section 4.1.3)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = stream.local
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
