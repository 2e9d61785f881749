"""A service on loopback that checks requests as strictly as its documentation, and breaks on demand."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

LIMIT = 1 << 20


class Request(NamedTuple):
    """One request, read whole; header names are lower-case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        assert self.headers["content-type"] == "application/x-www-form-urlencoded"
        pairs = parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def public(self) -> None:
        """Nobody is logged in."""
        for name in self.headers:
            assert name not in ("authorization", "cookie", "api-key", "api-username"), name
        assert not self.body


class Answer(NamedTuple):
    status: int
    document: object = None
    headers: Mapping[str, str] = {}


class Fault(NamedTuple):
    """What happens at the next request that publishes; `answer` is for `instead` and `after`.

    silent: its head is read, then nothing more. dropped: the connection closes. instead: `answer`, and nothing is done.
    stored: it is done, the connection closes. stuck: it is done, then silence. half: half of the answer, then closed.
    stalled: half of the answer, then silence. after: it is done, and `answer` is given. garbled: done, but no JSON.
    """

    how: str
    answer: Answer = Answer(500)


class Service:
    """Base of the services. `wrong` collects what a request did against the documentation."""

    secret = "canary-5ecret-t0ken"

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.wrong: list[str] = []
        self.fault: Fault | None = None
        self.reading: Answer | None = None  # what every request that does not publish is answered
        self.stuck = ""  # a path whose requests are never answered
        self.now = 1795352520.0

    def answer(self, request: Request) -> Answer:
        raise AssertionError(f"unknown: {request.method} {request.path}")

    def publishes(self, request: Request) -> bool:
        return request.method != "GET"

    def texts(self) -> list[str]:
        """What the public can read, one text for every part, the oldest first."""
        return []

    def written(self) -> list[Request]:
        return [request for request in self.requests if self.publishes(request)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        method, target, version = head[0].split(" ")
        headers = {}
        for line in head[1:-2]:
            name, _, value = line.partition(": ")
            self.check(name.lower() not in headers, f"twice: {name}")
            headers[name.lower()] = value
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(method, parts.path, query, headers, b"")
        broken = self.fault if self.publishes(request) else None
        if broken is not None:
            self.fault = None
        if request.path == self.stuck or (broken is not None and broken.how == "silent"):
            return await hang(reader)
        if broken is not None and broken.how == "dropped":
            return None
        request = request._replace(body=await reader.readexactly(int(headers.get("content-length", "0"))))
        self.requests.append(request)
        self.check(version == "HTTP/1.1", version)
        self.check(headers.get("host") == self.url.removeprefix("http://"), "Host")
        self.check(headers.get("user-agent", "").startswith("outagetui/"), "User-Agent")
        if broken is not None and broken.how == "instead":
            answer = broken.answer
        elif self.reading is not None and not self.publishes(request):
            answer = self.reading
        else:
            answer = self.checked(request)
        if broken is None:
            writer.write(packed(answer))
            return None
        whole = packed(broken.answer if broken.how in ("after", "instead") else answer)
        if broken.how == "garbled":
            whole = packed(answer._replace(document="<html>It works!</html>"))
        if broken.how in ("half", "stalled"):
            whole = whole[: len(whole) - 5]
        if broken.how not in ("stored", "stuck"):
            writer.write(whole)
        if broken.how in ("stuck", "stalled"):
            await writer.drain()
            await hang(reader)
        return None

    def check(self, good: bool, what: str) -> None:
        if not good:
            self.wrong.append(what)

    def checked(self, request: Request) -> Answer:
        try:
            return self.answer(request)
        except (AssertionError, KeyError, ValueError) as error:
            self.wrong.append(f"{request.method} {request.path}: {error!r}")
            return Answer(400, {"error": repr(error)})


async def hang(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


def packed(answer: Answer) -> bytes:
    if isinstance(answer.document, str):
        body, kind = answer.document.encode(), "text/html; charset=utf-8"
    else:
        body, kind = (b"" if answer.document is None else json.dumps(answer.document).encode()), "application/json"
    lines = [f"HTTP/1.1 {answer.status} Whatever", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
    lines += [f"{name}: {value}" for name, value in {"Set-Cookie": "a=b", **answer.headers}.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """Serve on a free port; at the end every request must have been as documented."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await service.serve(reader, writer)
                await writer.drain()
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(one, "127.0.0.1", 0, limit=LIMIT)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(10):
            await asyncio.sleep(0)
    assert service.wrong == []
