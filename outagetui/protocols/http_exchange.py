"""One HTTP request by httpx on a connection of its own, which knows at any moment whether the request was sent.

It stands on httpx's transport alone: no proxies from the environment, no cookies, no redirects, no second try.
"""

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, Any

import httpx
from msgspec import Struct
from msgspec.structs import replace

from outagetui import __version__
from outagetui.core.hosts import is_localhost, unzoned, zone_of
from outagetui.core.model import Outcome
from outagetui.net.certificate import meaning
from outagetui.net.resolve import interface, name_trouble
from outagetui.net.trouble import Trouble, from_os_error
from outagetui.protocols.http_answer import LIMIT, Reply
from outagetui.protocols.http_body import decoded
from outagetui.protocols.http_coding import IDENTITY
from outagetui.protocols.http_request import Request

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream

_SENDING = "http11.send_request_headers.started"
_CONNECTED = "connection.connect_tcp.complete"
_DEFAULTS = {
    "user-agent": f"outagetui/{__version__}",
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "close",
}


class Progress(Struct):
    """How far an exchange has come: whether anything of it was sent, and the answer as far as it is here."""

    sent: bool = False
    reply: Reply | None = None


async def exchange(
    wanted: Request,
    context: ssl.SSLContext,
    progress: Progress,
    *,
    within: float,
    connect_within: float | None = None,
) -> Reply:
    """Send `wanted` and return the answer within so many seconds, its body cut at 1 MiB.

    `progress` is kept up to date, also when this is cancelled. Raises `Trouble`, whose words hold nothing of the
    request.
    """
    streams: list[AsyncNetworkStream] = []

    async def follow(event: str, about: dict[str, Any]) -> None:
        if event == _SENDING:
            progress.sent = True
        elif event == _CONNECTED:
            streams.append(about["return_value"])

    headers = {"host": wanted.authority} | _DEFAULTS | {name.lower(): value for name, value in wanted.headers}
    try:
        async with asyncio.timeout(within), httpx.AsyncHTTPTransport(verify=context, trust_env=False) as transport:
            request = httpx.Request(
                wanted.method,
                httpx.URL(
                    scheme=wanted.scheme, host=_dialled(wanted.host), port=wanted.port, raw_path=wanted.path.encode()
                ),
                headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                content=wanted.body,
                extensions={
                    "trace": follow,
                    "timeout": {"connect": connect_within},
                    "sni_hostname": unzoned(wanted.host).removesuffix("."),
                },
            )
            return await _answer(wanted, await transport.handle_async_request(request), progress)
    except httpx.LocalProtocolError:
        # The library's own words quote the header, which may hold the secret.
        words = "this request cannot be sent: a header is not proper HTTP"
        raise Trouble(Outcome.UNKNOWN, "target.invalid", words) from None
    except (TimeoutError, httpx.TimeoutException):
        words = "no answer in time" if progress.sent else "no connection in time"
        raise Trouble(Outcome.FAIL, "timeout", words) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _trouble(error, wanted.host) from None
    finally:
        # The library forgets a connection whose TLS handshake is cancelled.
        for stream in streams:
            await stream.aclose()


def _dialled(host: str) -> str:
    """Return what to look up for `host`: a name below localhost is this machine, an interface is told by its number."""
    if is_localhost(host):
        return "localhost"
    zone = zone_of(host)
    return f"{unzoned(host)}%{interface(zone)}" if zone else host


async def _answer(wanted: Request, response: httpx.Response, progress: Progress) -> Reply:
    body = bytearray()
    headers = {name.lower(): value for name, value in response.headers.items()}
    progress.reply = Reply(response.status_code, headers, b"", wanted.url)
    coded = (each.strip().lower() for each in headers.get("content-encoding", "").split(","))
    codings = tuple(each for each in coded if each not in IDENTITY)
    try:
        async for part in response.aiter_raw():
            body += part
            if len(body) > LIMIT:
                break
    finally:
        await response.aclose()
        cut = len(body) > LIMIT
        plain = b"" if codings else bytes(body[:LIMIT])
        progress.reply = Reply(response.status_code, headers, plain, wanted.url, truncated=cut)
    text, cut, unread = await decoded(bytes(body[:LIMIT]), codings, LIMIT, truncated=cut)
    progress.reply = replace(progress.reply, body=text, truncated=cut, unread=unread)
    return progress.reply


def _trouble(error: BaseException, host: str) -> Trouble:
    """Return what is wrong, from the deepest cause that says something."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__ or _first(cause)
    for each in reversed(causes):
        if isinstance(each, ssl.SSLError):
            return Trouble(Outcome.FAIL, *meaning(each, []))
        if isinstance(each, socket.gaierror):
            return name_trouble(each, host) or Trouble(
                Outcome.UNKNOWN, "dns.servfail", f"{host}: no name server answers for this name"
            )
        if isinstance(each, OSError) and each.errno is not None:
            return from_os_error(each)
    if isinstance(error, httpx.RemoteProtocolError):
        # The library's own words quote the answer, which may hold the secret.
        if "disconnected" in str(error) or "closed" in str(error):
            return Trouble(Outcome.FAIL, "http.no-reply", "the connection was closed")
        return Trouble(Outcome.FAIL, "http.protocol", "the answer is not proper HTTP")
    words = str(error) or "the library says nothing more"
    return Trouble(Outcome.FAIL, "http.failed", f"{words[:1].lower()}{words[1:]}")


def _first(error: BaseException) -> BaseException | None:
    return error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None
