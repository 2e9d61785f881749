"""What the tests of probes, protocols and connections share: a vantage, certificates, secrets, and a look at leaks."""

import asyncio
import contextlib
import socket
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from outagetui.machine.background import hear_failures
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import Pki, open_descriptors, settle


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@contextlib.asynccontextmanager
async def _probing(place: Vantage) -> AsyncIterator[Vantage]:
    """Close `place` after the test; what a look left to be ended must not fail, which a daemon calls its own fault."""
    heard: list[BaseException] = []
    hear_failures(heard.append)
    yield place
    await place.aclose()
    assert heard == []


@pytest.fixture
async def vantage() -> AsyncIterator[Vantage]:
    async with _probing(Vantage("here", Secrets.none())) as place:
        yield place


@pytest.fixture
def secret_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "secrets"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
async def no_leaks(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Fail a test that leaves a socket open or a task running, or closes a socket that the loop still waits for.

    Whoever is next given that descriptor would lose its own place in the loop, and never hear of its answer.
    """
    loop: Any = asyncio.get_running_loop()
    close, early = socket.socket.close, []

    def closing(sock: socket.socket) -> None:
        if sock.fileno() in (loop._selector.get_map() or ()):
            early.append("".join(traceback.format_stack(limit=8)))
        close(sock)

    monkeypatch.setattr(socket.socket, "close", closing)
    before = open_descriptors()
    yield
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert len(open_descriptors()) <= len(before)
    assert not early, early[0]


@pytest.fixture
async def caller(secret_directory: Path, tmp_path: Path) -> AsyncIterator[Vantage]:
    """A vantage that knows a right and a wrong password and has a place for what outlives it."""
    for name, content in (("right", "geheim\n"), ("wrong", "falsch\n")):
        path = secret_directory / name
        path.write_text(content)
        path.chmod(0o600)
    async with _probing(Vantage("here", Secrets(secret_directory, {}), tmp_path)) as place:
        yield place
