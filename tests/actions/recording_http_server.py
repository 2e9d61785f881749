"""An HTTP server that keeps what it was sent and misbehaves as a test says, and how a step is done at it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import outagetui.actions.http  # noqa: F401 - loaded before any step is timed
from outagetui import actions
from outagetui.actions import Result
from tests.kit.scripted_servers import Handler
from tests.kit.step_context import ContextWithSecrets, plan_of


async def act(context: ContextWithSecrets, url: str, timeout: float = 5.0, **options: Any) -> Result:
    result = await actions.act(plan_of("http", timeout, url=url, **options), context)  # type: ignore[arg-type]
    assert result.detail.isprintable()
    assert not (result.done and result.unsure)
    return result


class Received:
    """One request as the server got it."""

    def __init__(self, line: str, headers: dict[str, str], body: bytes) -> None:
        self.line, self.headers, self.body = line, headers, body


class RecordingServer:
    """Reads whole requests and answers each with the next of `answers`, the last one again and again."""

    def __init__(self, *answers: bytes | Callable[[Received], bytes]) -> None:
        self.answers, self.received = list(answers), list[Received]()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.received.append(Received(line, headers, body))
        answer = self.answers[min(len(self.received), len(self.answers)) - 1]
        writer.write(answer if isinstance(answer, bytes) else answer(self.received[-1]))


def after_request(then: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> Handler:
    """Read the head of a request, and do `then`."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await then(writer)
        while await reader.read(65536):
            pass

    return handler


async def silence(_: asyncio.StreamWriter) -> None:
    """Say nothing."""


async def reset(writer: asyncio.StreamWriter) -> None:
    """Cut the connection hard."""
    writer.get_extra_info("socket").setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0: a reset
    writer.transport.abort()
