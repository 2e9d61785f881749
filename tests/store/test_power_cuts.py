"""Power cuts at moments drawn by chance: what was acknowledged is there, and the anchor raises no alarm."""

from pathlib import Path

import pytest
from tests.kit.power_cuts import PowerCuts


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_loses_nothing_that_was_acknowledged_and_is_no_alarm(tmp_path: Path, seed: int) -> None:
    cuts = PowerCuts(tmp_path, seed).go(60)
    assert cuts.tries == 60
    assert cuts.failures == []
