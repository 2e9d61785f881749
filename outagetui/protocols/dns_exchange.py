"""One DNS question to one server or to the system's resolver: UDP, then TCP when the answer was cut (RFC 1035, 7766).

The socket is connected, so that the kernel takes replies from that server alone and tells of a closed port at once;
its source port is random, and identifier and question of a reply must fit (RFC 5452).
"""

import asyncio
import os
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from outagetui.core.model import Outcome
from outagetui.net import resolve
from outagetui.net.aside import aside
from outagetui.net.resolve import Address
from outagetui.net.trouble import Trouble, fail, from_os_error
from outagetui.net.udp import UdpSocket
from outagetui.protocols.dns_reply import HEADER, Reply

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType

CHAIN = 16  # aliases followed
SYSTEM_SERVERS = 3  # of resolv.conf that are asked, as glibc does
# What questions and replies are made of, and takes 40 ms to load.
LIBRARY = tuple(f"dns.{name}" for name in ("edns", "rdata", "rcode", "reversename", "rdtypes.ANY", "rdtypes.IN"))
_COSTLY = 8  # how much longer a byte of a message may take to read than one of other documents: names point to names
_RECURSION_DESIRED = 0x0100
_EDNS = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)  # the record OPT without options; so many bytes fit every network
_TRUNCATED = 0x02  # in the third byte of the header
_UNHELPFUL = frozenset({2, 4, 5})  # SERVFAIL, NOTIMP, REFUSED: a stub asks the next server


class Question(Struct, frozen=True):
    """What is asked; without `recurse` the server must know it itself.

    `reasons` asks for reasons beside a refusal (EDNS, RFC 6891 and 8914), which old servers and firewalls may not take.
    """

    name: "Name"
    kind: "RdataType"
    recurse: bool = True
    reasons: bool = False

    def wire(self) -> bytes:
        """Return the query without its identifier."""
        flags = _RECURSION_DESIRED if self.recurse else 0
        head = struct.pack("!5H", flags, 1, 0, 0, int(self.reasons))
        return head + self.asked() + (_EDNS if self.reasons else b"")

    def asked(self) -> bytes:
        """Return the one question of the query, as it stands in the reply too."""
        return (self.name.to_wire() or b"") + struct.pack("!HH", self.kind, 1)


async def ask(server: Address, question: Question, deadline: float) -> Reply:
    """Return the reply of `server`, whatever its code.

    Raises `Trouble`: `timeout`, `dns.unreachable` (nothing listens there), `dns.malformed`, or as `from_os_error` says.
    """
    number = os.urandom(2)
    query = number + question.wire()
    try:
        async with asyncio.timeout_at(deadline):
            reply = await _by_udp(server, query, question)
            return reply if reply is not None else await _by_tcp(server, query, question)
    except ConnectionRefusedError:
        fail("dns.unreachable", f"{server}: nothing listens there")
    except OSError as error:
        if isinstance(error, TimeoutError) and error.errno is None:
            fail("timeout", f"{server}: no answer in time")
        trouble = from_os_error(error, str(server))
        trouble.code = "dns.unreachable" if trouble.code == "tcp.unreachable" else trouble.code
        raise trouble from error


async def ask_system(question: Question, deadline: float) -> Reply:
    """Return the reply of the first of this machine's resolvers that helps, else the last reply of any.

    Raises `Trouble` `dns.no-resolver`, ours, when none replies, or when they fail for the root zone as well.
    """
    loop = asyncio.get_running_loop()
    servers = resolve.nameservers()[:SYSTEM_SERVERS]
    reply: Reply | None = None
    said: list[str] = []
    for left, (host, port) in enumerate(servers, -len(servers)):
        share = (deadline - loop.time()) / -left
        try:
            address = resolve.literal(host, port)
            if address is None:
                continue
            reply = await ask(address, question, loop.time() + share)
        except Trouble as trouble:
            said.append(trouble.detail)
            continue
        if reply.code not in _UNHELPFUL:
            return reply
    if reply is None:
        raise Trouble(Outcome.UNKNOWN, "dns.no-resolver", f"our own resolver does not answer: {'; '.join(said)}")
    if not await resolve.resolver_lives(servers, max(0.0, deadline - loop.time())):
        raise Trouble(Outcome.UNKNOWN, "dns.no-resolver", "our own resolver fails for the root zone too")
    return reply


def records(reply: Reply, name: "Name", kind: "RdataType") -> "tuple[list[Rdata], Name | None]":
    """Return the records of `kind` at the end of the aliases (CNAME) from `name`, and that end if it is not `name`.

    ANY means whatever there is at `name` itself (RFC 8482: it need not be all).
    """
    import dns.rdatatype

    end = name
    for _ in range(CHAIN):
        found = reply.held(end, kind)
        if found or kind == dns.rdatatype.ANY:
            return found, None if end == name else end
        alias = reply.held(end, dns.rdatatype.CNAME)
        if not alias:
            break
        end = alias[0].target  # type: ignore[attr-defined]
    return [], None if end == name else end


async def _by_udp(server: Address, query: bytes, question: Question) -> Reply | None:
    """Return the reply, or None when it was cut; what does not fit the question is ignored as if never sent."""
    with UdpSocket(server) as udp:
        await udp.send(query)
        while True:
            wire = await udp.receive()
            cut = len(wire) > HEADER and bool(wire[2] & _TRUNCATED)
            reply = await aside(partial(_fitting, wire, query, question, question_only=cut), len(wire) * _COSTLY)
            if reply is not None:
                return None if cut else reply


async def _by_tcp(server: Address, query: bytes, question: Question) -> Reply:
    loop = asyncio.get_running_loop()
    with socket.socket(server.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
        try:
            await loop.sock_connect(sock, server.sockaddr)
        except ConnectionRefusedError:
            fail("tcp.refused", f"{server}: the answer needs TCP, which is refused")
        await loop.sock_sendall(sock, struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", await _exactly(sock, 2, server))
        wire = await _exactly(sock, length, server)
        reply = await aside(partial(_fitting, wire, query, question), length * _COSTLY)
        if reply is None:
            fail("dns.malformed", f"{server}: the answer by TCP does not fit the question")
        return reply


async def _exactly(sock: socket.socket, size: int, server: Address) -> bytes:
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < size:
        part = await loop.sock_recv(sock, size - len(data))
        if not part:
            fail("dns.malformed", f"{server}: the connection was closed within the answer")
        data += part
        await asyncio.sleep(0)  # byte by byte it would hold up the loop
    return bytes(data)


def _fitting(wire: bytes, query: bytes, question: Question, *, question_only: bool = False) -> Reply | None:
    """Return `wire` as a message when it is a reply to `query` by identifier and question, else None.

    Our own query that comes back is no reply (its QR bit is not set). Bytes behind the message are passed over.
    """
    import dns.exception

    if len(wire) < HEADER or wire[:2] != query[:2] or not wire[2] & 0x80 or wire[2] & 0x78:
        return None
    asks = question.asked()
    start, asked = HEADER, int.from_bytes(wire[4:6], "big")
    if asked:
        start += len(asks)
        # A server may answer in other letters' case.
        if asked > 1 or wire[HEADER:start].lower() != asks.lower():
            return None
    try:
        reply = Reply(wire) if question_only else Reply.read(wire, start, question.name, question.kind)
    except (dns.exception.DNSException, ValueError, struct.error, IndexError):
        return None
    # Servers that refuse or fail may leave the question out.
    return reply if asked or reply.code in (1, *_UNHELPFUL) else None
