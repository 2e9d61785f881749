"""One HTTP request by httpx on a connection of its own, which knows at any moment whether the request was sent.

It stands on httpx's transport alone: no proxies from the environment, no cookies, no redirects, no second try.
"""

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, Any

import httpx
from msgspec import Struct

from outagetui import __version__
from outagetui.core.model import Outcome
from outagetui.net.certificate import meaning
from outagetui.net.trouble import Trouble, from_os_error
from outagetui.protocols.http_answer import LIMIT, Reply
from outagetui.protocols.http_request import Request

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream

_SENDING = "http11.send_request_headers.started"
_CONNECTED = "connection.connect_tcp.complete"
_DEFAULTS = {
    "user-agent": f"outagetui/{__version__}",
    "accept": "*/*",
    "accept-encoding": "identity",  # so that no small answer can become a huge one
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

    headers = _DEFAULTS | {name.lower(): value for name, value in wanted.headers}
    try:
        async with asyncio.timeout(within), httpx.AsyncHTTPTransport(verify=context, trust_env=False) as transport:
            request = httpx.Request(
                wanted.method,
                wanted.url,
                headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                content=wanted.body,
                extensions={"trace": follow, "timeout": {"connect": connect_within}},
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
        raise _trouble(error) from None
    finally:
        # The library forgets a connection whose TLS handshake is cancelled.
        for stream in streams:
            await stream.aclose()


async def _answer(wanted: Request, response: httpx.Response, progress: Progress) -> Reply:
    body = bytearray()
    headers = {name.lower(): value for name, value in response.headers.items()}
    progress.reply = Reply(response.status_code, headers, b"", wanted.url)
    try:
        async for part in response.aiter_raw():
            body += part
            if len(body) > LIMIT:
                break
    finally:
        await response.aclose()
        progress.reply = Reply(
            response.status_code, headers, bytes(body[:LIMIT]), wanted.url, truncated=len(body) > LIMIT
        )
    return progress.reply


def _trouble(error: BaseException) -> Trouble:
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
            return Trouble(Outcome.UNKNOWN, "dns.failed", f"the name was not found: {each.strerror}")
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
