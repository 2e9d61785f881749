"""An installation for every test that wants one, and a daemon in the test's own loop."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.daemon.daemon_in_loop import DaemonInLoop
from tests.kit.installation import Installation, fresh_installation

__all__ = ["fresh_installation"]


@pytest_asyncio.fixture(name="in_loop")
async def _in_loop(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DaemonInLoop]:
    made = DaemonInLoop(installation.configure(every="5s"), monkeypatch)
    yield made
    await made.end()
