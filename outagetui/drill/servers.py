"""The drill's servers: an HTTP messenger with its status feed, a website, a web chat and DNS, on loopback."""

import asyncio
import json
import mimetypes
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, cast
from urllib.parse import parse_qsl, urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from outagetui.drill.scenario import SEED

HOST = "127.0.0.1"
LONGEST_HEAD = 16 * 1024
LONGEST_BODY = 256 * 1024
Answer = tuple[int, str, bytes]  # status, content type and body
NOT_HERE: Answer = (404, "text/plain", b"not here")
Listener = asyncio.Server | asyncio.DatagramTransport
ZONE = {
    ("drill.test.", "A"): ["127.0.0.1"],
    ("chat.drill.test.", "A"): ["127.0.0.1"],
    ("drill.test.", "MX"): ["10 mail.drill.test."],
    ("mail.drill.test.", "A"): ["127.0.0.1"],
    ("drill.test.", "NS"): ["ns.drill.test."],
    ("drill.test.", "SOA"): ["ns.drill.test. office.drill.test. 1 3600 600 86400 30"],
}


class Request(NamedTuple):
    """One request; header names are lower-case, `query` is that of the address."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Service = Callable[[Request], Answer]


class Trouble:
    """How a server misbehaves now. Draws are seeded per path and begin with the fault: it strikes alike every time."""

    def __init__(self) -> None:
        self.share = 0.0
        self.kind = ""  # one of those the server's module names
        self._dice: dict[str, random.Random] = {}

    def strikes(self, path: str) -> bool:
        """Whether this answer is one of those that fail."""
        if not self.share:
            return False
        dice = self._dice.setdefault(path, random.Random(f"{SEED}{path}"))  # noqa: S311 a script, not a secret
        return dice.random() < self.share


class Opening:
    """A server's way in, which can be closed, and opened again on the same port.

    It serves by `listen`, which listens on the port it is given (0: any), until its trouble is to refuse.
    """

    def __init__(self, trouble: Trouble, listen: Callable[[int], Awaitable[Listener]]) -> None:
        self.trouble, self._listen = trouble, listen
        self._listener: Listener | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen, the first time on any port."""
        self._listener = listener = await self._listen(self.port)
        if isinstance(listener, asyncio.Server):
            self.port = listener.sockets[0].getsockname()[1]
        else:
            self.port = listener.get_extra_info("sockname")[1]

    async def suffer(self, kind: str, share: float) -> None:
        """Take on a fault, in place of the one before."""
        self.trouble.kind, self.trouble.share = kind, share
        if kind == "refuse" and self._listener is not None:
            self._listener.close()
            self._listener = None
            await asyncio.sleep(0)  # the socket is closed in the loop's next round
        elif kind != "refuse" and self._listener is None:
            await self.open()


async def serve_http(service: Service, trouble: Trouble, port: int = 0, host: str = HOST) -> asyncio.Server:
    """Serve `service` with one answer a connection; a struck answer is a 503 of a gateway that found nobody.

    With trouble of kind `hang` nothing is answered.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                request = await _request(reader)
                if trouble.kind == "hang":
                    await asyncio.sleep(60)
                if trouble.strikes(f"replies to {request.path}"):
                    status, kind, body = 503, "text/plain", b"no server is available"
                else:
                    status, kind, body = service(request)
                lines = f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                writer.write(lines.encode() + b"Connection: close\r\n\r\n" + body)
                await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # whoever asks nonsense gets nothing
        finally:
            writer.close()

    return await asyncio.start_server(answer, host, port, limit=LONGEST_HEAD)


async def _request(reader: asyncio.StreamReader) -> Request:
    """Read one request; ValueError when it is none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii", "replace").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= LONGEST_BODY:
        raise ValueError("too long")
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query)), headers, await reader.readexactly(length))


def messenger(request: Request) -> Answer:
    """The messenger's API, the team's rooms and its other apps."""
    if request.path in ("/api/ping", "/team/ping", "/workplace/ping", "/photos/ping"):
        return 200, "application/json", b'{"reply": "pong"}'
    return NOT_HERE


def feed(trouble: Trouble) -> Service:
    """Return the provider's status page in Statuspage form. It understates as they do: at worst it says it is slow."""

    def page(_: Request) -> Answer:
        word = "degraded_performance" if trouble.share > 0.5 else "operational"
        indicator = "minor" if trouble.share > 0.5 else "none"
        component = {"id": "c1", "name": "Messages", "status": word, "group": False, "group_id": None, "position": 1}
        document = {
            "page": {"id": "p1", "name": "Messenger", "url": "http://status.drill.test"},
            "status": {"indicator": indicator, "description": word.replace("_", " ")},
            "components": [component],
            "incidents": [],
            "scheduled_maintenances": [],
        }
        return 200, "application/json", json.dumps(document).encode()

    return page


def webchat(request: Request) -> Answer:
    """The web chat: its widget's page and how many operators are online."""
    if request.path == "/operators.json":
        return 200, "application/json", b'{"online": 3}'
    return 200, "text/html", b'<!doctype html><title>Chat</title><div id="chat-widget">Talk to us</div>'


def website(pages: Path) -> Service:
    """Return the main website, which also serves the customers' and the staff's page from `pages`."""

    def page(request: Request) -> Answer:
        path = request.path
        if path == "/":
            return 200, "text/html", b"<!doctype html><title>Example Hosting</title><h1>Example Hosting</h1>"
        name = path.lstrip("/") + ("index.html" if path.endswith("/") else "")
        file = (pages / name).resolve()
        if not file.is_relative_to(pages.resolve()) or not file.is_file():
            return NOT_HERE
        return 200, mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.read_bytes()

    return page


class Datagrams(asyncio.DatagramProtocol):
    """Answers datagrams from the socket that they come to, as far as its trouble lets it."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        # Not an assert: the selector loop's own datagram transport is no DatagramTransport on Python 3.11.
        self._transport = cast("asyncio.DatagramTransport", transport)


class Names(Datagrams):
    """A name server for the drill's zone. Trouble of kind `servfail`: as a resolver whose authorities are all gone."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        try:
            question = dns.message.from_wire(data)
            name, kind = question.question[0].name, dns.rdatatype.to_text(question.question[0].rdtype)
        except (dns.exception.DNSException, IndexError):
            return
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.AA
        records = ZONE.get((name.to_text().lower(), kind))
        if self._trouble.kind == "servfail":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            reply.answer.append(dns.rrset.from_text(name, 30, "IN", kind, *records))
        elif not any(known == name.to_text().lower() for known, _ in ZONE):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(reply.to_wire(), addr)


async def serve_names(trouble: Trouble, port: int = 0, host: str = HOST) -> asyncio.DatagramTransport:
    """Serve the drill's zone on UDP."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Names(trouble), local_addr=(host, port))
    return transport
