"""How a channel stands by what its checks say, as daemon and screens both ask."""

from outagetui.core.model import Channel, Check, State
from outagetui.core.probe_options import TcpOptions
from outagetui.facts import health
from outagetui.facts.reach import Share
from outagetui.facts.verdict import Count, Track

DOWN = Track(failing=Count(bad=True, onset=70.0, window=(True,) * 5), state=State.DOWN)
PARTIAL = Track(failing=Count(bad=True, onset=50.0, window=(True, False) * 5), state=State.PARTIAL)
DOUBTED = Track(failing=Count(bad=False, onset=10.0, window=(True,)), state=State.UP)


def channel(*depends_on: str, of_check: tuple[str, ...] = ()) -> Channel:
    check = Check(id="c.port", probe="tcp", target="tcp://h:1", options=TcpOptions(), depends_on=of_check)
    return Channel(id="c", name="C", audience="staff", role="primary", depends_on=depends_on, checks=(check,))


def test_the_worst_check_decides_and_none_says_nothing() -> None:
    assert health.judged([{"here": State.UP}, {"here": State.DOWN}]) == (State.DOWN, "")
    assert health.judged([]) == (State.UNKNOWN, "")


def test_trouble_begins_with_the_first_that_fails_and_suspicion_is_none() -> None:
    assert health.onset([DOWN, PARTIAL, DOUBTED]) == 50.0
    assert health.onset([DOUBTED]) is None


def test_what_was_certain_last_stands_in_for_what_is_unknown() -> None:
    assert health.certain([Track(), PARTIAL]) is State.PARTIAL
    assert health.certain([Track()]) is State.UNKNOWN
    assert health.share(State.UNKNOWN, [Track(), DOUBTED]) == Share(1.0, certain=False)
    assert health.share(State.DOWN, [DOWN]).value == 0.0


def test_a_channel_is_suppressed_when_all_it_hangs_on_is_down() -> None:
    states = {"uplink": State.DOWN, "dns": State.UP}

    def ask(name: str) -> State:
        return states.get(name, State.UNKNOWN)

    assert health.suppressed(channel("uplink"), ask)
    assert health.suppressed(channel(of_check=("uplink",)), ask)
    assert not health.suppressed(channel("uplink", of_check=("dns",)), ask)
    assert not health.suppressed(channel("stranger"), ask)
    assert not health.suppressed(channel(), ask)
