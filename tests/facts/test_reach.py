"""Reach by the formula: people times the best share among what they can use, over all people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Audience, Segment, State
from outagetui.facts.reach import Share, reach, share_of

CUSTOMERS: Audience = "customers"


def segment(people: int, *uses: str, audience: Audience = CUSTOMERS) -> Segment:
    return Segment(id=f"{'-'.join(uses)}-{people}", audience=audience, people=people, uses=uses)


@pytest.mark.parametrize(
    ("state", "known", "failing", "share"),
    [
        (State.UP, State.UP, 0.0, Share(1.0)),
        (State.SLOW, State.SLOW, 0.0, Share(1.0)),
        (State.PARTIAL, State.PARTIAL, 0.25, Share(0.75)),
        (State.DOWN, State.DOWN, 1.0, Share(0.0)),
        (State.DOWN, State.DOWN, 0.6, Share(0.0)),
        (State.UNKNOWN, State.UP, 0.0, Share(1.0, certain=False)),
        (State.UNKNOWN, State.DOWN, 1.0, Share(0.0, certain=False)),
        (State.UNKNOWN, State.UNKNOWN, 0.0, Share(0.0, certain=False)),
        (State.BLIND, State.PARTIAL, 0.4, Share(0.6, certain=False)),
    ],
)
def test_shares_follow_the_state_and_unknown_keeps_the_last_known(
    state: State, known: State, failing: float, share: Share
) -> None:
    assert share_of(state, known, failing) == share


def test_the_formula_by_hand() -> None:
    segments = [segment(640, "messenger", "webchat"), segment(90, "messenger"), segment(270, "mail")]
    shares = {"messenger": Share(0.0), "webchat": Share(1.0), "mail": Share(0.5)}
    for active, expected in (({"messenger", "mail"}, 0.135), ({"messenger", "mail", "webchat"}, 0.775)):
        share, uncertain = reach(CUSTOMERS, segments, shares, active)
        assert share == pytest.approx(expected)
        assert not uncertain


def test_the_best_of_what_a_segment_uses_counts_not_its_favourite() -> None:
    segments = [segment(10, "favourite", "second")]
    shares = {"favourite": Share(0.2), "second": Share(0.9)}
    assert reach(CUSTOMERS, segments, shares, shares.keys())[0] == pytest.approx(0.9)


def test_without_segments_or_people_there_is_no_reach() -> None:
    assert reach(CUSTOMERS, [], {"a": Share(1.0)}, {"a"}) == (None, False)
    assert reach(CUSTOMERS, [segment(0, "a")], {"a": Share(1.0)}, {"a"}) == (None, False)
    assert reach(CUSTOMERS, [segment(5, "a", audience="staff")], {"a": Share(1.0)}, {"a"}) == (None, False)


def test_people_who_use_nothing_cannot_reach_us_and_count() -> None:
    assert reach(CUSTOMERS, [segment(30), segment(10, "a")], {"a": Share(1.0)}, {"a"}) == (0.25, False)


def test_a_guess_is_marked_only_where_it_matters() -> None:
    sure, guess, bad_guess = Share(1.0), Share(1.0, certain=False), Share(0.0, certain=False)
    both = [segment(1, "a", "b")]
    assert reach(CUSTOMERS, both, {"a": guess, "b": Share(0.0)}, {"a", "b"}) == (1.0, True)
    assert reach(CUSTOMERS, both, {"a": bad_guess, "b": sure}, {"a", "b"}) == (1.0, False)  # certain either way
    assert reach(CUSTOMERS, both, {"a": bad_guess, "b": Share(0.5)}, {"a", "b"}) == (0.5, True)  # may be more
    assert reach(CUSTOMERS, both, {"a": guess, "b": sure}, {"a", "b"}) == (1.0, False)
    assert reach(CUSTOMERS, both, {"a": guess, "b": sure}, {"b"}) == (1.0, False)  # a standby backup does not count


names = st.sampled_from(list("abcdef"))
shares_of = st.dictionaries(names, st.builds(Share, st.floats(0, 1), st.booleans()))
segments_of = st.lists(
    st.builds(segment, st.integers(0, 10_000), names, names, audience=st.sampled_from(["customers", "staff"])),
    max_size=6,
)


@given(segments_of, shares_of, st.sets(names))
def test_reach_is_a_share(segments: list[Segment], shares: dict[str, Share], usable: set[str]) -> None:
    now, _ = reach(CUSTOMERS, segments, shares, usable)
    assert now is None or -1e-9 <= now <= 1.0 + 1e-9


@given(segments_of, shares_of, st.sets(names), st.sets(names))
def test_more_active_backups_never_lower_reach(
    segments: list[Segment], shares: dict[str, Share], usable: set[str], more: set[str]
) -> None:
    now, _ = reach(CUSTOMERS, segments, shares, usable)
    possible, _ = reach(CUSTOMERS, segments, shares, usable | more)
    assert (now is None) == (possible is None)
    if now is not None and possible is not None:
        assert possible >= now


@given(segments_of, shares_of, st.sets(names))
def test_what_is_certain_everywhere_is_certain_in_sum(
    segments: list[Segment], shares: dict[str, Share], usable: set[str]
) -> None:
    sure = {name: Share(share.value) for name, share in shares.items()}
    assert reach(CUSTOMERS, segments, sure, usable)[1] is False
