"""A socket is closed only when the loop watches it no longer: its number may be another connection's just then."""

import asyncio
import socket
from typing import Any

import pytest
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import hanging, look_at, saying, serve
from tests.kit.scripted_sip import by_tcp, by_udp
from tests.kit.scripted_sip import saying as sip_saying


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of sockets that were closed while the loop watched them."""
    found: list[int] = []
    close = socket.socket.close

    def closing(self: socket.socket) -> None:
        loop: Any = asyncio._get_running_loop()
        if loop is not None and self.fileno() >= 0 and self.fileno() in loop._selector.get_map():
            found.append(self.fileno())
        close(self)

    monkeypatch.setattr(socket.socket, "close", closing)
    return found


@pytest.mark.parametrize("status", ["200 OK", "503 Busy", "100 Trying"])
@pytest.mark.parametrize("kind", ["sip.options", "sip.register", "sip.call"])
@pytest.mark.parametrize("over", ["udp", "tcp"])
async def test_by_sip(vantage: Vantage, watched: list[int], status: str, kind: str, over: str) -> None:
    async with (by_tcp if over == "tcp" else by_udp)(sip_saying(status)) as peer:
        await look_at(vantage, kind, f"sip:echo@127.0.0.1:{peer.port};transport={over}", within=0.7)
        await vantage.aclose()
        assert watched == []


@pytest.mark.parametrize("kind", ["tcp", "tls", "http", "websocket", "imap", "smtp", "irc"])
@pytest.mark.parametrize("silent", [True, False])
async def test_by_streams(vantage: Vantage, watched: list[int], kind: str, silent: bool) -> None:
    async with serve(hanging() if silent else saying(b"what\r\n")) as server:
        schemes = {"websocket": "ws"}
        more = {"match": "nothing"} if kind == "tcp" else {}
        await look_at(vantage, kind, f"{schemes.get(kind, kind)}://127.0.0.1:{server.port}", within=0.3, **more)
        assert watched == []


async def test_by_xmpp(secret_directory: Any, watched: list[int]) -> None:
    (secret_directory / "mine").write_text("right")
    (secret_directory / "mine").chmod(0o600)
    place = Vantage("here", Secrets(secret_directory))
    async with serve(hanging()) as server:
        await look_at(
            place, "xmpp", "xmpp://a@example.test", secret="mine", connect=f"127.0.0.1:{server.port}", within=0.3
        )
        await place.aclose()
        assert watched == []
