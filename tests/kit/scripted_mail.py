"""Mail servers that speak as a test says: SMTP and IMAP with any logins, and what they were told."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

from tests.kit.scripted_servers import Handler

USER, PASSWORD = "watch@example.test", "gehéim"


class ScramServer:
    """The server's side of SCRAM (RFC 5802); `forge` is what it proves instead of that it knows the password."""

    def __init__(self, kind: str = "sha256", *, rounds: int = 4096, password: str = PASSWORD, forge: str = "") -> None:
        self._kind, self._rounds, self._password, self._forge = kind, rounds, password, forge
        self._salt = b"0123456789abcdef"
        self.messages: list[bytes] = []

    def answer(self, said: bytes) -> bytes | None:
        """Return the next message; None refuses."""
        if not said:
            return None  # it went
        self.messages.append(said)
        if len(self.messages) == 1:
            self._bare = said.split(b",", 2)[2]
            self._nonce = self._bare.rpartition(b"r=")[2] + b"-server"
            salt = base64.b64encode(self._salt)
            self._challenge = b"r=%s,s=%s,i=%d" % (self._nonce, salt, self._rounds)
            return self._challenge
        without_proof, _, proof = said.rpartition(b",p=")
        salted = hashlib.pbkdf2_hmac(self._kind, self._password.encode(), self._salt, self._rounds)
        client_key = hmac.digest(salted, b"Client Key", self._kind)
        stored = hashlib.new(self._kind, client_key).digest()
        whole = b",".join((self._bare, self._challenge, without_proof))
        signature = hmac.digest(stored, whole, self._kind)
        if bytes(a ^ b for a, b in zip(client_key, signature, strict=True)) != base64.b64decode(proof):
            return None
        ours = hmac.digest(hmac.digest(salted, b"Server Key", self._kind), whole, self._kind)
        return b"v=" + (self._forge.encode() or base64.b64encode(ours))


class MailTalk:
    """An SMTP server whose answers are looked up by the first word of a command, or its first two; `said` is all.

    An answer may be made by a function of the command; that to `.` follows a message. What is not known is answered
    with `otherwise`. `scram` answers what follows AUTH SCRAM-….
    """

    def __init__(
        self,
        answers: Mapping[str, str | Callable[[str], str]],
        *,
        banner: str = "220 mail.example.test ESMTP",
        otherwise: str = "502 5.5.1 what?",
        scram: ScramServer | None = None,
        silent_success: bool = False,
    ) -> None:
        self.answers, self.banner, self.otherwise = dict(answers), banner, otherwise
        self.said: list[str] = []
        self._scram, self._silent = scram, silent_success

    @property
    def verbs(self) -> list[str]:
        """The first word of every command, AUTH with its mechanism."""
        words = [line.split() for line in self.said]
        return [" ".join(each[:2]) if each[:1] == ["AUTH"] else each[0] for each in words if each]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{self.banner}\r\n".encode())
        while line := await reader.readline():
            text = line.decode().strip()
            self.said.append(text)
            words = text.split(" ")
            if self._scram is not None and text.startswith("AUTH SCRAM"):
                if await self._prove(reader, writer, words[2:]):
                    continue
                writer.write(b"535 5.7.8 no\r\n")
                continue
            answer = self._answer(words, text)
            writer.write(f"{answer}\r\n".encode())
            if words[0] == "DATA" and answer.startswith("354"):
                while await reader.readline() not in (b".\r\n", b""):
                    pass
                writer.write(f"{self._answer(['.'], '.')}\r\n".encode())
            if words[0] == "QUIT":
                return

    def _answer(self, words: list[str], text: str) -> str:
        answer = self.answers.get(" ".join(words[:2])) or self.answers.get(words[0]) or self.otherwise
        return answer(text) if callable(answer) else answer

    async def _prove(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: list[str]) -> bool:
        assert self._scram is not None
        if first:
            said = base64.b64decode(first[0])
        else:
            writer.write(b"334 \r\n")
            said = base64.b64decode(await reader.readline())
        for step in range(2):
            answer = self._scram.answer(said)
            if answer is None:
                return False
            if step == 1 and self._silent:
                break
            writer.write(b"334 " + base64.b64encode(answer) + b"\r\n")
            said = base64.b64decode(await reader.readline())
        writer.write(b"235 2.7.0 in\r\n")
        return True


def hello(*extensions: str) -> str:
    """An answer to EHLO with these lines."""
    lines = ["mail.example.test", *extensions]
    return "\r\n".join(f"250{'-' if each is not lines[-1] else ' '}{each}" for each in lines)


def imap_talk(
    capabilities: str,
    answers: Mapping[str, str | None],
    *,
    scram: ScramServer | None = None,
    said: list[str] | None = None,
    greeting: str = "OK",
) -> Handler:
    """An IMAP server: `answers` by the first one or two words of a command, lines that may hold `{tag}`.

    None is the login by AUTHENTICATE PLAIN as it should be, or by LOGIN; what is not known is OK.
    """

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        say(f"* {greeting} [CAPABILITY {capabilities}] ready")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            words = command.split(" ")
            if said is not None:
                said.append(command)
            if scram is not None and command.startswith("AUTHENTICATE SCRAM"):
                await _prove_imap(reader, writer, tag, words, scram)
                continue
            key = next((each for each in (" ".join(words[:2]), words[0]) if each in answers), "")
            answer = answers[key] if key else "{tag} OK done"
            say((answer or "{tag} OK in").replace("{tag}", tag))

    return handler


async def _prove_imap(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tag: str, words: list[str], scram: ScramServer
) -> None:
    if len(words) == 2:
        writer.write(b"+ \r\n")
        said = base64.b64decode(await reader.readline())
    else:
        said = base64.b64decode(words[2])
    for _ in range(2):
        answer = scram.answer(said)
        if answer is None:
            writer.write(f"{tag} NO [AUTHENTICATIONFAILED] no\r\n".encode())
            return
        writer.write(b"+ " + base64.b64encode(answer) + b"\r\n")
        said = base64.b64decode(await reader.readline())
    writer.write(f"{tag} OK in\r\n".encode())
