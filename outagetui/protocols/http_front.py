"""Which version of HTTP a front end is asked by: HTTP/1.1, and HTTP/2 only where it speaks nothing else.

A browser offers both. HTTP/1.1 is asked first because it costs a tenth; whoever takes that up by name (ALPN) speaks it.
A server that knows HTTP/2 only refuses the handshake, answers in frames, or has a fallback for the rest of the world,
such as a bare 403, that says nothing of the site: then it is asked once more as a browser would.
"""

import asyncio
import contextlib
import ssl
from typing import Final, Literal

from outagetui.net.certificate import chain
from outagetui.net.connect import dial
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail
from outagetui.net.vantage import Vantage
from outagetui.protocols import http1_exchange, http2_exchange
from outagetui.protocols.http1_exchange import Answer, Stop
from outagetui.protocols.http_parser import NotHttpError, SpeaksHttp2Error
from outagetui.protocols.http_request import Request

KNOWN_FOR: Final = 3600.0  # seconds for which is remembered what a front end speaks
MOST_KNOWN: Final = 4096
HTTP1: Final = ("http/1.1",)
BOTH: Final = ("h2", "http/1.1")
_UPGRADE: Final = (426, 464, 505)  # upgrade required; incompatible protocol, by load balancers; version not supported

_Origin = tuple[str, str, int, str | None]


class Versions:
    """What the front ends of one vantage were found to speak."""

    def __init__(self) -> None:
        self._only_http2: dict[_Origin, tuple[bool, float]] = {}

    def only_http2(self, origin: _Origin, now: float) -> bool | None:
        """Return whether it speaks HTTP/2 only; None when that is not known."""
        known, until = self._only_http2.get(origin, (None, 0.0))
        return known if now < until else None

    def learn(self, origin: _Origin, only_http2: bool | None, now: float) -> None:
        """Remember it, or forget it with None."""
        self._only_http2.pop(origin, None)
        if only_http2 is not None:
            if len(self._only_http2) >= MOST_KNOWN:
                del self._only_http2[next(iter(self._only_http2))]
            self._only_http2[origin] = only_http2, now + KNOWN_FOR


def wants_another_version(trouble: Trouble) -> bool:
    """Return whether a handshake was refused because nothing that we offered is spoken there (RFC 7301 section 3.2)."""
    cause = trouble.__cause__
    # Python has no name for this alert, so that the library's own words are all there is.
    return isinstance(cause, ssl.SSLError) and "no application protocol" in str(cause).lower().replace("_", " ")


class Front:
    """The way to web servers for one look: asks for pages, each on a connection of its own."""

    def __init__(
        self,
        vantage: Vantage,
        phases: Phases,
        *,
        ca: str | None,
        ip: Literal[4, 6] | None,
        limit: int,
        deadline: float,
    ) -> None:
        self.expires: float | None = None  # epoch second at which the first certificate on the way ends
        self._vantage, self._phases, self._ca, self.ip, self._limit = vantage, phases, ca, ip, limit
        self._deadline = deadline
        self._versions = vantage.shared(Versions, Versions)
        self._selected: str | None = None  # what the far side took up in the last handshake

    async def ask(self, wanted: Request, cookie: str | None, connect: str | None, stop: Stop) -> Answer:
        """Return the answer to `wanted`. Raises `Trouble`."""
        try:
            return await self._answer(wanted, cookie, connect, stop)
        except NotHttpError as error:
            fail("http.protocol", f"the answer is not proper HTTP: {error}")

    async def _answer(self, wanted: Request, cookie: str | None, connect: str | None, stop: Stop) -> Answer:
        clock = asyncio.get_running_loop().time
        origin = wanted.scheme, wanted.host, wanted.port, connect
        known = self._versions.only_http2(origin, clock())
        if known:
            return await self._by_http2(wanted, cookie, connect, stop)
        answer: Answer | None = None
        error: NotHttpError | Trouble | None = None
        try:
            with await self._connected(wanted, connect, HTTP1) as stream:
                answer = await self._asked(stream, wanted, cookie, stop)
        except (NotHttpError, Trouble) as caught:
            error = caught
        if isinstance(error, SpeaksHttp2Error) or (isinstance(error, Trouble) and wants_another_version(error)):
            with await self._connected(wanted, connect, BOTH) as stream:
                answer = await self._asked(stream, wanted, cookie, stop, framed=self._selected is None)
            self._versions.learn(origin, True, clock())
            return answer
        if known is None and self._is_doubtful(wanted, answer, error):
            other = await self._offered(wanted, connect)
            if other is not None:
                with other:
                    if self._selected == "h2":
                        answer = await self._asked(other, wanted, cookie, stop)
                        self._versions.learn(origin, True, clock())
                        return answer
                    self._versions.learn(origin, False, clock())
        if answer is None:
            assert error is not None
            raise error
        return answer

    async def _by_http2(self, wanted: Request, cookie: str | None, connect: str | None, stop: Stop) -> Answer:
        """Return the answer of a front end that spoke HTTP/2 only; where it fails so, it may speak HTTP/1.1 again.

        Raises what went wrong by HTTP/2 where HTTP/1.1 brings no word of the site's either.
        """
        spoken = False
        try:
            with await self._connected(wanted, connect, BOTH) as stream:
                framed = wanted.scheme == "http"
                spoken = framed or self._selected == "h2"
                return await self._asked(stream, wanted, cookie, stop, framed=framed)
        except (NotHttpError, Trouble):
            now = asyncio.get_running_loop().time()
            self._versions.learn((wanted.scheme, wanted.host, wanted.port, connect), None, now)
            if not spoken:
                raise
            with contextlib.suppress(NotHttpError, Trouble):
                with await self._connected(wanted, connect, HTTP1) as stream:
                    answer = await self._asked(stream, wanted, cookie, stop)
                if not self._is_doubtful(wanted, answer, None):
                    return answer
            raise

    async def _connected(self, wanted: Request, connect: str | None, offered: tuple[str, ...]) -> Stream:
        phases, self._selected = self._phases, None
        stream = await dial(
            self._vantage, wanted.host, wanted.port, phases, deadline=self._deadline, ip=self.ip, connect=connect
        )
        if wanted.scheme == "https":
            try:
                await secure(stream, await self._vantage.tls_context(self._ca, alpn=offered), wanted.host, phases)
            except BaseException:
                stream.close()
                raise
            assert stream.tls is not None
            self._selected = stream.tls.selected_alpn_protocol()
            ends = [each.expires for each in chain(stream)]
            self.expires = min([*ends, *([] if self.expires is None else [self.expires])], default=None)
        return stream

    async def _asked(
        self, stream: Stream, wanted: Request, cookie: str | None, stop: Stop, *, framed: bool = False
    ) -> Answer:
        """Ask in the version that was agreed on; without agreement in that of HTTP/2 only where `framed`."""
        self._phases.enter("first_byte")
        ask = http2_exchange.ask if framed or self._selected == "h2" else http1_exchange.ask
        answer = await ask(stream, wanted, cookie, self._limit, self._phases, stop)
        self._phases.stop()
        return answer

    async def _offered(self, wanted: Request, connect: str | None) -> Stream | None:
        """Return a connection on which HTTP/2 was offered too; None when there is no time for one, or no way."""
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(left / 2):
                return await self._connected(wanted, connect, BOTH)
        except (TimeoutError, OSError, Trouble):
            return None
        finally:
            self._phases.stop()

    def _is_doubtful(self, wanted: Request, answer: Answer | None, error: NotHttpError | Trouble | None) -> bool:
        """Return whether what came may be for those who do not speak HTTP/2, instead of the site's own word."""
        if wanted.scheme != "https":
            return False
        if answer is not None and answer.head.status in _UPGRADE:
            return True
        refusal = answer is not None and answer.head.status >= 400
        unclear = isinstance(error, NotHttpError) or (error is not None and error.code == "http.no-reply")
        return self._selected is None and (refusal or unclear)
