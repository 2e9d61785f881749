"""Giving messages to a submission server (RFC 6409), and always knowing whether one was handed over."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import NamedTuple

from outagetui.core.hosts import is_loopback
from outagetui.core.mailbox import Mailbox
from outagetui.core.masking import names_of
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import EmailOptions
from outagetui.core.text import clean_without
from outagetui.core.urls import read_url
from outagetui.machine.secrets import Secrets
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble
from outagetui.net.vantage import Vantage, client_context
from outagetui.outlets import Tools, UnsentError
from outagetui.outlets.answers import login_of, options_of
from outagetui.outlets.sentlog import SILENT, Mark
from outagetui.protocols.smtp_connection import TLS_FIRST, RefusedError, SmtpConnection, SmtpReply
from outagetui.protocols.smtp_session import StartTls, begin, converse, leave, log_in

PORTS = {"smtp": 587, "smtps": 465}
START_WITHIN = 30.0  # seconds for connecting, TLS and the login
STAGE_WITHIN = 60.0  # seconds that one answer may take
WORDS = 160  # characters of the server's own words that are kept


class ClosedError(Exception):
    """The server ended the conversation before it was given the message; `later`: it wants to be asked again later."""

    def __init__(self, detail: str, *, later: bool = False) -> None:
        super().__init__(detail)
        self.later = later


class NotNowError(UnsentError):
    """The server takes nothing from anybody, or from us, now, and wants to be asked again later."""


class Offered(NamedTuple):
    """Whom the server does not take, with what it said, and whom it takes only with another message."""

    turned_away: dict[str, Mark]
    rest: tuple[str, ...] = ()


class Submission:
    """A conversation with an outlet's server, to be used with `async with`; `open` tells whether it goes on.

    It must take TLS before anything is said, but within this machine. Raises SecretError, and UnsentError for what
    nobody but people can change.
    """

    def __init__(self, outlet: Outlet, sender: Mailbox, tools: Tools) -> None:
        options = options_of(outlet, EmailOptions)
        url = read_url(outlet.url)
        self._host, self._direct = url.host, url.scheme == "smtps"
        self._port = url.port or PORTS[url.scheme]
        self._user = url.user
        self._secret, self._password = login_of(outlet, tools) if options.secret else ("", "")
        usual: StartTls = "never" if is_loopback(self._host) else "required"
        self._sender, self._starttls, self._ca = sender, options.starttls or usual, options.ca
        self._limit, self._hide = outlet.timeout, tools.hide
        self._place = Vantage("", Secrets.none())
        self._stream: Stream | None = None
        self._smtp: SmtpConnection | None = None
        self._begun = False  # a message that the server may wait for, as some do even when they refused it

    async def __aenter__(self) -> "Submission":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        await self._place.aclose()

    @property
    def open(self) -> bool:
        """Whether it is connected and logged in, as far as we know."""
        return self._smtp is not None

    async def start(self) -> None:
        """Connect, take TLS, and log in."""
        await self.stop()
        phases = Phases()
        deadline = self._by(START_WITHIN)
        try:
            async with phases.within(deadline):
                context = await asyncio.to_thread(client_context, self._ca)

                async def reach(stream: Stream) -> SmtpConnection:
                    smtp, _ = await begin(stream, self._host, self._direct, context, phases, self._starttls)
                    if self._user:
                        await self._log_in(smtp, phases)
                    return smtp

                self._stream, smtp = await converse(
                    self._place, self._host, self._port, phases, reach, deadline=deadline
                )
        except Trouble as trouble:
            self._close()
            error = NotNowError if _is_later(trouble) else UnsentError
            raise error(f"{self._host}:{self._port}: {self._reason(trouble)}") from trouble
        self._smtp = smtp

    async def offer(self, recipients: Sequence[str]) -> Offered:
        """Begin a message to `recipients`. Raises ClosedError when the conversation ended."""
        turned_away: dict[str, Mark] = {}
        taken = False
        try:
            if self._begun:
                await self._ask("RSET")
            self._begun = False
            said = await self._ask(f"MAIL FROM:<{self._sender.address}>")
            if said.later:
                return Offered(dict.fromkeys(recipients, self._refused(said)))
            if said.code == TLS_FIRST:
                raise UnsentError(f"the server wants TLS or a login first ({self._short(said.words)})")
            if not said.taken:
                raise UnsentError(f"the sender {self._sender.address} is refused ({self._short(said.words)})")
            self._begun = True
            for number, each in enumerate(recipients):
                said = await self._ask(f"RCPT TO:<{each}>", names_of(each))
                if said.crowded and taken:
                    return Offered(turned_away, tuple(recipients[number:]))
                if not said.taken:
                    turned_away[each] = self._refused(said)
                taken |= said.taken
        except Trouble as trouble:
            self._close()
            raise ClosedError(self._reason(trouble), later=_is_later(trouble)) from trouble
        return Offered(turned_away)

    async def hand_over(self, message: bytes) -> Mark:
        """Give the message to those that were taken, and return what became of it."""
        assert self._smtp is not None
        try:
            async with Phases().within(self._by(STAGE_WITHIN)):
                reply = await self._smtp.give(message)
        except RefusedError as refused:
            known = 400 <= refused.reply.code < 600
            if refused.reply.elsewhere or not known:
                self._close()
            return self._refused(refused.reply) if known else Mark("lost", self._short(refused.reply.words))
        except Trouble as trouble:
            self._close()
            return Mark("lost", self._reason(trouble) or SILENT)
        self._begun = False
        return Mark("accepted", self._short(reply.said))

    async def stop(self) -> None:
        """End the conversation; nothing depends on how."""
        try:
            if self._smtp is not None:
                await leave(self._smtp, self._by(STAGE_WITHIN))
        finally:
            self._close()

    def _close(self) -> None:
        stream, self._stream, self._smtp, self._begun = self._stream, None, None, False
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()

    def _by(self, seconds: float) -> float:
        return asyncio.get_running_loop().time() + min(self._limit, seconds)

    async def _ask(self, line: str, private: Iterable[str] = ()) -> SmtpReply:
        """Send one command and return its reply, which shows nothing `private`.

        Raises Trouble, and ClosedError when nobody is there any more.
        """
        if self._smtp is None:
            raise ClosedError("not connected")
        self._smtp.keep_private(private)
        async with Phases().within(self._by(STAGE_WITHIN)):
            reply = await self._smtp.command(line)
        if reply.elsewhere:
            raise RefusedError(reply, line.partition(":")[0])
        return reply

    async def _log_in(self, smtp: SmtpConnection, phases: Phases) -> None:
        try:
            await log_in(smtp, self._user, self._password, phases, self._starttls)
        except RefusedError as error:
            if error.reply.elsewhere:
                raise
            said = self._short(error.reply.words)
            if error.reply.later:
                raise NotNowError(f"nobody can log in there now ({said})") from error
            raise UnsentError(f"the login is refused ({said}); check the secret {self._secret}") from error

    def _refused(self, reply: SmtpReply) -> Mark:
        return Mark("later" if reply.later or reply.elsewhere else "refused", self._short(reply.words))

    def _short(self, said: str) -> str:
        return clean_without(said, self._hide, WORDS)

    def _reason(self, trouble: Trouble) -> str:
        """Return why a conversation failed: the server's answer, or what the system or TLS said."""
        return self._short(trouble.reply.words if isinstance(trouble, RefusedError) else trouble.detail)


def _is_later(trouble: Trouble) -> bool:
    return isinstance(trouble, RefusedError) and (trouble.reply.later or trouble.reply.elsewhere)
