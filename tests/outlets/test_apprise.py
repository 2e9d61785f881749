"""Apprise as an outlet: one target, sent once, and what it says of a failure believed only as far as it can know."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.announce.fit import fit
from outagetui.model import Outlet
from outagetui.outlet_options import AppriseOptions
from outagetui.outlets import find, publish, retract, seen
from tests.alerts.receivers import Web
from tests.outlets.kit import ACCOUNTS, PAGE, delivery_of
from tests.outlets.mailkit import tools_at
from tests.probes.servers import refused_port

CANARY = "canary5d20"


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


def outlet_of(timeout: float = 20.0) -> Outlet:
    options = AppriseOptions(secret="mail")
    return Outlet(id="tail", name="Tail", kind="apprise", audience="customers", timeout=timeout, options=options)


async def test_a_message_is_sent_once_and_nothing_in_it_calls_anybody(tmp_path: Path, web: Web) -> None:
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


async def test_a_refusal_is_surely_not_sent_and_can_be_tried_again(tmp_path: Path, web: Web) -> None:
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
async def test_what_may_have_arrived_is_not_sent_again(tmp_path: Path, web: Web, how: str) -> None:
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


async def test_cancelled_it_is_not_sent_again(tmp_path: Path, web: Web) -> None:
    outlet, tools = outlet_of(), tools_at(tmp_path, f"json://127.0.0.1:{web.port}/?rto=60")
    web.hold()
    task = asyncio.create_task(publish(outlet, delivery_of(outlet), tools))
    while not (tmp_path / "sent").exists():
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
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
