"""The drill's mail: SMTP that takes messages (RFC 5321) and IMAP that shows them (RFC 9051), one mailbox for both.

Faults: `drop` (a share of the messages is taken and lost), `reject-login`, `hang` (no answers).
"""

import asyncio
import base64
import re
import time
from collections.abc import Callable
from email import message_from_bytes
from imaplib import Time2Internaldate

from msgspec import Struct

from outagetui.drill.servers import HOST, Trouble

ADDRESS = "watch@drill.test"
CAPABILITIES = "CAPABILITY IMAP4rev1 UIDPLUS SASL-IR AUTH=PLAIN"
MOST = 200  # messages kept
SMTP = dict.fromkeys((b"HELO", b"MAIL", b"RCPT", b"RSET", b"NOOP"), b"250 ok\r\n") | {
    b"EHLO": b"250-mail.drill.test\r\n250 SIZE 60000\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
_LONGEST = 64 * 1024  # bytes of a line
_SEARCH = re.compile(r'UID (?P<first>\d+):\*|SUBJECT "(?P<text>[^"]*)"', re.IGNORECASE)


class Message(Struct):
    """One message in the mailbox; `at` is an epoch second."""

    uid: int
    at: float
    content: bytes
    deleted: bool = False


class Mailbox:
    """What was delivered; the oldest make room."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.messages: list[Message] = []
        self.next_uid = 1

    def deliver(self, content: bytes) -> None:
        """Take one message, or lose it."""
        if self.trouble.kind == "drop" and self.trouble.strikes("mail"):
            return
        self.messages = [*self.messages, Message(self.next_uid, time.time(), content)][-MOST:]
        self.next_uid += 1


class Imap:
    """One client's session."""

    def __init__(self, mailbox: Mailbox, password: str) -> None:
        self._box, self._password = mailbox, password
        self._known = False

    def answer(self, line: bytes) -> bytes:
        """Return what answers one command."""
        return b"".join(each + b"\r\n" for each in self._answers(line.decode("utf-8", "replace").strip()))

    def _answers(self, line: str) -> list[bytes]:
        tag, _, rest = line.partition(" ")
        verb, _, words = rest.partition(" ")
        if verb.upper() == "UID":
            verb, _, words = words.partition(" ")
            verb = f"UID {verb}"
        verb = verb.upper()
        if verb == "CAPABILITY":
            return [f"* {CAPABILITIES}".encode(), f"{tag} OK".encode()]
        if verb == "LOGOUT":
            return [b"* BYE", f"{tag} OK".encode()]
        if verb == "AUTHENTICATE":
            return [f"{tag} {self._log_in(words)}".encode()]
        if not self._known:
            return [f"{tag} NO not logged in".encode()]
        found = self._look(verb, words)
        return [f"{tag} BAD not known here".encode()] if found is None else [*found, f"{tag} OK done".encode()]

    def _log_in(self, words: str) -> str:
        mechanism, _, given = words.partition(" ")
        good = base64.b64encode(f"\0{ADDRESS}\0{self._password}".encode()).decode()
        self._known = mechanism.upper() == "PLAIN" and given == good and self._box.trouble.kind != "reject-login"
        return f"OK [{CAPABILITIES}] welcome" if self._known else "NO [AUTHENTICATIONFAILED] wrong user or password"

    def _look(self, verb: str, words: str) -> list[bytes] | None:
        messages = self._box.messages
        if verb in ("SELECT", "EXAMINE"):
            next_uid = f"* OK [UIDNEXT {self._box.next_uid}]".encode()
            return [f"* {len(messages)} EXISTS".encode(), b"* OK [UIDVALIDITY 1]", next_uid]
        if verb == "NOOP":
            return []
        if verb == "UID SEARCH":
            return _search(messages, words)
        uids = {int(word) for word in words.partition(" ")[0].split(",") if word.isdecimal()}
        if verb == "UID FETCH":
            return [_shown(number, each) for number, each in enumerate(messages, 1) if each.uid in uids]
        if verb == "UID STORE":
            for each in messages:
                each.deleted = each.deleted or each.uid in uids
            return []
        if verb == "UID EXPUNGE":
            self._box.messages = [each for each in messages if not (each.deleted and each.uid in uids)]
            return []
        return None


def _search(messages: list[Message], words: str) -> list[bytes] | None:
    wanted = _SEARCH.fullmatch(words)
    if wanted is None:
        return None
    subjects = {each.uid: str(message_from_bytes(each.content)["Subject"]) for each in messages}
    first, text = int(wanted["first"] or 1), wanted["text"] or ""
    uids = [str(uid) for uid, subject in subjects.items() if uid >= first and text in subject]
    return [" ".join(("* SEARCH", *uids)).encode()]


def _shown(number: int, each: Message) -> bytes:
    head = f"* {number} FETCH (UID {each.uid} INTERNALDATE {Time2Internaldate(each.at)} "
    return head.encode() + f"BODY[]<0> {{{len(each.content)}}}\r\n".encode() + each.content + b")"


class Smtp:
    """One client that hands over messages."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._box = mailbox
        self._content: list[bytes] | None = None  # the lines of the message that is being sent

    def answer(self, line: bytes) -> bytes:
        """Return what answers one command, or one line of a message."""
        if self._content is None:
            word = line[:4].upper().strip()
            self._content = [] if word == b"DATA" else None
            return SMTP.get(word, b"502 not here\r\n")
        if line != b".\r\n":
            self._content.append(line.removeprefix(b"."))
            return b""
        self._box.deliver(b"".join(self._content))
        self._content = None
        return b"250 taken\r\n"


async def serve_imap(mailbox: Mailbox, password: str, port: int = 0) -> asyncio.Server:
    """Serve the mailbox to whoever has the password."""
    greeting = f"* OK [{CAPABILITIES}] drill\r\n".encode()
    return await _serve(mailbox.trouble, greeting, lambda: Imap(mailbox, password).answer, port)


async def serve_smtp(mailbox: Mailbox, port: int = 0) -> asyncio.Server:
    """Serve SMTP that takes every message, to whomever it is."""
    return await _serve(mailbox.trouble, b"220 mail.drill.test ESMTP\r\n", lambda: Smtp(mailbox).answer, port)


async def _serve(
    trouble: Trouble, greeting: bytes, session: Callable[[], Callable[[bytes], bytes]], port: int
) -> asyncio.Server:
    async def serve_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = session()
        try:
            async with asyncio.timeout(60):
                if trouble.kind != "hang":
                    writer.write(greeting)
                while (line := await reader.readline()) and trouble.kind != "hang":
                    writer.write(answer(line))
                    await writer.drain()
        except (OSError, ValueError, TimeoutError):
            pass  # a client that goes away takes nothing with it
        finally:
            writer.close()

    return await asyncio.start_server(serve_client, HOST, port, limit=_LONGEST)
