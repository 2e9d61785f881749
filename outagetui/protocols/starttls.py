"""Asking for TLS inside another protocol: SMTP (RFC 3207), IMAP (RFC 9051), XMPP (RFC 6120 section 5).

Codes: `tls.starttls-missing` when it is not offered, which is how a downgrade looks, `tls.starttls-refused`, and
`PROTOCOL.protocol` for an answer that is not the protocol.
"""

import re
from typing import Literal
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from outagetui.net.stream import Stream
from outagetui.net.trouble import fail
from outagetui.protocols.imap_connection import ImapConnection
from outagetui.protocols.imap_connection import expect as expect_ok
from outagetui.protocols.smtp_connection import SmtpConnection, expect

Protocol = Literal["smtp", "imap", "xmpp"]
LIMIT = 64 * 1024
_PROCEED = re.compile(rb"\s*<(?:\w+:)?proceed\b[^>]*?(?:/>|>\s*</(?:\w+:)?proceed\s*>)")
_TLS = "urn:ietf:params:xml:ns:xmpp-tls"
_STREAMS = "http://etherx.jabber.org/streams"


async def agree(stream: Stream, protocol: Protocol, name: str) -> None:
    """Bring the dialogue to where the TLS handshake with `name` begins."""
    if protocol == "smtp":
        await _smtp(stream)
    elif protocol == "imap":
        await _imap(stream)
    else:
        await _xmpp(stream, name)


async def _smtp(stream: Stream) -> None:
    smtp = SmtpConnection(stream)
    await smtp.greet()
    await smtp.hello()
    if "STARTTLS" not in smtp.extensions:
        fail("tls.starttls-missing", "the server does not offer STARTTLS")
    reply = await smtp.command("STARTTLS")
    if reply.code >= 400 and not reply.elsewhere:
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
    if reply.status != "OK":
        fail("tls.starttls-refused", f"{reply.status} {reply.said}")


async def _xmpp(stream: Stream, name: str) -> None:
    head = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0'"
    await stream.write(f"{head} xmlns:stream='{_STREAMS}' to={quoteattr(name)}>".encode())
    features = _Features()
    while not features.complete:
        features.feed(await _some(stream))
    if not features.starttls:
        fail("tls.starttls-missing", "the server does not offer STARTTLS")
    await stream.write(f"<starttls xmlns='{_TLS}'/>".encode())
    answer = b""
    while b"proceed" not in answer or not answer.rstrip().endswith(b">"):
        if b"<failure" in answer:
            fail("tls.starttls-refused", f"{answer[:80]!r}")
        if len(answer) > LIMIT:
            fail("xmpp.protocol", f"not an answer to STARTTLS: {answer[:80]!r}")
        answer += await _some(stream)
    proceed = _PROCEED.match(answer)
    if proceed is None:
        fail("xmpp.protocol", f"not an answer to STARTTLS: {answer[:80]!r}")
    if answer[proceed.end() :].strip():
        fail("tls.plaintext", "the far side sent plaintext after it had agreed to TLS")


async def _some(stream: Stream) -> bytes:
    return await stream.read() or fail("xmpp.closed", "the server closed the connection")


class _Features:
    """Reads a stream's head and features as they come."""

    def __init__(self) -> None:
        self.starttls = False
        self.complete = False
        self._path: list[str] = []
        self._size = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > LIMIT:
            fail("xmpp.protocol", f"more than {LIMIT >> 10} KiB before the stream's features end")
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            fail("xmpp.protocol", f"the answer is not XML: {error}")

    def _start(self, name: str, _: dict[str, str]) -> None:
        if not self._path and name != f"{_STREAMS} stream":
            fail("xmpp.protocol", f"not an XMPP stream but <{name}>")
        if self._path[1:] == [f"{_STREAMS} error"]:
            fail(f"xmpp.{name.rpartition(' ')[2]}", "the server ended the stream")
        if self._path[1:] == [f"{_STREAMS} features"] and name == f"{_TLS} starttls":
            self.starttls = True
        self._path.append(name)

    def _end(self, name: str) -> None:
        self._path.pop()
        if name == f"{_STREAMS} features" and len(self._path) == 1:
            self.complete = True

    def _doctype(self, *_: object) -> None:
        fail("xmpp.protocol", "a document type is forbidden in XMPP (RFC 6120 section 11.1)")
