"""From samples to a state, by evidence points: pure arithmetic, no clock and no I/O.

Counting failures in a row misses a provider that fails for a quarter of its users. Each sample therefore adds or takes
evidence, a cumulative sum (CUSUM; Page, Biometrika 41, 1954) of the log-likelihood ratio of "30 % fail" against
"2 % fail".
"""

import math
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.bounds import Finite, Instant, Number
from outagetui.core.model import PASSED, WORST_FIRST, Check, Outcome, Sample, State
from outagetui.core.text import clean

FAIL_POINTS = math.log(0.30 / 0.02)
PASS_POINTS = math.log(0.70 / 0.98)
BAD_AT = 8.0
BAD_AT_ONCE_REPEATED = 5.0
RECOVERED_AT = 3.0
Z = 1.645
WINDOW = 20
QUICK_AFTER_FAILURE = 3
QUICK_AFTER_BAD = 5
QUICK_SECONDS = 1.0
SUSPICION_SECONDS = 1.0
QUORUM = 2 / 3

_SEVERITY = (State.UP, State.SLOW, State.PARTIAL, State.DOWN)
REFUSALS = frozenset(
    {
        "refused",
        "unreachable",
        "reset",
        "timeout",
        "nxdomain",
        "forbidden",
        "403",
        "not-allowed",
        "registration-required",
    }
)  # a code's last word
_SAID = frozenset({"imap.refused"})  # the word of a server that was reached
# The last word of a code that tells of an answer with which we can do nothing, but which came all the same.
_ANSWERED = frozenset({"429", "auth-missing", "auth-unsupported", "limit-exceeded", "login-disabled", "throttled"})
# The last word of a code that tells of a login that was refused (RFC 3261, 4954, 6120, 9110, Matrix).
_LOGIN_REFUSED = frozenset(
    (
        *("401", "407", "530", "534", "535", "538", "account-disabled", "auth-failed", "banned", "credentials-expired"),
        *("invalid-authzid", "invalid-username", "login-disabled", "mechanism-too-weak", "not-authorized"),
        *("temporary-auth-failure", "unauthorized", "user-deactivated"),
    )
)


class Count(Struct, frozen=True, gc=False):
    """Evidence of one kind for one check and vantage: S, R, and the episode since the first failure (its onset)."""

    s: Finite = 0.0
    r: Finite = 0.0
    failed: Number = 0
    seen: Number = 0
    window: tuple[bool, ...] = ()
    onset: Instant | None = None
    bad: bool = False
    since: Instant | None = None


class Track(Struct, frozen=True, gc=False):
    """What is remembered between samples: failures, slowness, last counted sample, quick probes still due."""

    failing: Count = Count()
    slowness: Count = Count()
    state: State = State.UNKNOWN
    since: Instant | None = None
    last: Instant | None = None
    quick: Number = 0


def wilson(failed: int, seen: int) -> tuple[float, float]:
    """Return the 90 % Wilson score interval (Wilson, JASA 22, 1927) of a failing share; (0, 1) for no samples."""
    if seen == 0:
        return 0.0, 1.0
    share = failed / seen
    scale = 1 + Z * Z / seen
    centre = (share + Z * Z / (2 * seen)) / scale
    half = Z * math.sqrt(share * (1 - share) / seen + Z * Z / (4 * seen * seen)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def _add(count: Count, failed: bool, at: float, bad_at: float) -> Count:
    s = max(0.0, count.s + (FAIL_POINTS if failed else PASS_POINTS))
    if not count.bad and s == 0.0:
        return Count()
    onset = count.onset if count.onset is not None else at
    window = (*count.window, failed)[-WINDOW:]
    count = replace(count, s=s, onset=onset, window=window, failed=count.failed + failed, seen=count.seen + 1)
    if not count.bad:
        return replace(count, bad=True, since=at) if s >= bad_at else count
    share = (count.failed + 0.5) / (count.seen + 1)
    likely = min(0.50, max(0.10, share / 2))
    ratio = math.log(likely / 0.02) if failed else math.log((1 - likely) / 0.98)
    recovery = max(0.0, count.r - ratio)
    return Count() if recovery >= RECOVERED_AT else replace(count, r=recovery)


def add(track: Track, check: Check, sample: Sample, at: float) -> Track:
    """Return `track` after one more sample, seen at `at` (epoch seconds). An unknown sample changes nothing."""
    if sample.outcome is Outcome.UNKNOWN:
        return replace(track, quick=max(0, track.quick - 1))
    from outagetui.core.probe_options import ProbeOptions  # readers judge no sample, and start without all its kinds

    failed = sample.outcome is Outcome.FAIL
    once_repeated = ProbeOptions.of(check.probe).slow_to_repeat
    bad_at = BAD_AT_ONCE_REPEATED if once_repeated else BAD_AT
    failing = _add(track.failing, failed, at, bad_at)
    slowness = track.slowness if failed else _add(track.slowness, sample.outcome is Outcome.WARN, at, bad_at)
    quick = max(0, track.quick - 1)
    if failing.bad and not track.failing.bad:
        quick = 0 if once_repeated else QUICK_AFTER_BAD
    elif failed and not failing.bad:
        quick = 1 if once_repeated else QUICK_AFTER_FAILURE
    state = _state(failing, slowness)
    if state is State.UP and failed and track.state is State.UNKNOWN:
        state = State.UNKNOWN  # nothing good was seen yet
    since = (
        track.since
        if state is track.state and track.since is not None
        else _since(track.state, state, failing, slowness, at)
    )
    return Track(failing=failing, slowness=slowness, state=state, since=since, last=at, quick=quick)


def _state(failing: Count, slowness: Count) -> State:
    if failing.bad:
        window = failing.window
        low, _ = wilson(sum(window), len(window))
        return State.DOWN if len(window) >= 3 and low >= 0.5 else State.PARTIAL
    return State.SLOW if slowness.bad else State.UP


def _since(was: State, state: State, failing: Count, slowness: Count, at: float) -> float:
    if {was, state} == {State.PARTIAL, State.DOWN}:
        return at
    count = {State.SLOW: slowness, State.PARTIAL: failing, State.DOWN: failing}.get(state)
    return at if count is None or count.onset is None else count.onset


def patience(every: float) -> float:
    """Seconds without a pass, warn or fail after which a check is unknown: old green is not green."""
    return max(3 * every, 60.0)


def stale_after(track: Track, every: float) -> float:
    """Return the last moment at which `track` is to be trusted; infinity when nothing was counted."""
    return math.inf if track.last is None else track.last + patience(every)


def state_at(track: Track, every: float, now: float) -> tuple[State, float | None]:
    """Return the state and since when it holds; unknown when nothing was counted lately."""
    if track.last is None:
        return State.UNKNOWN, None
    limit = stale_after(track, every)
    return (State.UNKNOWN, limit) if now > limit else (track.state, track.since)


def failing_share(track: Track) -> float:
    """Share of failures since the onset over at most 20 samples; 0 when nothing is wrong."""
    window = track.failing.window
    return sum(window) / len(window) if track.failing.bad and window else 0.0


def why(track: Track, state: State, sample: Sample | None) -> str:
    """Say the reason for `state` in words: the counts behind it and the last sample's detail."""
    count = track.slowness if state is State.SLOW else track.failing
    last = (sample.detail or sample.code) if sample is not None else ""
    if state is State.UNKNOWN:
        return f"no answer to trust: {last}" if last else "not probed yet"
    if state in (State.UP, State.BLIND) and not count.window:
        return last
    low, high = wilson(sum(count.window), len(count.window))
    verb = "slow" if state is State.SLOW else "failed"
    words = (
        f"{sum(count.window)} of {len(count.window)} {verb} (likely {low * 100:.0f}-{high * 100:.0f} %), "
        f"evidence {count.s:.1f}/{BAD_AT:.0f}"
    )
    if count.r > 0:
        words += f", recovering {count.r:.1f}/{RECOVERED_AT:.0f}"
    return f"{words}: {last}" if last else words


def across(by_vantage: Mapping[str, State]) -> tuple[State, str]:
    """Return the worst state held on two thirds of the live vantages, and the vantage that alone sees worse (or "")."""
    if len(by_vantage) == 1:  # the usual case, asked for every check at every look
        (state,) = by_vantage.values()
        return (state if state in _SEVERITY else State.UNKNOWN), ""
    live = {name: state for name, state in by_vantage.items() if state in _SEVERITY}
    if not live:
        return State.UNKNOWN, ""
    ranks = {name: _SEVERITY.index(state) for name, state in live.items()}
    held = max(rank for rank in range(4) if sum(r >= rank for r in ranks.values()) >= QUORUM * len(live) - 1e-9)
    local = next((name for name, rank in ranks.items() if rank > held), "")
    return _SEVERITY[held], local


def of_channel(checks: Iterable[tuple[State, str]]) -> tuple[State, str]:
    """Return a channel's state, the worst of its checks' (state, local) pairs, and the vantage of a local finding."""
    pairs = list(checks)
    if not pairs:
        return State.UNKNOWN, ""
    state = min((state for state, _ in pairs), key=WORST_FIRST.index)
    return state, next((local for _, local in pairs if local), "")


def expected(check: Check, sample: Sample, *, trusted: bool) -> Sample:
    """Judge a sample by the check's `slow_above` and `expect`.

    With `expect = "refused"` being turned away passes, but only when `trusted` (something else of this vantage answered
    lately: otherwise we may just be cut off); a time-out on a connection that stood is unproven; whatever answers, a
    wrong password included, is `reachable` and fails, and its words say what was seen.
    """
    if check.expect == "up":
        limit = check.slow_above
        if limit is None or sample.outcome is not Outcome.PASS or (sample.latency_ms or 0.0) <= limit * 1000:
            return sample
        detail = f"{sample.latency_ms:.0f} ms, slow above {limit * 1000:.0f} ms"
        return replace(sample, outcome=Outcome.WARN, code="slow", detail=detail)
    if sample.outcome is Outcome.UNKNOWN and sample.code.rpartition(".")[2] not in _ANSWERED:
        return sample
    if _turned_away(sample):
        if sample.code == "timeout" and _stood(sample):
            detail = f"it took the connection and then said nothing, which proves no refusal ({sample.detail})"
            return replace(sample, outcome=Outcome.UNKNOWN, code="unproven", detail=clean(detail))
        if trusted:
            return replace(
                sample, outcome=Outcome.PASS, code="refused", detail=f"refused as it should be ({sample.code})"
            )
        detail = f"refused ({sample.code}), but nothing else answers from here either"
        return replace(sample, outcome=Outcome.UNKNOWN, code="unproven", detail=detail)
    detail = f"must not be reachable from here{_seen(sample)}"
    return replace(sample, outcome=Outcome.FAIL, code="reachable", detail=clean(detail))


def _turned_away(sample: Sample) -> bool:
    unheard = sample.code == "icmp.loss" and sample.latency_ms is None  # every echo lost is a ping's time-out
    word = sample.code.rpartition(".")[2]
    return sample.outcome is Outcome.FAIL and (unheard or (word in REFUSALS and sample.code not in _SAID))


def _stood(sample: Sample) -> bool:
    """Whether there was a connection before the time was over: some phase came after that of connecting."""
    phases = [name.rpartition("_")[2] for name in sample.phases]
    return "connect" in phases[:-1]


def _seen(sample: Sample) -> str:
    """Return how far we got where nobody should: in, up to the login, or to an answer that was something else."""
    said = f"{sample.code}: {sample.detail}" if sample.code and sample.detail else sample.code or sample.detail
    if sample.outcome in PASSED:
        return f": {said}"
    if sample.code.rpartition(".")[2] in _LOGIN_REFUSED:
        return f": it is reachable, but nobody got in ({said})"
    return f": it is reachable, though not well ({said})"
