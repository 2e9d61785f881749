"""Servers that the tests of several kinds of step need."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kit.scripted_servers import Pki
from tests.servers.knot import Knot


@pytest.fixture
def knot(tmp_path: Path) -> Iterator[Knot]:
    server = Knot(tmp_path / "knot").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))
