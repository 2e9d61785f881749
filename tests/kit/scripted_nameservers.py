"""Real name servers on loopback: knot, and one whose every byte a test decides."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

# What a name server says to a query (by TCP or not): datagrams, or TCP messages without their length.
Handler = Callable[[dns.message.Message, bool], list[bytes]]

ZONE = """\
$ORIGIN example.test.
$TTL 30
@ SOA ns1 ops {serial} 3600 600 86400 30
{servers}
ns1 A 127.0.0.1
ns2 A 127.0.0.2
@ MX 10 mail
@ TXT "v=spf1 mx -all"
@ CAA 0 issue "ca.example"
mail A 127.0.0.1
www A 127.0.0.10
www A 127.0.0.11
www AAAA ::1
status CNAME www
far CNAME www.elsewhere.invalid.
_xmpp-client._tcp SRV 5 0 15222 xmpp
_sip._udp SRV 0 0 0 .
nomail MX 0 .
hostile TXT "\\027]52;c;Zm9v\\007\\226\\128\\174[/b] two" "strings"
{long}
"""
LONG = "\n".join(f'long TXT "{number:04d} {"x" * 200}"' for number in range(20))


def free_port(*addresses: str) -> int:
    """Return a port that is free for UDP and TCP on every one of `addresses`."""
    while True:
        with contextlib.ExitStack() as stack:
            port = 0
            try:
                for address in addresses:
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
                        sock.bind((address, port))
                        port = sock.getsockname()[1]
                return port
            except OSError:
                continue


@contextlib.contextmanager
def knot(address: str, port: int, serial: int = 1, servers: tuple[str, ...] = ("ns1",)) -> Iterator[int]:
    """Serve `example.test` with knot until the block ends; yields its process id."""
    if shutil.which("knotd") is None:
        pytest.fail("knotd is missing: apt-get install knot")
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        lines = "\n".join(f"@ NS {server}" for server in servers)
        (state / "example.test.zone").write_text(ZONE.format(serial=serial, servers=lines, long=LONG))
        (state / "reverse.zone").write_text("@ 30 SOA ns.example.test. ops 1 1 1 1 1\n1.0 30 PTR host.example.test.\n")
        (state / "knot.conf").write_text(f"""\
server:
    rundir: "{state}"
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{state}"
log:
  - target: stderr
    any: warning
zone:
  - domain: example.test
    file: "{state}/example.test.zone"
  - domain: 0.127.in-addr.arpa
    file: "{state}/reverse.zone"
""")
        with (state / "log").open("wb") as log:
            process = subprocess.Popen(
                ["knotd", "-c", state / "knot.conf"], stdin=subprocess.DEVNULL, stderr=log, start_new_session=True
            )
        try:
            _wait_for(address, port, process, state / "log")
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGCONT)
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)


def _wait_for(address: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    query = dns.message.make_query("example.test", "SOA")
    end = time.monotonic() + 10
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(dns.exception.DNSException, OSError):
            if dns.query.udp(query, address, port=port, timeout=0.1).flags & dns.flags.AA:
                return
    pytest.fail(f"knotd did not start: {log.read_text()}")


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        for reply in self.handler(dns.message.from_wire(data), False):
            self.transport.sendto(reply, source)


@contextlib.asynccontextmanager
async def nameserver(
    handler: Handler, address: str = "127.0.0.1", port: int = 0, tcp: bool = True
) -> AsyncIterator[int]:
    """Answer by `handler` until the block ends; yields the port."""

    async def by_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            for reply in handler(dns.message.from_wire(await reader.readexactly(length)), True):
                writer.write(struct.pack("!H", len(reply)) + reply)
            await writer.drain()
        writer.close()

    loop = asyncio.get_running_loop()
    port = port or free_port(address)
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(handler), local_addr=(address, port))
    server = await asyncio.start_server(by_tcp, address, port) if tcp else None
    try:
        yield port
    finally:
        transport.close()
        if server is not None:
            server.close()
            await server.wait_closed()


def reply_to(query: dns.message.Message, *lines: str, rcode: int = 0, flags: int = dns.flags.AA) -> dns.message.Message:
    """Return a reply with the records of `lines` in presentation form."""
    reply = dns.message.make_response(query)
    reply.flags |= flags
    reply.set_rcode(dns.rcode.Rcode(rcode))
    for line in lines:
        name, _, rest = line.partition(" ")
        kind, _, data = rest.partition(" ")
        reply.answer.append(dns.rrset.from_text(name, 30, "IN", kind, data))
    return reply
