"""One TCP connection of a probe: bounded reads, TLS at any moment, closed at once and in every path.

It works on a non-blocking socket (`net/watched.py`) instead of an asyncio transport: nothing lives on after `close`, a
handshake's certificates can be looked at, and a probe costs two waits.
"""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from types import TracebackType

from outagetui.core.hosts import unzoned, written
from outagetui.core.text import in_quotes
from outagetui.net.fairness import Turn
from outagetui.net.identity import holds, names_of
from outagetui.net.trouble import fail
from outagetui.net.watched import WatchedSocket

CHUNK = 65536
_UNSPECIFIED, _HOSTNAME_MISMATCH = 1, 62  # X509_V_ERR_* of OpenSSL's x509_vfy.h


def _refused(code: int, words: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, words)
    error.verify_code, error.verify_message = code, words
    return error


def _far_side(sock: socket.socket) -> tuple[str, int] | None:
    """Return address and port that `sock` is connected to; None where it was cut off already, or has none."""
    try:
        name = sock.getpeername()
    except OSError:
        return None
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None


class Stream:
    """A connected socket, owned: whoever holds the stream closes it. Reads and writes raise `OSError`."""

    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO

    def __init__(self, sock: WatchedSocket) -> None:
        self._watched, self._sock = sock, sock.plain
        self._far = _far_side(sock.plain)  # the kernel forgets it when the far side hangs up
        self._unread = b""
        self._at = 0  # bytes of `_unread` that were taken as lines
        self.turn = Turn()
        self.tls: ssl.SSLObject | None = None

    @property
    def remote(self) -> str:
        """The address at the other end, bare and without a zone."""
        return unzoned(self._reached[0])

    @property
    def local(self) -> str:
        """Our own address, bare and with its zone."""
        return str(self._sock.getsockname()[0])

    @property
    def local_port(self) -> int:
        """Our own port."""
        return int(self._sock.getsockname()[1])

    @property
    def peer(self) -> str:
        """Address and port at the other end, as text."""
        return f"{written(self.remote)}:{self._reached[1]}"

    @property
    def _reached(self) -> tuple[str, int]:
        if self._far is None:
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        return self._far

    async def read(self, size: int = CHUNK) -> bytes:
        """Return what has come, at most `size` bytes; empty at the end."""
        if self._unread:
            data = self._unread[self._at : self._at + size]
            self._take(len(data))
            return data
        if self.tls is None:
            return await self._receive(size)
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def read_line(self, limit: int = 4096) -> bytes | None:
        """Return one line without its ending; None at the stream's end. Past `limit` bytes it raises `Trouble`."""
        await self.turn.share()  # a flood of short lines must not be read in one go
        end = self._unread.find(b"\n", self._at)
        if 0 <= end <= self._at + limit:
            line = self._unread[self._at : end]
            self._take(len(line) + 1)
            return line.removesuffix(b"\r")
        line, self._unread, self._at = self._unread[self._at :], b"", 0
        while (end := line.find(b"\n")) < 0:
            if len(line) > limit:
                fail("reply.too-long", f"a line of more than {limit} bytes: {in_quotes(line, 60)}")
            more = await self.read()
            if not more:
                return line or None
            line += more
        if end > limit:
            fail("reply.too-long", f"a line of more than {limit} bytes: {in_quotes(line, 60)}")
        self._unread = line[end + 1 :]
        return line[:end].removesuffix(b"\r")

    def _take(self, count: int) -> None:
        self._at += count
        if self._at >= len(self._unread):
            self._unread, self._at = b"", 0

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        if self.tls is not None:
            self.tls.write(data)
            data = self._outgoing.read()
        await self._watched.send(data)

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Shake hands as a client of the host `name`. Raises `ssl.SSLError`; `tls` then still holds what was seen.

        Where `context` verifies certificates, the name is compared here, by the rules of RFC 9525.
        Plaintext that came ahead of the handshake is refused: it would pass for protected (CVE-2011-0411 and its kind).
        """
        if self._unread:
            fail("tls.plaintext", "the far side sent plaintext after it had agreed to TLS")
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=unzoned(name).removesuffix("."))
        try:
            while True:
                try:
                    self.tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    await self._feed()
        except ssl.SSLError:
            self._send_rest()  # the alert, so that the far side learns why
            raise
        # The last words of the handshake wait for what is written next, or for a read.
        if context.verify_mode is ssl.CERT_REQUIRED:
            self._prove(self.tls, name)

    @staticmethod
    def _prove(tls: ssl.SSLObject, name: str) -> None:
        try:
            names = names_of(tls.getpeercert())
        except ValueError:  # its text is decoded as UTF-8, whatever it is
            raise _refused(_UNSPECIFIED, "it holds names that are no text (RFC 5280 section 4.2.1.6)") from None
        if not holds(names, name):
            raise _refused(_HOSTNAME_MISMATCH, "it is of another host")

    async def hear_out(self, seconds: float) -> None:
        """Wait at most `seconds` for a refusal that only follows the handshake. Raises `ssl.SSLError` with its alert.

        By TLS 1.3 a client is done before the server has judged the client's certificate, or that there is none
        (RFC 8446 section 2). A session ticket, data, or a proper goodbye say that nothing was refused.
        """
        if self.tls is None or self.tls.version() != "TLSv1.3":
            return
        with contextlib.suppress(TimeoutError, ssl.SSLZeroReturnError):
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        self._unread += self.tls.read(CHUNK)
                        return
                    except ssl.SSLWantReadError:
                        if self.tls.session is not None and self.tls.session.has_ticket:
                            return
                        await self._feed()

    async def _feed(self) -> None:
        await self._flush()
        data = await self._receive(CHUNK)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._watched.send(self._outgoing.read())

    async def _receive(self, size: int) -> bytes:
        if self.turn.long:
            await self.turn.share()
        while True:
            try:
                return self._sock.recv(size)
            except BlockingIOError:
                await self._watched.readable()
                self.turn.renew()

    def _send_rest(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.send(self._outgoing.read())

    def close(self) -> None:
        """Say goodbye if that needs no waiting, and close the socket."""
        if self.tls is not None:
            # unwrap writes our close_notify and then wants the answer, which we do not wait for.
            with contextlib.suppress(ssl.SSLError, ValueError):
                self.tls.unwrap()
            self._send_rest()
        self._watched.close()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
