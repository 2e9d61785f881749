"""The reach of each audience as a step function, replayed from the journal with the rules of `facts.reach`; pure.

The journal has no failing share for a partial channel: the samples that are kept are judged again as they were then;
where none are, the counts in the words of the state's entry are taken, and the reach is marked uncertain. Where even
these are missing nothing is counted as lost. It is uncertain too while nobody could see.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby

from msgspec import Struct

from outagetui.core.model import AUDIENCES, Audience, Entry, State
from outagetui.facts import events
from outagetui.facts.live import Public, PublicChannel, PublicCheck
from outagetui.facts.reach import Share, reach, share_of
from outagetui.facts.verdict import patience
from outagetui.report.blind_spots import Unseen
from outagetui.report.evidence import Evidence, failing_shares

PACE_SECONDS = 5.0
PACE_SAMPLES = 10  # half of what a share looks back on
_COUNTED = re.compile(r"(?:^|: )(\d{1,6}) of (\d{1,6}) failed")


class Step(Struct, frozen=True):
    """From `at` on (epoch seconds) the reach was `value`."""

    at: float
    value: float
    uncertain: bool


class Story(Struct, frozen=True):
    """The reach of an audience of `people`; `before` is None and there are no steps when nobody is in its segments."""

    audience: Audience
    people: int
    before: float | None
    steps: tuple[Step, ...]

    def lost(self, end: float) -> float | None:
        """Return the person-minutes in which somebody could not reach us who could before."""
        if self.before is None:
            return None
        before = self.before
        return sum(max(0.0, before - step.value) * span for step, span in self._spans(end)) * self.people / 60

    def uncertain(self, end: float) -> float:
        """Return for how many seconds the reach is not sure."""
        return sum(span for step, span in self._spans(end) if step.uncertain)

    def lowest(self) -> Step | None:
        """Return the first of the lowest steps."""
        return min(self.steps, key=lambda step: step.value, default=None)

    def _spans(self, end: float) -> Iterable[tuple[Step, float]]:
        ends = [*(step.at for step in self.steps[1:]), end]
        return ((step, max(0.0, until - step.at)) for step, until in zip(self.steps, ends, strict=False))


class _Channels:
    """The states and standings at one moment of the replay."""

    def __init__(self, public: Public) -> None:
        self._public = public
        used = {name for segment in public.segments for name in segment.uses}
        self._channels = [channel for channel in public.channels if channel.id in used]  # those that reach depends on
        self._states: dict[str, State] = {}
        self._known: dict[str, State] = {}
        self._failing: dict[str, tuple[float, bool]] = {}
        self._active: set[str] = set()
        self._unseen = 0

    def become(self, name: str, state: State) -> None:
        self._states[name] = state
        if state not in (State.UNKNOWN, State.BLIND):
            self._known[name] = state

    def fail(self, name: str, share: float, sure: bool) -> None:
        self._failing[name] = share, sure

    def stand(self, name: str, active: bool) -> None:
        (self._active.add if active else self._active.discard)(name)

    def hide(self, more: int) -> None:
        self._unseen += more

    def reach(self, audience: Audience) -> tuple[float | None, bool]:
        channels = self._channels
        usable = {each.id for each in channels if not each.is_backup or each.id in self._active}
        return reach(audience, self._public.segments, {each.id: self._share(each) for each in channels}, usable)

    def _share(self, channel: PublicChannel) -> Share:
        state = self._states.get(channel.id, State.UNKNOWN)
        known = self._known.get(channel.id, State.UNKNOWN)
        failing, sure = self._failing.get(channel.id, (0.0, False))
        share = share_of(State.BLIND if self._unseen else state, known, failing)
        return Share(share.value, share.certain and (sure or known is not State.PARTIAL))


_Change = tuple[float, Callable[[_Channels], None]]
_Series = Callable[[PublicCheck], list[tuple[float, float]]]  # of a check: (at, failing share)


def stories(
    entries: Sequence[Entry], public: Public, evidence: Evidence, unseen: Iterable[Unseen], begin: float, end: float
) -> list[Story]:
    """Return the reach over begin to end (epoch seconds) of each audience with channels or segments.

    `entries` is the journal up to the end: what came before tells how it stood when the incident began.
    """
    changes = _changes(entries, public, evidence, end)
    for stretch in unseen:
        changes += [(at, partial(_Channels.hide, more=more)) for at, more in ((stretch.begin, 1), (stretch.end, -1))]
    changes.sort(key=lambda change: change[0])
    now = _Channels(public)
    present = {channel.audience for channel in public.channels} | {each.audience for each in public.segments}
    audiences = [audience for audience in AUDIENCES if audience in present]
    steps: dict[Audience, list[Step]] = {audience: [] for audience in audiences}
    before: dict[Audience, float | None] = {}
    for _, change in (each for each in changes if each[0] < begin):
        change(now)
    for audience in audiences:
        value, guess = now.reach(audience)
        before[audience] = 1.0 if value is not None and guess else value
        _add(steps[audience], begin, value, guess)
    for at, together in groupby((each for each in changes if begin <= each[0] <= end), lambda change: change[0]):
        for _, change in together:
            change(now)
        for audience in audiences:
            _add(steps[audience], at, *now.reach(audience))
    return [
        Story(
            audience,
            sum(segment.people for segment in public.segments if segment.audience == audience),
            before[audience],
            tuple(steps[audience]),
        )
        for audience in audiences
    ]


def _add(steps: list[Step], at: float, value: float | None, guess: bool) -> None:
    if value is None or (steps and (steps[-1].value, steps[-1].uncertain) == (value, guess)):
        return
    if steps and steps[-1].at == at:
        steps.pop()
    steps.append(Step(at, value, guess))


def _changes(entries: Sequence[Entry], public: Public, evidence: Evidence, end: float) -> list[_Change]:
    channels = {channel.id: channel for channel in public.channels}
    changes: list[_Change] = []
    partly: dict[str, tuple[float, str]] = {}
    known: dict[str, list[tuple[float, float]]] = {}

    def series(check: PublicCheck) -> list[tuple[float, float]]:
        if check.id not in known:
            known[check.id] = failing_shares(check.probe, evidence.tallies.get(check.id, ()))
        return known[check.id]

    last = float("-inf")

    def settle(name: str, until: float) -> None:
        since, why = partly.pop(name)
        for at, share, sure in _slices(channels[name], series, since, until, why):
            changes.append((at, partial(_Channels.fail, name=name, share=share, sure=sure)))

    for entry in entries:
        last = at = max(last, entry.at)  # a clock that was set back must not reorder what happened
        match events.decode(entry.kind, entry.document):
            case events.StateChanged(id=name, now=now, why=why) if name in channels:
                if name in partly and now != State.PARTIAL:
                    settle(name, at)
                if now == State.PARTIAL and name not in partly:
                    partly[name] = at, why
                changes.append((at, partial(_Channels.become, name=name, state=State(now))))
            case events.Activated(channel=name):
                changes.append((at, partial(_Channels.stand, name=name, active=True)))
            case events.Deactivated(channel=name):
                changes.append((at, partial(_Channels.stand, name=name, active=False)))
            case _:
                pass
    for name in list(partly):
        settle(name, end)
    return changes


def _slices(
    channel: PublicChannel, series: _Series, begin: float, end: float, why: str
) -> list[tuple[float, float, bool]]:
    """Return (from when, failing share, sure) over a partial stretch."""
    words = _COUNTED.search(why)
    said = min(1.0, int(words[1]) / int(words[2])) if words is not None and int(words[2]) else 0.0
    pace = max(PACE_SECONDS, PACE_SAMPLES * min((check.every for check in channel.checks), default=0.0))
    found: list[tuple[float, float, bool]] = []
    for number in range(max(1, math.ceil((end - begin) / pace))):
        at = begin + number * pace
        share = max((_share_at(series(check), check, at) for check in channel.checks), default=0.0)
        known = (share, True) if share else (said, False)
        if not found or found[-1][1:] != known:  # most of a stretch without samples is alike
            found.append((at, *known))
    return found


def _share_at(shares: Sequence[tuple[float, float]], check: PublicCheck, at: float) -> float:
    """Return the share known at `at`, 0 when none is, or none that is fresh enough to trust."""
    position = bisect_right(shares, at, key=lambda share: share[0])
    if position == 0 or at - shares[position - 1][0] > patience(check.every):
        return 0.0
    return shares[position - 1][1]
