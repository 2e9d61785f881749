"""The verdict by hand-made sequences: when red, when green again, and in which words."""

import math
from collections.abc import Iterable

import pytest
from outagetui.core.model import Check, Outcome, Sample, State
from outagetui.core.probe_options import PROBES, FeedOptions, HttpOptions, TcpOptions
from outagetui.facts import verdict
from outagetui.facts.verdict import Track

FRESH = Track()
TCP = Check(id="a.port", probe="tcp", target="tcp://127.0.0.1:1", options=TcpOptions(), every=10.0)
FEED = Check(id="a.feed", probe="feed", target="http://127.0.0.1/", options=FeedOptions(), every=60.0)
SAMPLES = {
    ".": Sample(Outcome.PASS, latency_ms=5.0),
    "x": Sample(Outcome.FAIL, "tcp.refused", "connection refused"),
    "w": Sample(Outcome.WARN, "slow", "900 ms, slow above 800 ms", latency_ms=900.0),
    "?": Sample(Outcome.UNKNOWN, "net.no-route", "no route from here"),
}


def after(sequence: str, check: Check = TCP, track: Track = FRESH, begin: float = 0.0, step: float = 1.0) -> Track:
    for number, letter in enumerate(sequence):
        track = verdict.add(track, check, SAMPLES[letter], begin + number * step)
    return track


def first(state: Iterable[State], sequence: str, check: Check = TCP) -> int | None:
    """Return after how many samples one of the states is first held."""
    track, wanted = Track(), set(state)
    for number, letter in enumerate(sequence):
        track = verdict.add(track, check, SAMPLES[letter], float(number))
        if track.state in wanted:
            return number + 1
    return None


BAD = (State.PARTIAL, State.DOWN)


@pytest.mark.parametrize(
    ("sequence", "bad_after"),
    [
        ("...xxx", 6),  # three straight failures
        ("xxx", 3),
        (".xx........", None),
        (".x.x.x.........", None),  # three of five are not enough by themselves
        (".x.x.x.x", 8),  # but four of seven are
        (".x..x..x..x", 11),  # four of ten
        (".x...x...x...x", None),  # four of thirteen: the fourth finds 7.8
        (".x...x...x...x.x", 16),
        (".x" + ".........x" * 20, None),  # one in ten does not add up: 2.7 - 9 * 0.34 < 0
        (".x?x?x", 6),  # unknown neither helps nor hinders
        ("." * 50 + "xxx", 53),  # no credit for a long good past
    ],
)
def test_red_comes_at_eight_points(sequence: str, bad_after: int | None) -> None:
    assert first(BAD, sequence) == bad_after


def test_three_straight_failures_are_down_and_a_quarter_failing_is_partial() -> None:
    assert after("..xxx").state is State.DOWN
    assert after("..x..x..x..xx").state is State.PARTIAL
    assert after("..xx.x.x").state is State.PARTIAL


def test_partial_becomes_down_and_back_by_the_lower_bound_of_the_window() -> None:
    partial = after("..x..x..x..xx", step=10.0)
    assert partial.state is State.PARTIAL
    worse = after("x" * 20, track=partial, begin=1000.0)
    assert worse.state is State.DOWN
    assert worse.since is not None
    assert worse.since >= 1000.0  # since it is down, not since it is bad
    better = after("." + "x.." * 6, track=worse, begin=2000.0)
    assert better.state is State.PARTIAL
    assert len(better.failing.window) == verdict.WINDOW


def test_down_needs_the_lower_bound_at_a_half() -> None:
    for failed in range(3, 21):
        for seen in range(failed, 21):
            window = (True,) * failed + (False,) * (seen - failed)
            low, _ = verdict.wilson(failed, seen)
            track = Track(failing=verdict.Count(s=9.0, failed=failed, seen=seen, window=window, onset=0.0, bad=True))
            state = verdict._state(track.failing, track.slowness)
            assert state is (State.DOWN if low >= 0.5 else State.PARTIAL)


@pytest.mark.parametrize(
    ("failed", "seen", "low", "high"),
    [(6, 20, 0.163, 0.484), (3, 3, 0.526, 1.0), (0, 10, 0.0, 0.213), (10, 20, 0.327, 0.673), (20, 20, 0.881, 1.0)],
)
def test_wilson_bounds_agree_with_the_textbook(failed: int, seen: int, low: float, high: float) -> None:
    assert verdict.wilson(failed, seen) == pytest.approx((low, high), abs=0.001)


def test_wilson_of_nothing_is_everything() -> None:
    assert verdict.wilson(0, 0) == (0.0, 1.0)


def test_the_reason_names_counts_bounds_and_evidence() -> None:
    window = (True,) * 6 + (False,) * 14
    count = verdict.Count(s=11.4, failed=6, seen=20, window=window, onset=0.0, bad=True)
    words = verdict.why(Track(failing=count), State.PARTIAL, SAMPLES["x"])
    assert words == "6 of 20 failed (likely 16-48 %), evidence 11.4/8: connection refused"


@pytest.mark.parametrize(
    ("state", "sample", "words"),
    [
        (State.UNKNOWN, None, "not probed yet"),
        (State.UNKNOWN, SAMPLES["?"], "no answer to trust: no route from here"),
        (State.UP, Sample(Outcome.PASS), ""),
        (State.UP, Sample(Outcome.PASS, detail="220 ready"), "220 ready"),
    ],
)
def test_states_without_evidence_have_their_words(state: State, sample: Sample | None, words: str) -> None:
    assert verdict.why(Track(), state, sample) == words


def test_slowness_is_a_count_of_its_own_with_the_same_threshold() -> None:
    assert after("..ww").state is State.UP
    slow = after("..www")
    assert slow.state is State.SLOW
    assert slow.failing == verdict.Count()  # a warning passes as far as failing goes
    assert "3 of 3 slow" in verdict.why(slow, State.SLOW, SAMPLES["w"])
    assert after("." * 20, track=slow).state is State.UP
    assert after("xxx", track=slow).state is State.DOWN  # worse wins


def test_failures_leave_the_count_of_slowness_alone() -> None:
    slow = after("..www")
    assert after("xx", track=slow).slowness == slow.slowness


def passes_to_recover(track: Track) -> int:
    for count in range(1, 100):
        track = after(".", track=track, begin=100.0 + count)
        if not track.failing.bad:
            assert (track.state, track.since) == (State.UP, 100.0 + count)
            assert track.failing == verdict.Count()  # S = R = 0
            return count
    raise AssertionError("it does not recover")


@pytest.mark.parametrize(("failures", "passes"), [(3, 20), (5, 12), (10, 8), (20, 6), (100, 5)])
def test_the_clearer_an_outage_was_the_sooner_its_end_is_believed(failures: int, passes: int) -> None:
    assert passes_to_recover(after("." + "x" * failures)) == passes


def test_recovery_follows_the_rule_of_the_design() -> None:
    """R against p1 = clamp(p/2, .10, .50), p = (k + .5)/(n + 1) of the episode, up when R >= 3."""
    track = after(".x..x..x..x")
    k, n, r = 4, 10, 0.0
    count = 0
    while track.failing.bad:
        track = after(".", track=track, begin=50.0 + count)
        count, n = count + 1, n + 1
        likely = min(0.5, max(0.1, (k + 0.5) / (n + 1) / 2))
        r = max(0.0, r - math.log((1 - likely) / 0.98))
        assert (r < verdict.RECOVERED_AT) == track.failing.bad
    assert count == 30  # a quarter failing needs many good answers to be believed over


def test_one_failure_takes_a_recovery_back() -> None:
    down = after("." + "x" * 20)
    assert passes_to_recover(down) == 6
    assert passes_to_recover(after(".....x", track=down)) == 8


def test_old_green_is_not_green() -> None:
    track = after("...", begin=1000.0)
    assert verdict.state_at(track, 10.0, 1062.0)[0] is State.UP
    assert verdict.state_at(track, 10.0, 1062.1) == (State.UNKNOWN, 1062.0)
    assert verdict.state_at(track, 30.0, 1092.0)[0] is State.UP
    assert verdict.state_at(track, 30.0, 1092.1)[0] is State.UNKNOWN
    assert verdict.state_at(after("xxx"), 10.0, 1000.0)[0] is State.UNKNOWN  # nor is old red red
    assert verdict.state_at(Track(), 10.0, 0.0) == (State.UNKNOWN, None)


def test_unknown_samples_do_not_keep_a_check_alive() -> None:
    track = after("?" * 100, track=after("..."), begin=10.0)
    assert verdict.state_at(track, 10.0, 100.0)[0] is State.UNKNOWN


def test_a_check_that_never_passed_is_unknown_until_it_is_bad() -> None:
    assert after("x").state is State.UNKNOWN
    assert after("xx").state is State.UNKNOWN
    assert after("xxx").state is State.DOWN
    assert after("x.").state is State.UP


def test_since_is_the_onset_of_what_made_it_bad() -> None:
    assert after("....x.xxx").since == 4.0
    assert after("....w.www").since == 4.0


def test_the_first_failure_wants_three_quick_probes_and_turning_red_five() -> None:
    assert after(".").quick == 0
    assert after(".x").quick == verdict.QUICK_AFTER_FAILURE
    assert after(".x.").quick == 2
    assert after(".x....").quick == 0
    red = after(".xxx")
    assert red.quick == verdict.QUICK_AFTER_BAD
    assert [after("x" * n, track=red).quick for n in range(7)] == [5, 4, 3, 2, 1, 0, 0]


def test_an_unknown_sample_uses_a_quick_probe_up() -> None:
    assert after(".x?").quick == verdict.QUICK_AFTER_FAILURE - 1


@pytest.mark.parametrize("probe", sorted(name for name, kind in PROBES.items() if kind.slow_to_repeat))
def test_costly_probes_turn_red_after_one_repeat_without_a_burst(probe: str) -> None:
    check = Check(id="a.b", probe=probe, target="x", options=FeedOptions(), every=60.0)
    once = after(".x", check=check)
    assert (once.state, once.quick) == (State.UP, 1)
    twice = after("x", check=check, track=once)
    assert (twice.failing.bad, twice.quick) == (True, 0)
    assert after(".x.x", check=check).failing.bad  # 2.7 - 0.3 + 2.7 > 5


def test_only_costly_probes_are_slow_to_repeat() -> None:
    assert {name for name, kind in PROBES.items() if kind.slow_to_repeat} == {"sip.call", "mail.roundtrip", "feed"}


UP, SLOW, PARTIAL, DOWN, UNKNOWN, BLIND = (
    State.UP,
    State.SLOW,
    State.PARTIAL,
    State.DOWN,
    State.UNKNOWN,
    State.BLIND,
)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((DOWN,), (DOWN, "")),
        ((DOWN, DOWN), (DOWN, "")),
        ((DOWN, UP), (UP, "a")),
        ((DOWN, DOWN, UP), (DOWN, "")),
        ((DOWN, UP, UP), (UP, "a")),
        ((DOWN, PARTIAL, UP), (PARTIAL, "a")),
        ((DOWN, SLOW, SLOW), (SLOW, "a")),
        ((DOWN, DOWN, UP, UP), (UP, "a")),
        ((DOWN, DOWN, DOWN, UP), (DOWN, "")),
        ((DOWN, DOWN, UP, UNKNOWN), (DOWN, "")),  # only the living vote
        ((DOWN, UNKNOWN, BLIND), (DOWN, "")),
        ((UNKNOWN, BLIND), (UNKNOWN, "")),
        ((), (UNKNOWN, "")),
    ],
)
def test_two_thirds_of_the_living_vantages_decide_and_fewer_are_local(
    states: tuple[State, ...], expected: tuple[State, str]
) -> None:
    assert verdict.across(dict(zip("abcdef", states, strict=False))) == expected


def test_a_channel_is_as_bad_as_its_worst_check() -> None:
    assert verdict.of_channel([(UP, ""), (PARTIAL, ""), (SLOW, "")]) == (PARTIAL, "")
    assert verdict.of_channel([(UP, ""), (UNKNOWN, "")]) == (UNKNOWN, "")
    assert verdict.of_channel([(DOWN, ""), (UNKNOWN, "")]) == (DOWN, "")
    assert verdict.of_channel([(UP, "berlin"), (UP, "")]) == (UP, "berlin")
    assert verdict.of_channel([]) == (UNKNOWN, "")


def test_a_pass_slower_than_the_limit_is_a_warning_that_says_both_figures() -> None:
    check = Check(id="a.b", probe="http", target="http://x/", options=HttpOptions(), slow_above=0.8)
    assert verdict.expected(check, Sample(Outcome.PASS, latency_ms=800.0), trusted=True).outcome is Outcome.PASS
    slow = verdict.expected(check, Sample(Outcome.PASS, latency_ms=801.0), trusted=True)
    assert (slow.outcome, slow.code, slow.detail) == (Outcome.WARN, "slow", "801 ms, slow above 800 ms")
    failed = Sample(Outcome.FAIL, "http.503", latency_ms=5000.0)
    assert verdict.expected(check, failed, trusted=True) is failed
    unmeasured = Sample(Outcome.PASS)
    assert verdict.expected(check, unmeasured, trusted=True) is unmeasured


REFUSED = Check(id="a.b", probe="tcp", target="tcp://x:1", options=TcpOptions(), expect="refused")


@pytest.mark.parametrize(
    "code",
    [
        "tcp.refused",
        "tcp.unreachable",
        "icmp.unreachable",
        "dns.refused",
        "tcp.reset",
        "timeout",
        "http.403",
        "sip.403",
        "xmpp.forbidden",
        "xmpp.not-allowed",
    ],
)
def test_being_turned_away_passes_where_it_is_expected(code: str) -> None:
    sample = verdict.expected(REFUSED, Sample(Outcome.FAIL, code), trusted=True)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "refused")
    doubt = verdict.expected(REFUSED, Sample(Outcome.FAIL, code), trusted=False)
    assert (doubt.outcome, doubt.code) == (Outcome.UNKNOWN, "unproven")


@pytest.mark.parametrize(
    ("phases", "outcome"),
    [
        ((), Outcome.PASS),
        (("resolve",), Outcome.PASS),
        (("resolve", "connect"), Outcome.PASS),
        (("resolve", "options"), Outcome.PASS),  # by datagrams there is no connection
        (("resolve", "connect", "tls"), Outcome.UNKNOWN),
        (("resolve", "connect", "first_byte"), Outcome.UNKNOWN),
        (("imap_resolve", "imap_connect"), Outcome.PASS),
        (("imap_resolve", "imap_connect", "imap_greeting"), Outcome.UNKNOWN),
    ],
)
def test_who_took_the_connection_and_said_nothing_has_not_refused(phases: tuple[str, ...], outcome: Outcome) -> None:
    late = Sample(Outcome.FAIL, "timeout", "no answer in time", phases=dict.fromkeys(phases, 1.0))
    sample = verdict.expected(REFUSED, late, trusted=True)
    assert (sample.outcome, sample.code) == (outcome, "refused" if outcome is Outcome.PASS else "unproven")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("xmpp.not-authorized", "nobody got in"),
        ("xmpp.account-disabled", "nobody got in"),
        ("http.401", "nobody got in"),
        ("sip.401", "nobody got in"),
        ("sip.407", "nobody got in"),
        ("smtp.535", "nobody got in"),
        ("imap.auth-failed", "nobody got in"),
        ("irc.not-authorized", "nobody got in"),
        ("irc.banned", "nobody got in"),
        ("matrix.not-authorized", "nobody got in"),
        ("http.503", "not well"),
        ("tls.expired", "not well"),
        ("imap.refused", "not well"),
    ],
)
def test_whatever_answers_is_reachable_where_refusal_is_expected(code: str, words: str) -> None:
    for trusted in (True, False):
        sample = verdict.expected(REFUSED, Sample(Outcome.FAIL, code, "watch was refused"), trusted=trusted)
        assert (sample.outcome, sample.code) == (Outcome.FAIL, "reachable")
        assert words in sample.detail
        assert sample.detail.endswith(f"({code}: watch was refused)")


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.WARN])
def test_an_answer_fails_where_refusal_is_expected(outcome: Outcome) -> None:
    assert verdict.expected(REFUSED, Sample(outcome, latency_ms=1.0), trusted=True).code == "reachable"


@pytest.mark.parametrize("code", ["xmpp.auth-missing", "irc.throttled", "http.429", "sip.auth-unsupported"])
def test_an_answer_that_is_of_no_use_to_us_came_from_what_is_reachable(code: str) -> None:
    sample = verdict.expected(REFUSED, Sample(Outcome.UNKNOWN, code, "words"), trusted=True)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "reachable")
    assert code in sample.detail


def test_our_own_trouble_proves_no_refusal() -> None:
    sample = SAMPLES["?"]
    assert verdict.expected(REFUSED, sample, trusted=True) is sample


def test_a_ping_that_loses_everything_is_turned_away_and_one_that_loses_some_is_not() -> None:
    lost = Sample(Outcome.FAIL, "icmp.loss")
    some = Sample(Outcome.FAIL, "icmp.loss", latency_ms=3.0)
    assert verdict.expected(REFUSED, lost, trusted=True).outcome is Outcome.PASS
    assert verdict.expected(REFUSED, some, trusted=True).code == "reachable"
