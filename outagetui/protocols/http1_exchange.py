"""One request and its answer by HTTP/1.1 on a connection that is made for it."""

import contextlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from outagetui import __version__
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, fail, unknown
from outagetui.protocols.http_parser import AnswerParser, Head
from outagetui.protocols.http_request import Request

_SLICE: Final = 1 << 12  # bytes parsed between two looks at the clock
_DEFAULTS: Final = {
    "user-agent": f"outagetui/{__version__}",
    "accept": "*/*",
    "accept-encoding": "identity",  # it costs neither side anything; what comes coded all the same is decoded
}
_OURS: Final = frozenset({"connection", "content-length", "transfer-encoding"})  # how the request is framed
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\0\r\n]*")
_TARGET = re.compile(r"[\x21-\x7e]+")


class Answer(Struct, frozen=True):
    """What came: the head, the body as it was coded (None where a redirect's was not read), whether there was more."""

    head: Head
    body: bytes | None
    truncated: bool = False
    codings: tuple[str, ...] = ()  # transfer codings that are still on the body


Stop = Callable[[Head], bool]  # whether the body of this answer is not wanted


async def ask(stream: Stream, wanted: Request, cookie: str | None, limit: int, phases: Phases, stop: Stop) -> Answer:
    """Send `wanted` and read its answer, at most `limit` bytes of the body.

    `cookie` is what to say beside it, None for the request that a check makes. Raises `Trouble` `http.no-reply`, and
    `NotHttpError`.
    """
    head = _known_head(wanted) if cookie is None else _head(wanted, cookie)
    # A server may answer and close before it has read all of the body.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await stream.write(head + wanted.body)
    parser = AnswerParser(wanted.method, limit)
    await read(stream, parser, phases, stop)
    assert parser.head is not None
    if not parser.done:
        return Answer(parser.head, None)
    return Answer(parser.head, bytes(parser.body), parser.truncated, parser.codings)


async def read(stream: Stream, parser: AnswerParser, phases: Phases, stop: Stop) -> None:
    """Read until the answer is complete or not wanted any further; its first byte begins the phase transfer."""
    data = await stream.read()
    phases.enter("transfer")
    if not data:
        fail("http.no-reply", "the connection was closed without an answer")
    while True:
        for at in range(0, len(data), _SLICE):
            parser.feed(data[at : at + _SLICE] if len(data) > _SLICE else data)
            if parser.done or (parser.head is not None and stop(parser.head)):
                return
            await stream.turn.share()
        data = await stream.read()
        if not data:
            parser.close()
            return


def fields(wanted: Request, cookie: str | None = None) -> dict[str, str]:
    """Return the header fields of a request, names in lower case, without those that frame it.

    What cannot be sent is unknown `target.invalid`; the words hold no value, which may be a secret.
    """
    found = {"host": wanted.authority} | _DEFAULTS
    found |= {name.lower(): value.strip() for name, value in wanted.headers if name.lower() not in _OURS}
    if cookie:
        found["cookie"] = cookie
    if wanted.body or wanted.method in ("POST", "PUT", "PATCH"):
        found["content-length"] = str(len(wanted.body))
    for name, value in found.items():
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            unknown("target.invalid", f"this request cannot be sent: the header {name} is not proper HTTP")
    if not _TOKEN.fullmatch(wanted.method) or not _TARGET.fullmatch(wanted.path):
        unknown("target.invalid", "this request cannot be sent: its method or its address is not proper HTTP")
    return found


def _head(wanted: Request, cookie: str | None = None) -> bytes:
    lines = [f"{name}: {value}" for name, value in fields(wanted, cookie).items()]
    text = "\r\n".join([f"{wanted.method} {wanted.path} HTTP/1.1", *lines, "connection: close", "", ""])
    return text.encode("utf-8", "surrogateescape")


# A check sends the same request each time. Redirects are made up by the far side and are not kept, so that it cannot
# fill our memory.
_known_head = lru_cache(4096)(_head)
