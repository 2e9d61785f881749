"""Cheap HTTP servers in a process of their own, which can break on demand: `python -m tests.bench.site PORTS`.

Prints its ports on one line. Then each line on standard input is obeyed and answered by one line: `count` tells how
many connections came, `refuse PORT` closes a port, `hole PORT` lets its connections wait for ever, as a firewall
that drops packets does.
"""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nok\n"


class _Site:
    """All servers: counts connections, breaks ports."""

    def __init__(self) -> None:
        self.came = 0
        self.servers: dict[int, asyncio.Server] = {}
        self._kept: list[socket.socket] = []

    async def open(self, count: int) -> list[int]:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            server = await loop.create_server(lambda: _Answer(self), "127.0.0.1", 0, backlog=1024)
            self.servers[server.sockets[0].getsockname()[1]] = server
        return list(self.servers)

    def refuse(self, port: int) -> None:
        self.servers.pop(port).close()

    def hole(self, port: int) -> None:
        self.refuse(port)
        full = socket.socket()
        full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        full.bind(("127.0.0.1", port))
        full.listen(0)
        self._kept.append(full)
        # Once the queue of connections nobody accepts is full, the kernel drops every further SYN.
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            self._kept.append(filler)


class _Answer(asyncio.Protocol):
    """One connection: one request, one reply."""

    def __init__(self, site: _Site) -> None:
        self._site = site
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._site.came += 1

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if b"\r\n\r\n" in self._seen:
            self._transport.write(REPLY)  # type: ignore[attr-defined]
            self._transport.close()


async def _serve(count: int) -> None:
    site = _Site()
    print(json.dumps(await site.open(count)), flush=True)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        word, *port = line.decode().split()
        if word == "refuse":
            site.refuse(int(port[0]))
        elif word == "hole":
            site.hole(int(port[0]))
        print(site.came, flush=True)


class Site:
    """The far end of a pipe to the servers."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.ports: list[int] = json.loads(self._line())

    def ask(self, words: str) -> int:
        """Order something; returns how many connections came so far."""
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise OSError(f"the benchmark's web server ended with status {self.process.wait()}")
        return line


@contextlib.contextmanager
def site(count: int = 1) -> Iterator[Site]:
    """Serve on `count` ports while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.site", str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Site(process)
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
