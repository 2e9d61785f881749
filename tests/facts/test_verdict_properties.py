"""What holds of the verdict for every sequence of samples."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.model import Check, Outcome, Sample, State
from outagetui.core.probe_options import TcpOptions
from outagetui.facts import verdict
from outagetui.facts.live import Live, pack
from outagetui.facts.verdict import Track

FRESH = Track()
CHECK = Check(id="a.port", probe="tcp", target="tcp://127.0.0.1:1", options=TcpOptions(), every=10.0)
BAD = (State.PARTIAL, State.DOWN)
RANK = {State.UP: 0, State.UNKNOWN: 0, State.SLOW: 1, State.PARTIAL: 2, State.DOWN: 3}
outcomes = st.sampled_from(list(Outcome))
sequences = st.lists(outcomes, max_size=60)
known = st.lists(st.sampled_from([Outcome.PASS, Outcome.WARN, Outcome.FAIL]), max_size=60)


def play(sequence: list[Outcome], track: Track = FRESH) -> Track:
    for number, outcome in enumerate(sequence):
        track = verdict.add(track, CHECK, Sample(outcome), float(number))
    return track


@given(sequences)
def test_evidence_is_never_negative_and_the_window_is_bounded(sequence: list[Outcome]) -> None:
    track = play(sequence)
    for count in (track.failing, track.slowness):
        assert count.s >= 0.0
        assert count.r >= 0.0
        assert len(count.window) <= verdict.WINDOW
        assert count.failed <= count.seen
    assert 0 <= track.quick <= verdict.QUICK_AFTER_BAD
    assert 0.0 <= verdict.failing_share(track) <= 1.0


@given(sequences)
def test_a_pass_never_makes_it_worse(sequence: list[Outcome]) -> None:
    before = play(sequence)
    after = verdict.add(before, CHECK, Sample(Outcome.PASS), 100.0)
    assert after.failing.s <= before.failing.s
    assert RANK[after.state] <= RANK[before.state]


@given(st.lists(st.sampled_from([Outcome.PASS, Outcome.UNKNOWN]), max_size=200))
def test_passes_and_unknowns_alone_are_never_bad(sequence: list[Outcome]) -> None:
    assert play(sequence).state in (State.UP, State.UNKNOWN)


@given(known, st.data())
def test_where_unknowns_stand_does_not_matter(sequence: list[Outcome], data: st.DataObject) -> None:
    mixed: list[Outcome] = []
    for outcome in sequence:
        mixed += [Outcome.UNKNOWN] * data.draw(st.integers(0, 2)) + [outcome]
    with_unknowns, without = play(mixed), play(sequence)
    assert with_unknowns.state is without.state
    assert with_unknowns.failing.s == without.failing.s
    assert with_unknowns.failing.window == without.failing.window


@given(sequences)
def test_recovery_is_always_possible(sequence: list[Outcome]) -> None:
    track = play(sequence)
    for _ in range(60):
        track = verdict.add(track, CHECK, Sample(Outcome.PASS), 200.0)
    assert track.state is State.UP


@given(sequences)
def test_twenty_straight_failures_are_always_down(sequence: list[Outcome]) -> None:
    assert play([Outcome.FAIL] * 20, play(sequence)).state is State.DOWN


@given(known)
def test_turning_red_takes_at_least_three_failures(sequence: list[Outcome]) -> None:
    if play(sequence).failing.bad:
        assert sequence.count(Outcome.FAIL) >= 3


@settings(max_examples=50)
@given(sequences, st.floats(0, 2e9), st.text(max_size=20))
def test_a_verdict_survives_the_store_and_json(sequence: list[Outcome], at: float, words: str) -> None:
    track = play(sequence)
    live = Live(
        "a.port", "here", track.state, track.since, words, 0.5, at, Sample(Outcome.FAIL, "timeout"), (1.5, None), track
    )
    assert msgspec.msgpack.decode(pack(live), type=Live) == live
    assert msgspec.json.decode(msgspec.json.encode(live), type=Live) == live


@given(st.dictionaries(st.text(max_size=3), st.sampled_from(list(State)), max_size=9))
def test_vantages_hold_a_state_that_two_thirds_of_the_living_see_at_least(by_vantage: dict[str, State]) -> None:
    state, local = verdict.across(by_vantage)
    living = {name: RANK[held] for name, held in by_vantage.items() if held not in (State.UNKNOWN, State.BLIND)}
    if not living:
        assert (state, local) == (State.UNKNOWN, "")
        return
    agree = sum(rank >= RANK[state] for rank in living.values())
    assert 3 * agree >= 2 * len(living)
    worse = sum(rank > RANK[state] for rank in living.values())
    assert 3 * worse < 2 * len(living)
    assert (local == "") == (worse == 0) or living.get("", 0) > RANK[state]


@given(st.integers(0, 200), st.integers(0, 200))
def test_wilson_holds_the_share_within_zero_and_one(a: int, b: int) -> None:
    failed, seen = min(a, b), max(a, b)
    low, high = verdict.wilson(failed, seen)
    assert 0.0 <= low <= high <= 1.0
    if seen:
        assert low - 1e-9 <= failed / seen <= high + 1e-9
