"""How channels and outlets stand at a moment, judged anew only where that may have become otherwise; pure."""

import heapq
import math
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from outagetui.board.rows import CheckRow
from outagetui.board.wiring import Wiring
from outagetui.core.copies import copied
from outagetui.core.model import WORST_FIRST, State
from outagetui.facts import health, verdict
from outagetui.facts.cause import cause_of
from outagetui.facts.live import Live, PublicCheck
from outagetui.facts.minute_by_minute import Minutes
from outagetui.facts.reach import Share

Lives = Mapping[str, Sequence[Live]]  # the live rows by check
RANK = {state: rank for rank, state in enumerate(WORST_FIRST)}


class Judged(Struct, frozen=True, kw_only=True, gc=False):
    """How a channel or outlet stands: `known` is the last state that was certain, `onset` when its trouble began."""

    checks: tuple[CheckRow, ...]
    state: State
    local: str
    known: State
    onset: float | None
    share: Share

    @property
    def worst(self) -> CheckRow | None:
        """The check that decides its state; None without checks."""
        return min(self.checks, key=lambda row: RANK[row.state], default=None)


class Judgements:
    """How every owner of a configuration stands, from one moment to the next.

    `judged` holds it by owner. Time alone makes a check unknown, so for each owner it is noted when that happens next.
    """

    def __init__(self, wiring: Wiring, minutes: Minutes) -> None:
        self.judged: dict[str, Judged] = {}
        self._wiring, self._minutes = wiring, minutes
        self._at = -math.inf
        self._blind = False
        self._due: list[tuple[float, str]] = []  # a heap of when an owner is to be judged anew

    def judge(self, lives: Lives, changed: Collection[str], at: float, *, blind: bool) -> dict[str, Judged | None]:
        """Take `lives` at `at`, of which those of the checks `changed` are others.

        Return how each owner that was judged anew stood before.
        """
        if not self.judged or at < self._at or blind != self._blind:
            names: Collection[str] = self._wiring.owners
            self._due.clear()
        else:
            owner_of = self._wiring.owner_of
            names = {owner_of[check] for check in changed if check in owner_of} | self._past(at)
        self._at, self._blind = at, blind
        stood = {name: self.judged.get(name) for name in names}
        for name in names:
            self.judged[name] = self._judge(name, lives)
        return stood

    def state_of(self, name: str) -> State:
        """Return the state of a channel, an outlet or a check; unknown for a stranger."""
        if name in self.judged:
            return self.judged[name].state
        owner = self._wiring.owner_of.get(name)
        rows = self.judged[owner].checks if owner is not None else ()
        return next((row.state for row in rows if row.id == name), State.UNKNOWN)

    def _past(self, at: float) -> set[str]:
        past = set()
        while self._due and self._due[0][0] < at:
            past.add(heapq.heappop(self._due)[1])
        return past

    def _judge(self, name: str, lives: Lives) -> Judged:
        owned = self._wiring.owners[name].checks
        seen = [lives.get(check.id, ()) for check in owned]
        checks = tuple(map(self._check, owned, seen))
        tracks = [live.track for each in seen for live in each]
        limits = [
            live.track.last + verdict.patience(check.every)
            for check, each in zip(owned, seen, strict=True)
            for live in each
            if live.track.last is not None
        ]
        if limits := [limit for limit in limits if limit >= self._at]:
            heapq.heappush(self._due, (min(limits), name))
        state, local = health.judged({vantage: State(held) for vantage, held in row.vantages} for row in checks)
        return Judged(
            checks=checks,
            state=state,
            local=local,
            known=health.certain(tracks) if state is State.UNKNOWN else state,
            onset=health.onset(tracks),
            share=health.share(State.BLIND if self._blind else state, tracks),
        )

    def _check(self, check: PublicCheck, lives: Sequence[Live]) -> CheckRow:
        if not lives:
            return copied(
                CheckRow, check, state=State.UNKNOWN, since=None, why="not probed yet", cause="not probed yet"
            )
        judged = [(live, *verdict.state_at(live.track, check.every, self._at)) for live in lives]
        live, state, since = min(judged, key=lambda item: RANK[item[1]])
        cause, hour = cause_of(live.track, state, live.blame or live.sample), self._minutes.of(check.id)
        return copied(
            CheckRow,
            check,
            state=state,
            since=since,
            why=live.why if state is live.state else verdict.why(live.track, state, live.sample),
            at=live.at,
            sample=live.sample,
            failing_share=max(verdict.failing_share(each.track) for each in lives),
            vantages=tuple((each.vantage, each_state.value) for each, each_state, _ in judged),
            cause=cause.cause,
            count=cause.count,
            odds=cause.odds,
            first=cause.first,
            minutes=hour.minutes,
            took=hour.took,
        )
