"""What the tests of XMPP share: Prosody, started once, and a way to look at it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import Pki
from tests.probes.xmpp.looks import Look, looking
from tests.servers.prosody import Prosody


@pytest.fixture(scope="module")
def running(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prosody]:
    server = Prosody(tmp_path_factory.mktemp("prosody"), certificate=pki.pem("example.test")).start()
    try:
        server.add_user("watch", "geheim")
        yield server
    finally:
        server.stop()


@pytest.fixture
def prosody(running: Prosody) -> Iterator[Prosody]:
    yield running
    running.group.thaw()
    running.fault()


@pytest.fixture
def own(pki: Pki, tmp_path: Path) -> Iterator[Prosody]:
    """A server for one test alone, not yet started."""
    server = Prosody(tmp_path / "own", certificate=pki.pem("example.test"))
    yield server
    server.stop()


@pytest.fixture
def secrets(secret_directory: Path) -> Secrets:
    for name, content in (("right", "geheim\n"), ("wrong", "falsch\n")):
        (secret_directory / name).write_text(content)
        (secret_directory / name).chmod(0o600)
    return Secrets(secret_directory, {})


@pytest.fixture
async def place(secrets: Secrets, no_leaks: None) -> AsyncIterator[Vantage]:
    vantage = Vantage("here", secrets)
    yield vantage
    await vantage.aclose()


@pytest.fixture
def at(place: Vantage, prosody: Prosody, pki: Pki) -> Look:
    return looking(place, prosody, pki)
