"""The rows of channels and outlets, made anew only where something they show has changed; pure."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from outagetui.board.judged import RANK, Judged, Judgements, Lives
from outagetui.board.rows import ChannelRow, CheckRow, OutletRow
from outagetui.board.suggest import Seen
from outagetui.board.wiring import Wiring
from outagetui.core.copies import copied
from outagetui.core.model import AUDIENCES, BAD, State
from outagetui.core.words import Readiness, Standing
from outagetui.facts import health
from outagetui.facts.cost import rates, spending, words
from outagetui.facts.ledger import Ledger, Mute, Proof, Traced
from outagetui.facts.live import PublicChannel, PublicOutlet
from outagetui.facts.minute_by_minute import Minutes


class Told(NamedTuple):
    """What the journal says of a channel or outlet at a moment."""

    mute: Mute | None = None
    traced: Traced | None = None
    proof: Proof | None = None
    readiness: Readiness = Readiness.UNTESTED  # of a backup
    active: bool = False
    spending: str = ""
    delivery: str = ""


class Moved(Struct, frozen=True):
    """What there is to take up: the live rows, the checks whose rows are others, the journal, the moment.

    `deliveries` is what the journal says of outlets, `judged_at` the moment that verdicts are of, `blind` why our own
    uplink is thought to fail.
    """

    lives: Lives
    changed: Collection[str]
    ledger: Ledger
    deliveries: Mapping[str, str]
    now: float
    judged_at: float
    blind: str


class OwnerRows:
    """The rows at a moment: `channels` as they are sorted, `outlets` as configured.

    `seen` holds the channels that reach, suggestions and what is owed are made from, `broken` those of them whose last
    proof failed.
    """

    def __init__(self, wiring: Wiring, minutes: Minutes) -> None:
        self.channels: tuple[ChannelRow, ...] = ()
        self.outlets: tuple[OutletRow, ...] = ()
        self.seen: dict[str, Seen] = {}
        self.broken: set[str] = set()
        self._wiring = wiring
        self._judgements = Judgements(wiring, minutes)
        self._blind: str | None = None
        self._told: dict[str, Told] = {}
        self._channels: dict[str, ChannelRow] = {}
        self._outlets: dict[str, OutletRow] = {}
        self._order: list[str] = []
        self._keys: dict[str, tuple[int, int, bool, str, int]] = {}

    def take(self, moved: Moved) -> None:
        """Bring the rows up to a moment."""
        if anew := self._changed(moved):
            self._blind = moved.blind
            self._make(anew)

    def _changed(self, moved: Moved) -> Collection[str]:
        """Judge what is to be judged, and return the owners whose rows may show something else."""
        stood = self._judgements.judge(moved.lives, moved.changed, moved.judged_at, blind=bool(moved.blind))
        before, self._told = self._told, self._all_told(moved)
        if moved.blind != self._blind:
            return self._wiring.owners
        turned = [name for name, was in stood.items() if not _alike(was, self._judgements.judged[name])]
        follow = {one for name in turned for each in self._names_of(name) for one in self._wiring.leaning.get(each, ())}
        told = {name for name in {*before, *self._told} if before.get(name) != self._told.get(name)}
        return {*stood, *follow, *told & self._wiring.owners.keys()}

    def _names_of(self, owner: str) -> tuple[str, ...]:
        return owner, *(check.id for check in self._wiring.owners[owner].checks)

    def _all_told(self, moved: Moved) -> dict[str, Told]:
        """Return what the journal says of each owner of which it says something."""
        ledger, owners = moved.ledger, self._wiring.owners
        mutes = {name: mute for name, mute in ledger.mutes.items() if mute.holds(moved.now)}
        names = {*mutes, *ledger.traces, *ledger.proofs, *ledger.active} & owners.keys()
        told = {}
        for name in names | (moved.deliveries.keys() & owners.keys()):
            owner, proof = owners[name], ledger.proofs.get(name)
            channel = owner if isinstance(owner, PublicChannel) else None
            told[name] = Told(
                mute=mutes.get(name),
                traced=ledger.traces.get(name),
                proof=proof,
                readiness=readiness(proof, channel.prove_every, moved.now) if channel else Readiness.UNTESTED,
                active=name in ledger.active,
                spending=_spending(channel, moved) if channel else "",
                delivery=moved.deliveries.get(name, ""),
            )
        return told

    def _make(self, names: Collection[str]) -> None:
        owners, sorted_anew, outlets = self._wiring.owners, False, False
        for name in names:
            owner = owners[name]
            if isinstance(owner, PublicOutlet):
                self._outlets[name] = self._outlet(owner)
                outlets = True
                continue
            row = self._channels[name] = self._channel(owner)
            key = (*worst_first(row), self._wiring.place[name])
            sorted_anew |= self._keys.get(name) != key
            self._keys[name] = key
            (self.broken.add if row.readiness == Readiness.BROKEN else self.broken.discard)(name)
            if name in self._wiring.weighed or self._told_of(name).active:
                self.seen[name] = self._seen(row)
        if sorted_anew:
            self._order = sorted(self._order or self._channels, key=self._keys.__getitem__)
        self.channels = tuple(map(self._channels.__getitem__, self._order))
        if outlets:
            self.outlets = tuple(map(self._outlets.__getitem__, self._wiring.outlets))

    def _told_of(self, name: str) -> Told:
        return self._told.get(name) or NOTHING

    def _shown(self, owner: str) -> dict[str, Any]:
        """Return the fields that the rows of channels and of outlets share."""
        judged, told = self._judgements.judged[owner], self._told_of(owner)
        worst = judged.worst
        return {
            "state": State.BLIND if self._blind else judged.state,
            "since": worst.since if worst is not None and not self._blind else None,
            "why": self._why(judged, worst) if worst is not None else "no check watches it",
            "latency_ms": worst.latency_ms if worst is not None else None,
            "muted": told.mute,
            "traced": told.traced,
            "checks": judged.checks,
            **(_of_worst(worst) if worst is not None and not self._blind else {}),
        }

    def _why(self, judged: Judged, worst: CheckRow) -> str:
        if self._blind:
            return f"our own uplink fails: {self._blind}"
        if judged.state is State.UP:
            return worst.why
        words = f"{worst.id.partition('.')[2]}: {worst.why}" if len(judged.checks) > 1 else worst.why
        if len(worst.vantages) > 1:
            seen = sum(1 for _, held in worst.vantages if held == worst.state.value)
            words += f", seen from {seen} of {len(worst.vantages)} vantages"
        return words

    def _channel(self, channel: PublicChannel) -> ChannelRow:
        judged, told, wiring = self._judgements.judged[channel.id], self._told_of(channel.id), self._wiring
        standing = Standing.ACTIVE if told.active else Standing.STANDBY
        return copied(
            ChannelRow,
            channel,
            known=judged.known,
            standing=standing if channel.is_backup else None,
            readiness=told.readiness if channel.is_backup else None,
            proved=told.proof.at if told.proof is not None else None,
            proof=told.proof.detail if told.proof is not None else "",
            suppressed=health.suppressed(channel, self._judgements.state_of),
            local=judged.local,
            backed_by=tuple(wiring.backed_by.get(channel.id, ())),
            dependents=tuple(wiring.dependents.get(channel.id, ())),
            cost=rates(channel.cost) if channel.cost is not None else "",
            spending=told.spending,
            fates=wiring.fates(channel.id),
            **self._shown(channel.id),
        )

    def _outlet(self, outlet: PublicOutlet) -> OutletRow:
        return copied(OutletRow, outlet, delivery=self._told_of(outlet.id).delivery, **self._shown(outlet.id))

    def _seen(self, row: ChannelRow) -> Seen:
        judged = self._judgements.judged[row.id]
        return copied(
            Seen,
            row,
            primary=not row.is_backup,
            state=judged.state,
            since=judged.onset if judged.state in BAD else row.since,
            share=judged.share,
            muted=row.muted is not None,
            heeded=not (row.muted or row.suppressed or row.local),
            local=bool(row.local),
        )


NOTHING = Told()


def _of_worst(check: CheckRow) -> dict[str, Any]:
    """Return what a row says of its worst check; how many places see it so belongs to how many tries fail."""
    count = check.count
    if len(check.vantages) > 1 and check.state in BAD:
        seen = sum(1 for _, held in check.vantages if held == check.state.value)
        count += f", from {seen} of {len(check.vantages)} places"
    return {"cause": check.cause, "count": count, "minutes": check.minutes, "took": check.took}


def _alike(one: Judged | None, other: Judged) -> bool:
    """Whether what depends on either stands as it stood."""
    return one is not None and one.state is other.state and _states(one) == _states(other)


def _states(judged: Judged) -> list[State]:
    return [check.state for check in judged.checks]


def _spending(channel: PublicChannel, moved: Moved) -> str:
    since = moved.ledger.active.get(channel.id)
    if channel.cost is None or since is None:
        return ""
    read = moved.lives.get(channel.cost.balance or "", ())
    balance = next((live.sample.value for live in read if live.sample is not None), None)
    use = spending(channel.cost, moved.now - since, moved.ledger.activations[channel.id].balance, balance)
    return words(channel.cost, use)


def worst_first(row: ChannelRow) -> tuple[int, int, bool, str]:
    """Return what channels are sorted by: the audience, then what is wrong, primaries before backups, the name."""
    # A backup that was proven not to work is as bad as one that fails for some.
    shown = State.PARTIAL if row.broken else row.state
    return AUDIENCES.index(row.audience), RANK[shown], row.is_backup, row.name


def readiness(proof: Proof | None, prove_every: float | None, now: float) -> Readiness:
    """Return whether a backup was proven to work: untested, broken, stale (older than `prove_every`) or ready."""
    if proof is None:
        return Readiness.UNTESTED
    if not proof.passed:
        return Readiness.BROKEN
    late = prove_every is not None and now - proof.at > prove_every
    return Readiness.STALE if late else Readiness.READY
