"""Servers that mean harm: what each sends to whoever connects, without end or without measure."""

import asyncio
import base64
import contextlib
import gzip
import hashlib
import zlib
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import cast

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"
MB = 1024 * 1024
MOST = 256 * MB  # bytes after which a server that floods gives up


def says(*parts: bytes) -> Talk:
    """Wait for a request, say `parts`, and close."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        for part in parts:
            writer.write(part)
            await writer.drain()

    return talk


def converses(*parts: bytes, block: bytes = b"") -> Talk:
    """Say the first of `parts` at once, each further one when something came, and flood `block` in the end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, part in enumerate(parts):
            if number and not await reader.read(65536):
                return
            writer.write(part)
            await writer.drain()
        await (floods(b"", block, first=True)(reader, writer) if block else reader.read(65536))

    return talk


def floods(head: bytes, block: bytes, *, first: bool = False) -> Talk:
    """Say `head` and then `block` again and again; `first`: without waiting for a word."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not first:
            await reader.read(4096)
        writer.write(head)
        block_of = block * max(1, 16384 // len(block))
        for _ in range(0, MOST, len(block_of)):
            writer.write(block_of)
            await writer.drain()

    return talk


def drips(head: bytes, block: bytes, pause: float = 0.02) -> Talk:
    """Say `head`, and then `block` after each pause for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(head)
        while True:
            writer.write(block)
            await writer.drain()
            await asyncio.sleep(pause)

    return talk


def answers(body: bytes, kind: str = "text/html", more: str = "") -> Talk:
    """Answer over HTTP with a whole body."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return says(head.encode(), body)


def upgrades(frames: bytes, first: bytes = b"") -> Talk:
    """Take a WebSocket, say `first`, and flood it with `frames`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        key = next(
            line.split(":", 1)[1].strip() for line in asked.splitlines() if line.lower().startswith("sec-websocket-key")
        )
        digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        accept = base64.b64encode(digest).decode()
        head = f"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        writer.write(head.encode())
        await floods(first, frames, first=True)(reader, writer)

    return talk


def bomb(encoding: str, size: int = 200 * MB) -> bytes:
    """Return `size` zeros as the encoding packs them."""
    if encoding == "br":
        brotli = import_module("brotli")
        packer = brotli.Compressor(quality=1)
        return b"".join(packer.process(bytes(MB)) for _ in range(size // MB)) + bytes(packer.finish())
    if encoding == "zstd":
        import zstandard

        return zstandard.ZstdCompressor().compress(bytes(size))
    if encoding == "deflate":
        made = zlib.compressobj(9)
        return b"".join(made.compress(bytes(MB)) for _ in range(size // MB)) + made.flush()
    return gzip.compress(bytes(size), 6)


class Floods(asyncio.DatagramProtocol):
    """Answers each datagram with many of `block`."""

    def __init__(self, block: bytes, count: int = 20000) -> None:
        self._block, self._count = block, count

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):
            for _ in range(self._count):
                self._transport.sendto(data[:2] + self._block, addr)


class Answers(asyncio.DatagramProtocol):
    """Answers each datagram with what `make` makes of it."""

    def __init__(self, make: Callable[[bytes], bytes]) -> None:
        self._make = make

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(self._make(data), addr)


async def serving(talk: Talk) -> tuple[asyncio.Server, int]:
    """Serve `talk` on a free port of 127.0.0.1."""

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
            await asyncio.sleep(0.2)
        except (OSError, asyncio.IncompleteReadError, StopIteration):
            pass  # the probe had enough
        finally:
            writer.close()

    server = await asyncio.start_server(enter, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]
