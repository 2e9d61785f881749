"""From live verdicts and the folded journal to what the screens show at one moment; pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from outagetui import verdict
from outagetui.cost import rates, spending, words
from outagetui.ledger import Ledger, Proof
from outagetui.live import Beat, Live, Public, PublicChannel, PublicCheck, PublicOutlet, PublicPlaybook
from outagetui.model import AUDIENCES, WORST_FIRST, Audience, Condition, Outcome, Sample, State
from outagetui.reach import Share, reach, share_of
from outagetui.rows import (
    Board,
    ChannelRow,
    CheckRow,
    DaemonRow,
    IncidentRow,
    OutletRow,
    PlaybookRow,
    ReachRow,
    SuggestionRow,
)
from outagetui.run_rows import announcement_row, run_row

STALE_AFTER = 5.0
RUNS_SHOWN = 20
ANNOUNCEMENTS_SHOWN = 10
UNSEEN = Sample(outcome=Outcome.UNKNOWN)


def build(public: Public, live: Iterable[Live], ledger: Ledger, beat: Beat | None, now: float) -> Board:
    """Return the board at `now`. `ledger` must be folded with the primaries of `public`."""
    view = _View(public, live, ledger, beat, now)
    channels = tuple(sorted(map(view.channel, public.channels), key=_worst_first))
    reaches = view.reaches(channels)
    runs = sorted(ledger.runs.values(), key=lambda run: run.started, reverse=True)
    running = {run.playbook: run.id for run in runs if run.ended is None}
    suggestions = view.suggestions(channels)
    suggested = {row.playbook for row in suggestions}
    announcements = sorted(ledger.announcements.values(), key=lambda made: made.parts[-1][0], reverse=True)
    return Board(
        at=now,
        business=public.business,
        vantage=public.vantage,
        timezone=public.timezone,
        drill=public.drill,
        daemon=view.daemon(),
        blind=view.blind,
        incident=view.incident(),
        reach=reaches,
        channels=channels,
        outlets=tuple(view.outlet(outlet) for outlet in public.outlets),
        suggestions=suggestions,
        playbooks=tuple(
            PlaybookRow(
                id=book.id,
                name=book.name,
                summary=book.summary,
                steps=book.steps,
                suggested=book.id in suggested,
                running=running.get(book.id, ""),
            )
            for book in public.playbooks
        ),
        runs=tuple(
            run_row(run, beat.progress if beat is not None else {})
            for number, run in enumerate(runs)
            if number < RUNS_SHOWN or run.ended is None
        ),
        announcements=tuple(announcement_row(made) for made in announcements[:ANNOUNCEMENTS_SHOWN]),
    )


def _worst_first(row: ChannelRow) -> tuple[int, int, int, str]:
    return AUDIENCES.index(row.audience), WORST_FIRST.index(row.state), row.role != "primary", row.name


def _turned(pointers: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return for each name those that point to it, in their order."""
    turned: dict[str, list[str]] = {}
    for name, others in pointers.items():
        for other in dict.fromkeys(others):
            turned.setdefault(other, []).append(name)
    return turned


class _View:
    """The look-ups that every row needs, made once per board."""

    def __init__(self, public: Public, live: Iterable[Live], ledger: Ledger, beat: Beat | None, now: float) -> None:
        self.public, self.ledger, self.beat, self.now = public, ledger, beat, now
        self.blind = beat.blind if beat is not None else ""
        self.by_check: dict[str, list[Live]] = {}
        for row in live:
            self.by_check.setdefault(row.check, []).append(row)
        self.mutes = {name: mute for name, mute in ledger.mutes.items() if mute.until > now}
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
        pairs = [verdict.across({vantage: State(state) for vantage, state in row.vantages}) for row in rows]
        state, local = verdict.of_channel(pairs)
        known = [live.track.state for check in owner.checks for live in self.by_check.get(check.id, ())]
        last = min((s for s in known if s is not State.UNKNOWN), key=WORST_FIRST.index, default=State.UNKNOWN)
        failing = max((row.failing_share for row in rows), default=0.0)
        onsets = [
            live.track.failing.onset
            for check in owner.checks
            for live in self.by_check.get(check.id, ())
            if live.track.failing.bad and live.track.failing.onset is not None
        ]
        self.checks[owner.id], self.states[owner.id], self.locals[owner.id] = rows, state, local
        self.known[owner.id] = last if state is State.UNKNOWN else state
        self.onsets[owner.id] = min(onsets, default=None)
        shown = State.BLIND if self.blind else state
        self.shares[owner.id] = share_of(shown, last, failing)

    def _check(self, check: PublicCheck) -> CheckRow:
        lives = self.by_check.get(check.id, [])
        if not lives:
            return CheckRow(
                id=check.id, probe=check.probe, target=check.target, every=check.every, expect=check.expect,
                state=State.UNKNOWN, since=None, why="not probed yet",
            )  # fmt: skip
        judged = [(live, *verdict.state_at(live.track, check.every, self.now)) for live in lives]
        live, state, since = min(judged, key=lambda item: WORST_FIRST.index(item[1]))
        sample = live.sample or UNSEEN
        return CheckRow(
            id=check.id,
            probe=check.probe,
            target=check.target,
            every=check.every,
            expect=check.expect,
            state=state,
            since=since,
            why=live.why if state is live.state else verdict.why(live.track, state, live.sample),
            at=live.at,
            outcome=sample.outcome if live.sample is not None else None,
            latency_ms=sample.latency_ms,
            phases=sample.phases,
            code=sample.code,
            detail=sample.detail,
            value=sample.value,
            spark=live.spark,
            failing_share=max(verdict.failing_share(each.track) for each in lives),
            vantages=tuple((each.vantage, each_state.value) for each, each_state, _ in judged),
        )

    def _worst_check(self, owner: str) -> CheckRow | None:
        return min(self.checks[owner], key=lambda row: WORST_FIRST.index(row.state), default=None)

    def _why(self, owner: str, state: State) -> tuple[str, float | None]:
        if not self.checks[owner]:
            return "no check watches it", None
        row = self._worst_check(owner)
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

    def suppressed(self, depends_on: Sequence[str]) -> bool:
        """Whether every check or channel it depends on is down."""
        return bool(depends_on) and all(self._down(name) for name in depends_on)

    def _down(self, name: str) -> bool:
        if name in self.states:
            return self.states[name] is State.DOWN
        return any(row.id == name and row.state is State.DOWN for rows in self.checks.values() for row in rows)

    def channel(self, channel: PublicChannel) -> ChannelRow:
        """Return the row of one channel."""
        state = self.states[channel.id]
        reason, since = self._why(channel.id, state)
        worst = self._worst_check(channel.id)
        backup = channel.role == "backup"
        proof = self.ledger.proofs.get(channel.id)
        standing = ("active" if channel.id in self.ledger.active else "standby") if backup else None
        return ChannelRow(
            id=channel.id,
            name=channel.name,
            audience=channel.audience,
            role=channel.role,
            carries=channel.carries,
            state=State.BLIND if self.blind else state,
            known=self.known[channel.id],
            since=since,
            why=reason,
            standing=standing,
            readiness=readiness(proof, channel.prove_every, self.now) if backup else None,
            proved=proof.at if proof is not None else None,
            proof=proof.detail if proof is not None else "",
            latency_ms=worst.latency_ms if worst is not None else None,
            spark=worst.spark if worst is not None else (),
            muted=self.mutes.get(channel.id),
            suppressed=self.suppressed((*channel.depends_on, *(d for c in channel.checks for d in c.depends_on))),
            local=self.locals[channel.id],
            address=channel.address,
            credentials=channel.credentials,
            instructions=channel.instructions,
            backs_up=channel.backs_up,
            backed_by=tuple(self.backed_by.get(channel.id, ())),
            depends_on=channel.depends_on,
            dependents=tuple(self.dependents.get(channel.id, ())),
            cost=rates(channel.cost) if channel.cost is not None else "",
            spending=self._spending(channel),
            fates=self._fates(channel.id),
            checks=self.checks[channel.id],
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
        use = spending(channel.cost, self.now - since, self.ledger.balances.get(channel.id), balance)
        return words(channel.cost, use)

    def outlet(self, outlet: PublicOutlet) -> OutletRow:
        """Return the row of one outlet."""
        state = self.states[outlet.id] if outlet.checks else State.UNKNOWN
        words, since = self._why(outlet.id, state)
        worst = self._worst_check(outlet.id)
        states = [
            done.state if done is not None else "planned"
            for made in self.ledger.announcements.values()
            for (part, name), done in made.deliveries.items()
            if name == outlet.id and part == made.newest.part
        ]
        return OutletRow(
            id=outlet.id,
            name=outlet.name,
            kind=outlet.kind,
            audience=outlet.audience,
            state=State.BLIND if self.blind else state,
            since=since,
            why=words,
            url=outlet.url,
            latency_ms=worst.latency_ms if worst is not None else None,
            muted=self.mutes.get(outlet.id),
            delivery=states[-1] if states else "",
            checks=self.checks[outlet.id],
        )

    def daemon(self) -> DaemonRow | None:
        """Return the daemon's sign of life and whether it is too old to trust."""
        if self.beat is None:
            return None
        age = max(0.0, self.now - self.beat.at)
        return DaemonRow(pid=self.beat.pid, age=age, stale=age > STALE_AFTER, trouble=self.beat.trouble)

    def incident(self) -> IncidentRow | None:
        """Return the latest incident."""
        incident, closed = self.ledger.incident_at(self.now)
        if incident is None:
            return None
        return IncidentRow(
            id=incident.id,
            since=incident.since,
            channels=tuple(sorted(incident.channels)),
            acked_by=incident.acked_by,
            closed=closed,
            closes=self.ledger.closes(),
        )

    def _reach(self, audience: Audience, chosen: Callable[[PublicChannel], bool]) -> tuple[float | None, bool]:
        usable = {channel.id for channel in self.public.channels if channel.role == "primary" or chosen(channel)}
        return reach(audience, self.public.segments, self.shares, usable)

    def _active(self, channel: PublicChannel) -> bool:
        return channel.id in self.ledger.active

    def reaches(self, channels: Sequence[ChannelRow]) -> tuple[ReachRow, ...]:
        """Return reach now and with every standby backup, per audience that has channels or segments."""
        rows = []
        present = {row.audience for row in channels} | {segment.audience for segment in self.public.segments}
        for audience in AUDIENCES:
            if audience in present:
                now, guess = self._reach(audience, self._active)
                possible, _ = self._reach(audience, lambda _: True)
                rows.append(ReachRow(audience=audience, now=now, possible=possible, uncertain=guess))
        return tuple(rows)

    def _holds(self, condition: Condition, row: ChannelRow) -> bool:
        state = self.states[row.id]
        if row.muted or row.suppressed or row.local or state not in condition.state or self.blind:
            return False
        since = self.onsets[row.id] if state in (State.PARTIAL, State.DOWN) else row.since
        return since is not None and self.now - since >= condition.lasting

    def suggestions(self, channels: Sequence[ChannelRow]) -> tuple[SuggestionRow, ...]:
        """Return the playbooks whose condition holds and that do not run, best gain in reach first."""
        by_id: Mapping[str, ChannelRow] = {row.id: row for row in channels}
        running = {run.playbook for run in self.ledger.runs.values() if run.ended is None}
        rows = []
        for book in self.public.playbooks:
            held = [
                by_id[cond.channel]
                for cond in book.suggest
                if cond.channel in by_id and self._holds(cond, by_id[cond.channel])
            ]
            spent = book.activates and all(name in self.ledger.active for name in book.activates)
            if held and book.id not in running and not spent:
                rows.append(self._suggestion(book, held[0]))
        return tuple(sorted(rows, key=lambda row: (row.now or 0.0) - (row.then or 0.0)))

    def _suggestion(self, book: PublicPlaybook, cause: ChannelRow) -> SuggestionRow:
        best: tuple[float, Audience, float | None, float | None] = (-1.0, cause.audience, None, None)
        for audience in AUDIENCES:
            now, _ = self._reach(audience, self._active)
            then, _ = self._reach(audience, lambda channel: self._active(channel) or channel.id in book.activates)
            people = sum(segment.people for segment in self.public.segments if segment.audience == audience)
            if now is not None and then is not None and (then - now) * people > best[0]:
                best = ((then - now) * people, audience, now, then)
        return SuggestionRow(
            playbook=book.id,
            name=book.name,
            why=f"{cause.name} is {cause.known.value}",
            audience=best[1],
            now=best[2],
            then=best[3],
        )


def readiness(proof: Proof | None, prove_every: float | None, now: float) -> str:
    """Return whether a backup was proven to work: untested, broken, stale (older than `prove_every`) or ready."""
    if proof is None:
        return "untested"
    if not proof.passed:
        return "broken"
    return "stale" if prove_every is not None and now - proof.at > prove_every else "ready"
