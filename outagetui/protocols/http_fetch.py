"""A bounded HTTP exchange on a connection of its own, timed by phase: resolve, connect, tls, first_byte, transfer."""

import time
from collections.abc import Mapping
from typing import Literal

from outagetui.net.trouble import Phases, Trouble, fail
from outagetui.net.vantage import Vantage
from outagetui.protocols.http1_exchange import Answer
from outagetui.protocols.http_answer import LIMIT, Reply
from outagetui.protocols.http_body import decoded
from outagetui.protocols.http_cookies import Cookies
from outagetui.protocols.http_front import Front
from outagetui.protocols.http_parser import Head, NotHttpError
from outagetui.protocols.http_request import REDIRECTING, Request, request

# What is our mistake in a target is the far side's in a redirect.
_NOWHERE = frozenset({"target.invalid", "net.no-interface"})


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
    certificate. Cookies are kept on the way and forgotten after it. Raises `Trouble`, and nothing else but
    cancellation, by `deadline` (the loop's time).
    """
    phases = Phases()
    async with phases.within(deadline):
        wanted = request(method, url, tuple((headers or {}).items()), body)
        front = Front(vantage, phases, ca=ca, ip=ip, limit=limit, deadline=deadline)
        answer, last = await _walk(front, wanted, redirects, connect)
        codings = (*answer.head.tokens("content-encoding"), *answer.codings)
        text, truncated, unread = await decoded(answer.body or b"", codings, limit, truncated=answer.truncated)
    return Reply(
        status=answer.head.status,
        headers=answer.head.headers(),
        body=text,
        url=last.url,
        phases=dict(phases.ms),
        version=answer.head.version,
        expires=front.expires,
        truncated=truncated,
        unread=unread,
    )


async def _walk(front: Front, wanted: Request, redirects: int, connect: str | None) -> tuple[Answer, Request]:
    """Return the last answer, and the request it is to."""
    origin = (wanted.host, wanted.port)
    cookies = Cookies()
    for hop in range(redirects + 1):
        through = connect if (wanted.host, wanted.port) == origin else None
        stop = _is_redirect if redirects else _never
        try:
            answer = await front.ask(wanted, cookies.header(wanted) if hop else None, through, stop)
        except Trouble as trouble:
            if hop and front.ip is None and trouble.code in _NOWHERE:
                fail("http.redirect", f"redirected to {wanted.url}: {trouble.detail}")
            raise
        try:
            location = answer.head.location() if redirects and answer.head.status in REDIRECTING else ""
        except NotHttpError as error:
            fail("http.protocol", f"the answer is not proper HTTP: {error}")
        if not location:
            return answer, wanted
        cookies.take(wanted, answer.head.values("set-cookie"), time.time())
        wanted = wanted.redirected(answer.head.status, location, with_user=True)
    return fail("http.redirects", f"more than {redirects} redirects, the last one to {wanted.url}")


def _is_redirect(head: Head) -> bool:
    return head.status in REDIRECTING and any(head.values("location"))


def _never(head: Head) -> bool:
    return False
