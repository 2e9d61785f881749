"""The order client over a socket of the test's own: every reply is that of its own order."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from outagetui.core.orders import Order
from outagetui.orders import client, launch
from outagetui.orders.client import OrderClient
from outagetui.orders.wire import socket_path


class Slow(Order, frozen=True):
    """One that waits."""


class Next(Order, frozen=True):
    """Another."""


@asynccontextmanager
async def serving(store: Path, gate: asyncio.Event) -> AsyncIterator[list[str]]:
    """Answer every order with its own name, an order `slow` only once the gate is open."""
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            order = json.loads(line)["order"]
            heard.append(order)
            if order == "slow":
                await gate.wait()
            writer.write(json.dumps({"ok": True, "to": order}).encode() + b"\n")
        writer.close()

    async with await asyncio.start_unix_server(serve, socket_path(store)):
        yield heard


async def test_the_reply_to_an_order_given_up_is_not_taken_for_that_of_the_next(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with serving(tmp_path / "store.db", gate) as heard:
        client = OrderClient(tmp_path / "store.db")
        slow = asyncio.create_task(client.send(Slow()))
        async with asyncio.timeout(5):
            while "slow" not in heard:
                await asyncio.sleep(0.01)
            slow.cancel()
            await asyncio.gather(slow, return_exceptions=True)
            gate.set()
            assert await client.send(Next()) == {"ok": True, "to": "next"}
        await client.aclose()


@pytest.mark.parametrize(("takes", "ok"), [(1.0, False), (1000.0, True)])
async def test_an_order_that_takes_long_is_waited_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes: float, ok: bool
) -> None:
    monkeypatch.setattr(client, "REPLY_SECONDS", 0.1)
    monkeypatch.setattr(Slow, "takes", takes)
    gate = asyncio.Event()
    async with serving(tmp_path / "store.db", gate):
        one = OrderClient(tmp_path / "store.db")
        asyncio.get_running_loop().call_later(0.3, gate.set)
        assert (await one.send(Slow()))["ok"] is ok
        gate.set()
        assert (await one.send(Next()))["ok"]
        await one.aclose()


async def test_a_daemon_that_hangs_is_told_of_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client, "REPLY_SECONDS", 0.3)
    monkeypatch.setattr(client, "PATIENCE", 0.05)
    started: list[Path] = []
    monkeypatch.setattr(launch, "start", started.append)

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(silence, socket_path(tmp_path / "store.db")):
        with pytest.raises(launch.LaunchError, match="a daemon runs and did not answer"):
            await asyncio.wait_for(launch.connect(tmp_path / "store.db", tmp_path), 10.0)
    assert started == [], "a second daemon is no help while the first one holds the store"
    assert capsys.readouterr().err == "the daemon does not answer yet; waiting, Ctrl+C leaves\n"
