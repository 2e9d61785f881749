"""XML from outside costs no more than its bounds, however it comes."""

import asyncio
import contextlib
import ssl
import time
import tracemalloc
from collections.abc import Callable, Generator
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from outagetui.core.model import Outcome
from outagetui.net.fairness import in_turns
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.probes.feeds import LIMIT, Unreadable, read_json, read_xml
from outagetui.protocols.bounded_xml import ATTRIBUTES, DEPTH, ELEMENTS, STANZA, BoundedXml, XmlRefused
from outagetui.protocols.xmpp.stanza_stream import LIMIT as STANZA_LIMIT
from outagetui.protocols.xmpp.stanza_stream import StanzaStream
from outagetui.protocols.xmpp_guest import Guest
from tests.kit.scripted_servers import answering, look_at, reply, serve

LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
MANY = " ".join(f"a{n}=''" for n in range(ATTRIBUTES + 1))
HOSTILE: dict[str, tuple[bytes, str]] = {
    "depth": (b"<a>" * (DEPTH + 1), "within each other"),
    "crowd": (b"<a>" + b"<b/>" * ELEMENTS, "elements"),
    "attributes": (f"<a {MANY}/>".encode(), "attributes"),
    "tag": (b"<a " + b"b" * 100_000, "a tag of more than 64 KiB"),
    "comment": (b"<!--" + b"b" * 100_000, "a tag of more than 64 KiB"),
    "instruction": (b"<?a " + b"b" * 100_000, "a tag of more than 64 KiB"),
    "laughs": (f"<!DOCTYPE a [<!ENTITY l0 'ha'>{LAUGHS}]><a>&l9;</a>".encode(), "document type"),
    "file": (b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "document type"),
    "outside": (b"<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>", "document type"),
    "codec": (b"<?xml version='1.0' encoding='punycode'?><a/>", "not XML"),
    "no codec": (b"<?xml version='1.0' encoding='no-such'?><a/>", "not XML"),
    "noise": (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not XML"),
    "nul": (b"<a>\0</a>", "not XML"),
}


def fed(xml: BoundedXml, data: bytes, size: int) -> None:
    for at in range(0, len(data), size):
        xml.feed(data[at : at + size])


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("size", [37, 1000, 1 << 20])
def test_what_passes_a_bound_is_refused(name: str, size: int) -> None:
    data, words = HOSTILE[name]
    xml = BoundedXml()
    with pytest.raises(XmlRefused, match=words):
        fed(xml, data, size)


def test_elements_are_counted_anew_for_each_stanza() -> None:
    xml = BoundedXml(elements=10, every=1)
    xml.feed(b"<stream>")
    for _ in range(100):
        xml.feed(b"<a><b/><c/><d/></a>")
    with pytest.raises(XmlRefused):
        xml.feed(b"<a>" + b"<b/>" * 10)


def test_a_document_type_without_definitions_is_borne_where_that_is_asked() -> None:
    xml = BoundedXml(doctype=True)
    xml.feed(b"<!DOCTYPE rss PUBLIC '-//x' 'http://127.0.0.1/a.dtd'><rss>x</rss><br>")
    assert xml.complete
    with pytest.raises(XmlRefused, match="entities"):
        BoundedXml(doctype=True).feed(HOSTILE["laughs"][0])


LARGE = LIMIT // 4
HEAD = b"<rss version='2.0'><channel><title>x</title>"
ITEM = HEAD + b"<item><title>x</title><description>"


def filled(start: bytes, piece: bytes, end: bytes = b"</description></item></channel></rss>") -> bytes:
    return start + piece * ((LARGE - len(start) - len(end)) // len(piece)) + end


FLOODS = {
    "deep": filled(HEAD, b"<a>"),
    "wide": filled(HEAD, b"<a/>"),
    "entries": filled(HEAD, b"<item/>"),
    "long entries": HEAD
    + (b"<item><title>" + b"[a] update: " * 30 + b"</title><description>Status: - [x] </description></item>") * 990,
    "ampersands": filled(ITEM, b"&"),
    "references": filled(ITEM, b"&#60;"),
    "lines": filled(ITEM, b"&lt;br&gt;a"),
    "dates": filled(ITEM, b"Jan 1, 10:00 "),
    "labels": filled(ITEM, b"Status: "),
    "brackets": filled(ITEM, b"[("),
    "sections": filled(ITEM, b"<![CDATA[]]>"),
    "text": filled(ITEM, b"x "),
    "texts of an entry": filled(HEAD + b"<item>", b"<description>" + b"resolved - x\n" * 1200 + b"</description>", b""),
    "lines of a text": filled(HEAD, b"<item><description>" + b"_\n" * 8000 + b"</description></item>", b""),
    "fields of an entry": filled(HEAD + b"<item>", b"<category>resolved</category>"),
    "addresses": filled(HEAD, b"<item><guid>http://a" + b"/incident" * 200 + b"</guid></item>", b"</channel></rss>"),
    "space": b" " * LARGE,
    "not UTF-8": filled(ITEM, b"\x81"),
    "surrogates": b"\xfe\xff" + filled(ITEM.decode().encode("utf-16-be"), b"\xd8\x00", b""),
    "shifts": filled(b"<?xml version='1.0' encoding='iso-2022-jp'?>" + ITEM, b"\x1b$B\x1b(B"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_read_in_short_steps_and_little_memory(name: str) -> None:
    longest = 0.0
    tracemalloc.start()
    try:
        steps = read_xml(FLOODS[name])
        more = True
        while more:
            begun = time.thread_time()
            try:
                next(steps)
            except Unreadable:
                more = False
            longest = max(longest, time.thread_time() - begun)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert longest < 0.5  # some milliseconds, watched and counted as it is here
    assert peak < (20 << 20) * LARGE // LIMIT


def test_every_text_of_an_entry_is_a_step_of_its_own() -> None:
    texts = 200
    body = HEAD + b"<item>" + b"<description>Resolved - x</description>" * texts + b"</item></channel></rss>"
    assert len(list(read_xml(body))) > texts


@pytest.mark.parametrize("field", [b"category", b"status", b"description", b"pubDate", b"link", b"guid", b"title"])
def test_an_entry_of_too_many_fields_is_not_read(field: bytes) -> None:
    def body(fields: int) -> bytes:
        return HEAD + b"<item>" + (b"<%s>Resolved</%s>" % (field, field)) * fields + b"</item></channel></rss>"

    with contextlib.suppress(Unreadable):
        list(read_xml(body(256)))
    with pytest.raises(Unreadable, match="an entry of more than 256 fields"):
        list(read_xml(body(257)))


JSON_FLOODS = {
    "incidents": (b"[", b'{"begin":"a"},', b"{}]"),
    "components": (b'{"status":{"indicator":"none"},"components":[', b'{"name":"","status":"operational"},', b"{}]}"),
    "monitors": (b'{"heartbeatList":{', b'"1":[],', b'"1":[]}}'),
    "beats": (b'{"heartbeatList":{"1":[', b'{"status":1},', b'{"status":1}]}}'),
    "zeros": (b'{"heartbeatList":{"1":[', b"0,", b"0]}}"),
    "lists": (b"", b"[", b""),
    "objects": (b"", b'{"a":', b""),
}


@pytest.mark.parametrize("name", JSON_FLOODS)
def test_a_flood_of_json_costs_little_memory(name: str) -> None:
    start, piece, end = JSON_FLOODS[name]
    for size in (LIMIT, 39_000 * len(piece)):  # the most that is read, too
        body = start + piece * ((size - len(start) - len(end)) // len(piece)) + end
        tracemalloc.start()
        try:
            with contextlib.suppress(Unreadable):
                read_json(body)
            assert tracemalloc.get_traced_memory()[1] < 20 << 20
        finally:
            tracemalloc.stop()


async def test_a_step_leaves_the_loop_to_others_and_ends_with_its_task() -> None:
    seen = 0

    async def other() -> None:
        nonlocal seen
        while True:
            seen += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())

    async def reading() -> None:
        while True:
            with contextlib.suppress(Unreadable):
                await in_turns(read_xml(FLOODS["text"]))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reading(), 0.05)
    assert seen > 10
    beside.cancel()


@pytest.mark.usefixtures("no_leaks")
async def test_a_probe_that_reads_a_flood_ends_at_its_deadline(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object) -> Generator[None, None, None]:
        while True:
            yield

    monkeypatch.setattr("outagetui.probes.feed.read_xml", endless)
    async with serve(answering(reply("200 OK", FLOODS["ampersands"]))) as server:
        sample = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/", within=0.3)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "feed.unreadable")


def stanzas(route: Callable[[Element], bool]) -> tuple[StanzaStream, list[str]]:
    told: list[str] = []
    stream = StanzaStream(
        "a@example.net",
        ssl.create_default_context(),
        lambda _: None,
        route,
        lambda code, words: told.append(f"{code}: {words}"),
    )
    stream.begin()
    return stream, told


OPENING = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
STANZAS = {
    "depth": b"<message>" + b"<a>" * DEPTH,
    "crowd": b"<message>" + b"<a/>" * STANZA,
    "attributes": f"<message {MANY}/>".encode(),
    "tag": b"<message to='" + b"x" * 200_000,
    "text": b"<message><body>" + b"x" * (STANZA_LIMIT + 20_000),
    "space": b" " * (STANZA_LIMIT + 20_000),
    "name": b"<" + b"m" * 200_000,
}


@pytest.mark.parametrize("name", STANZAS)
@pytest.mark.parametrize("size", [37, 1 << 20])
async def test_a_stanza_that_passes_a_bound_ends_the_stream(name: str, size: int) -> None:
    stream, told = stanzas(lambda _: True)
    data = OPENING + STANZAS[name]
    tracemalloc.start()
    try:
        for at in range(0, len(data), size):
            stream.feed(data[at : at + size])
            if told:
                break
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert told
    assert told[0].startswith("xmpp.protocol: ")
    assert peak < 20 << 20


async def test_a_stream_that_never_begins_is_given_up() -> None:
    for data in (b" " * 200_000, b"<?xml version='1.0'?>" + b"\n" * 200_000):
        stream, told = stanzas(lambda _: True)
        stream.feed(data)
        assert told


async def test_many_stanzas_in_bits_are_all_routed() -> None:
    seen: list[str] = []

    def route(xml: Element) -> bool:
        seen.append(xml.tag)
        return True

    stream, told = stanzas(route)
    for byte in OPENING + b"<message><body>h\xc3\xa9</body></message> " * 300:
        stream.feed(bytes([byte]))
    assert (len(seen), told) == (300, [])


class Said:
    """A WebSocket on which the far side says one thing."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def send(self, _: str) -> None:
        pass

    async def receive(self) -> str:
        return self.text


@pytest.mark.parametrize(
    "text", ["<a>" * DEPTH + "<b>", "<a>" + "<b/>" * STANZA + "</a>", f"<a {MANY}/>", "<a " + "b" * 100_000]
)
async def test_a_guest_of_a_web_chat_reads_within_the_same_bounds(text: str) -> None:
    socket: Any = Said(text)
    with pytest.raises(Trouble) as caught:
        await Guest(socket, "example.net").log_in()
    assert (caught.value.outcome, caught.value.code) == (Outcome.FAIL, "xmpp.protocol")
