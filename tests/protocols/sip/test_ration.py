"""The spending guard: no call without leave, and no way to get more of it."""

import multiprocessing
from pathlib import Path

import pytest
from outagetui.core.model import Outcome
from outagetui.net.trouble import Trouble
from outagetui.protocols.sip.ration import DAY, FILE, Grant, Ration

NUMBER = "sip:9196@pbx.example.test"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def refused(ration: Ration, uri: str = NUMBER, per_day: int = 2) -> Trouble:
    with pytest.raises(Trouble) as caught:
        ration.take(uri, per_day, 3)
    assert caught.value.outcome is Outcome.UNKNOWN
    return caught.value


@pytest.mark.parametrize("kept", [True, False])
def test_no_more_calls_than_allowed_within_any_24_hours(tmp_path: Path, kept: bool) -> None:
    clock = Clock()
    ration = Ration(tmp_path if kept else None, clock)
    assert ration.take(NUMBER, 2, 3) == Grant(NUMBER, 3)
    clock.now += DAY / 2
    ration.take(NUMBER, 2, 3)
    assert refused(ration).code == "sip.calls-spent"
    clock.now += DAY / 2 + 1
    ration.take(NUMBER, 2, 3)
    assert refused(ration).code == "sip.calls-spent"


def test_the_words_say_when_the_next_call_may_be_placed(tmp_path: Path) -> None:
    clock = Clock()
    ration = Ration(tmp_path, clock)
    ration.take(NUMBER, 1, 3)
    clock.now += 60
    assert "the next may be placed at 13:46 UTC" in refused(ration, per_day=1).detail


def test_a_restart_does_not_give_more(tmp_path: Path) -> None:
    for _ in range(2):
        Ration(tmp_path).take(NUMBER, 2, 3)
    assert refused(Ration(tmp_path)).code == "sip.calls-spent"
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_another_number_has_an_allowance_of_its_own(tmp_path: Path) -> None:
    ration = Ration(tmp_path)
    ration.take(NUMBER, 1, 3)
    ration.take("sip:2@pbx.example.test", 1, 3)
    assert refused(ration, per_day=1).code == "sip.calls-spent"


def test_none_allowed_is_none(tmp_path: Path) -> None:
    assert refused(Ration(tmp_path), per_day=0).code == "sip.calls-spent"


def test_a_clock_set_back_gives_no_more(tmp_path: Path) -> None:
    clock = Clock()
    ration = Ration(tmp_path, clock)
    ration.take(NUMBER, 1, 3)
    clock.now -= 10 * DAY
    assert refused(ration, per_day=1).code == "sip.calls-spent"


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', '{"a": ["b"]}', "null", "\xff"])
def test_a_count_that_cannot_be_read_refuses_every_call_and_is_kept(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="latin-1")
    assert refused(Ration(tmp_path)).code == "sip.calls-uncounted"
    assert (tmp_path / FILE).read_text(encoding="latin-1") == content


def test_a_count_that_cannot_be_written_refuses_every_call(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    assert refused(Ration(tmp_path)).code == "sip.calls-uncounted"
    assert refused(Ration(tmp_path / "missing")).code == "sip.calls-uncounted"


def take_all(directory: Path) -> int:
    ration = Ration(directory)
    taken = 0
    for _ in range(50):
        try:
            ration.take(NUMBER, 60, 3)
        except Trouble:
            continue
        taken += 1
    return taken


def test_processes_that_call_at_once_share_one_allowance(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert sum(pool.map(take_all, [tmp_path] * 3)) == 60
