"""Apprise as an outlet: one target, sent once, and what it says of a failure believed only as far as it can know."""

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import AppriseOptions
from outagetui.outlets import find, publish, retract, seen
from outagetui.wording.fit import fit
from tests.kit.message_receivers import WebhookReceiver
from tests.kit.scripted_servers import refused_port, saying, serve
from tests.kit.waiting import until
from tests.outlets.kit import ACCOUNTS, PAGE, delivery_of
from tests.outlets.mailkit import tools_at

CANARY = "canary5d20"


@pytest.fixture
def web() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as running:
        yield running


def outlet_of(timeout: float = 20.0) -> Outlet:
    options = AppriseOptions(secret="mail")
    return Outlet(id="tail", name="Tail", kind="apprise", audience="customers", timeout=timeout, options=options)


async def test_a_message_is_sent_once_and_nothing_in_it_calls_anybody(tmp_path: Path, web: WebhookReceiver) -> None:
    outlet, tools = outlet_of(), tools_at(tmp_path, f"json://127.0.0.1:{web.port}/{CANARY}?retry=3")
    body = "We are on it. @everyone <!channel> <@U123> #all"
    part = delivery_of(outlet, text=fit("apprise", title="Down <b>", body=body, accounts=ACCOUNTS, page=PAGE))
    done = await publish(outlet, part, tools)
    assert (done.state, done.detail) == ("sent", "taken by the service")
    (posted,) = web.posted
    assert posted["title"] == "Down ‹b›"
    for bad in ("@everyone", "<!channel>", "<@U123>", "#all"):
        assert bad not in posted["message"]
    again = await publish(outlet, replace(part, again=True), tools)
    assert again.state == "sent"
    assert len(web.posted) == 1
    assert await seen(outlet, done, part, tools) == done
    later = await publish(outlet, delivery_of(outlet, 1, (done,)), tools)
    assert later.state == "sent"
    assert len(web.posted) == 2
    taken = await retract(outlet, delivery_of(outlet, 2, (done, later)), tools)
    assert taken.state == "skipped"


async def test_a_refusal_is_surely_not_sent_and_can_be_tried_again(tmp_path: Path, web: WebhookReceiver) -> None:
    outlet, tools = outlet_of(), tools_at(tmp_path, f"json://user:{CANARY}@127.0.0.1:{web.port}/?retry=3")
    web.status = 403
    done = await publish(outlet, delivery_of(outlet), tools)
    assert done.state == "failed"
    assert CANARY not in done.detail
    assert len(web.posted) == 1
    web.status = 200
    assert (await publish(outlet, delivery_of(outlet, again=True), tools)).state == "sent"
    kept = "".join(path.read_text() for path in (tmp_path / "sent").iterdir())
    assert CANARY not in kept


@pytest.mark.parametrize("how", ["error", "silent", "late", "dropped"])
async def test_what_may_have_arrived_is_not_sent_again(tmp_path: Path, web: WebhookReceiver, how: str) -> None:
    outlet, url = outlet_of(), f"json://127.0.0.1:{web.port}/{CANARY}"
    if how == "error":
        web.status = 502
    elif how == "dropped":
        url = f"json://127.0.0.1:{_dropping()}/{CANARY}"
    else:
        web.hold()
        outlet = outlet_of(timeout=4.0 if how == "late" else 20.0)
        url += "?rto=60" if how == "late" else "?rto=0.5"
    tools = tools_at(tmp_path, url)
    done = await publish(outlet, delivery_of(outlet), tools)
    assert done.state == "unknown", done
    assert CANARY not in done.detail
    again = await publish(outlet_of(), delivery_of(outlet, again=True), tools)
    assert again.state == "unknown"
    assert again.detail.startswith("not sent again, since it may be there")
    web.let_go()
    assert len(web.posted) <= 1


async def test_a_service_that_is_not_there_surely_has_nothing(tmp_path: Path) -> None:
    outlet, tools = outlet_of(), tools_at(tmp_path, f"json://127.0.0.1:{refused_port()}/{CANARY}")
    done = await publish(outlet, delivery_of(outlet), tools)
    assert done.state == "failed", done
    assert await find(outlet, delivery_of(outlet), tools) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("json://127.0.0.1:9/a\njson://127.0.0.1:9/b", "holds more than one URL"),
        ("json://127.0.0.1:9/a json://127.0.0.1:9/b", "holds more than one URL"),
        ("json://127.0.0.1:9/a,json://127.0.0.1:9/b", "holds more than one URL"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#one/#two", "names 2 targets"),
        ("nonsense", "Unsupported URL: [secret]"),
        ("", "is empty"),
    ],
)
async def test_only_one_url_with_one_target_is_taken(tmp_path: Path, url: str, words: str) -> None:
    outlet = outlet_of()
    done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path, url))
    assert done.state == "failed"
    assert words in done.detail


@pytest.mark.parametrize(
    ("mode", "state"),
    [("close", "unknown"), ("hang", "unknown"), ("550 no", "failed"), ("451 later", "failed"), ("refuse", "failed")],
)
async def test_a_letter_is_in_doubt_from_its_content_on_until_it_is_refused(
    tmp_path: Path, mode: str, state: str
) -> None:
    taken: list[bytes] = []

    async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.test\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA" and mode == "refuse":
                writer.write(b"554 no\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                taken.append(await reader.readuntil(b"\r\n.\r\n"))
                if mode == "close":
                    break
                if mode == "hang":
                    await reader.read()
                    break
                writer.write(mode.encode() + b"\r\n")
            else:
                writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 good\r\n")

    outlet = outlet_of(timeout=6.0 if mode == "hang" else 20.0)
    async with serve(answer_one) as server:
        url = f"mailto://127.0.0.1:{server.port}/?from=a@example.test&to=b@example.test&mode=insecure&smtp=127.0.0.1"
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path, url))
        assert done.state == state, done
        assert len(taken) == (mode != "refuse")
        again = await publish(outlet_of(), delivery_of(outlet, again=True), tools_at(tmp_path, url))
        assert again.state == state
        assert len(taken) == (1 if state == "unknown" else 2 * (mode != "refuse"))


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b"HTTP/1.1 524 Late\r\nContent-Length: 0\r\n\r\n", "unknown"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "unknown"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 5\r\n\r\n", "failed"),
        (b"HTTP/1.1 501 What\r\nContent-Length: 0\r\n\r\n", "failed"),
        (b"HTTP/1.1 429 Many\r\nContent-Length: 0\r\n\r\n", "failed"),
        (b"HTTP/1.1 200 Good\r\nContent-Length: 50\r\n\r\nhalf", "unknown"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 50\r\n\r\nhalf", "failed"),
    ],
)
async def test_only_a_clear_refusal_over_http_is_surely_not_sent(tmp_path: Path, answer: bytes, state: str) -> None:
    async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with serve(answer_one) as server:
        url = f"json://127.0.0.1:{server.port}/{CANARY}"
        done = await publish(outlet_of(), delivery_of(outlet_of()), tools_at(tmp_path, url))
        assert done.state == state, done


WATCHED = """
import asyncio, contextlib, socket, sys
from outagetui.alerts.arrival import ArrivalWatch
how, port = sys.argv[1], int(sys.argv[2])
watch = ArrivalWatch()
async def call():
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
with contextlib.suppress(OSError):
    if how == "loop":
        asyncio.run(call())
    elif how == "name":
        socket.create_connection(("nowhere.invalid", port))
    else:
        socket.create_connection(("127.0.0.1", port)).close()
print(watch.doubt)
"""


@pytest.mark.parametrize(
    ("how", "there", "doubt"),
    [
        ("plain", True, True),
        ("plain", False, False),
        ("loop", True, True),
        ("loop", False, False),
        ("name", True, False),
    ],
)
async def test_what_is_neither_http_nor_mail_is_in_doubt_once_it_is_connected(
    how: str, *, there: bool, doubt: bool
) -> None:
    async with serve(saying(b"")) as server:
        port = server.port if there else refused_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WATCHED, how, str(port), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
    assert said.decode().strip() == str(doubt)


async def test_cancelled_it_is_not_sent_again(tmp_path: Path, web: WebhookReceiver) -> None:
    outlet, tools = outlet_of(), tools_at(tmp_path, f"json://127.0.0.1:{web.port}/?rto=60")
    web.hold()
    task = asyncio.create_task(publish(outlet, delivery_of(outlet), tools))
    await until(lambda: web.received)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    there = await find(outlet, delivery_of(outlet), tools)
    assert there is not None
    assert there.state == "unknown"


def _dropping() -> int:
    """Return a port where a request is read and the connection then ends without an answer."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])
