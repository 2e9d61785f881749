"""Whatever a far side says, a look ends in words for people, and never by a fault of ours.

Each protocol's usual answers are broken in every way that chance finds: cut, doubled, swapped, bits changed, fields
replaced by what readers trip over. The seeds are fixed, so that a failure can be looked at again.
"""

import asyncio
import contextlib
import json
import os
import random
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message
import pytest
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.broken_answers import assert_fit_for_people, broken
from tests.kit.scripted_nameservers import reply_to
from tests.kit.scripted_servers import Pki, look_at, serve, settle
from tests.kit.scripted_xmpp import BIND, HEAD, SASL, offering

SEEDS = range(int(os.environ.get("SEEDS", "24")))
WITHIN = 0.5


def http(body: bytes, kind: str = "application/json", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def document(value: object) -> bytes:
    return http(json.dumps(value).encode())


PLAIN = offering("PLAIN").encode()
BOUND = f"{HEAD}<stream:features><bind xmlns='{BIND}'/></stream:features>".encode()
JID = f"<iq type='result' id='ID'><bind xmlns='{BIND}'><jid>watch@example.test/r</jid></bind></iq>".encode()
PONG = b"<iq type='result' id='ID' from='example.test'/>"
CHALLENGE = f"<challenge xmlns='{SASL}'>cj1hYmMscz1jMkZzZEE9PSxpPTQwOTY=</challenge>".encode()
SUCCESS = f"<success xmlns='{SASL}'/>".encode()
JOINED = (
    b"<presence from='office@rooms.test/outagetui'><x xmlns='http://jabber.org/protocol/muc#user'>"
    b"<status code='110'/></x></presence>"
)
STARTTLS = (
    f"{HEAD}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>".encode(),
    b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
)
SEE_OTHER = (
    f"{HEAD}<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:1</see-other-host>"
    "</stream:error></stream:stream>"
).encode()
RSS = (
    b"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Status</title><item><title>Resolved: x"
    b"</title><pubDate>Mon, 01 Jan 2024 10:00:00 GMT</pubDate><description>Status: Resolved</description></item>"
    b"</channel></rss>"
)
PAGE: dict[str, Any] = {
    "page": {"id": "x", "name": "X"},
    "status": {"indicator": "none", "description": "All Systems Operational"},
    "components": [{"id": "1", "name": "API", "status": "operational", "group_id": None, "group": False}],
    "incidents": [{"name": "x", "status": "resolved", "impact": "minor", "incident_updates": []}],
    "scheduled_maintenances": [],
}
SYNC = {"next_batch": "s1", "rooms": {"join": {"!r:x": {"timeline": {"events": [{"event_id": "$e"}]}}}}}

# By name: the probe, its target, its options, what it is told over TCP, and whether under TLS.
TALKS: dict[str, tuple[str, str, dict[str, Any], list[bytes], bool]] = {
    "tcp": ("tcp", "tcp://127.0.0.1:PORT", {"send": "x", "match": "a(b+)c"}, [b"xxabbbcyy"], False),
    "http": ("http", "http://127.0.0.1:PORT/", {"match": "hello"}, [http(b"hello", "text/html; charset=utf-8")], False),
    "http-redirect": (
        "http",
        "http://127.0.0.1:PORT/",
        {},
        [
            b"HTTP/1.1 302 Found\r\nLocation: /next?a=b\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n",
            http(b"x"),
        ],
        False,
    ),
    "http-coded": (
        "http",
        "http://127.0.0.1:PORT/",
        {"match": "hello"},
        [
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
            b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n"
        ],
        False,
    ),
    "value": ("value", "http://127.0.0.1:PORT/", {"path": "$.a", "down_below": 1.0}, [document({"a": 5})], False),
    "feed": ("feed", "http://127.0.0.1:PORT/", {}, [document(PAGE)], False),
    "feed-rss": ("feed", "http://127.0.0.1:PORT/", {"format": "rss"}, [http(RSS, "application/rss+xml")], False),
    "irc": (
        "irc",
        "irc://127.0.0.1:PORT",
        {},
        [b":s NOTICE * :Hello\r\nPING :1\r\n", b"@a=b :s 001 me :Welcome\r\n", b":s PONG s :x\r\n", b"ERROR :bye\r\n"],
        False,
    ),
    "smtp": (
        "smtp",
        "smtp://127.0.0.1:PORT",
        {"user": "watch", "secret": "right", "mail_from": "a@example.test", "rcpt_to": "b@example.test"},
        [b"220 s ESMTP\r\n", b"250-s\r\n250-SIZE 1\r\n250 AUTH PLAIN\r\n", b"235 ok\r\n", b"250 ok\r\n", b"250 ok\r\n"],
        False,
    ),
    "imap": (
        "imap",
        "imap://watch@127.0.0.1:PORT",
        {"secret": "right"},
        [
            b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN LITERAL+] ready\r\n",
            b"* CAPABILITY IMAP4rev1\r\nTAG OK\r\n",
            b"TAG OK in\r\n",
            b"* 1 EXISTS\r\n* FLAGS ()\r\nTAG OK [READ-WRITE] done\r\n",
        ],
        False,
    ),
    "websocket": (
        "websocket",
        "ws://127.0.0.1:PORT/",
        {"send": "x", "match": "y"},
        [
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: ACCEPT\r\n\r\n",
            b"\x8a\x08PINGPONG\x81\x01y",
        ],
        False,
    ),
    "matrix": (
        "matrix",
        "http://127.0.0.1:PORT",
        {"user": "watch", "secret": "right", "room": "#a:x"},
        [
            document({"m.homeserver": {"base_url": "http://127.0.0.1:PORT"}}),
            document({"m.server": "x:443"}),
            document({"versions": ["v1.11"]}),
            document({"access_token": "t", "user_id": "@watch:x", "device_id": "d"}),
            document({"room_id": "!r:x"}),
            document(SYNC),
            document({"event_id": "$e"}),
            document(SYNC),
        ],
        False,
    ),
    "xmpp-plain": ("tls", "tls://127.0.0.1:PORT", {"starttls": "xmpp"}, list(STARTTLS), False),
    "xmpp-elsewhere": ("xmpp", "xmpp://watch@example.test", {"secret": "right"}, [SEE_OTHER], False),
    "xmpp": (
        "xmpp",
        "xmpp://watch@example.test",
        {"secret": "right", "direct_tls": True},
        [PLAIN, SUCCESS, BOUND, JID, PONG],
        True,
    ),
    "xmpp-scram": (
        "xmpp",
        "xmpp://watch@example.test",
        {"secret": "right", "direct_tls": True},
        [offering("SCRAM-SHA-256").encode(), CHALLENGE, SUCCESS],
        True,
    ),
    "xmpp-room": (
        "xmpp.room",
        "xmpp://watch@example.test",
        {"secret": "right", "direct_tls": True, "room": "office@rooms.test"},
        [PLAIN, SUCCESS, BOUND, JID, PONG, PONG, JOINED, b"<message from='office@rooms.test/outagetui' id='ID'/>"],
        True,
    ),
    "sip-tcp": (
        "sip.options",
        "sip:127.0.0.1:PORT;transport=tcp",
        {},
        [b"SIP/2.0 200 OK\r\nVIA\r\nFROM\r\nTO;tag=x\r\nCALLID\r\nCSEQ\r\nContent-Length: 0\r\n\r\n"],
        False,
    ),
}
ECHOED = {
    b"ID": rb"id=['\"]([^'\"]+)",
    b"TAG": rb"^(\S+)",
    b"VIA": rb"(?im)^(via:[^\r]*)",
    b"FROM": rb"(?im)^(from:[^\r]*)",
    b"TO": rb"(?im)^(to:[^\r]*)",
    b"CALLID": rb"(?im)^(call-id:[^\r]*)",
    b"CSEQ": rb"(?im)^(cseq:[^\r]*)",
}


def filled(answer: bytes, asked: bytes) -> bytes:
    for name, pattern in ECHOED.items():
        if name in answer and (found := re.search(pattern, asked)):
            answer = answer.replace(name, found[1])
    return answer


@contextlib.asynccontextmanager
async def saying(answers: list[bytes], context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Say one answer each time something was asked, over all connections together; then hang up."""
    left = list(answers)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = left[0][:4] in (b"220 ", b"* OK", b":s N") if left else False
        asked = b""
        while left:
            if not first:
                asked = await reader.read(65536)
                if not asked:
                    return
            first = False
            writer.write(filled(left.pop(0), asked))
            await writer.drain()

    async with serve(handler, context=context) as server:
        yield server.port


@pytest.fixture
async def place(secret_directory: Path) -> AsyncIterator[Vantage]:
    (secret_directory / "right").write_text("geheim-geheim")
    (secret_directory / "right").chmod(0o600)
    vantage = Vantage("here", Secrets(secret_directory, {}))
    yield vantage
    await vantage.aclose()
    await settle()


@pytest.mark.parametrize("name", TALKS)
async def test_no_answer_by_tcp_ends_a_look_by_a_fault_of_ours(name: str, place: Vantage, pki: Pki) -> None:
    probe, target, options, answers, tls = TALKS[name]
    context = pki.good("example.test") if tls else None

    async def one(seed: int) -> None:
        async with saying(broken(answers, random.Random(f"{name} {seed}")), context) as port:
            given = dict(options)
            if probe.startswith("xmpp"):
                given |= {"ca": pki.ca, "connect": f"127.0.0.1:{port}"}
            sample = await look_at(place, probe, target.replace("PORT", str(port)), within=WITHIN, **given)
        assert_fit_for_people(sample, (name, seed))

    await asyncio.gather(*map(one, SEEDS))


@contextlib.contextmanager
def udp(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.bind(("127.0.0.1", 0))

        def came() -> None:
            asked, source = sock.recvfrom(65536)
            sock.sendto(answer(asked)[:60000], source)

        loop.add_reader(sock, came)
        yield sock.getsockname()[1]
        loop.remove_reader(sock)


@pytest.mark.parametrize("kind", ["A", "MX", "TXT", "SRV", "HTTPS", "NAPTR", "SOA", "CAA", "ANY"])
async def test_no_datagram_of_dns_ends_a_look_by_a_fault_of_ours(kind: str, place: Vantage) -> None:
    records = {
        "A": "a.test. A 192.0.2.1",
        "MX": "a.test. MX 5 mail.test.",
        "TXT": 'a.test. TXT "one" "two"',
        "SRV": "a.test. SRV 1 2 3 b.test.",
        "HTTPS": 'a.test. HTTPS 1 . alpn="h2"',
        "NAPTR": 'a.test. NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp.a.test.',
        "SOA": "a.test. SOA ns. ops. 1 1 1 1 1",
        "CAA": 'a.test. CAA 0 issue "x"',
        "ANY": "a.test. A 192.0.2.1",
    }

    async def one(seed: int) -> None:
        chance = random.Random(f"{kind} {seed}")

        def answer(asked: bytes) -> bytes:
            reply = reply_to(dns.message.from_wire(asked), records[kind]).to_wire()
            return asked[:2] + broken([reply[2:]], chance)[0]

        with udp(answer) as port:
            sample = await look_at(place, "dns", f"dns://127.0.0.1:{port}/a.test", within=WITHIN, type=kind)
        assert_fit_for_people(sample, (kind, seed))

    await asyncio.gather(*map(one, SEEDS))


async def test_no_datagram_of_sip_ends_a_look_by_a_fault_of_ours(place: Vantage) -> None:
    async def one(seed: int) -> None:
        chance = random.Random(f"sip {seed}")

        def answer(asked: bytes) -> bytes:
            return broken([filled(TALKS["sip-tcp"][3][0], asked)], chance)[0]

        with udp(answer) as port:
            sample = await look_at(place, "sip.options", f"sip:127.0.0.1:{port};transport=udp", within=WITHIN)
        assert_fit_for_people(sample, seed)

    await asyncio.gather(*map(one, SEEDS))


async def test_no_output_of_a_program_ends_a_look_by_a_fault_of_ours(place: Vantage, tmp_path: Path) -> None:
    output = tmp_path / "output"
    for seed in SEEDS:
        chance = random.Random(f"exec {seed}")
        output.write_bytes(broken([b"OK - load .52 | 'load 1'=.52;5;10;0 load5=1e-3;@1:2;~:3\nmore\n| a=1"], chance)[0])
        sample = await look_at(place, "exec", "exec:x", argv=("/bin/cat", str(output)))
        assert_fit_for_people(sample, seed)
        key = "A" * 42 + "A="
        dump = f"priv\tpub\t51820\toff\n{key}\t(none)\t192.0.2.1:1\t10.0.0.0/8\t1700000000\t1\t2\toff\n"
        output.write_bytes(broken([dump.encode()], chance)[0])
        sample = await look_at(place, "wireguard", "wireguard:wg0", file=str(output))
        assert_fit_for_people(sample, seed)
