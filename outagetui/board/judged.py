"""How the checks, channels and outlets stand at one moment, from the live verdicts; pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from outagetui.board.rows import CheckRow
from outagetui.core.copies import copied
from outagetui.core.model import WORST_FIRST, State
from outagetui.facts import health, verdict
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Beat, Live, Public, PublicChannel, PublicCheck, PublicOutlet
from outagetui.facts.reach import Share


def _turned(pointers: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return for each name those that point to it, in their order."""
    turned: dict[str, list[str]] = {}
    for name, others in pointers.items():
        for other in dict.fromkeys(others):
            turned.setdefault(other, []).append(name)
    return turned


class Judged(Struct, frozen=True, kw_only=True):
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
        return min(self.checks, key=lambda row: WORST_FIRST.index(row.state), default=None)


class Health:
    """The look-ups that every row needs, made once per board."""

    def __init__(self, public: Public, live: Iterable[Live], ledger: Ledger, beat: Beat | None, now: float) -> None:
        self.public, self.ledger, self.beat, self.now = public, ledger, beat, now
        self.blind = beat.blind if beat is not None else ""
        self.by_check: dict[str, list[Live]] = {}
        for row in live:
            self.by_check.setdefault(row.check, []).append(row)
        self.mutes = {name: mute for name, mute in ledger.mutes.items() if mute.holds(now)}
        self.names = {channel.id: channel.name for channel in public.channels}
        self.backed_by = _turned({channel.id: channel.backs_up for channel in public.channels})
        self.dependents = _turned({channel.id: channel.depends_on for channel in public.channels})
        owners: list[PublicChannel | PublicOutlet] = [*public.channels, *public.outlets]
        self.judged = {owner.id: self._judge(owner) for owner in owners}

    def _judge(self, owner: PublicChannel | PublicOutlet) -> Judged:
        rows = tuple(self._check(check) for check in owner.checks)
        tracks = [live.track for check in owner.checks for live in self.by_check.get(check.id, ())]
        state, local = health.judged({vantage: State(held) for vantage, held in row.vantages} for row in rows)
        return Judged(
            checks=rows,
            state=state,
            local=local,
            known=health.certain(tracks) if state is State.UNKNOWN else state,
            onset=health.onset(tracks),
            share=health.share(State.BLIND if self.blind else state, tracks),
        )

    def _check(self, check: PublicCheck) -> CheckRow:
        lives = self.by_check.get(check.id, [])
        if not lives:
            return copied(CheckRow, check, state=State.UNKNOWN, since=None, why="not probed yet")
        judged = [(live, *verdict.state_at(live.track, check.every, self.now)) for live in lives]
        live, state, since = min(judged, key=lambda item: WORST_FIRST.index(item[1]))
        return copied(
            CheckRow,
            check,
            state=state,
            since=since,
            why=live.why if state is live.state else verdict.why(live.track, state, live.sample),
            at=live.at,
            sample=live.sample,
            spark=live.spark,
            failing_share=max(verdict.failing_share(each.track) for each in lives),
            vantages=tuple((each.vantage, each_state.value) for each, each_state, _ in judged),
        )

    def shown(self, owner: str) -> dict[str, Any]:
        """Return the fields that the rows of channels and of outlets share."""
        judged = self.judged[owner]
        worst = judged.worst
        return {
            "state": State.BLIND if self.blind else judged.state,
            "since": worst.since if worst is not None and not self.blind else None,
            "why": self._why(judged, worst) if worst is not None else "no check watches it",
            "latency_ms": worst.latency_ms if worst is not None else None,
            "muted": self.mutes.get(owner),
            "checks": judged.checks,
        }

    def _why(self, judged: Judged, worst: CheckRow) -> str:
        if self.blind:
            return f"our own uplink fails: {self.blind}"
        if judged.state is State.UP:
            return worst.why
        words = f"{worst.id.partition('.')[2]}: {worst.why}" if len(judged.checks) > 1 else worst.why
        if len(worst.vantages) > 1:
            seen = sum(1 for _, held in worst.vantages if held == worst.state.value)
            words += f", seen from {seen} of {len(worst.vantages)} vantages"
        return words

    def state_of(self, name: str) -> State:
        """Return the state of a channel, an outlet or a check; unknown for a stranger."""
        if name in self.judged:
            return self.judged[name].state
        of_checks = (row.state for each in self.judged.values() for row in each.checks if row.id == name)
        return next(of_checks, State.UNKNOWN)
