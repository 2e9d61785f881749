"""One TCP connection of a probe: bounded reads, TLS at any moment, closed at once and in every path.

It works on a plain non-blocking socket instead of an asyncio transport: nothing lives on after `close`, a
handshake's certificates can be looked at, and a probe costs two waits.
"""

import asyncio
import contextlib
import socket
import ssl
from types import TracebackType

from outagetui.net.trouble import fail

CHUNK = 65536
_FAIR = 16  # reads in a row before others get a turn: data that is always there would never let a deadline fire


class Stream:
    """A connected socket, owned: whoever holds the stream closes it. Reads and writes raise `OSError`."""

    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._reads = 0
        self._unread = b""
        self.tls: ssl.SSLObject | None = None

    @property
    def remote(self) -> str:
        """The address at the other end, bare."""
        return str(self._sock.getpeername()[0])

    @property
    def local(self) -> str:
        """Our own address, bare."""
        return str(self._sock.getsockname()[0])

    @property
    def local_port(self) -> int:
        """Our own port."""
        return int(self._sock.getsockname()[1])

    @property
    def peer(self) -> str:
        """Address and port at the other end, as text."""
        host, port = self._sock.getpeername()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def read(self, size: int = CHUNK) -> bytes:
        """Return what has come, at most `size` bytes; empty at the end."""
        if self._unread:
            data, self._unread = self._unread[:size], self._unread[size:]
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
        line = self._unread
        self._unread = b""
        while (end := line.find(b"\n")) < 0:
            if len(line) > limit:
                fail("reply.too-long", f"a line of more than {limit} bytes: {line[:60]!r}")
            more = await self.read()
            if not more:
                return line or None
            line += more
        if end > limit:
            fail("reply.too-long", f"a line of more than {limit} bytes: {line[:60]!r}")
        self._unread = line[end + 1 :]
        return line[:end].removesuffix(b"\r")

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        if self.tls is not None:
            self.tls.write(data)
            data = self._outgoing.read()
        await self._loop.sock_sendall(self._sock, data)

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Shake hands as a client of `name`. Raises `ssl.SSLError`; `tls` then still holds what was seen.

        Plaintext that came ahead of the handshake is refused: it would pass for protected (CVE-2011-0411 and its kind).
        """
        if self._unread:
            fail("tls.plaintext", "the far side sent plaintext after it had agreed to TLS")
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name.rstrip("."))
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
        await self._flush()

    async def _feed(self) -> None:
        await self._flush()
        data = await self._receive(CHUNK)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._loop.sock_sendall(self._sock, self._outgoing.read())

    async def _receive(self, size: int) -> bytes:
        self._reads += 1
        if self._reads % _FAIR == 0:
            await asyncio.sleep(0)
        return await self._loop.sock_recv(self._sock, size)

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
        self._sock.close()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
