"""Finding and deleting our own messages in a mailbox, and nobody else's: each holds a token that only we make."""

import imaplib
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from outagetui.protocols.imap_connection import ImapConnection, ImapLine, ImapReply, expect
from outagetui.protocols.probe_mail import PREFIX, ProbeMail, Where, read_mail

DAY = 86400.0
EXPUNGE_ALONE = frozenset({"UIDPLUS", "IMAP4REV2"})  # capabilities of servers that can expunge chosen messages
READ = 32 * 1024  # bytes of a message that are looked through
MOST = 50  # messages looked at in one go
_REMEMBERED = 500  # lost tokens; what is forgotten leaves by its age
_UID = re.compile(r"\bUID (\d{1,10})\b", re.IGNORECASE)
_QUOTED = re.compile(r'\bBODY\[\](?:<0>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ALL = re.compile(r"\bALL +([0-9:,*]+)", re.IGNORECASE)


class Found(NamedTuple):
    """A message that holds tokens, and what it is to us; `arrived` is an epoch second."""

    uid: int
    mail: ProbeMail
    arrived: float


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
            if each.mail.own and (not each.mail.tokens.isdisjoint(self._lost) or each.arrived < now - DAY)
        ]

    def sent(self, found: Found) -> float | None:
        """Return when the lost message was sent (epoch seconds), None when it is not one of these."""
        return next((self._lost[token] for token in found.mail.tokens if token in self._lost), None)


def _can_expunge(imap: ImapConnection) -> bool:
    """Return whether the server can expunge chosen messages, and not only all that are marked as deleted."""
    return bool(imap.capabilities & EXPUNGE_ALONE)


async def search(imap: ImapConnection, where: Where, sender: str) -> list[Found]:
    """Return the messages of the mailbox that hold a token where ours do, the newest fifty.

    A look may have ended between marking its message as deleted and expunging it. Where no message can be expunged
    alone, what is marked is left out: no more can be done with it.
    """
    which = "" if _can_expunge(imap) else "UNDELETED "
    reply = expect(await imap.command(f'UID SEARCH {which}{where} "{PREFIX}"'), "SEARCH")
    return await _fetch(imap, _numbers(reply)[-MOST:], where, sender)


class Arrivals:
    """What came into the mailbox from uid `first` on, each message once: a search need not know new mail's text yet."""

    def __init__(self, imap: ImapConnection, where: Where, sender: str, first: int) -> None:
        self._imap, self._where, self._sender, self._first = imap, where, sender, first
        self._known: set[int] = set()

    async def new(self) -> list[Found]:
        """Return those that hold tokens and were not there the last time, at most fifty."""
        await self._imap.command("NOOP")  # a server need not tell of new mail within a search
        reply = expect(await self._imap.command(f"UID SEARCH UID {self._first}:*"), "SEARCH")
        # `n:*` always holds the last message, even a lower one.
        wanted = [uid for uid in _numbers(reply) if uid >= self._first and uid not in self._known][-MOST:]
        self._known.update(wanted)
        return await _fetch(self._imap, wanted, self._where, self._sender)


async def _fetch(imap: ImapConnection, uids: list[int], where: Where, sender: str) -> list[Found]:
    if not uids:
        return []
    what = f"(UID INTERNALDATE BODY.PEEK[]<0.{READ}>)"
    reply = expect(await imap.command(f"UID FETCH {_set(uids)} {what}"), "FETCH")
    found = (read_line(line, where, sender) for line in reply.lines)
    return [each for each in found if each is not None and each.uid in uids]


def read_line(line: ImapLine, where: Where, sender: str) -> Found | None:
    """Return what a FETCH told of one message; None for other lines, and messages without a token."""
    uid = _UID.search(line.text)
    quoted = _QUOTED.search(line.text)
    if uid is None or not (line.literals or quoted):
        return None
    raw = line.literals[0] if line.literals else re.sub(r"\\(.)", r"\1", quoted[1] if quoted else "").encode()
    mail = read_mail(raw, where, sender)
    if mail is None:
        return None
    date = imaplib.Internaldate2tuple(line.text.encode("ascii", "replace"))
    try:
        arrived = time.time() if date is None else time.mktime(date)
    except (ValueError, OverflowError):
        arrived = time.time()
    return Found(int(uid[1]), mail, arrived)


def _numbers(reply: ImapReply) -> list[int]:
    """Return the numbers that a search told, sorted: by SEARCH, or by ESEARCH as servers of IMAP4rev2 alone do."""
    numbers: set[int] = set()
    for line in reply.lines:
        kind, _, rest = line.text.removeprefix("*").strip().partition(" ")
        if kind.upper() == "SEARCH":
            numbers |= {int(word) for word in rest.split() if word.isdecimal() and len(word) <= 10}
        elif kind.upper() == "ESEARCH" and (told := _ALL.search(rest)):
            for piece in told[1].split(","):
                low, _, high = piece.partition(":")
                if low.isdecimal() and (high or low).isdecimal() and len(low) <= 10 and len(high) <= 10:
                    ends = sorted((int(low), int(high or low)))
                    numbers |= set(range(max(ends[0], ends[1] - MOST), ends[1] + 1))
    return sorted(numbers)


async def delete(imap: ImapConnection, uids: Iterable[int]) -> bool:
    """Delete these messages for good; False when they are only marked, because others' could go with them."""
    numbers = list(uids)
    if not numbers:
        return True
    expect(await imap.command(f"UID STORE {_set(numbers)} +FLAGS.SILENT (\\Deleted)"), "STORE", "imap.refused")
    if not _can_expunge(imap):
        return False
    expect(await imap.command(f"UID EXPUNGE {_set(numbers)}"), "EXPUNGE", "imap.refused")
    return True


def _set(uids: Iterable[int]) -> str:
    return ",".join(str(uid) for uid in uids)
