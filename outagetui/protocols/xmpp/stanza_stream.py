"""slixmpp's client without its connecting: it reads and writes stanzas, and everything that waits is ours.

Its own way to connect retries for ever, starts tasks that nobody ends, follows redirections, and computes logins on
the loop; so bytes are fed in and taken out, and the session routes what negotiates before slixmpp's handlers see it.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from xml.etree.ElementTree import Element

from slixmpp import ClientXMPP
from slixmpp.xmlstream.stanzabase import StanzaBase
from slixmpp.xmlstream.tostring import tostring

from outagetui.protocols.bounded_xml import STANZA, BoundedXml

# Whatever it complains of becomes a sample; on a terminal it would only spoil the screen.
logging.getLogger("slixmpp").setLevel(logging.CRITICAL + 1)

LIMIT = 1 << 20  # bytes of one stanza, and of what stands between two
_PROLOG = 64 * 1024  # bytes before the stream begins
_SLICE = 16 * 1024  # bytes taken at once, so that what is refused is refused before it costs memory


class StanzaStream(ClientXMPP):
    """A stream's stanzas. `route` gets each element first and says whether it has taken it.

    Plugins can be registered as with slixmpp. `over` is called with a code and words when the stream is at its end.
    """

    def __init__(
        self,
        jid: str,
        context: ssl.SSLContext,
        write: Callable[[bytes], None],
        route: Callable[[Element], bool],
        over: Callable[[str, str], None],
    ) -> None:
        super().__init__(jid, "", ssl_context=context, loop=asyncio.get_running_loop())
        self._write, self._route, self._over = write, route, over
        self._unread = self._prolog = 0
        self._held, self._in_tag = b"", False
        self._bounds = BoundedXml(elements=STANZA, every=1)
        # Strangers may not subscribe to a probe, and a stream error must not send us elsewhere.
        for name in ("Stream Features", "Stream Error", "Presence", "IM", "IMError", "SASL Success", "SASL Failure"):
            self.remove_handler(name)
        for name in ("SASL Challenge", "STARTTLS Proceed"):
            self.remove_handler(name)

    def begin(self) -> None:
        """Begin a stream, or begin it anew as after the login (RFC 6120 section 4.3.3)."""
        self.init_parser()
        self._bounds = BoundedXml(elements=STANZA, every=1)
        self._unread = self._prolog = 0
        self._held, self._in_tag = b"", False
        self.send_raw(self.stream_header)

    def feed(self, data: bytes) -> None:
        """Take what has come: its elements go to `route` before this returns."""
        # A tag is looked at anew with every byte of it that comes, so it has to have an end before it is.
        if self._in_tag and b">" not in data and len(self._held) + len(data) < _SLICE:
            self._held += data
            return
        data, self._held = self._held + data, b""
        begun, ended = data.rfind(b"<"), data.rfind(b">")
        self._in_tag = self._in_tag if begun == ended else begun > ended
        for at in range(0, len(data), _SLICE):
            piece = data[at : at + _SLICE]
            self._unread += len(piece)
            if self.xml_root is None:
                self._prolog += len(piece)
            try:
                self._bounds.feed(piece)
                self.data_received(piece)
            except ValueError as error:  # a bound, or an encoding that the parser does not know
                self._over("xmpp.protocol", f"not XMPP (RFC 6120 section 11): {error}")
                return
            if self._unread > LIMIT:
                self._over("xmpp.protocol", f"a stanza of more than {LIMIT >> 20} MiB")
                return
            if self.xml_root is None and self._prolog > _PROLOG:
                self._over("xmpp.protocol", f"no stream in the first {_PROLOG >> 10} KiB")
                return

    def send(self, data: StanzaBase | Element | str, use_filters: bool = True) -> None:
        """Send at once; there are no filters to wait for."""
        if not isinstance(data, str):
            stanza = data.xml if isinstance(data, StanzaBase) else data
            data = tostring(stanza, xmlns=self.default_ns, stream=self, top_level=True)
        self.send_raw(data)

    def send_raw(self, data: str | bytes) -> None:
        """Send as it is."""
        self._write(data.encode() if isinstance(data, str) else data)

    def abort(self) -> None:
        """Give the stream up; slixmpp does so at its end."""
        self._over("xmpp.closed", "the server ended the stream")

    def disconnect(
        self, wait: float = 2.0, reason: str | None = None, ignore_send_queue: bool = False
    ) -> asyncio.Future[None]:
        """Give the stream up; slixmpp does so when what came cannot be parsed."""
        self._over("xmpp.protocol", "the answer is not XML")
        done: asyncio.Future[None] = self.loop.create_future()
        done.set_result(None)
        return done

    def start_stream_handler(self, xml: Element) -> None:
        """Take the beginning of the far side's stream."""
        if xml.tag != f"{{{self.stream_ns}}}stream":
            self._over("xmpp.protocol", f"not an XMPP stream but <{xml.tag}>")

    def _spawn_event(self, xml: Element) -> None:
        self._unread = 0
        if not self._route(xml):
            super()._spawn_event(xml)
