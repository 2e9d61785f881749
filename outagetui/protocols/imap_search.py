"""Finding and deleting our own messages in a mailbox, and nobody else's: each holds a token that only we make."""

import email
import email.policy
import imaplib
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Literal, NamedTuple

from outagetui.protocols.imap_connection import ImapConnection, ImapLine, expect

PREFIX = "outagetui-probe-"
DAY = 86400.0
EXPUNGE_ALONE = frozenset({"UIDPLUS", "IMAP4REV2"})  # capabilities of servers that can expunge chosen messages
READ = 32 * 1024  # bytes of a message that are looked through
MOST = 50  # messages looked at in one go
_REMEMBERED = 500  # lost tokens; what is forgotten leaves by its age
_TOKEN = re.compile(rf"{PREFIX}[0-9a-f]{{32}}")
_UID = re.compile(r"\bUID (\d{1,10})\b", re.IGNORECASE)
Where = Literal["SUBJECT", "TEXT"]  # where the token stands: a search key of IMAP


class Found(NamedTuple):
    """A message that holds tokens; `arrived` is an epoch second, `answer` tells that it replies to another message."""

    uid: int
    tokens: frozenset[str]
    arrived: float
    answer: bool


class Trace:
    """One token on its way; `gone` says that no message with it can be in the mailbox."""

    def __init__(self) -> None:
        self.token = f"{PREFIX}{secrets.token_hex(16)}"
        self.sent = time.time()
        self.gone = True


class Traces:
    """The tokens of looks that ended before their message was deleted: out of time, cancelled, or cut off."""

    def __init__(self) -> None:
        self._lost: dict[str, float] = {}

    @contextmanager
    def trace(self) -> Iterator[Trace]:
        """Yield a new token; one not `gone` at the end of the block is lost, and the next look clears it away."""
        trace = Trace()
        try:
            yield trace
        finally:
            if not trace.gone:
                self._lost[trace.token] = trace.sent
                while len(self._lost) > _REMEMBERED:
                    del self._lost[next(iter(self._lost))]

    def forget(self, tokens: Iterable[str]) -> None:
        """Forget lost tokens whose message was deleted."""
        for token in tokens:
            self._lost.pop(token, None)

    def leftovers(self, found: Iterable[Found], now: float) -> list[Found]:
        """Return which of `found` nobody waits for: lost here, or of anybody's probe and older than a day.

        An answer that only quotes a token is somebody's mail and stays.
        """
        return [
            each
            for each in found
            if not each.answer and (not each.tokens.isdisjoint(self._lost) or each.arrived < now - DAY)
        ]

    def sent(self, found: Found) -> float | None:
        """Return when the lost message was sent (epoch seconds), None when it is not one of these."""
        return next((self._lost[token] for token in found.tokens if token in self._lost), None)


async def search(imap: ImapConnection, where: Where, text: str, first: int = 1) -> list[Found]:
    """Return the messages from uid `first` that hold `text` and one of our tokens, the newest fifty."""
    reply = expect(await imap.command(f'UID SEARCH UID {first}:* {where} "{text}"'), "SEARCH")
    uids = sorted({int(word) for word in (reply.data("SEARCH") or "").split() if word.isdecimal() and len(word) <= 10})
    wanted = [uid for uid in uids if uid >= first][-MOST:]  # `n:*` always holds the last message, even a lower one
    if not wanted:
        return []
    what = f"(UID INTERNALDATE BODY.PEEK[]<0.{READ}>)"
    reply = expect(await imap.command(f"UID FETCH {_set(wanted)} {what}"), "FETCH")
    found = (_read(line, where) for line in reply.lines)
    return [each for each in found if each is not None and each.uid in wanted]


def _read(line: ImapLine, where: Where) -> Found | None:
    uid = _UID.search(line.text)
    if uid is None or not line.literals:
        return None
    message = email.message_from_bytes(line.literals[0], policy=email.policy.compat32)
    texts = [str(message.get("Subject", ""))]
    if where == "TEXT":
        texts += _texts(message)
    tokens = frozenset(token for text in texts for token in _TOKEN.findall(text))
    if not tokens:
        return None
    date = imaplib.Internaldate2tuple(line.text.encode("ascii", "replace"))
    try:
        arrived = time.time() if date is None else time.mktime(date)
    except (ValueError, OverflowError):
        arrived = time.time()
    return Found(int(uid[1]), tokens, arrived, any(name in message for name in ("In-Reply-To", "References")))


def _texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield content.decode("ascii", "replace")  # a token is ASCII, whatever surrounds it


async def delete(imap: ImapConnection, uids: Iterable[int]) -> bool:
    """Delete these messages for good; False when they are only marked, because others' would go with them."""
    numbers = list(uids)
    if not numbers:
        return True
    expect(await imap.command(f"UID STORE {_set(numbers)} +FLAGS.SILENT (\\Deleted)"), "STORE", "imap.refused")
    if imap.capabilities & EXPUNGE_ALONE:
        expect(await imap.command(f"UID EXPUNGE {_set(numbers)}"), "EXPUNGE", "imap.refused")
        return True
    reply = expect(await imap.command("UID SEARCH DELETED"), "SEARCH")
    marked = (reply.data("SEARCH") or "").split()
    if not set(marked) <= {str(number) for number in numbers}:
        return False
    expect(await imap.command("EXPUNGE"), "EXPUNGE", "imap.refused")
    return True


def _set(uids: Iterable[int]) -> str:
    return ",".join(str(uid) for uid in uids)
