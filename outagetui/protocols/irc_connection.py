"""The messages of IRC (RFC 1459, RFC 2812) as a client reads and writes them, within bounds."""

import asyncio
import re
from typing import NamedTuple

from outagetui.core.model import Outcome
from outagetui.core.text import clean
from outagetui.net.stream import Stream
from outagetui.net.trouble import Trouble, fail
from outagetui.protocols.throttling import is_throttled, throttled

LINE_LIMIT = 8191 + 512  # bytes: IRCv3 allows so many of tags before a message of RFC 2812
LINES_LIMIT = 4000  # a server's greeting is long, and an endless one is none
_FAIR = 32  # lines in a row before others get a turn
_BANNED = re.compile(r"\bbanned\b|\b[a-z]-?lined?\b|\bakill")  # K-line, D-line, G-line, Z-line: bans of a host
_NOT_LET_IN = re.compile(r"access denied|no authori[sz]ation|(?:not |un)authori[sz]ed")
_LATER = "try again later"  # which only a server of chats says to one host that comes again too soon


class Message(NamedTuple):
    """One message of the server's; `command` is upper-case, and a number where it is a reply."""

    source: str
    command: str
    params: tuple[str, ...]

    @property
    def words(self) -> str:
        """The last parameter, which is the text for people."""
        return clean(self.params[-1] if self.params else "", 200)


def parse(line: str) -> Message:
    """Return the message in `line`; tags are dropped."""
    if line.startswith("@"):
        line = line.partition(" ")[2].lstrip(" ")
    source = ""
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
    head, colon, trailing = line.lstrip(" ").partition(" :")
    command, *params = [word for word in head.split(" ") if word] or [""]
    return Message(source, command.upper(), (*params, trailing) if colon else tuple(params))


def refusal(words: str) -> Trouble:
    """Return what an ERROR before the welcome means, which only its words tell (RFC 2812 section 3.7.4)."""
    said = words.lower()
    if "sasl" in said or "account required" in said:
        words = f"the server lets in only by SASL or to an account, which outagetui does not speak: {words}"
        return Trouble(Outcome.UNKNOWN, "irc.auth-missing", words)
    if is_throttled(said) or _LATER in said:
        return throttled("irc.throttled", words)
    # Many servers say only here that a password is missing or wrong, and some not even that it is the password.
    if "password" in said:
        return Trouble(Outcome.FAIL, "irc.not-authorized", f"ERROR {words}")
    if _NOT_LET_IN.search(said):
        words = f"ERROR {words}: a password is missing or wrong, or clients from here are not let in"
        return Trouble(Outcome.FAIL, "irc.not-authorized", words)
    return Trouble(Outcome.FAIL, "irc.banned" if _BANNED.search(said) else "irc.error", f"ERROR {words}")


class IrcConnection:
    """A client's side of the connection. Every method may raise `Trouble`, its codes as in `outagetui.probes.irc`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._lines = 0

    async def send(self, *messages: str) -> None:
        """Send each message on a line of its own."""
        await self._stream.write("".join(f"{message}\r\n" for message in messages).encode())

    async def read(self) -> Message:
        """Return the next message that matters: PING is answered here, and ERROR is the server's last word."""
        while True:
            line = await self._stream.read_line(LINE_LIMIT)
            if line is None:
                fail("irc.closed", "the server closed the connection")
            self._lines += 1
            if self._lines % _FAIR == 0:
                await asyncio.sleep(0)  # lines that have come already are read without a wait
            if self._lines > LINES_LIMIT:
                fail("irc.protocol", f"more than {LINES_LIMIT} lines and no end")
            message = parse(line.decode("utf-8", "replace"))
            if message.command == "ERROR":
                raise refusal(message.words)
            if message.command != "PING":
                return message
            await self.send(f"PONG :{message.params[-1] if message.params else ''}")
