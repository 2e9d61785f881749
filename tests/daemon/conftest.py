"""A house for every test that wants one."""

from collections.abc import Iterator

import pytest
from tests.daemon.house import House, house


@pytest.fixture(name="home")
def _home() -> Iterator[House]:
    with house() as made:
        yield made
