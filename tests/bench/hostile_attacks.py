"""What hostile servers do to each probe."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.bench.hostile_documents import feeds as feeds_by_excess
from tests.bench.hostile_documents import http2_floods, json_feeds, packed, pages
from tests.kit.hostile_servers import (
    MB,
    OK,
    Answers,
    Floods,
    Talk,
    answers,
    bomb,
    converses,
    drips,
    floods,
    says,
    upgrades,
)


@dataclass(frozen=True)
class Attack:
    """What is tried: `target` has a place for the port, `options` are lines of the check."""

    name: str
    probe: str
    target: str
    talk: Talk | Callable[[], asyncio.DatagramProtocol]
    options: str = ""
    fine: bool = False  # whether a probe may call it well


PACKED = ("gzip", "deflate", "br", "zstd")
PUNY = b"a" * 1000 + b"-" + b"b9" * 100_000  # what the codec takes quadratic time for
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LOGIN = 'secret = "s"'
DIALLED = 'connect = "127.0.0.1:{}"'
STREAM = b"<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client' id='1' version='1.0'>"
LOOPED = b"\x81\x80\0\1\0\1\0\0\0\0" + b"\xc0\x0c" * 200
PLAIN = f'{LOGIN}\nstarttls = "never"'
EXPIRES = b"Set-Cookie: a=b" + b"; Expires=Mon, 01 Jan 2024 00:00:00 GMT" * 100 + b"\r\n"
BUSY_SIP = b"SIP/2.0 200 OK\r\n"
WELL = ("components", "groups in groups", "beats")  # large, and nothing wrong with them
SCRAM = b"SCRAM-SHA-256 SCRAM-SHA-1 SCRAM-SHA-512"
STREAMS = (  # name, probe, scheme, end of the target, options, and of each flood its name, beginning and block
    ("tcp", "tcp", "tcp://", "", 'match = "needle"', [("flood", b"", b"x" * 1000)]),
    ("tls", "tls", "tls://", "", "", [("garbage", b"", b"\x16\x03\x03\x40\x00")]),
    ("irc", "irc", "irc://", "", "", [
        ("PING flood", b"", b"PING :x\r\n"),
        ("notices", b"", b":s NOTICE * :x\r\n"),
        ("tags", b"", b"@" + b"a=b;" * 2000 + b" PING x\r\n"),
        ("features", b":s 001 n :x\r\n", b":s 005 n A B C D E F G H :are supported\r\n"),
        ("capabilities", b"", b":s CAP * LS * :a b c d\r\n"),
        ("nicks in use", b"", b":s 433 * n :in use\r\n"),
        ("endless line", b"", b"x" * 1000),
    ]),
    ("smtp", "smtp", "smtp://", "", "", [
        ("endless greeting", b"", b"220-x\r\n"),
        ("endless line", b"220 ", b"x" * 1000),
        ("long lines of EHLO", b"220 x\r\n", b"250-" + b"AUTH " * 90 + b"\r\n"),
        ("many capabilities", b"220 x\r\n", b"250-X y\r\n"),
    ]),
    ("imap", "imap", "imap://u@", "", PLAIN, [
        ("untagged flood", b"* OK x\r\n", b"* 1 EXISTS\r\n"),
        ("empty literals", b"* OK x\r\n", b"* 1 FETCH (A {0}\r\n)\r\n"),
        ("literals in a line", b"* OK x\r\n* 1 FETCH (", b"A {0}\r\n"),
        ("capabilities", b"* OK x\r\n", b"* CAPABILITY " + b"AUTH=X " * 9000 + b"\r\n"),
        ("giant literal", b"* OK {999999999}\r\n", b"x" * 1000),
    ]),
    ("sip over tcp", "sip.options", "sip:", ";transport=tcp", "", [
        ("header flood", BUSY_SIP, b"X: y\r\n"),
        ("folded lines", BUSY_SIP + b"X: y\r\n", b" z\r\n"),
        ("endless body", BUSY_SIP + b"Content-Length: 999999999\r\n\r\n", b"x" * 1000),
        ("keep-alives", b"", b"\r\n\r\n"),
        ("empty answers", b"", BUSY_SIP + b"Content-Length: 0\r\n\r\n"),
        ("endless line", b"SIP/2.0 ", b"x" * 1000),
    ]),
)  # fmt: skip


def attacks() -> list[Attack]:
    """Return every attack."""
    page, match = "http://127.0.0.1:{}/", 'match = "needle"'
    deep = b"<a>" * 200_000
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "ha">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
        + b"]><rss><channel><title>&a11;</title></channel></rss>"
    )
    http = [
        ("one-byte chunks", floods(CHUNKED, b"1\r\nx\r\n")),
        ("chunk extensions", floods(CHUNKED, b"1;" + b"x" * 500 + b"\r\nx\r\n")),
        ("trailers", floods(CHUNKED + b"0\r\n", b"X-T: y\r\n")),
        ("header flood", floods(OK, b"X-Flood: yes\r\n")),
        ("one endless header", floods(OK + b"X: ", b"y" * 1000)),
        ("cookie flood", floods(OK, b"Set-Cookie: a=b; Path=/\r\n")),
        ("interim flood", floods(b"", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n")),
        ("endless body", floods(OK + b"\r\n", b"x" * 1000)),
        ("dripping body", drips(OK + b"\r\n", b"x")),
        ("dripping header", drips(OK, b"X: y\r\n")),
        ("endless status line", floods(b"HTTP/1.1 200 ", b"OK ")),
        ("location nonsense", says(b"HTTP/1.1 302 F\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n")),
        ("location bidi", says(b"HTTP/1.1 302 F\r\nLocation: http://\xe2\x80\xae.example/\r\n\r\n")),
        ("huge length", says(OK + b"Content-Length: 99999999999999999999\r\n\r\nx")),
        ("negative chunk", says(CHUNKED + b"-1\r\nx\r\n0\r\n\r\n")),
        *((f"{name} bomb", answers(bomb(name), more=f"Content-Encoding: {name}\r\n")) for name in PACKED),
        ("stacked encodings", answers(bomb("gzip", 8 * MB), more=f"Content-Encoding: {'gzip, ' * 49}gzip\r\n")),
        ("codecs by name", answers(b"x", more="Content-Encoding: zlib_codec, bz2, hex\r\n")),
        *(
            (f"charset={name[:20]}", answers(PUNY, f"text/html; charset={name}"))
            for name in ("punycode", "idna", "utf-7", "unicode_escape", "zlib_codec", "undefined", "x" * 5000)
        ),
        ("charset=punycode in meta", answers(b'<meta charset="punycode">' + PUNY)),
        ("folded header lines", floods(OK + b"X: y\r\n", b" z\r\n")),
        ("dates of cookies", says(b"HTTP/1.1 302 F\r\nLocation: /\r\n" + EXPIRES * 15 + b"\r\n")),
        ("digits of chunk sizes", floods(CHUNKED, b"0" * 200)),
        *((name, answers(body, kind)) for name, body, kind in pages()),
        *((name, answers(body, more=f"Content-Encoding: {coding}\r\n")) for name, coding, body in packed()),
        *((f"HTTP/2 {name}", floods(head, block, first=True)) for name, head, block in http2_floods()),
        ("pattern and a long line", answers(b"a" * 900_000 + b"b")),
    ]  # fmt: skip
    feeds = [
        ("nested XML", answers(deep, "application/rss+xml")),
        ("entity expansion", answers(laughs, "application/rss+xml")),
        ("charset=punycode", answers(b"<rss>" + PUNY, "application/rss+xml; charset=punycode")),
        ("encoding=punycode", answers(b'<?xml version="1.0" encoding="punycode"?><rss>' + PUNY, "text/xml")),
        ("many attributes", answers(b"<rss " + b" ".join(b'a%d="x"' % n for n in range(50_000)) + b"/>", "text/xml")),
        ("many items", answers(b"<rss><channel>" + b"<item><title>x</title></item>" * 60_000, "text/xml")),
        ("nested JSON", answers(b"[" * 500_000, "application/json")),
        ("nested JSON objects", answers(b'{"a":' * 200_000, "application/json")),
        *((f"excess of {name}", answers(body, "text/xml")) for name, body in feeds_by_excess()),
        ("huge number", answers(b'{"status":' + b"9" * 500_000 + b"}", "application/json")),
    ]
    values = [
        ("excess of keys", answers(b'{"a":{' + b",".join(b'"b%d":1' % n for n in range(90_000)) + b"}}")),
        ("excess of digits", answers(b'{"a":[' + b"1," * 480_000 + b"1]}")),
        ("escapes", answers(b'{"a":"' + b"\\u0041" * 160_000 + b'"}')),
        ("nested JSON", answers(b"[" * 500_000, "application/json")),
        ("huge number", answers(b'{"a":' + b"9" * 500_000 + b"}", "application/json")),
        ("infinity", answers(b'{"a":1e999}', "application/json")),
        ("not a number", answers(b'{"a":NaN}', "application/json")),
    ]
    sockets = [
        ("tiny frames", b"\x81\x01x"),
        ("pings", b"\x89\x00"),
        ("empty fragments", b"\x00\x00"),
        ("long pings", b"\x89\x7d" + b"x" * 125),
        ("unasked pongs", b"\x8a\x00"),
        ("one giant frame", b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
    ]
    found = [Attack(f"http: {name}", "http", page, talk, match) for name, talk in http]
    found += [Attack(f"feed: {name}", "feed", page, talk) for name, talk in feeds]
    found += [
        Attack(f"feed: excess of {name}", "feed", page, answers(body, "application/json"), fine=name in WELL)
        for name, body in json_feeds()
    ]
    found += [Attack(f"value: {name}", "value", page, talk, 'path = "$.a"\ndown_above = 10') for name, talk in values]
    found += [
        Attack(f"websocket: {name}", "websocket", "ws://127.0.0.1:{}/", upgrades(frames), f'send = "x"\n{match}')
        for name, frames in sockets
    ]
    found += [
        Attack(
            f"websocket: {name}",
            "websocket",
            "ws://127.0.0.1:{}/",
            upgrades(frame, b"\x01\x01x"),
            f'send = "x"\n{match}',
        )
        for name, frame in (("one-byte fragments", b"\0\x01x"), ("halves of characters", b"\0\x01\xc3"))
    ]
    found += [
        Attack(f"{word}: {name}", probe, f"{scheme}127.0.0.1:{{}}{tail}", floods(head, block, first=True), more)
        for word, probe, scheme, tail, more, floodings in STREAMS
        for name, head, block in floodings
    ]
    found += [
        Attack(f"xmpp: {name}", "xmpp", "xmpp://u@localhost", floods(head, block, first=True), f"{LOGIN}\n{DIALLED}")
        for name, head, block in (
            ("nested stanzas", STREAM, b"<a>"),
            ("one endless tag", b"<stream:stream ", b"a"),
            ("text without end", STREAM + b"<message><body>", b"x" * 1000),
            ("namespaces", STREAM + b"<a ", b"xmlns:b='c' "),
            ("comments", STREAM, b"<!-- x -->"),
            ("references", STREAM + b"<message><body>", b"&amp;&lt;"),
            ("mechanisms", STREAM + b"<stream:features>", b"<mechanism>PLAIN</mechanism>"),
            ("spaces between stanzas", STREAM, b" "),
            ("stanzas nobody asked for", STREAM, b"<message/>"),
        )
    ]
    found += [
        Attack(f"{probe}: {name}", probe, target, partial(Floods, block, count))
        for name, probe, target, block, count in (
            ("flood of garbage", "sip.options", "sip:127.0.0.1:{};transport=udp", b"P/2.0 200\r\n" * 90, 20000),
            ("flood of strangers", "dns", "dns://127.0.0.1:{}/example.net", b"\x81\x80" + b"\0" * 8, 20000),
            ("loop of names", "dns", "dns://127.0.0.1:{}/example.net", LOOPED, 5),
        )
    ]
    found += [
        Attack("imap: SCRAM", "imap", "imap://u@127.0.0.1:{}", converses(
            b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256] x\r\n",
            block=b"+ cj1hLHM9YWFhLGk9OTk5OTk5OTk5\r\n",
        ), f'{LOGIN}\nstarttls = "offered"'),
        Attack("smtp: SCRAM", "smtp", "smtp://127.0.0.1:{}", converses(
            b"220 x\r\n", b"250-x\r\n250 AUTH " + SCRAM + b"\r\n", b"334 \r\n",
            block=b"334 cj1hLHM9YWFhLGk9OTk5OTk5OTk5\r\n",
        ), f'{LOGIN}\nuser = "u"\nmail_from = "a@b.example"\nrcpt_to = "c@d.example"'),
        Attack("feed: a name among many", "feed", page, answers(json_feeds()[0][1], "application/json"),
            'components = ["nothing of the kind"]'),
        Attack("value: every node", "value", page, answers(
            b'{"a":' + b'{"b":[' * 200 + b"1," * 90_000 + b"1" + b"]}" * 200 + b"}"
        ), 'path = "$..c"\ndown_above = 10'),
        Attack("dns: pointers to pointers", "dns", "dns://127.0.0.1:{}/example.net", partial(Answers, _pointers)),
        Attack("sip.options: header lines in one datagram", "sip.options", "sip:127.0.0.1:{};transport=udp",
            partial(Answers, lambda asked: BUSY_SIP + b"".join(
                line + b"\r\n" for line in asked.split(b"\r\n")[1:]
                if line[:4].lower() in (b"via:", b"from", b"to: ", b"call", b"cseq")
            ) + b"V: a;b=c\r\n" * 6000 + b"\r\n")),
        Attack("sip.options: a challenge", "sip.options", "sip:127.0.0.1:{};transport=udp",
            partial(Answers, lambda asked: asked.replace(asked.split(b"\r\n")[0], b"SIP/2.0 401 x", 1).replace(
                b"\r\n\r\n", b"\r\nWWW-Authenticate: Digest " + b'a="b\\"c", ' * 5000 + b"\r\n\r\n"))),
    ]  # fmt: skip
    return found


def _pointers(asked: bytes) -> bytes:
    """Return an answer in which the name of each record leads through all before it (RFC 1035 section 4.1.4)."""
    record = b"\0\x01\0\x01\0\0\0\0\0\x04\x7f\0\0\x01"
    answer = asked[:2] + b"\x81\x80\0\x01\x00\x64\0\0\0\0" + asked[12 : asked.index(b"\0", 12) + 5]
    at = 12
    for _ in range(100):
        here = len(answer)
        answer += (0xC000 | at).to_bytes(2, "big") + record
        at = here
    return answer
