"""What RSS and Atom documents get wrong and is borne, and what is no whole feed."""

from collections.abc import Generator

import pytest
from outagetui.core.model import Outcome
from outagetui.probes.feeds import Reading, Unreadable, read_xml
from tests.kit.status_feeds import atom, item, rss, word

GOOD = str(Outcome.PASS)
WELL = item("Errors", "<b>Resolved</b> - Done &amp; over.")


@pytest.mark.parametrize(
    "body",
    [
        b"\n \r\n" + rss(WELL),
        b"\xef\xbb\xbf" + rss(WELL),
        rss(WELL).decode().encode("utf-16"),
        rss(WELL).decode().encode("utf-16-be"),
        rss(WELL).replace(b"UTF-8", b"iso-8859-1"),
        rss(WELL).replace(b"UTF-8", b"punycode"),
        rss(WELL).replace(b"UTF-8", b"utf-8x"),
        rss(WELL).replace(b"Errors", "Störung der Anmeldung".encode("latin-1")),
        rss(WELL).replace(b"UTF-8", b"shift_jis").replace(b"Errors", "障害".encode("shift_jis")),
        rss(WELL).replace(b"Errors", b"R&D &nbsp; &eacute; &bogus; AT&T &#0; &#xfffe; \x0b"),
        rss(WELL).replace(b"<item>", b"<item><dc:creator>x</dc:creator><a:b c:d='e'/>"),
        rss(WELL).replace(b"<rss", b"<!DOCTYPE rss PUBLIC '-//Netscape//DTD RSS 0.91//EN' 'http://x/rss.dtd'><rss"),
        rss(WELL).replace(b"<rss", b"<?xml-stylesheet href='x'?><!-- x --><rss"),
        rss(WELL) + b"\n<!-- made in 0.2 s -->\n<br>Warning: x &",
        rss(WELL).replace(b"title>", b"TITLE>").replace(b"item>", b"Item>"),
        b"<rdf:RDF xmlns='http://purl.org/rss/1.0/'><channel><title>x</title></channel>"
        + WELL.encode()
        + b"</rdf:RDF>",
        b"<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>x</a:title><a:entry><a:title>[Resolved] x</a:title>"
        b"</a:entry></a:feed>",
    ],
)
def test_what_feeds_get_wrong_is_borne(body: bytes) -> None:
    assert word(body) == GOOD


@pytest.mark.parametrize(
    "body",
    [
        b"<rss/>",
        b"<rss version='2.0'/>",
        b"<rss version='2.0'><channel/></rss>",
        b"<feed/>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
        b"<feed xmlns='urn:other'><title>x</title></feed>",
        b"<html><head><title>Status</title></head><body>All systems operational</body></html>",
        b"<!DOCTYPE html><html><title>x</title><p>Sign in",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?>",
        b"<",
        rss(WELL)[:-1],
        rss(WELL)[:200],
        rss(WELL).replace(b"</item>", b""),
        rss(WELL).replace(b"<rss", b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss"),
        rss(WELL).replace(b"<rss", b"<!DOCTYPE rss [<!ATTLIST item x CDATA 'y'>]><rss"),
    ],
)
def test_what_is_no_whole_feed_is_never_well(body: bytes) -> None:
    assert word(body) == "feed.unreadable"


def test_a_feed_without_incidents_has_none_that_is_open() -> None:
    assert word(rss()) == word(atom()) == GOOD


def all_of(steps: Generator[None, None, Reading]) -> Outcome:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            said: Reading = end.value
            return said.outcome


def test_the_header_says_the_encoding_before_the_document() -> None:
    body = rss(item("x", "ステータス：解決済み")).decode().replace(' encoding="UTF-8"', "").encode("shift_jis")
    assert all_of(read_xml(body, content_type="application/rss+xml; charset=Shift_JIS")) is Outcome.PASS
    for odd in ("text/xml; charset=punycode", "text/xml", "x", "text/xml; charset="):
        with pytest.raises(Unreadable):
            all_of(read_xml(body, content_type=odd))
