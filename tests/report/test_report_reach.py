"""Reach over time: replayed from the journal, counted from samples where they are kept, honest where nobody saw."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Audience, Check, Entry, Outcome, Sample, Segment, State
from outagetui.core.probe_options import TcpOptions
from outagetui.facts import events, verdict
from outagetui.facts.events import Event
from outagetui.facts.live import Public
from outagetui.report.blind_spots import Unseen, stretches
from outagetui.report.evidence import Evidence, Tally, failing_shares, first_failure, without
from outagetui.report.reach_over_time import Step, Story, _Channels, stories
from tests.kit.sample_business import business, channel
from tests.report.story import CHANNELS, PUBLIC, SEGMENTS, state

NOTHING = Evidence({}, [], {})
UP = [(0.0, state(each.id, "unknown", "up")) for each in CHANNELS]


def journal(story: Iterable[tuple[float, Event]]) -> list[Entry]:
    return [
        Entry(number, at, "daemon", events.kind_of(event), events.encode(event), "", "")
        for number, (at, event) in enumerate(story, 1)
    ]


def customers(
    story: Iterable[tuple[float, Event]],
    evidence: Evidence = NOTHING,
    unseen: Iterable[Unseen] = (),
    public: Public = PUBLIC,
    begin: float = 100.0,
    end: float = 1000.0,
) -> Story:
    return stories(journal(story), public, evidence, unseen, begin, end)[0]


def test_each_change_of_a_channel_or_a_standing_is_a_step() -> None:
    told = customers(
        [
            *UP,
            (200.0, state("messenger", "up", "down")),
            (300.0, events.Activated(channel="webchat")),
            (400.0, state("mail", "up", "slow")),
            (500.0, events.Deactivated(channel="webchat")),
            (600.0, state("messenger", "down", "up")),
        ]
    )
    assert told.steps == (
        Step(100.0, 1.0, False),
        Step(200.0, 0.4, False),
        Step(300.0, 1.0, False),
        Step(500.0, 0.4, False),
        Step(600.0, 1.0, False),
    )
    assert told.before == 1.0
    assert told.lowest() == Step(200.0, 0.4, False)
    assert told.lost(1000.0) == pytest.approx(600 * 200 / 60)
    assert told.uncertain(1000.0) == 0.0


def fails(letters: str, begin: float) -> list[Tally]:
    return [Tally(begin + at * 10, 0.0, int(letter == "."), int(letter == "x")) for at, letter in enumerate(letters)]


def test_a_partial_channel_counts_what_the_board_showed() -> None:
    tallies = fails("x..." * 20 + "xx.." * 10, 200.0)
    evidence = Evidence({"messenger.port": tallies}, [], {})
    story = [*UP, (400.0, state("messenger", "up", "partial")), (1300.0, state("messenger", "partial", "up"))]
    told = customers(story, evidence, end=1400.0)
    values = {step.at: round(step.value, 3) for step in told.steps}
    assert values[100.0] == values[1300.0] == 1.0
    assert values[400.0] == pytest.approx(0.84, abs=0.02)  # a quarter fails for six in ten
    assert min(values.values()) == 0.7  # then half of the last twenty
    assert not any(step.uncertain for step in told.steps)


def test_the_worst_of_a_channels_checks_counts_and_a_sound_one_does_not() -> None:
    evidence = Evidence(
        {"messenger.port": fails("x..." * 20, 200.0), "messenger.feed": fails("x.......", 330.0)}, [], {}
    )
    told = customers(
        [*UP, (400.0, state("messenger", "up", "partial"))],
        evidence,
        public=business((channel("messenger", checks=("port", "feed")), *CHANNELS[1:]), SEGMENTS),
    )
    assert {round(step.value, 1) for step in told.steps[1:]} == {0.8}


def test_months_of_partial_without_samples_are_reckoned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reckoned: list[float] = []

    def counted(self: _Channels, audience: Audience) -> tuple[float | None, bool]:
        reckoned.append(0.0)
        return inner(self, audience)

    inner = _Channels.reach
    monkeypatch.setattr(_Channels, "reach", counted)
    story = [*UP, (400.0, state("messenger", "up", "partial", "1 of 2 failed"))]
    assert customers(story, Evidence({}, [], {}), end=400.0 + 90 * 86400).steps[-1].value == 0.7
    assert len(reckoned) < 10


def test_samples_too_old_to_trust_leave_the_words() -> None:
    evidence = Evidence({"messenger.port": fails("x..." * 5, 200.0)}, [], {})
    story = [*UP, (400.0, state("messenger", "up", "partial", "1 of 2 failed"))]
    last = customers(story, evidence).steps[-1]
    assert (last.value, last.uncertain) == (0.7, True)
    assert last.at > 400.0


def test_what_failed_while_we_were_blind_is_left_out() -> None:
    tallies = fails("xxxx", 0.0)
    assert without(tallies, [(10.0, 30.0), (90.0, 99.0)]) == [tallies[0], tallies[3]]


def test_without_samples_the_words_of_the_entry_count_and_it_is_uncertain() -> None:
    told = customers([*UP, (200.0, state("messenger", "up", "partial", "port: 6 of 20 failed (likely 16-48 %)"))])
    last = told.steps[-1]
    assert (last.at, last.uncertain) == (200.0, True)
    assert last.value == pytest.approx(0.82)


def test_without_samples_and_counts_nothing_is_invented() -> None:
    told = customers([*UP, (200.0, state("messenger", "up", "partial", "still partial when its mute ended"))])
    assert told.steps[-1] == Step(200.0, 1.0, True)
    assert told.uncertain(1000.0) == 800.0


def test_the_words_it_reads_are_those_the_verdict_writes() -> None:
    check = Check(id="messenger.port", probe="tcp", target="tcp://x:1", options=TcpOptions())
    track = verdict.Track()
    for number in range(12):
        outcome = Outcome.FAIL if number % 3 == 0 else Outcome.PASS
        track = verdict.add(track, check, Sample(outcome, "timeout", "no answer"), float(number))
    assert track.state is State.PARTIAL
    words = verdict.why(track, State.PARTIAL, Sample(Outcome.FAIL, "timeout", "9 of 9 failed, says the far end"))
    told = customers([*UP, (200.0, state("messenger", "up", "partial", words))])
    assert told.steps[-1].value == pytest.approx(1.0 - 0.6 * verdict.failing_share(track))


def test_unknown_keeps_what_was_known_and_says_so() -> None:
    told = customers([*UP, (200.0, state("messenger", "up", "down")), (300.0, state("messenger", "down", "unknown"))])
    assert told.steps[1:] == (Step(200.0, 0.4, False), Step(300.0, 0.4, True))


def test_while_nobody_could_see_reach_is_uncertain() -> None:
    unseen = [Unseen(300.0, 400.0, "blind", ""), Unseen(350.0, 450.0, "silent", "")]
    told = customers([*UP, (200.0, state("messenger", "up", "down"))], unseen=unseen)
    assert told.steps[1:] == (Step(200.0, 0.4, False), Step(300.0, 0.4, True), Step(450.0, 0.4, False))
    assert told.uncertain(1000.0) == 150.0


def test_how_it_stood_before_counts_and_is_what_loss_is_measured_by() -> None:
    told = customers([*UP, (50.0, state("mail", "up", "down")), (200.0, state("messenger", "up", "down"))])
    assert told.before == pytest.approx(0.6)
    assert told.lost(260.0) == pytest.approx(600.0)


def test_without_people_there_is_no_reach() -> None:
    for segments in ((), (Segment(id="none", audience="customers", people=0, uses=("messenger",)),)):
        told = customers(UP, public=business(CHANNELS, segments))
        assert (told.before, told.steps, told.lost(1000.0), told.lowest()) == (None, (), None, None)


def test_a_clock_that_was_set_back_keeps_the_order_of_the_journal() -> None:
    told = customers(
        [*UP, (500.0, state("messenger", "up", "down")), (300.0, state("messenger", "down", "up"))], end=1000.0
    )
    assert told.steps == (Step(100.0, 1.0, False),)


NAMES = st.sampled_from([each.id for each in CHANNELS])
CHANGES = st.one_of(
    st.builds(state, NAMES, st.just("up"), st.sampled_from([each.value for each in State])),
    st.builds(lambda name: events.Activated(channel=name), NAMES),
    st.builds(lambda name: events.Deactivated(channel=name), NAMES),
)


@given(st.lists(st.tuples(st.floats(0, 2000), CHANGES), max_size=30), st.lists(st.floats(0, 2000), max_size=6))
def test_any_journal_makes_a_sound_step_function(story: list[tuple[float, Event]], edges: list[float]) -> None:
    unseen = [Unseen(min(pair), max(pair), "blind", "") for pair in zip(edges[::2], edges[1::2], strict=False)]
    for told in stories(journal(story), PUBLIC, NOTHING, unseen, 100.0, 1000.0):
        times = [step.at for step in told.steps]
        assert times[0] == 100.0
        assert times == sorted(set(times))
        assert all(100.0 <= at <= 1000.0 for at in times)
        assert all(0.0 <= step.value <= 1.0 for step in told.steps)
        pairs = [(step.value, step.uncertain) for step in told.steps]
        assert all(one != other for one, other in itertools.pairwise(pairs))
        assert 0.0 <= (told.lost(1000.0) or 0.0) <= told.people * 15.0 + 1e-6
        assert 0.0 <= told.uncertain(1000.0) <= 900.0


def counts(letters: str, begin: float = 0.0, seconds: float = 0.0) -> list[Tally]:
    return [
        Tally(begin + at * 10, seconds, int(letter == "."), int(letter == "x")) for at, letter in enumerate(letters)
    ]


@pytest.mark.parametrize(
    ("letters", "onset"),
    [("...xxx", 30.0), ("x.........xx", 100.0), (".x.x.x.x", 10.0), ("......", None), ("", None)],
)
def test_trouble_began_where_the_evidence_was_last_nil(letters: str, onset: float | None) -> None:
    found = first_failure(counts(letters), 1000.0)
    assert (found.at if found is not None else None) == onset


def test_what_came_after_the_detection_is_no_first_sign() -> None:
    assert first_failure(counts("....xx"), 30.0) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=9))
def test_a_minute_counts_as_its_samples_with_the_failures_evenly_among_them(minutes: list[tuple[int, int]]) -> None:
    tallies = [Tally(at * 60.0, 60.0, passed, failed) for at, (passed, failed) in enumerate(minutes)]
    shares = failing_shares("tcp", tallies)
    assert [at for at, _ in shares] == [tally.at + 60.0 for tally in tallies]
    assert all(0.0 <= share <= 1.0 for _, share in shares)
    assert failing_shares("tcp", [Tally(0.0, 60.0, 0, 6)]) == [(60.0, 1.0)]
    assert failing_shares("tcp", [Tally(0.0, 60.0, 6, 0), Tally(60.0, 60.0, 2, 4)])[-1][1] == pytest.approx(0.8)


def test_trouble_that_began_in_a_rolled_up_minute_is_known_to_the_minute() -> None:
    minutes = [Tally(60.0, 60.0, 5, 1), Tally(120.0, 60.0, 0, 6)]
    first = first_failure(minutes, 130.0)
    assert first is not None
    assert (first.at, first.seconds) == (60.0, 60.0)


START = events.DaemonStarted(version="1", pid=1, vantage="here", digest="d")


def test_stretches_without_sight_are_told_apart() -> None:
    entries = journal(
        [
            (0.0, events.BlindChanged(blind=True, why="no canary")),
            (20.0, events.BlindChanged(blind=False, why="one answers")),
            (100.0, events.DaemonStopped(reason="update")),
            (200.0, START),
            (300.0, START),
            (400.0, events.BlindChanged(blind=True, why="no canary")),
            (450.0, START),
        ]
    )
    evidence = Evidence({}, [(99.0, 201.0), (230.0, 300.5), (600.0, 700.0)], {})
    assert [(each.begin, each.end, each.kind) for each in stretches(entries, evidence, 10.0, 650.0)] == [
        (10.0, 20.0, "blind"),
        (100.0, 200.0, "stopped"),
        (230.0, 300.5, "silent"),
        (400.0, 450.0, "blind"),
        (600.0, 650.0, "silent"),
    ]


def test_a_daemon_that_is_back_at_once_missed_nothing() -> None:
    entries = journal([(100.0, events.DaemonStopped(reason="update")), (104.0, START)])
    assert stretches(entries, NOTHING, 0.0, 200.0) == []


def test_what_has_not_ended_lasts_to_the_end() -> None:
    entries = journal([(50.0, events.BlindChanged(blind=True, why="w")), (60.0, events.DaemonStopped(reason="r"))])
    assert [(each.begin, each.end) for each in stretches(entries, NOTHING, 0.0, 90.0)] == [(50.0, 90.0), (60.0, 90.0)]


def test_a_channel_without_checks_does_not_stop_the_story() -> None:
    public = business([channel("desk", checks=())], [Segment(id="s", audience="customers", people=1, uses=("desk",))])
    assert customers([], public=public).steps == (Step(100.0, 0.0, True),)
