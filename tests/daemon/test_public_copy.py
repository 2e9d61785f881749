"""The screens' copy of a configuration: what making it costs, in counts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui import config
from outagetui.core.model import Channel
from outagetui.daemon.public_copy import shown
from tests.kit.grown_configuration import grow


class Walked(tuple[Channel, ...]):
    """Channels, which count how often somebody goes through all of them."""

    walks = 0

    def __iter__(self) -> Iterator[Channel]:
        Walked.walks += 1
        return super().__iter__()


@pytest.fixture
def walks(tmp_path: Path) -> list[int]:
    counted = []
    for count in (20, 200):
        loaded = config.load(grow(tmp_path / str(count), count))
        Walked.walks = 0
        made = shown(replace(loaded, channels=Walked(loaded.channels)), "", ())
        assert len(made.playbooks) == count // 10
        assert made.playbooks[0].activates == ("channel-00001",)
        counted.append(Walked.walks)
    return counted


def test_the_channels_are_walked_as_often_for_twenty_playbooks_as_for_two(walks: list[int]) -> None:
    assert walks[0] == walks[1] > 0
