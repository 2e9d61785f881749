"""Who has room at the order socket: those who only look never keep out those who act."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.current import Current
from outagetui.daemon import order_server
from outagetui.daemon.order_server import MOST_CLIENTS, MOST_OF_ONE, MOST_VIEWERS, OrderServer
from outagetui.daemon.sender import Sender
from tests.kit.page_outlets import config
from tests.kit.waiting import until


class Room:
    """A server whose next client is whoever `comes`; an order is held while `hold` is not set."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, idle: float) -> None:
        self.path = place / "orders.sock"
        self.comes = Sender(1, "ada", "operator")
        self.hold = asyncio.Event()
        self.hold.set()
        self.clients: list[Client] = []
        self.known: dict[Any, Sender] = {}
        monkeypatch.setattr(
            order_server, "sender_of", lambda connection, _: self.known.setdefault(connection, self.comes)
        )
        self.server = OrderServer(self.path, Current(config()), self._take, idle)

    async def _take(self, sender: Sender, request: dict[str, Any]) -> dict[str, Any]:
        await self.hold.wait()
        return {"ok": True, "actor": sender.actor}

    async def enter(self, uid: int, role: str) -> "Client":
        self.comes = Sender(uid, f"user {uid}", role)
        before = len(self.known)
        client = Client(*await asyncio.open_unix_connection(self.path))
        self.clients.append(client)
        await until(lambda: len(self.known) > before)
        return client


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def asks(self) -> dict[str, Any]:
        with contextlib.suppress(OSError):
            self.writer.write(b'{"order": "hello"}\n')
            await self.writer.drain()
            if line := await self.reader.readline():
                return dict(json.loads(line))
        return {}


@asynccontextmanager
async def room(place: Path, monkeypatch: pytest.MonkeyPatch, idle: float = 60.0) -> AsyncIterator[Room]:
    made = Room(place, monkeypatch, idle)
    await made.server.open()
    try:
        yield made
    finally:
        made.hold.set()
        await made.server.close()
        for client in made.clients:
            client.writer.close()


async def test_viewers_have_half_of_the_room_and_the_idle_ones_make_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(tmp_path, monkeypatch) as made:
        viewers = [await made.enter(10 + number % 5, "viewer") for number in range(MOST_VIEWERS + 5)]
        await until(lambda: made.server.clients == MOST_VIEWERS)
        assert await viewers[0].asks() == {}
        assert (await viewers[-1].asks())["ok"]
        assert (await (await made.enter(1, "operator")).asks())["ok"]


async def test_one_user_does_not_take_the_room_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as made:
        for _ in range(MOST_OF_ONE + 20):
            await made.enter(1, "operator")
        await until(lambda: made.server.clients == MOST_OF_ONE)
        assert (await (await made.enter(2, "operator")).asks())["ok"]


async def test_whoever_acts_takes_the_place_of_one_who_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as made:
        viewers = [await made.enter(10, "viewer") for _ in range(MOST_VIEWERS)]
        for number in range(MOST_CLIENTS - MOST_VIEWERS):
            await made.enter(number % 4, "operator")
        assert made.server.clients == MOST_CLIENTS
        assert (await (await made.enter(77, "approver")).asks())["ok"]
        assert await viewers[0].asks() == {}
        assert (await viewers[1].asks())["ok"]


async def test_nobody_who_waits_for_an_answer_makes_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as made:
        made.hold.clear()
        busy = [await made.enter(1, "operator") for _ in range(MOST_OF_ONE)]
        asked = [asyncio.ensure_future(client.asks()) for client in busy]
        await until(lambda: all(guest.busy for guest in made.server._tasks.values()))
        late = await made.enter(1, "operator")
        said = json.loads(await late.reader.readline())
        assert said == {"ok": False, "error": f"more than {MOST_OF_ONE} clients of yours are connected"}
        made.hold.set()
        assert all(reply["ok"] for reply in await asyncio.gather(*asked))


async def test_a_viewer_that_says_nothing_is_let_go_and_an_operator_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(tmp_path, monkeypatch, idle=0.05) as made:
        viewer, operator = await made.enter(10, "viewer"), await made.enter(1, "operator")
        assert await asyncio.wait_for(viewer.reader.read(), 10.0) == b""
        assert (await operator.asks())["ok"]
