"""Looks at link-local addresses inside a network namespace of its own; prints what was seen and sent as JSON.

Run it under `unshare`: loopback gets fe80::53, where servers of several protocols keep what they are sent.
"""

import asyncio
import fcntl
import json
import socket
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
from outagetui.core.text import clean
from outagetui.machine.secrets import Secrets
from outagetui.net import resolve
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage, client_context
from outagetui.protocols.http_exchange import Progress, exchange
from outagetui.protocols.http_request import request
from tests.kit.scripted_servers import Pki, look_at

HOME = "fe80::53"
heard: list[str] = []


def give_loopback_its_address() -> None:
    """SIOCSIFFLAGS with IFF_UP, then SIOCSIFADDR with struct in6_ifreq of <linux/ipv6.h>."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", b"lo", 1))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        address = socket.inet_pton(socket.AF_INET6, HOME)
        fcntl.ioctl(sock, 0x8916, struct.pack("16sIi", address, 64, socket.if_nametoindex("lo")))


class NameServer(asyncio.DatagramProtocol):
    """Knows one name."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, sender: Any) -> None:
        reply = dns.message.make_response(dns.message.from_wire(data))
        reply.answer.append(dns.rrset.from_text(reply.question[0].name, 60, "IN", "A", "127.0.0.1"))
        self.transport.sendto(reply.to_wire(), sender)


class Phone(asyncio.DatagramProtocol):
    """Answers a SIP request with its own headers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, sender: Any) -> None:
        heard.append(data.decode())
        lines = data.decode().split("\r\n")
        kept = [line for line in lines if line.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq")]
        self.transport.sendto("\r\n".join(("SIP/2.0 200 OK", *kept, "Content-Length: 0", "", "")).encode(), sender)


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.read(65536)).decode()
    heard.append(head)
    where = f"http://[{HOME}]:{writer.get_extra_info('sockname')[1]}/there"  # as a server can know itself
    if head.startswith("GET /go "):
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    await writer.drain()
    writer.close()


async def mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail ESMTP\r\n")
    while line := await reader.readline():
        heard.append(line.decode())
        writer.write(b"250 mail\r\n")
    writer.close()


async def looks(pki: Pki) -> dict[str, str]:
    loop = asyncio.get_running_loop()
    protected = pki.good(HOME)
    protected.sni_callback = lambda _, name, __: heard.append(f"SNI {name}")
    page = await asyncio.start_server(web, f"{HOME}%lo", 0)
    closed = await asyncio.start_server(web, f"{HOME}%lo", 0, ssl=protected)
    post = await asyncio.start_server(mail, f"{HOME}%lo", 0)
    names, _ = await loop.create_datagram_endpoint(NameServer, (f"{HOME}%lo", 0))
    phone, _ = await loop.create_datagram_endpoint(Phone, (f"{HOME}%lo", 0))
    p, c, s = (each.sockets[0].getsockname()[1] for each in (page, closed, post))
    n, f = (each.get_extra_info("sockname")[1] for each in (names, phone))
    resolve_conf = Path(tempfile.mkdtemp()) / "resolv.conf"
    resolve_conf.write_text(f"nameserver {HOME}%lo\n")
    servers = [(host, n) for host, _ in resolve.nameservers(resolve_conf)]
    resolve.nameservers = lambda *_: servers
    place = Vantage("here", Secrets.none())
    seen: dict[str, str] = {}
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        ("http", f"http://[{HOME}%lo]:{p}/", {}),
        ("http", f"http://[{HOME}%25lo]:{p}/go", {}),
        ("http", f"https://[{HOME}%25lo]:{c}/", {"ca": pki.ca}),
        ("http", "http://www.case.example/", {"connect": f"[{HOME}%lo]:{p}"}),
        ("tls", f"tls://[{HOME}%lo]:{c}", {"ca": pki.ca}),
        ("tcp", f"tcp://[{HOME}%25lo]:{p}", {}),
        ("smtp", f"smtp://[{HOME}%lo]:{s}", {}),
        ("dns", f"dns://[{HOME}%lo]:{n}/www.case.example", {}),
        ("dns", "dns:www.case.example", {}),
        ("sip.options", f"sip:[{HOME}%25lo]:{f};transport=udp", {}),
        ("icmp", f"icmp://[{HOME}%lo]", {}),
        ("http", f"http://[{HOME}%nope]:{p}/", {}),
    ]
    for probe, target, options in wanted:
        sample = await look_at(place, probe, target, within=3, **options)
        seen[f"{probe} {target}"] = clean(f"{sample.outcome.value} {sample.code} {sample.detail}")
    for scheme, port in (("http", p), ("https", c)):
        wanted_by_step = request("GET", f"{scheme}://[{HOME}%25lo]:{port}/")
        try:
            seen[f"step {scheme}"] = str(
                (await exchange(wanted_by_step, client_context(pki.ca), Progress(), within=3)).status
            )
        except Trouble as trouble:
            seen[f"step {scheme}"] = str(trouble)
    await place.aclose()
    for server in (page, closed, post):
        server.close()
    names.close()
    phone.close()
    return seen


if __name__ == "__main__":
    give_loopback_its_address()
    found = asyncio.run(looks(Pki(Path(tempfile.mkdtemp()))))
    json.dump({"seen": found, "heard": heard}, sys.stdout)
