"""How the checks, channels and outlets stand at one moment, from the live verdicts; pure."""

from collections.abc import Iterable, Mapping

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


class Health:
    """The look-ups that every row needs, made once per board."""

    def __init__(self, public: Public, live: Iterable[Live], ledger: Ledger, beat: Beat | None, now: float) -> None:
        self.public, self.ledger, self.beat, self.now = public, ledger, beat, now
        self.blind = beat.blind if beat is not None else ""
        self.by_check: dict[str, list[Live]] = {}
        for row in live:
            self.by_check.setdefault(row.check, []).append(row)
        self.mutes = {name: mute for name, mute in ledger.mutes.items() if mute.holds(now)}
        self.shares: dict[str, Share] = {}
        self.states: dict[str, State] = {}
        self.known: dict[str, State] = {}
        self.onsets: dict[str, float | None] = {}
        self.checks: dict[str, tuple[CheckRow, ...]] = {}
        self.locals: dict[str, str] = {}
        self.names = {channel.id: channel.name for channel in public.channels}
        self.backed_by = _turned({channel.id: channel.backs_up for channel in public.channels})
        self.dependents = _turned({channel.id: channel.depends_on for channel in public.channels})
        owners: list[PublicChannel | PublicOutlet] = [*public.channels, *public.outlets]
        for owner in owners:
            self._judge(owner)

    def _judge(self, owner: PublicChannel | PublicOutlet) -> None:
        rows = tuple(self._check(check) for check in owner.checks)
        tracks = [live.track for check in owner.checks for live in self.by_check.get(check.id, ())]
        state, local = health.judged({vantage: State(held) for vantage, held in row.vantages} for row in rows)
        self.checks[owner.id], self.states[owner.id], self.locals[owner.id] = rows, state, local
        self.known[owner.id] = health.certain(tracks) if state is State.UNKNOWN else state
        self.onsets[owner.id] = health.onset(tracks)
        self.shares[owner.id] = health.share(State.BLIND if self.blind else state, tracks)

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

    def worst_check(self, owner: str) -> CheckRow | None:
        """Return the check that decides the state of a channel or outlet; None without checks."""
        return min(self.checks[owner], key=lambda row: WORST_FIRST.index(row.state), default=None)

    def why(self, owner: str, state: State) -> tuple[str, float | None]:
        """Return in words why `owner` is in `state`, and since when."""
        if not self.checks[owner]:
            return "no check watches it", None
        row = self.worst_check(owner)
        assert row is not None
        if self.blind:
            return f"our own uplink fails: {self.blind}", None
        name = row.id.partition(".")[2]
        many = len(self.checks[owner]) > 1 and state is not State.UP
        words = f"{name}: {row.why}" if many else row.why
        if len(row.vantages) > 1 and state is not State.UP:
            seen = sum(1 for _, held in row.vantages if held == row.state.value)
            words += f", seen from {seen} of {len(row.vantages)} vantages"
        return words, row.since

    def state_of(self, name: str) -> State:
        """Return the state of a channel, an outlet or a check; unknown for a stranger."""
        of_checks = (row.state for rows in self.checks.values() for row in rows if row.id == name)
        return self.states[name] if name in self.states else next(of_checks, State.UNKNOWN)
