"""From live verdicts and the folded journal to what the screens show at one moment; pure."""

from collections.abc import Callable, Iterable, Sequence

from outagetui.board.judged import Health
from outagetui.board.practice import practices, practised
from outagetui.board.rows import Board, ChannelRow, DaemonRow, IncidentRow, KindRow, OutletRow, PlaybookRow, ReachRow
from outagetui.board.run_rows import announcement_row, glass_rows, run_row
from outagetui.board.suggest import Moment, Seen, suggestions
from outagetui.core.copies import copied
from outagetui.core.model import AUDIENCES, BAD, CLOSING_KINDS, WORST_FIRST, Audience
from outagetui.facts import health
from outagetui.facts.cost import rates, spending, words
from outagetui.facts.ledger import Ledger, Proof
from outagetui.facts.live import Beat, Live, Public, PublicChannel, PublicOutlet
from outagetui.facts.reach import reach

STALE_AFTER = 5.0
RUNS_SHOWN = 20
ANNOUNCEMENTS_SHOWN = 10


def build(public: Public, live: Iterable[Live], ledger: Ledger, beat: Beat | None, now: float) -> Board:
    """Return the board at `now`. `ledger` must be folded with the primaries of `public`."""
    view = _View(public, live, ledger, beat, now)
    channels = tuple(sorted(map(view.channel, public.channels), key=_worst_first))
    reaches = view.reaches(channels)
    runs = sorted(ledger.runs.values(), key=lambda run: run.started, reverse=True)
    running = {run.playbook: run.id for run in runs if run.ended is None}
    # Blind, we know nothing that would be worth acting on.
    hints = () if view.blind else suggestions(view.moment(channels))
    suggested = {row.playbook for row in hints}
    practice = practices(runs, ledger.drills, in_drill=bool(public.drill))
    digests = {book.id: book.digest for book in public.playbooks}
    announcements = sorted(ledger.announcements.values(), key=lambda made: made.parts[-1][0], reverse=True)
    languages = languages_of(public)
    return copied(
        Board,
        public,
        at=now,
        daemon=view.daemon(),
        blind=view.blind,
        incident=view.incident(),
        reach=reaches,
        channels=channels,
        outlets=tuple(view.outlet(outlet) for outlet in public.outlets),
        suggestions=hints,
        playbooks=tuple(
            copied(
                PlaybookRow,
                book,
                suggested=book.id in suggested,
                running=running.get(book.id, ""),
                practised=practised(practice.get(book.id, ()), book.digest, now),
            )
            for book in public.playbooks
        ),
        runs=tuple(
            run_row(run, beat.progress if beat is not None else {}, digests)
            for number, run in enumerate(runs)
            if number < RUNS_SHOWN or run.ended is None
        ),
        announcements=tuple(announcement_row(made, languages) for made in announcements[:ANNOUNCEMENTS_SHOWN]),
        kinds=tuple(KindRow(kind=kind, closes=kind in CLOSING_KINDS) for kind in public.kinds),
        glass=glass_rows(runs, ledger.open_incident(now)),
    )


def languages_of(public: Public) -> dict[str, str]:
    """Return in which language each outlet tells."""
    return {outlet.id: outlet.language for outlet in public.outlets}


def _worst_first(row: ChannelRow) -> tuple[int, int, int, str]:
    return AUDIENCES.index(row.audience), WORST_FIRST.index(row.state), row.is_backup, row.name


class _View(Health):
    """The rows of one board."""

    def channel(self, channel: PublicChannel) -> ChannelRow:
        """Return the row of one channel."""
        judged = self.judged[channel.id]
        proof = self.ledger.proofs.get(channel.id)
        standing = ("active" if channel.id in self.ledger.active else "standby") if channel.is_backup else None
        return copied(
            ChannelRow,
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

    def outlet(self, outlet: PublicOutlet) -> OutletRow:
        """Return the row of one outlet."""
        newest = [(made, made.newest.part) for made in self.ledger.announcements.values()]
        told = [
            made.retractions.get(outlet.id) or made.delivery(part, outlet.id)
            for made, part in newest
            if (part, outlet.id) in made.deliveries
        ]
        return copied(OutletRow, outlet, delivery=told[-1].state if told else "", **self.shown(outlet.id))

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
        return copied(
            IncidentRow,
            incident,
            channels=tuple(sorted(incident.channels)),
            closed=closed,
            closes=self.ledger.closes(),
            woken=self.ledger.alerts.woken(incident.id),
        )

    def _reach(self, audience: Audience, chosen: Callable[[PublicChannel], bool]) -> tuple[float | None, bool]:
        shares = {name: judged.share for name, judged in self.judged.items()}
        usable = {channel.id for channel in self.public.channels if not channel.is_backup or chosen(channel)}
        return reach(audience, self.public.segments, shares, usable)

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

    def moment(self, channels: Sequence[ChannelRow]) -> Moment:
        """Return what suggestions are made from."""
        return Moment(
            public=self.public,
            channels={row.id: self._seen(row) for row in channels},
            active=self.ledger.active,
            running={run.playbook for run in self.ledger.runs.values() if run.ended is None},
            now=self.now,
        )

    def _seen(self, row: ChannelRow) -> Seen:
        judged = self.judged[row.id]
        return Seen(
            name=row.name,
            audience=row.audience,
            primary=not row.is_backup,
            state=judged.state,
            since=judged.onset if judged.state in BAD else row.since,
            share=judged.share,
            muted=row.muted is not None,
            heeded=not (row.muted or row.suppressed or row.local),
        )


def readiness(proof: Proof | None, prove_every: float | None, now: float) -> str:
    """Return whether a backup was proven to work: untested, broken, stale (older than `prove_every`) or ready."""
    if proof is None:
        return "untested"
    if not proof.passed:
        return "broken"
    return "stale" if prove_every is not None and now - proof.at > prove_every else "ready"
