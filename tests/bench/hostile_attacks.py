"""What hostile servers do to each probe."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.kit.hostile_servers import MB, OK, Floods, Talk, answers, bomb, drips, floods, says, upgrades


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
STREAMS = (  # name, probe, scheme, end of the target, options, and of each flood its name, beginning and block
    ("tcp", "tcp", "tcp://", "", 'match = "needle"', [("flood", b"", b"x" * 1000)]),
    ("tls", "tls", "tls://", "", "", [("garbage", b"", b"\x16\x03\x03\x40\x00")]),
    ("irc", "irc", "irc://", "", "", [
        ("PING flood", b"", b"PING :x\r\n"),
        ("notices", b"", b":s NOTICE * :x\r\n"),
        ("nicks in use", b"", b":s 433 * n :in use\r\n"),
        ("endless line", b"", b"x" * 1000),
    ]),
    ("smtp", "smtp", "smtp://", "", "", [
        ("endless greeting", b"", b"220-x\r\n"),
        ("endless line", b"220 ", b"x" * 1000),
        ("many capabilities", b"220 x\r\n", b"250-X y\r\n"),
    ]),
    ("imap", "imap", "imap://u@", "", PLAIN, [
        ("untagged flood", b"* OK x\r\n", b"* 1 EXISTS\r\n"),
        ("giant literal", b"* OK {999999999}\r\n", b"x" * 1000),
    ]),
    ("sip over tcp", "sip.options", "sip:", ";transport=tcp", "", [
        ("header flood", b"SIP/2.0 200 OK\r\n", b"X: y\r\n"),
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
            (f"charset={name}", answers(PUNY, f"text/html; charset={name}"))
            for name in ("punycode", "idna", "utf-7", "unicode_escape", "zlib_codec", "undefined", "x" * 5000)
        ),
        ("charset=punycode in meta", answers(b'<meta charset="punycode">' + PUNY)),
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
        ("huge number", answers(b'{"status":' + b"9" * 500_000 + b"}", "application/json")),
    ]
    values = [
        ("nested JSON", answers(b"[" * 500_000, "application/json")),
        ("huge number", answers(b'{"a":' + b"9" * 500_000 + b"}", "application/json")),
        ("infinity", answers(b'{"a":1e999}', "application/json")),
        ("not a number", answers(b'{"a":NaN}', "application/json")),
    ]
    sockets = [
        ("tiny frames", b"\x81\x01x"),
        ("pings", b"\x89\x00"),
        ("empty fragments", b"\x00\x00"),
        ("unasked pongs", b"\x8a\x00"),
        ("one giant frame", b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
    ]
    found = [Attack(f"http: {name}", "http", page, talk, match) for name, talk in http]
    found += [Attack(f"feed: {name}", "feed", page, talk) for name, talk in feeds]
    found += [Attack(f"value: {name}", "value", page, talk, 'path = "$.a"\ndown_above = 10') for name, talk in values]
    found += [
        Attack(f"websocket: {name}", "websocket", "ws://127.0.0.1:{}/", upgrades(frames), f'send = "x"\n{match}')
        for name, frames in sockets
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
    return found
