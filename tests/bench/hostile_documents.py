"""Pages and feeds that cost those who read them: without end in one respect, and small in all others."""

import gzip
import json

PAGE_MB = 1_000_000  # bytes of what is read of a page
FEED_MB = 2_000_000  # of a feed
_CHANNEL = b"<rss><channel><title>x</title>"
_SETTINGS = b"\0\0\0\x04\0\0\0\0\0"  # HTTP/2's first frame (RFC 9113 section 6.5), and an empty one


def _fill(block: bytes, size: int) -> bytes:
    return block * (size // len(block))


def _entry(block: bytes) -> bytes:
    return _CHANNEL + b"<item>" + _fill(block, FEED_MB - 100) + b"</item></channel></rss>"


def _item(inside: bytes) -> bytes:
    return b"<item><title>t</title>" + inside + b"</item>"


def feeds() -> list[tuple[str, bytes]]:
    """Return RSS by what there is too much of."""
    names = b" ".join(b'xmlns:a%d="b"' % number for number in range(250))
    lines = b"<description>" + b"resolved - x\n" * 1200 + b"</description>"
    places = b"<guid>http://a" + b"/incident" * 200 + b"</guid><link>http://a" + b"/events" * 30 + b"</link>"
    return [
        ("texts of an entry", _entry(lines)),
        ("categories of an entry", _entry(b"<category>resolved</category>")),
        ("states of an entry", _entry(b"<status>resolved</status>")),
        ("lines of a text", _CHANNEL + _item(b"<description>" + b"_\n" * 8000 + b"</description>") * 100),
        ("words before a state", _CHANNEL + _item(b"<description>" + b"jan 1: " * 2200 + b"</description>") * 100),
        ("brackets in titles", _CHANNEL + (b"<item><title>" + b"(a[" * 600 + b"</title></item>") * 1000),
        ("steps of an address", _CHANNEL + _item(places) * 950 + b"</channel></rss>"),
        ("namespaces", b"<rss " + names + b">" + _CHANNEL[5:] + (b"<item " + names + b"/>") * 500),
        ("comments", _CHANNEL + _fill(b"<!---->", FEED_MB)),
        ("CDATA", _CHANNEL + b"<item><title>" + _fill(b"<![CDATA[x]]>", FEED_MB)),
        ("instructions", _CHANNEL + _fill(b"<?a?>", FEED_MB)),
        ("ampersands", _CHANNEL + b"<item><title>" + _fill(b"&", FEED_MB)),
        ("references", _CHANNEL + b"<item><title>" + _fill(b"&ngE;", FEED_MB)),
        ("text", _CHANNEL + b"<item><description>" + _fill(b"a", FEED_MB) + b"</description></item></channel></rss>"),
        ("tags in a text", _CHANNEL + b"<item><description>" + b"<b>x</b>" * 49_000),
        ("shifts of ISO-2022-JP", b'<?xml version="1.0" encoding="iso-2022-jp"?><rss>' + _fill(b"\x1b$B", FEED_MB)),
        ("halves of UTF-16", "\ufeff<rss><channel><title>".encode("utf-16-le") + _fill(b"\0\xd8", FEED_MB)),
        ("dates", _entry(b"<pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate>")),
    ]


def json_feeds() -> list[tuple[str, bytes]]:
    """Return Statuspage summaries and others by what there is too much of."""
    page = {"status": {"indicator": "none", "description": "x"}, "incidents": [], "scheduled_maintenances": []}
    parts = [{"name": f"part {number} " + "ab" * 10, "status": "operational"} for number in range(25_000)]
    groups = [{"name": f"p{n}", "id": str(n), "status": "operational", "group_id": str(n - 1)} for n in range(18_000)]
    beats = {str(number): [{"status": 1, "msg": "", "time": "x"}] * 10 for number in range(3000)}
    return [
        ("components", json.dumps(page | {"components": parts}).encode()),
        ("groups in groups", json.dumps(page | {"components": groups}).encode()),
        ("a long name", json.dumps(page | {"components": [{"name": "a" * 1_900_000, "status": "x"}]}).encode()),
        ("escapes", b'{"status":"' + _fill(b"\\u0041", FEED_MB) + b'"}'),
        ("beats", json.dumps({"heartbeatList": beats}).encode()),
        ("keys", b"{" + b",".join(b'"a%d":1' % number for number in range(150_000)) + b"}"),
        ("spaces", _fill(b" ", FEED_MB) + b"{"),
        ("empty lists", b"[" + b",".join([b"[]"] * 39_000) + b"]"),
    ]


def pages() -> list[tuple[str, bytes, str]]:
    """Return pages with their content type, by what there is too much of."""
    html = "text/html"
    return [
        *((f"{name} without end", _fill(block, PAGE_MB), html) for name, block in (
            ("ampersands", b"&"), ("references", b"&#65;"), ("tags", b"<"), ("comments", b"<!--"),
            ("scripts", b"<script>"),
            ("declarations", b"<!["), ("quotes", b'<a href="'), ("meta", b'<meta charset="x">'), ("lines", b"\n"),
        )),
        *((f"charset={name[:20]}", _fill(block, PAGE_MB), f"text/plain; charset={name}") for name, block in (
            ("iso-2022-jp", b"\x1b$B!!\x1b(B"), ("utf-16", b"\0\xd8"), ("hz", b"~{!!~}"), ("gb18030", b"\x81\x30"),
            ("big5-hkscs", b"\xff"), ('"', b"x"), ("utf-8; charset=utf-16" * 200, b"x"),
        )),
    ]  # fmt: skip


def packed() -> list[tuple[str, str, bytes]]:
    """Return bodies with their coding that are long to unpack, and little when they are."""
    import zstandard

    small = zstandard.ZstdCompressor().compress(b"")
    return [
        ("members of gzip", "gzip", gzip.compress(b"") * 40_000),
        ("a name of gzip", "gzip", b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 1_000_000),
        ("empty blocks of deflate", "deflate", b"\0\0\0\xff\xff" * 200_000),
        ("frames of zstd", "zstd", small * 80_000),
        ("skipped frames of zstd", "zstd", b"\x50\x2a\x4d\x18\0\0\0\0" * 120_000),
        ("empty blocks of zstd", "zstd", small[:6] + b"\0\0\0" * 300_000),
        ("empty blocks of brotli", "br", b"\x0b" + b"\x06" * 1_000_000),
    ]


def http2_floods() -> list[tuple[str, bytes, bytes]]:
    """Return frames of HTTP/2 (RFC 9113 section 6): the first, and those that follow without end."""
    answer = b"\0\0\x01\x01\x04\0\0\0\x01\x88"  # HEADERS: status 200
    return [
        ("settings", _SETTINGS, _SETTINGS),
        ("pings", _SETTINGS, b"\0\0\x08\x06\0\0\0\0\0" + bytes(8)),
        ("empty data", _SETTINGS + answer, b"\0\0\0\0\0\0\0\0\x01"),
        ("one byte of data", _SETTINGS + answer, b"\0\0\x01\0\0\0\0\0\x01x"),
        ("padding", _SETTINGS + answer, b"\0\0\xff\0\x08\0\0\0\x01\xfe" + bytes(254)),
        ("window updates", _SETTINGS, b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01"),
        ("continuations", _SETTINGS + b"\0\0\x01\x01\0\0\0\0\x01\x88", b"\0\0\0\x09\0\0\0\0\x01"),
        ("packed header lines", _SETTINGS, b"\0\x40\0\x01\x04\0\0\0\x01\x88" + b"\x90" * 0x3FFF),
        ("unknown frames", _SETTINGS, b"\0\0\0\xf0\0\0\0\0\0"),
        ("pushes", _SETTINGS, b"\0\0\x05\x05\x04\0\0\0\x01\0\0\0\x02\x88"),
    ]
