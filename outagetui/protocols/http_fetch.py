"""A bounded HTTP exchange on a connection of its own, timed by phase: resolve, connect, tls, first_byte, transfer."""

import contextlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal

import h11

from outagetui import __version__
from outagetui.net.certificate import chain
from outagetui.net.connect import dial
from outagetui.net.secure import secure
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_answer import LIMIT, Reply
from outagetui.protocols.http_request import REDIRECTING, Request, request

HEADERS_LIMIT = 64 * 1024
INTERIM_LIMIT = 16  # 1xx replies ahead of the real one
_DEFAULTS = {
    "user-agent": f"outagetui/{__version__}",
    "accept": "*/*",
    "accept-encoding": "identity",  # so that patterns meet plain text
}


async def fetch(
    vantage: Vantage,
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    ca: str | None = None,
    ip: Literal[4, 6] | None = None,
    redirects: int = 5,
    connect: str | None = None,
    limit: int = LIMIT,
    deadline: float,
) -> Reply:
    """Ask for `url` and follow up to `redirects` redirects as a browser would; with 0 the redirect is the reply.

    `connect` ("host:port") is dialled instead of the target's own host and port, whose name still counts for the
    certificate. Raises `Trouble`, and nothing else but cancellation, by `deadline` (the loop's time).
    """
    phases = Phases()
    async with phases.within(deadline):
        first = request(method, url, tuple((headers or {}).items()), body)
        return await _follow(vantage, first, ca, ip, redirects, connect, limit, deadline, phases)


async def _follow(
    vantage: Vantage,
    wanted: Request,
    ca: str | None,
    ip: Literal[4, 6] | None,
    redirects: int,
    connect: str | None,
    limit: int,
    deadline: float,
    phases: Phases,
) -> Reply:
    origin = (wanted.host, wanted.port)
    ends: list[float] = []
    for hop in range(redirects + 1):
        through = connect if (wanted.host, wanted.port) == origin else None
        with await dial(vantage, wanted.host, wanted.port, phases, deadline=deadline, ip=ip, connect=through) as stream:
            if wanted.scheme == "https":
                await secure(stream, vantage.tls_context(ca), wanted.host, phases)
                ends += [each.expires for each in chain(stream)]
            phases.enter("first_byte")
            make = _head if hop else _known_head
            head, content, truncated = await _exchange(stream, wanted, make, limit, phases, follow=redirects > 0)
            phases.stop()
        names = _names(head)
        if content is not None:
            return Reply(
                status=head.status_code,
                headers=names,
                body=content,
                url=wanted.url,
                phases=dict(phases.ms),
                version=head.http_version.decode(),
                expires=min(ends, default=None),
                truncated=truncated,
            )
        wanted = wanted.redirected(head.status_code, names["location"])
    return fail("http.redirects", f"more than {redirects} redirects, the last one to {wanted.url}")


def _names(head: h11.Response) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, value in head.headers:
        key, text = name.decode("latin-1"), value.decode("utf-8", "replace")
        names[key] = f"{names[key]}, {text}" if key in names else text
    return names


async def _exchange(
    stream: Stream,
    wanted: Request,
    make: Callable[[Request], h11.Request],
    limit: int,
    phases: Phases,
    *,
    follow: bool,
) -> tuple[h11.Response, bytes | None, bool]:
    """Send the request and read the reply; no body is read (None) when it is a redirect to `follow`."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADERS_LIMIT)
    try:
        sent = parser.send(make(wanted)) or b""
        sent += (parser.send(h11.Data(data=wanted.body)) or b"") if wanted.body else b""
        sent += parser.send(h11.EndOfMessage()) or b""
    except h11.LocalProtocolError as error:
        unknown("target.invalid", f"this request cannot be sent: {error}")
    # A server may answer and close before it has read all of the body.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await stream.write(sent)
    try:
        return await _read(stream, parser, limit, phases, follow=follow)
    except h11.RemoteProtocolError as error:
        fail("http.protocol", f"the answer is not proper HTTP: {str(error).partition(': bytearray')[0]}")


def _head(wanted: Request) -> h11.Request:
    headers = {"host": wanted.authority} | _DEFAULTS
    if wanted.body or wanted.method in ("POST", "PUT", "PATCH"):
        headers["content-length"] = str(len(wanted.body))
    headers |= {name.lower(): value for name, value in wanted.headers}
    headers["connection"] = "close"
    return h11.Request(method=wanted.method, target=wanted.path, headers=list(headers.items()))


# A check sends the same request each time, and h11 takes long to look it over. Redirects are made up by the far side
# and are not kept, so that it cannot fill our memory.
_known_head = lru_cache(4096)(_head)


async def _read(
    stream: Stream, parser: h11.Connection, limit: int, phases: Phases, *, follow: bool
) -> tuple[h11.Response, bytes | None, bool]:
    head: h11.Response | None = None
    parts: list[bytes] = []
    size = interim = received = 0
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            data = await stream.read()
            if not received:
                phases.enter("transfer")
                if not data:
                    fail("http.no-reply", "the connection was closed without an answer")
            received += len(data)
            # Chunk framing may be far larger than the data inside it.
            if received > 2 * limit + HEADERS_LIMIT and head is not None:
                return head, b"".join(parts), True
            parser.receive_data(data)
        elif isinstance(event, h11.Response):
            head = event
            if follow and event.status_code in REDIRECTING and any(name == b"location" for name, _ in event.headers):
                return event, None, False
        elif isinstance(event, h11.Data):
            parts.append(bytes(event.data))
            size += len(event.data)
            if size > limit and head is not None:
                return head, b"".join(parts)[:limit], True
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return head, b"".join(parts), False
        else:
            interim += 1
            if interim > INTERIM_LIMIT or not isinstance(event, h11.InformationalResponse):
                fail("http.protocol", "the answer never comes to the point")
