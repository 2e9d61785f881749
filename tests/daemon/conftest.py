"""A house for every test that wants one."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from tests.daemon.resident import Resident
from tests.kit.house import House, house


@pytest.fixture(name="home")
def _home() -> Iterator[House]:
    with house() as made:
        yield made


@pytest_asyncio.fixture(name="resident")
async def _resident(home: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Resident]:
    made = Resident(home.settle(every="5s"), monkeypatch)
    yield made
    await made.end()
