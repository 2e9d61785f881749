"""One HTTP request by httpx on a connection of its own, which knows at any moment whether the request was sent.

It stands on httpx's transport alone: no proxies from the environment, no cookies, no redirects, no second try.
"""

import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
from msgspec import Struct

from outagetui import __version__
from outagetui.net.certificate import code_of
from outagetui.net.trouble import from_os_error
from outagetui.net.vantage import client_context
from outagetui.protocols.http_fetch import LIMIT, Reply
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


class ExchangeError(Exception):
    """There is no whole answer; the message is for people and holds nothing of the request but its host."""


class Progress(Struct):
    """How far an exchange has come: nothing sent, the request sent, the head of the answer here."""

    sent: bool = False
    status: int = 0


def trust(ca: str | None) -> ssl.SSLContext:
    """Return a context that trusts the certificates in the file `ca`, or the system's. Raises `ExchangeError`."""
    try:
        return client_context(ca)
    except (OSError, ssl.SSLError) as error:
        raise ExchangeError(f"{ca}: {error.strerror or error}") from error


async def exchange(wanted: Request, context: ssl.SSLContext, progress: Progress, now: Callable[[], float]) -> Reply:
    """Send `wanted` and return the answer, its body cut at 1 MiB. The caller limits the time; `now` is its clock.

    `progress` is kept up to date, also when this is cancelled. Raises `ExchangeError`.
    """

    streams: list[AsyncNetworkStream] = []

    async def follow(event: str, about: dict[str, Any]) -> None:
        if event == _SENDING:
            progress.sent = True
        elif event == _CONNECTED:
            streams.append(about["return_value"])

    started = now()
    headers = _DEFAULTS | {name.lower(): value for name, value in wanted.headers}
    transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False)
    try:
        async with transport:
            request = httpx.Request(
                wanted.method,
                wanted.url,
                headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                content=wanted.body,
                extensions={"trace": follow},
            )
            response = await transport.handle_async_request(request)
            progress.status = response.status_code
            try:
                body = await _body(response)
            finally:
                await response.aclose()
    except httpx.LocalProtocolError:
        # The library's own words quote the header, which may hold the secret.
        raise ExchangeError("this request cannot be sent: a header is not proper HTTP") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise ExchangeError(_reason(error)) from None
    finally:
        # The library forgets a connection whose TLS handshake is cancelled.
        for stream in streams:
            await stream.aclose()
    return Reply(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body[:LIMIT],
        url=wanted.url,
        phases={"whole": (now() - started) * 1000},
        version="1.1",
        truncated=len(body) > LIMIT,
    )


async def _body(response: httpx.Response) -> bytes:
    parts = bytearray()
    async for part in response.aiter_raw():
        parts += part
        if len(parts) > LIMIT:
            break
    return bytes(parts)


def _reason(error: BaseException) -> str:
    """Return why in words, from the deepest cause that says something."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__ or _first(cause)
    for each in reversed(causes):
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"{code_of(each)}: the certificate is refused: {each.verify_message}"
        if isinstance(each, ssl.SSLError):
            return f"tls.handshake: {each.reason or each}"
        if isinstance(each, socket.gaierror):
            return f"the name was not found: {each.strerror}"
        if isinstance(each, OSError) and each.errno is not None:
            trouble = from_os_error(each)
            known = trouble.code != "net.error"
            return f"{trouble.code}: {trouble.detail}" if known else each.strerror or str(each)
    if isinstance(error, httpx.RemoteProtocolError):
        # The library's own words quote the answer, which may hold the secret.
        closed = "disconnected" in str(error) or "closed" in str(error)
        return "the connection was closed" if closed else "the answer is not proper HTTP"
    words = str(error) or type(error).__name__
    return f"{words[:1].lower()}{words[1:]}"


def _first(error: BaseException) -> BaseException | None:
    return error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None
