"""Giving messages to a submission server (RFC 6409), and always knowing whether one was handed over."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from outagetui.core.mailbox import Mailbox
from outagetui.core.text import clean
from outagetui.outlets import UnsentError
from outagetui.outlets.sentlog import SILENT, Mark

if TYPE_CHECKING:
    from aiosmtplib import SMTP

PORTS = {"smtp": 587, "smtps": 465}
CONNECT_WITHIN = 10.0
STAGE_WITHIN = 60.0  # seconds that one answer may take
WORDS = 160  # characters of the server's own words that are kept
_FAREWELL = 0.5


class ClosedError(Exception):
    """The server ended the conversation before it was given the message."""


class Submission:
    """A conversation with the server at `url`; `open` tells whether it goes on.

    STARTTLS is required, unless `starttls` is false. `hide` takes secrets out of what the server says. Raises
    UnsentError for what nobody but people can change.
    """

    def __init__(
        self,
        url: str,
        *,
        password: str,
        secret: str,
        sender: Mailbox,
        starttls: bool,
        ca: str | None,
        limit: float,
        hide: Callable[[str], str] = str,
    ) -> None:
        parts = urlsplit(url)
        self._host, self._direct = parts.hostname or "", parts.scheme == "smtps"
        self._port = parts.port or PORTS[parts.scheme]
        self._user, self._password, self._secret = unquote(parts.username or ""), password, secret
        self._sender, self._starttls, self._ca = sender, starttls and not self._direct, ca
        self._limit, self._hide = min(limit, STAGE_WITHIN), hide
        self._talk: SMTP | None = None

    @property
    def open(self) -> bool:
        """Whether it is connected and logged in."""
        return self._talk is not None and self._talk.is_connected

    async def start(self) -> None:
        """Connect, take TLS, and log in."""
        import aiosmtplib

        await self.stop()
        talk = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            local_hostname=own_name(self._sender),
            timeout=min(self._limit, CONNECT_WITHIN),
            use_tls=self._direct,
            start_tls=False,
            tls_context=await asyncio.to_thread(self._context),
        )
        where = f"{self._host}:{self._port}"
        try:
            await talk.connect()
            if self._starttls:
                await self._take_tls(talk, where)
            if self._user:
                await self._log_in(talk)
        except BaseException as error:
            talk.close()
            if isinstance(error, aiosmtplib.SMTPException | OSError | ValueError):
                raise UnsentError(f"{where}: {self._reason(error)}") from error
            raise
        talk.timeout = self._limit
        self._talk = talk

    async def offer(self, recipients: Iterable[str]) -> dict[str, Mark]:
        """Begin a message to `recipients` and return those the server does not take, with what it said.

        Raises ClosedError when the conversation ended.
        """
        from aiosmtplib import SMTPException, SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused

        talk = self._talk
        if talk is None:
            raise ClosedError("not connected")
        turned_away: dict[str, Mark] = {}
        try:
            await talk.mail(self._sender.address)
            for each in recipients:
                try:
                    await talk.rcpt(each)
                except SMTPRecipientRefused as error:
                    if error.code == 421:
                        raise
                    turned_away[each] = self._refused(error, each)
        except SMTPSenderRefused as error:
            if error.code == 421:
                raise ClosedError(self._said(error)) from error
            raise UnsentError(f"the sender {self._sender.address} is refused ({self._said(error)})") from error
        except (SMTPException, OSError, ValueError) as error:
            if isinstance(error, SMTPResponseException) and error.code != 421:
                raise UnsentError(f"an answer that is not understood ({self._said(error)})") from error
            talk.close()
            raise ClosedError(self._reason(error)) from error
        return turned_away

    async def hand_over(self, message: bytes) -> Mark:
        """Give the message to those that were taken, and return what became of it."""
        from aiosmtplib import SMTPDataError, SMTPException

        talk = self._talk
        assert talk is not None
        try:
            reply = await talk.data(message)
        except SMTPDataError as error:
            if error.code == 421 or not 400 <= error.code < 600:
                talk.close()
            return self._refused(error) if 400 <= error.code < 600 else Mark("lost", self._said(error))
        except (SMTPException, OSError) as error:
            talk.close()
            return Mark("lost", self._reason(error) or SILENT)
        return Mark("accepted", self._short(reply.message))

    async def reset(self) -> None:
        """Give up the message that was begun."""
        from aiosmtplib import SMTPException

        if self._talk is not None:
            try:
                await self._talk.rset()
            except (SMTPException, OSError):
                self._talk.close()

    async def stop(self) -> None:
        """End the conversation; nothing depends on how."""
        from aiosmtplib import SMTPException

        talk, self._talk = self._talk, None
        if talk is not None:
            try:
                with contextlib.suppress(SMTPException, OSError, TimeoutError):
                    async with asyncio.timeout(_FAREWELL):
                        await talk.quit()
            finally:
                talk.close()

    def abort(self) -> None:
        """End the conversation at once."""
        if self._talk is not None:
            self._talk.close()

    async def _take_tls(self, talk: "SMTP", where: str) -> None:
        await talk.ehlo()
        if not talk.supports_extension("starttls"):
            raise UnsentError(f"{where}: the server does not offer STARTTLS, so nothing was sent to it")
        await talk.starttls()

    async def _log_in(self, talk: "SMTP") -> None:
        from aiosmtplib import SMTPAuthenticationError

        if talk.get_transport_info("sslcontext") is None and not _is_here(talk):
            raise UnsentError(f"{self._host} is not this machine, and a login must not travel without TLS")
        try:
            await talk.login(self._user, self._password)
        except SMTPAuthenticationError as error:
            raise UnsentError(f"the login is refused ({self._said(error)}); check the secret {self._secret}") from error

    def _refused(self, error: Exception, address: str = "") -> Mark:
        # Whoever reads the journal need not know whom we write to.
        said = self._said(error, tuple(filter(None, (address, address.partition("@")[0] + "@"))) if address else ())
        return Mark("later" if 400 <= getattr(error, "code", 0) < 500 else "refused", said)

    def _said(self, error: Exception, private: Iterable[str] = ()) -> str:
        """Return code and words of an answer."""
        said = f"{getattr(error, 'code', '')} {getattr(error, 'message', error)}"
        for each in private:
            said = said.replace(each, "…")
        return self._short(said)

    def _short(self, said: str) -> str:
        """Return one short line, from which secrets are taken before it is cut: half of one would stay."""
        line = " ".join(self._hide(said).split())
        return clean(self._hide(clean(line, len(line) + 1)), WORDS)

    def _reason(self, error: BaseException) -> str:
        """Return why a conversation failed: the server's answer, or what the system or TLS said."""
        from aiosmtplib import SMTPResponseException, SMTPTimeoutError

        if isinstance(error, SMTPResponseException):
            return self._said(error)
        if found := _cause(error):
            return found
        if isinstance(error, SMTPTimeoutError | TimeoutError):
            return "no answer in time"
        return self._short(str(error) or type(error).__name__)

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self._ca)
        except (OSError, ssl.SSLError) as error:
            raise UnsentError(f"{self._ca}: {error.strerror or error}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def own_name(sender: Mailbox) -> str:
    """Return how we name ourselves to the server: the host's full name, else the sender's domain."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else sender.domain


def _is_here(talk: "SMTP") -> bool:
    peer = talk.get_transport_info("peername")
    return bool(peer) and ip_address(str(peer[0]).partition("%")[0]).is_loopback


def _cause(error: BaseException) -> str:
    """Return what the system or TLS said, if either did."""
    seen: BaseException | None = error
    for _ in range(10):
        if isinstance(seen, ssl.SSLCertVerificationError):
            return clean(f"its certificate is not trusted: {seen.verify_message}")
        if isinstance(seen, ssl.SSLError):  # whose numbers are not the system's
            return clean(f"no TLS with it: {seen.reason or seen}")
        if isinstance(seen, OSError) and seen.errno and not isinstance(seen, TimeoutError):
            return clean(os.strerror(seen.errno) if seen.errno > 0 else seen.strerror)
        if seen is None:
            break
        seen = seen.__cause__ or seen.__context__
    return ""
