"""Our reader of HTTP answers against h11, in turn in one process: a short answer, one in chunks, and a whole fetch."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import h11
from outagetui.machine.secrets import Secrets
from outagetui.net.connect import dial
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_fetch import fetch
from outagetui.protocols.http_parser import AnswerParser
from tests.bench.report import Row
from tests.bench.site import site

ROUNDS, ANSWERS, FETCHES, AT_ONCE = 5, 2000, 1000, 20
READ = 65536  # bytes that come at once
LINES = (
    *("Server: nginx/1.22.1", "Date: Mon, 30 Nov 2026 15:00:00 GMT", "Content-Type: text/html; charset=utf-8"),
    *(
        "Last-Modified: Sun, 29 Nov 2026 15:00:00 GMT",
        'ETag: "5f9a-612"',
        "Accept-Ranges: bytes",
        "Vary: Accept-Encoding",
    ),
    *("Strict-Transport-Security: max-age=31536000", "X-Frame-Options: DENY", "Connection: close"),
)


def _answer(*lines: str, body: bytes) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *LINES, *lines, "", ""]).encode() + body


PAGE = _answer("Content-Length: 612", body=b"x" * 612)
_CHUNK = b"1000\r\n" + b"x" * 4096 + b"\r\n"
LONG = _answer("Transfer-Encoding: chunked", body=_CHUNK * 200 + b"0\r\n\r\n")
_REQUEST = h11.Request(method="GET", target="/", headers=[("host", "a.test"), ("connection", "close")])


def run(*, quick: bool = False) -> list[Row]:
    """Measure both in turn."""
    rows, rounds = [], 2 if quick else ROUNDS
    for name, answer, count in (("an answer", PAGE, ANSWERS), ("800 KiB in chunks", LONG, ANSWERS // 20)):
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(_parsing(_ours, answer, count))
            theirs.append(_parsing(_h11, answer, count))
        rows.append(_row(f"http: {name} read, CPU s per 1,000", ours, theirs))
    ours, theirs = [], []
    with site() as web:
        for _ in range(rounds):
            ours.append(asyncio.run(_fetching(_fetch, web.ports[0])))
            theirs.append(asyncio.run(_fetching(_fetch_by_h11, web.ports[0])))
    rows.append(_row("http: a page fetched, CPU s per 1,000", ours, theirs))
    return rows


def _row(name: str, ours: list[float], theirs: list[float]) -> Row:
    # The quickest round of each is the one that other work of the machine disturbed least.
    return Row(name, min(ours), "s", min(theirs), "h11", min(theirs))


def _parsing(parse: Callable[[bytes], int], answer: bytes, count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        parse(answer)
    return 1000 * (time.process_time() - began) / count


def _ours(answer: bytes) -> int:
    parser = AnswerParser("GET", 1 << 20)
    for at in range(0, len(answer), READ):
        parser.feed(answer[at : at + READ])
    if not parser.done:
        raise OSError("our reader found no end")
    return len(parser.body)


def _h11(answer: bytes) -> int:
    parser = h11.Connection(h11.CLIENT)
    parser.send(_REQUEST)
    parser.send(h11.EndOfMessage())
    body = bytearray()
    for at in range(0, len(answer), READ):
        parser.receive_data(answer[at : at + READ])
        while (event := parser.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return len(body)
    raise OSError("h11 found no end")


async def _fetching(one: Callable[[Vantage, int], Awaitable[None]], port: int) -> float:
    vantage = Vantage("here", Secrets.none())
    turn = asyncio.Semaphore(AT_ONCE)

    async def in_turn() -> None:
        async with turn:
            await one(vantage, port)

    await in_turn()
    began = time.process_time()
    await asyncio.gather(*(in_turn() for _ in range(FETCHES)))
    spent = time.process_time() - began
    await vantage.aclose()
    return 1000 * spent / FETCHES


async def _fetch(vantage: Vantage, port: int) -> None:
    deadline = asyncio.get_running_loop().time() + 10
    if (await fetch(vantage, f"http://127.0.0.1:{port}/", deadline=deadline)).status != 200:
        raise OSError("the page was not there")


async def _fetch_by_h11(vantage: Vantage, port: int) -> None:
    """The same with h11 on the same connections, its request made anew only once."""
    phases = Phases()
    deadline = asyncio.get_running_loop().time() + 10
    async with phases.within(deadline):
        with await dial(vantage, "127.0.0.1", port, phases, deadline=deadline) as stream:
            parser = h11.Connection(h11.CLIENT)
            await stream.write((parser.send(_REQUEST) or b"") + (parser.send(h11.EndOfMessage()) or b""))
            body, names = bytearray(), {}
            while not isinstance(event := parser.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    parser.receive_data(await stream.read())
                elif isinstance(event, h11.Response):
                    names = {name.decode(): value.decode() for name, value in event.headers}
                elif isinstance(event, h11.Data):
                    body += event.data
            if not names or not body:
                raise OSError("the page was not there")
