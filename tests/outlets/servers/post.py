"""A submission server in the test's own loop: what it takes it keeps, and it can be told where to go wrong."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any, NamedTuple, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = "canary-4f1c9e"


class Letter(NamedTuple):
    """A message as it was accepted."""

    sender: str
    to: tuple[str, ...]
    message: EmailMessage
    raw: bytes
    at: float


class Post:
    """The server. `answers` are what is said to recipients by address; the rest says where it breaks.

    `hangs` at one of connect, ehlo, auth, mail, rcpt, data, content; `lost` are addresses after whose letter was taken
    the connection ends, `dropped` those whose letter is lost with it; `per_connection` letters end a connection.
    """

    def __init__(
        self, *, users: dict[str, str] | None = None, certificate: Path | None = None, direct: bool = False
    ) -> None:
        self.letters: list[Letter] = []
        self.answers: dict[str, str] = {}
        self.hangs = ""
        self.lost: set[str] = set()
        self.dropped: set[str] = set()
        self.content_answer = ""
        self.sender_answer = ""
        self.per_connection = 0
        self.connections = 0
        self.users = users or {}
        self.port = 0
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._direct = self._context if direct else None  # speaks TLS at once
        self._forever = asyncio.Event()
        self._talks: list[_Talk] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Post"]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._make, "127.0.0.1", 0, ssl=self._direct)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._forever.set()
            server.close()
            await server.wait_closed()
            for talk in self._talks:
                if talk.transport is not None:
                    _transport(talk).abort()
            for _ in range(10):
                await asyncio.sleep(0)

    def got(self) -> list[str]:
        """Whom letters were accepted for, in order."""
        return [to for letter in self.letters for to in letter.to]

    def _make(self) -> SMTP:
        self.connections += 1
        talk = _Talk(
            self,
            hostname="mail.example.test",
            tls_context=None if self._direct else self._context,
            authenticator=self._authenticate,
            auth_require_tls=False,
        )
        self._talks.append(talk)
        return talk

    async def reach(self, moment: str) -> None:
        if self.hangs == moment:
            await self._forever.wait()

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, data: object) -> AuthResult:
        good = isinstance(data, LoginPassword) and self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        await self.reach("ehlo")
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self.reach("mail")
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self.reach("rcpt")
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        talk = cast("_Talk", server)
        assert isinstance(envelope.content, bytes)
        await self.reach("content")
        if self.content_answer:
            return self.content_answer
        to = tuple(envelope.rcpt_tos)
        if not self.dropped & set(to):
            message = message_from_bytes(envelope.content, policy=POLICY)
            at = asyncio.get_running_loop().time()
            self.letters.append(Letter(envelope.mail_from or "", to, message, envelope.content, at))
        talk.taken += 1
        if (self.lost | self.dropped) & set(to):
            _transport(talk).abort()
        elif self.per_connection and talk.taken >= self.per_connection:
            asyncio.get_running_loop().call_later(0.05, _transport(talk).close)
        return "250 2.0.0 queued"


def _transport(talk: SMTP) -> asyncio.WriteTransport:
    assert isinstance(talk.transport, asyncio.WriteTransport)
    return talk.transport


class _Talk(SMTP):
    def __init__(self, post: Post, **options: Any) -> None:
        super().__init__(post, **options)
        self._post = post
        self.taken = 0

    async def _handle_client(self) -> None:
        await self._post.reach("connect")
        await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:
        await self._post.reach("data")
        await super().smtp_DATA(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        await self._post.reach("auth")
        await super().smtp_AUTH(arg)
