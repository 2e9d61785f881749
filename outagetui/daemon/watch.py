"""Samples into verdicts: tracks per check, channel transitions for the journal, blindness, rows for the screens."""

import asyncio
import math
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from outagetui.core.model import BAD, PASSED, Channel, Check, Config, Observation, Outcome, Outlet, Sample, State
from outagetui.core.text import clean
from outagetui.daemon.revisits import Revisits
from outagetui.daemon.spark import Spark
from outagetui.facts import health, verdict
from outagetui.facts.events import BlindChanged, Event, StateChanged
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Live
from outagetui.facts.reach import Share
from outagetui.facts.verdict import Track

BLIND_AFTER = 2  # failures in a row of every canary
TRUST_SECONDS = 60.0
HELD_SECONDS = 10.0
SETTLING = 60.0
RENEWED_EVERY = 90.0  # seconds in which every live row is written once
NEIGHBOURS = 40  # rows that are written together: about five pages
NEW = Track()  # of every check that was not looked at yet
Listener = Callable[[Check, Sample], None]


class Watch:
    """The verdict of every check from this vantage. Fed by the schedule, asked by runner and flusher."""

    def __init__(
        self, vantage: str, ledger: Ledger, now: float, hurry: Callable[[Iterable[str]], object] = lambda ids: None
    ) -> None:
        self.vantage = vantage
        self._hurry = hurry
        self.blind = ""
        self._ledger = ledger
        self._now = self._began = now
        self._checks: dict[str, Check] = {}
        self._owner_of: dict[str, str] = {}
        self._owned: dict[str, tuple[Check, ...]] = {}
        self._canaries: dict[str, int] = {}
        self._balances: dict[str, str] = {}  # the check that reads what is left of a channel's prepaid money
        self._tracks: dict[str, Track] = {}
        self._last: dict[str, tuple[float, Sample]] = {}
        self._cause: dict[tuple[str, Outcome], Sample] = {}  # the last failure and the last warning of each check
        self._sparks: dict[str, Spark] = {}
        self._answered = -1e18
        self._uplink = -1e18  # when the last canary probe that was answered began
        self._sound: dict[str, Track] = {}  # the tracks as they were then
        self._held: dict[str, float] = {}  # since when a bad transition waits for the canaries
        self._states: dict[str, State] = {}
        self._revisits = Revisits()  # when time alone may bring owners another state
        self._newest = now  # when the last probe that has ended began
        self._hasty = math.inf  # seconds from the start of one probe to the end of the next of the busiest check
        self._dirty: set[str] = set()
        self._shown: dict[str, object] = {}  # what the live rows last written show beside the last look
        self._changed: set[str] = set()  # those that show something else now
        self._turn, self._owed = 0, 0.0  # how far their renewal has come in `_order`, and how many are due
        self._order: tuple[str, ...] = ()
        self._asked: set[str] = set()
        self.news = asyncio.Event()  # set when something is to be written at once
        self._seen: list[Observation] = []
        self._events: list[Event] = []
        self._listeners: list[Listener] = []

    def configure(self, config: Config) -> None:
        """Watch the checks of `config`; those that were watched before keep their verdict."""
        owners: list[Channel | Outlet] = [*config.channels, *config.outlets]
        self._owned = {owner.id: tuple(filter(self._mine, owner.checks)) for owner in owners}
        self._owner_of = {check.id: owner for owner, checks in self._owned.items() for check in checks}
        self._checks = {check.id: check for check in (*config.checks(), *config.canaries) if self._mine(check)}
        self._canaries = {check.id: self._canaries.get(check.id, 0) for check in config.canaries}
        self._balances = {each.id: each.cost.balance for each in config.channels if each.cost and each.cost.balance}
        self._states = {name: state for name, state in self._states.items() if name in self._owned}
        self._order = tuple(name for name in self._checks if name not in self._canaries)
        for name in self._checks:
            self._tracks.setdefault(name, NEW)
        self._dirty |= set(self._order)
        self._changed |= set(self._order)
        for name in set(self._tracks) - set(self._checks):
            for kept in (self._tracks, self._last, self._sparks, self._sound, self._shown):
                kept.pop(name, None)
            for outcome in (Outcome.FAIL, Outcome.WARN):
                self._cause.pop((name, outcome), None)
        self._dirty &= set(self._order)
        self._changed &= set(self._order)
        for owner in owners:
            self._states.setdefault(owner.id, self._ledger.states.get(owner.id, (State.UNKNOWN, 0.0))[0])
        self._hasty = min((check.every + check.timeout for check in self._checks.values()), default=math.inf)
        self._revisits.clear()
        self._look_at_all()

    def resume(self, live: Iterable[Live]) -> None:
        """Take over the verdicts an earlier daemon left."""
        for row in live:
            if row.vantage == self.vantage and row.check in self._checks:
                self._tracks[row.check] = replace(row.track, quick=0)
                self._sparks[row.check] = Spark(row.spark)
                if row.sample is not None and row.at is not None:
                    self._last[row.check] = row.at, row.sample
                    self._newest = max(self._newest, row.at)
        self._sound = dict(self._tracks)

    def checks(self) -> tuple[Check, ...]:
        """Return every check to schedule here, canaries too."""
        return tuple(self._checks.values())

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every judged sample until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def see(self, check: Check, at: float, sample: Sample) -> int:
        """Judge one sample; return how many quick probes are wanted now."""
        if check.id not in self._checks:
            return 0
        sample = replace(sample, code=clean(sample.code, 60), detail=clean(sample.detail))
        sample = verdict.expected(check, sample, trusted=at - self._answered <= TRUST_SECONDS)
        self._now = max(self._now, at)
        self._newest = max(self._newest, at)
        before = self._last.get(check.id)
        self._last[check.id] = at, sample
        if sample.outcome in (Outcome.FAIL, Outcome.WARN):
            self._cause[check.id, sample.outcome] = sample
        spark = self._sparks.get(check.id) or self._sparks.setdefault(check.id, Spark())
        spark.add(sample.latency_ms if sample.outcome in PASSED else None)
        self._seen.append(Observation(check.id, self.vantage, at, sample))
        answered = sample.outcome in PASSED
        if check.id in self._asked or before is None or answered != (before[1].outcome in PASSED):
            self._asked.discard(check.id)
            self.news.set()
        if answered and check.expect == "up":
            self._answered = at
        if check.id in self._canaries:
            self._canaries[check.id] = 0 if answered else self._canaries[check.id] + 1
            if answered:
                self._uplink, self._sound = max(self._uplink, at), dict(self._tracks)
            self._judge_blindness()
        elif not self.blind:
            former = self._tracks[check.id]
            track = self._tracks[check.id] = verdict.add(former, check, sample, at)
            if former.failing.onset is None and track.failing.onset is not None:
                self._hurry(self._canaries)  # is it them, or are we cut off?
            owner = self._owner_of[check.id]
            self._transition(owner)
            self._revisits.come_back(owner, verdict.stale_after(track, check.every))
        self._note(check.id)
        for listener in tuple(self._listeners):
            listener(check, sample)
        if check.id in self._canaries:
            return BLIND_AFTER - self._canaries[check.id] if self._canaries[check.id] else 0
        return self._tracks[check.id].quick

    def tick(self, now: float) -> None:
        """Notice what only time brings: checks too old to trust, transitions that waited for the canaries."""
        self._now = now
        for name in dict.fromkeys((*self._held, *self._revisits.due(now))):
            if self._owned.get(name):
                self._transition(name)
                self._revisits.come_back(name, self._next_moment(name))

    def state_of(self, name: str) -> State:
        """Return the state now of a check, channel or outlet; unknown for a stranger."""
        if name in self._checks:
            check = self._checks[name]
            return verdict.state_at(self._tracks[name], check.every, self._now)[0]
        return self._states.get(name, State.UNKNOWN)

    def share_of(self, channel: str) -> Share:
        """Return how much of a channel works, as the board shows it."""
        tracks = [self._tracks[check.id] for check in self._owned.get(channel, ())]
        return health.share(State.BLIND if self.blind else self.state_of(channel), tracks)

    def last_of(self, check: str) -> Sample:
        """Return the last sample of a check, judged by what it expects."""
        return self._last[check][1]

    def failure_of(self, check: str) -> Sample | None:
        """Return the last sample of a check that failed."""
        return self._cause.get((check, Outcome.FAIL))

    def balance_of(self, channel: str) -> float | None:
        """Return what the check that `[channel.cost] balance` names read last; None without one."""
        check = self._balances.get(channel)
        return self._last[check][1].value if check in self._last else None

    def repeat(self, name: str) -> None:
        """Journal the state of `name` once more, for those who were told nothing while it was muted."""
        state = self._states.get(name, State.UNKNOWN)
        if state in BAD:
            why = f"still {state.value} when its mute ended"
            self._tell(StateChanged(id=name, was=state.value, now=state.value, why=why))

    def checks_of(self, name: str) -> tuple[Check, ...]:
        """Return the checks of a channel or outlet, or the named check itself."""
        if name in self._checks:
            return (self._checks[name],)
        return self._owned.get(name, ())

    def silent_for(self, now: float) -> float:
        """Return for how long no probe has ended, less what the next one may take."""
        if not self._checks:
            return 0.0
        return now - max(self._began, self._newest) - self._hasty

    def expect(self, ids: Iterable[str]) -> None:
        """Take the next sample of each of these checks for news: somebody asked for it."""
        self._asked |= set(ids) & set(self._checks)

    @property
    def waiting(self) -> int:
        """How many samples were not taken yet."""
        return len(self._seen)

    @property
    def pressing(self) -> bool:
        """Whether there is what a screen shows otherwise than before, beside the last look at what is well."""
        return bool(self._events or self._changed)

    def take(
        self, seconds: float = 0.0, *, all_of_it: bool = False
    ) -> tuple[list[Observation], list[Live], list[Event]]:
        """Return what is new, `seconds` after the last call: samples, live rows to be written, journal events.

        A live row is written when it shows something else, and else in its turn once in RENEWED_EVERY: what the last
        looks at it saw is in the samples.
        """
        seen, events = self._seen, self._events
        names = self._dirty if all_of_it else self._changed | self._in_turn(seconds)
        live = [self._live(name) for name in names]
        for name in names:
            self._shown[name] = self._shows(name)
        self._dirty -= names
        self._seen, self._events, self._changed = [], [], set()
        return seen, live, events

    def give_back(self, seen: list[Observation], live: list[Live], events: list[Event]) -> None:
        """Take back what could not be written, newest samples first to go when there are too many."""
        self._seen = (seen + self._seen)[:100_000]
        self._events = events + self._events
        names = {row.check for row in live} & set(self._order)
        self._dirty |= names
        self._changed |= names

    def _tell(self, event: Event) -> None:
        self._events.append(event)
        self.news.set()

    def _note(self, name: str) -> None:
        """Note that a check was looked at, and whether its row shows something else now."""
        if name in self._canaries:
            return
        self._dirty.add(name)
        if self._shown.get(name) != self._shows(name):
            self._changed.add(name)

    def _shows(self, name: str) -> object:
        track, last = self._tracks[name], self._last.get(name)
        said = (last[1].outcome, last[1].code) if last is not None else None
        return track.state, track.since, track.failing, track.slowness, said

    def _in_turn(self, seconds: float) -> set[str]:
        """Return the rows whose turn it is: neighbours, which lie together in the store."""
        count = len(self._order)
        if not count:
            return set()
        self._owed += min(float(count), count * seconds / RENEWED_EVERY)
        if self._owed < count / max(1, round(count / NEIGHBOURS)):
            return set()  # a few rows cost as much as the page they lie in
        first, portion = self._turn, math.ceil(self._owed)
        self._turn, self._owed = (first + portion) % count, 0.0
        return {self._order[index % count] for index in range(first, first + portion)} & self._dirty

    def _mine(self, check: Check) -> bool:
        return not check.vantages or self.vantage in check.vantages

    def _judge_blindness(self) -> None:
        blind = bool(self._canaries) and all(failed >= BLIND_AFTER for failed in self._canaries.values())
        if blind == bool(self.blind):
            return
        if blind:
            # What failed since a canary last answered says nothing of the far side: take it back.
            self._tracks.update(self._sound)
            self._dirty |= set(self._sound) & set(self._order)
            self._changed |= set(self._sound) & set(self._order)
            self._held.clear()
        else:
            self._began = self._now  # everything is old now, but about to be looked at
            self._look_at_all()
        words = "; ".join(f"{self._checks[name].target} {self._last[name][1].code}" for name in self._canaries)
        self.blind = f"no canary answers ({words})" if blind else ""
        self._tell(BlindChanged(blind=blind, why=self.blind or "a canary answers again"))

    def _look_at_all(self) -> None:
        for name in self._owned:
            self._revisits.come_back(name, -math.inf)

    def _next_moment(self, owner: str) -> float:
        """Return when the first of the owner's checks that can still be trusted cannot any more."""
        lasts = (verdict.stale_after(self._tracks[check.id], check.every) for check in self._owned[owner])
        return min((last for last in lasts if last >= self._now), default=math.inf)

    def _transition(self, owner: str) -> None:
        checks = self._owned[owner]
        state, local = health.judged({self.vantage: self.state_of(check.id)} for check in checks)
        was = self._states.get(owner, State.UNKNOWN)
        if state is was:
            self._held.pop(owner, None)
            return
        if self.blind:
            return
        if state in BAD and was not in BAD and self._doubtful(owner, checks):
            return  # the next canary decides whether it is them or us; `tick` comes back to it
        self._held.pop(owner, None)
        if state is State.UNKNOWN and self._now - self._began < SETTLING:
            self._revisits.come_back(owner, self._began + SETTLING)
            return  # a daemon that just started has not looked yet
        self._states[owner] = state
        cause = next((check for check in checks if self.state_of(check.id) is state), None)
        words = self._why(cause.id) if cause is not None else ""
        if cause is not None and len(checks) > 1 and state is not State.UP:
            words = f"{cause.id.partition('.')[2]}: {words}"
        self._tell(StateChanged(id=owner, was=was.value, now=state.value, why=words, local=local))

    def _doubtful(self, owner: str, checks: Iterable[Check]) -> bool:
        """Whether no canary answered since the failures began: then what looks down may be our own uplink.

        The wait has an end, so that a canary that never answers in time cannot hide a real failure.
        """
        onset = health.onset(self._tracks[check.id] for check in checks)
        if not self._canaries or self._uplink >= (self._now if onset is None else onset):
            return False
        return self._now - self._held.setdefault(owner, self._now) < HELD_SECONDS

    def _why(self, name: str) -> str:
        state = self.state_of(name)
        last = self._last[name][1] if name in self._last else None
        return verdict.why(self._tracks[name], state, self._blamed(name, state) or last)

    def _blamed(self, name: str, state: State) -> Sample | None:
        """Return the last sample that explains a state that is not well."""
        kind = {State.PARTIAL: Outcome.FAIL, State.DOWN: Outcome.FAIL, State.SLOW: Outcome.WARN}.get(state)
        return self._cause.get((name, kind)) if kind is not None else None

    def _live(self, name: str) -> Live:
        check, track = self._checks[name], self._tracks[name]
        state, since = verdict.state_at(track, check.every, self._now)
        at, sample = self._last.get(name, (None, None))
        return Live(
            check=name,
            vantage=self.vantage,
            state=state,
            since=since,
            why=self._why(name),
            share=verdict.failing_share(track),
            at=at,
            sample=sample,
            spark=self._sparks[name].latencies() if name in self._sparks else (),
            track=track,
            blame=self._blamed(name, state),
        )


def series_of(checks: Iterable[Check], vantage: str) -> list[str]:
    """Return the names under which the store keeps these checks' samples."""
    return [f"{check.id}@{vantage}" for check in checks]
