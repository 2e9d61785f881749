"""From live verdicts and the folded journal to what the screens show at one moment; pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from outagetui.board import rows
from outagetui.board.owed import left_by, owed, untold
from outagetui.board.practice import practices, practised
from outagetui.board.run_rows import announcement_row, glass_rows, run_row
from outagetui.board.suggest import Moment, Seen, suggestions
from outagetui.core.copies import copied
from outagetui.core.model import AUDIENCES, BAD, WORST_FIRST, State
from outagetui.core.words import Readiness, Standing
from outagetui.facts import health, verdict
from outagetui.facts.cost import rates, spending, words
from outagetui.facts.ledger import Ledger, Proof
from outagetui.facts.live import Beat, Live, Public, PublicChannel, PublicCheck, PublicOutlet
from outagetui.facts.reach import Share

STALE_AFTER = 5.0
RUNS_SHOWN = 20
ANNOUNCEMENTS_SHOWN = 10


def build(public: Public, live: Iterable[Live], ledger: Ledger, beat: Beat | None, now: float) -> rows.Board:
    """Return the board at `now`. `ledger` must be folded with the primaries of `public`."""
    view = _View(public, live, ledger, beat, now)
    channels = tuple(sorted(map(view.channel, public.channels), key=_worst_first))
    moment = view.moment(channels)
    runs = sorted(ledger.runs.values(), key=lambda run: run.started, reverse=True)
    running = {run.playbook: run.id for run in runs if run.ended is None}
    # Blind, we know nothing that would be worth acting on.
    hints = () if view.blind else suggestions(moment)
    suggested = {row.playbook for row in hints}
    practice = practices(runs, ledger.drills, in_drill=bool(public.drill))
    digests = {book.id: book.digest for book in public.playbooks}
    announcements = sorted(ledger.announcements.values(), key=lambda made: made.parts[-1][0], reverse=True)
    languages = languages_of(public)
    return copied(
        rows.Board,
        public,
        at=now,
        daemon=view.daemon(),
        blind=view.blind,
        incident=view.incident(),
        reach=view.reaches(moment),
        channels=channels,
        outlets=tuple(view.outlet(outlet) for outlet in public.outlets),
        suggestions=hints,
        playbooks=tuple(
            copied(
                rows.PlaybookRow,
                book,
                suggested=book.id in suggested,
                running=running.get(book.id, ""),
                practised=practised(practice.get(book.id, ()), book.digest, now),
            )
            for book in public.playbooks
        ),
        owed=owed(moment, ledger, blind=bool(view.blind)),
        runs=tuple(
            run_row(run, beat.progress if beat is not None else {}, digests, left_by(run, moment, ledger))
            for number, run in enumerate(runs)
            if number < RUNS_SHOWN or run.ended is None
        ),
        announcements=tuple(announcement_row(made, languages) for made in announcements[:ANNOUNCEMENTS_SHOWN]),
        kinds=public.kinds,
        glass=glass_rows(runs, ledger.open_incident(now)),
    )


def languages_of(public: Public) -> dict[str, str]:
    """Return in which language each outlet tells."""
    return {outlet.id: outlet.language for outlet in public.outlets}


def _worst_first(row: rows.ChannelRow) -> tuple[int, int, int, str]:
    # A backup that was proven not to work is as bad as one that fails for some.
    shown = State.PARTIAL if row.broken else row.state
    return AUDIENCES.index(row.audience), WORST_FIRST.index(shown), row.is_backup, row.name


class _Judged(Struct, frozen=True, kw_only=True):
    """How a channel or outlet stands: `known` is the last state that was certain, `onset` when its trouble began."""

    checks: tuple[rows.CheckRow, ...]
    state: State
    local: str
    known: State
    onset: float | None
    share: Share

    @property
    def worst(self) -> rows.CheckRow | None:
        """The check that decides its state; None without checks."""
        return min(self.checks, key=lambda row: WORST_FIRST.index(row.state), default=None)


class _View:
    """The rows of one board, with the look-ups that every row needs made once."""

    def __init__(self, public: Public, live: Iterable[Live], ledger: Ledger, beat: Beat | None, now: float) -> None:
        self.public, self.ledger, self.beat, self.now = public, ledger, beat, now
        # A silent daemon leaves what it knew last, which does not grow unknown with its silence.
        self.judged_at = beat.at if beat is not None and self.silent else now
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

    def _judge(self, owner: PublicChannel | PublicOutlet) -> _Judged:
        checks = tuple(self._check(check) for check in owner.checks)
        tracks = [live.track for check in owner.checks for live in self.by_check.get(check.id, ())]
        state, local = health.judged({vantage: State(held) for vantage, held in row.vantages} for row in checks)
        return _Judged(
            checks=checks,
            state=state,
            local=local,
            known=health.certain(tracks) if state is State.UNKNOWN else state,
            onset=health.onset(tracks),
            share=health.share(State.BLIND if self.blind else state, tracks),
        )

    def _check(self, check: PublicCheck) -> rows.CheckRow:
        lives = self.by_check.get(check.id, [])
        if not lives:
            return copied(rows.CheckRow, check, state=State.UNKNOWN, since=None, why="not probed yet")
        judged = [(live, *verdict.state_at(live.track, check.every, self.judged_at)) for live in lives]
        live, state, since = min(judged, key=lambda item: WORST_FIRST.index(item[1]))
        return copied(
            rows.CheckRow,
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
            "traced": self.ledger.traces.get(owner),
            "checks": judged.checks,
        }

    def _why(self, judged: _Judged, worst: rows.CheckRow) -> str:
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

    def channel(self, channel: PublicChannel) -> rows.ChannelRow:
        """Return the row of one channel."""
        judged = self.judged[channel.id]
        proof = self.ledger.proofs.get(channel.id)
        standing = (
            (Standing.ACTIVE if channel.id in self.ledger.active else Standing.STANDBY) if channel.is_backup else None
        )
        return copied(
            rows.ChannelRow,
            channel,
            known=judged.known,
            standing=standing,
            readiness=readiness(proof, channel.prove_every, self.now) if channel.is_backup else None,
            proved=proof.at if proof is not None else None,
            proof=proof.detail if proof is not None else "",
            suppressed=health.suppressed(channel, self.state_of),
            local=judged.local,
            backed_by=tuple(self.backed_by.get(channel.id, ())),
            dependents=tuple(self.dependents.get(channel.id, ())),
            cost=rates(channel.cost) if channel.cost is not None else "",
            spending=self._spending(channel),
            fates=self._fates(channel.id),
            spark=judged.worst.spark if judged.worst is not None else (),
            **self.shown(channel.id),
        )

    def _fates(self, channel: str) -> tuple[str, ...]:
        return tuple(
            f"{', '.join(fate.shares)} with {self.names.get(other, other)}"
            for fate in self.public.fates
            if channel in (fate.one, fate.other)
            for other in [fate.other if fate.one == channel else fate.one]
        )

    def _spending(self, channel: PublicChannel) -> str:
        since = self.ledger.active.get(channel.id)
        if channel.cost is None or since is None:
            return ""
        read = self.by_check.get(channel.cost.balance or "", [])
        balance = next((live.sample.value for live in read if live.sample is not None), None)
        use = spending(channel.cost, self.now - since, self.ledger.activations[channel.id].balance, balance)
        return words(channel.cost, use)

    def outlet(self, outlet: PublicOutlet) -> rows.OutletRow:
        """Return the row of one outlet."""
        newest = [(made, made.newest.part) for made in self.ledger.announcements.values()]
        told = [
            made.retractions.get(outlet.id) or made.delivery(part, outlet.id)
            for made, part in newest
            if (part, outlet.id) in made.deliveries
        ]
        return copied(rows.OutletRow, outlet, delivery=told[-1].state if told else "", **self.shown(outlet.id))

    def daemon(self) -> rows.DaemonRow | None:
        """Return the daemon's sign of life and whether it is too old to trust."""
        if self.beat is None:
            return None
        age = max(0.0, self.now - self.beat.at)
        return rows.DaemonRow(pid=self.beat.pid, age=age, stale=age > STALE_AFTER, trouble=self.beat.trouble)

    @property
    def silent(self) -> bool:
        """Whether nobody is probing, so that all is only as last known."""
        daemon = self.daemon()
        return daemon is None or daemon.stale

    def incident(self) -> rows.IncidentRow | None:
        """Return the latest incident."""
        incident, closed = self.ledger.incident_at(self.now)
        if incident is None:
            return None
        return copied(
            rows.IncidentRow,
            incident,
            channels=tuple(sorted(incident.channels)),
            closed=closed,
            closes=self.ledger.closes(),
            woken=self.ledger.alerts.woken(incident.id),
        )

    def reaches(self, moment: Moment) -> tuple[rows.ReachRow, ...]:
        """Return reach now, as people know it, and with every backup, per audience that has channels or segments."""
        found = []
        present = {each.audience for each in self.public.channels} | {each.audience for each in self.public.segments}
        for audience in AUDIENCES:
            if audience in present:
                now, guess = moment.reach(audience)
                known, unsure = moment.known(audience)
                possible, _ = moment.reach(audience, moment.channels)
                limits = self.public.limits(audience)
                found.append(
                    rows.ReachRow(
                        audience=audience,
                        now=now,
                        known=known,
                        possible=possible,
                        uncertain=guess or unsure or (now is not None and self.silent),
                        calm=limits.calm,
                        alarm=limits.alarm,
                    )
                )
        return tuple(found)

    def moment(self, channels: Sequence[rows.ChannelRow]) -> Moment:
        """Return what reach and suggestions are made from."""
        return Moment(
            public=self.public,
            channels={row.id: self._seen(row) for row in channels},
            active=self.ledger.active,
            untold=untold(self.public, self.ledger),
            broken=frozenset(row.id for row in channels if row.readiness == Readiness.BROKEN),
            running={run.playbook for run in self.ledger.runs.values() if run.ended is None},
            now=self.now,
        )

    def _seen(self, row: rows.ChannelRow) -> Seen:
        judged = self.judged[row.id]
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


def _turned(pointers: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return for each name those that point to it, in their order."""
    turned: dict[str, list[str]] = {}
    for name, others in pointers.items():
        for other in dict.fromkeys(others):
            turned.setdefault(other, []).append(name)
    return turned


def readiness(proof: Proof | None, prove_every: float | None, now: float) -> Readiness:
    """Return whether a backup was proven to work: untested, broken, stale (older than `prove_every`) or ready."""
    if proof is None:
        return Readiness.UNTESTED
    if not proof.passed:
        return Readiness.BROKEN
    late = prove_every is not None and now - proof.at > prove_every
    return Readiness.STALE if late else Readiness.READY
