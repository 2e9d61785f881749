"""Asking for TLS inside another protocol: SMTP (RFC 3207), IMAP (RFC 9051), XMPP (RFC 6120 section 5).

Codes: `tls.starttls-missing` when it is not offered, which is how a downgrade looks, `tls.starttls-refused`, and
`PROTOCOL.protocol` for an answer that is not the protocol.
"""

from typing import Literal
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from outagetui.core.hosts import in_letters, written
from outagetui.core.text import clean
from outagetui.net.stream import Stream
from outagetui.net.trouble import fail
from outagetui.protocols.imap_connection import ImapConnection
from outagetui.protocols.imap_connection import expect as expect_ok
from outagetui.protocols.smtp_connection import SmtpConnection, expect
from outagetui.protocols.xmpp.conditions import stream_ended

Protocol = Literal["smtp", "imap", "xmpp"]
LIMIT = 64 * 1024
DEPTH = 16  # of elements in each other: a server's features have four
_TLS = "urn:ietf:params:xml:ns:xmpp-tls"
_STREAMS = "http://etherx.jabber.org/streams"


async def agree(stream: Stream, protocol: Protocol, name: str) -> None:
    """Bring the dialogue to where the TLS handshake with the host `name` begins."""
    if protocol == "smtp":
        await _smtp(stream)
    elif protocol == "imap":
        await _imap(stream)
    else:
        await _xmpp(stream, in_letters(written(name)).removesuffix("."))


async def _smtp(stream: Stream) -> None:
    smtp = SmtpConnection(stream)
    await smtp.greet()
    await smtp.hello()
    if "STARTTLS" not in smtp.extensions:
        fail("tls.starttls-missing", "the server does not offer STARTTLS")
    reply = await smtp.command("STARTTLS")
    if reply.code >= 400 and not (reply.elsewhere or reply.throttled):
        fail("tls.starttls-refused", reply.words)
    expect(reply, 220, "STARTTLS")


async def _imap(stream: Stream) -> None:
    imap = ImapConnection(stream)
    await imap.greet()
    if imap.logged_in:
        fail("tls.starttls-missing", "the server has logged us in already, so TLS cannot start (PREAUTH)")
    expect_ok(await imap.command("CAPABILITY"), "CAPABILITY")
    if "STARTTLS" not in imap.capabilities:
        fail("tls.starttls-missing", "the server does not offer STARTTLS")
    reply = await imap.command("STARTTLS")
    if reply.status != "OK" and not reply.throttled:
        fail("tls.starttls-refused", f"{reply.status} {reply.said}")
    expect_ok(reply, "STARTTLS")


async def _xmpp(stream: Stream, name: str) -> None:
    head = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0'"
    await stream.write(f"{head} xmlns:stream='{_STREAMS}' to={quoteattr(name)}>".encode())
    incoming = _Elements()
    features = await _next(stream, incoming)
    if features.tag != f"{{{_STREAMS}}}features":
        fail("xmpp.protocol", f"not the features of a stream: <{clean(features.tag, 80)}>")
    if features.find(f"{{{_TLS}}}starttls") is None:
        fail("tls.starttls-missing", "the server does not offer STARTTLS")
    await stream.write(f"<starttls xmlns='{_TLS}'/>".encode())
    answer = await _next(stream, incoming)
    if answer.tag == f"{{{_TLS}}}failure":
        fail("tls.starttls-refused", "the server offers STARTTLS, and then says that it failed")
    if answer.tag != f"{{{_TLS}}}proceed":
        fail("xmpp.protocol", f"not an answer to STARTTLS: <{clean(answer.tag, 80)}>")
    if incoming.more:
        fail("tls.plaintext", "the far side sent plaintext after it had agreed to TLS")


async def _next(stream: Stream, incoming: "_Elements") -> Element:
    """Return the next element that is not a stream error, which is raised."""
    while (element := incoming.take()) is None:
        incoming.feed(await stream.read() or fail("xmpp.closed", "the server closed the connection"))
    if element.tag == f"{{{_STREAMS}}}error":
        raise stream_ended(element)
    return element


class _Elements:
    """Reads the elements of a stream as they come."""

    def __init__(self) -> None:
        self._found: list[tuple[Element, int]] = []
        self._over: tuple[str, str] | None = None  # code and words of why no more can come
        self._depth = 0
        self._data = b""
        self._taken = 0
        self._builder = TreeBuilder()
        # XMPP is UTF-8 (RFC 6120 section 11.6), whatever a declaration says.
        self._parser = expat.ParserCreate("UTF-8", " ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    @property
    def more(self) -> bool:
        """Whether anything but space has come behind the element that was taken last."""
        return bool(self._data[self._taken :].strip())

    def take(self) -> Element | None:
        """Return the next element, None when there is none yet. Raises `Trouble` when none can come any more."""
        if self._found:
            element, self._taken = self._found.pop(0)
            return element
        return fail(*self._over) if self._over else None

    def feed(self, data: bytes) -> None:
        """Take what has come. Raises `Trouble` `xmpp.protocol`."""
        self._data += data
        if len(self._data) > LIMIT:
            fail("xmpp.protocol", f"more than {LIMIT >> 10} KiB before TLS begins")
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            self._over = self._over or ("xmpp.protocol", f"the answer is not XML: {error}")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._depth and name != f"{_STREAMS} stream":
            fail("xmpp.protocol", f"not an XMPP stream but <{clean(name, 80)}>")
        if self._depth >= DEPTH:
            fail("xmpp.protocol", f"elements nested more than {DEPTH} deep")
        if self._depth == 1:
            self._builder = TreeBuilder()
        if self._depth:
            self._builder.start(_tag(name), attributes)
        self._depth += 1

    def _end(self, name: str) -> None:
        self._depth -= 1
        if not self._depth:
            self._over = "xmpp.closed", "the server ended the stream"
            return
        element = self._builder.end(_tag(name))
        if self._depth == 1:
            # The index is that of an end tag, but of an empty element's own end.
            at = self._parser.CurrentByteIndex
            self._found.append((element, self._data.index(b">", at) + 1 if self._data.startswith(b"</", at) else at))

    def _text(self, text: str) -> None:
        if self._depth > 1:
            self._builder.data(text)

    def _doctype(self, *_: object) -> None:
        fail("xmpp.protocol", "a document type is forbidden in XMPP (RFC 6120 section 11.1)")


def _tag(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{{{space}}}{local}" if space else local
