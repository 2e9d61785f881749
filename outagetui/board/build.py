"""From live verdicts and the folded journal to what the screens show at one moment; pure."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from outagetui.board import rows
from outagetui.board.judged import Lives
from outagetui.board.last_hour import LastHour
from outagetui.board.owed import left_by, owed, untold
from outagetui.board.owner_rows import Moved, OwnerRows
from outagetui.board.practice import Practice, practices, practised
from outagetui.board.run_rows import announcement_row, glass_rows, run_row
from outagetui.board.suggest import Moment, suggestions
from outagetui.board.wiring import Wiring
from outagetui.core.copies import copied
from outagetui.core.model import AUDIENCES
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Beat, Live, Public
from outagetui.facts.run import Run

STALE_AFTER = 5.0
RUNS_SHOWN = 20
ANNOUNCEMENTS_SHOWN = 10


def build(public: Public, live: Iterable[Live], ledger: Ledger, beat: Beat | None, now: float) -> rows.Board:
    """Return the board at `now`. `ledger` must be folded with the primaries of `public`."""
    lives: dict[str, list[Live]] = {}
    for row in live:
        lives.setdefault(row.check, []).append(row)
    return Boards(public, ledger).at(now, lives, (), beat)


def languages_of(public: Public) -> dict[str, str]:
    """Return in which language each outlet tells."""
    return {outlet.id: outlet.language for outlet in public.outlets}


class Boards:
    """The boards of one configuration and one ledger, from one moment to the next: the same as if each were built anew.

    What did not change since the last one is taken over as it is.
    """

    def __init__(self, public: Public, ledger: Ledger, hour: LastHour | None = None) -> None:
        """`ledger` must be folded with the primaries of `public`; what it and `hour` take up later is seen."""
        self.public, self.ledger = public, ledger
        self._wiring = Wiring(public)
        self._hour = hour or LastHour()
        self._rows = OwnerRows(self._wiring, self._hour.minutes)
        self._digests = {book.id: book.digest for book in public.playbooks}
        self._story = _Story()

    def at(self, now: float, lives: Lives, changed: Collection[str], beat: Beat | None) -> rows.Board:
        """Return the board at `now`, made of `lives`, of which those of the checks `changed` are others than before."""
        public, ledger, story = self.public, self.ledger, self._told()
        daemon = _daemon(beat, now)
        silent = daemon is None or daemon.stale
        blind = beat.blind if beat is not None else ""
        self._rows.take(
            Moved(
                lives=lives,
                changed=changed,
                ledger=ledger,
                deliveries=story.deliveries,
                now=now,
                # A silent daemon leaves what it knew last, which does not grow unknown with its silence.
                judged_at=beat.at if beat is not None and silent else now,
                blind=blind,
            )
        )
        moment = Moment(
            public=public,
            channels=self._rows.seen,
            active=ledger.active,
            untold=untold(public, ledger),
            broken=self._rows.broken,
            running=story.running.keys(),
            now=now,
        )
        # Blind, we know nothing that would be worth acting on.
        hints = () if blind else suggestions(moment)
        suggested = {row.playbook for row in hints}
        progress = beat.progress if beat is not None else {}
        return copied(
            rows.Board,
            public,
            at=now,
            daemon=daemon,
            blind=blind,
            incident=_incident(ledger, now),
            reach=self._reaches(moment, silent=silent),
            channels=self._rows.channels,
            outlets=self._rows.outlets,
            suggestions=hints,
            playbooks=tuple(
                copied(
                    rows.PlaybookRow,
                    book,
                    suggested=book.id in suggested,
                    running=story.running.get(book.id, ""),
                    practised=practised(story.practice.get(book.id, ()), book.digest, now),
                )
                for book in public.playbooks
            ),
            owed=owed(moment, ledger, blind=bool(blind)),
            runs=tuple(
                run_row(run, progress, self._digests, left_by(run, moment, ledger))
                for number, run in enumerate(story.runs)
                if number < RUNS_SHOWN or run.ended is None
            ),
            announcements=story.announcements,
            kinds=public.kinds,
            glass=glass_rows(story.runs, ledger.open_incident(now)),
            history=self._hour.lost.history(moment, ledger, self._wiring.audiences),
            lately=self._hour.lately,
        )

    def _told(self) -> "_Story":
        if self._story.seq != self.ledger.seq:
            self._story = _story(self.ledger, self.public)
        return self._story

    def _reaches(self, moment: Moment, *, silent: bool) -> tuple[rows.ReachRow, ...]:
        """Return reach now, as people know it, and with every backup, per audience that has channels or segments."""
        found = []
        for audience in AUDIENCES:
            if audience in self._wiring.audiences:
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
                        uncertain=guess or unsure or (now is not None and silent),
                        calm=limits.calm,
                        alarm=limits.alarm,
                    )
                )
        return tuple(found)


class _Story(Struct, frozen=True, kw_only=True):
    """What a board shows of the journal up to entry `seq`, whatever the moment: runs with the newest first."""

    seq: int = -1
    runs: Sequence[Run] = ()
    running: dict[str, str] = {}
    practice: dict[str, list[Practice]] = {}
    announcements: tuple[rows.AnnouncementRow, ...] = ()
    deliveries: dict[str, str] = {}


def _story(ledger: Ledger, public: Public) -> _Story:
    runs = sorted(ledger.runs.values(), key=lambda run: run.started, reverse=True)
    announcements = sorted(ledger.announcements.values(), key=lambda made: made.parts[-1][0], reverse=True)
    languages = languages_of(public)
    return _Story(
        seq=ledger.seq,
        runs=runs,
        running={run.playbook: run.id for run in runs if run.ended is None},
        practice=practices(runs, ledger.drills, in_drill=bool(public.drill)),
        announcements=tuple(announcement_row(made, languages) for made in announcements[:ANNOUNCEMENTS_SHOWN]),
        deliveries=_deliveries(ledger),
    )


def _deliveries(ledger: Ledger) -> dict[str, str]:
    """Return by outlet how the newest part of the newest announcement there stands."""
    found: dict[str, str] = {}
    for made in ledger.announcements.values():
        for part, outlet in made.deliveries:
            if part == made.newest.part:
                found[outlet] = (made.retractions.get(outlet) or made.delivery(part, outlet)).state
    return found


def _daemon(beat: Beat | None, now: float) -> rows.DaemonRow | None:
    """Return the daemon's sign of life and whether it is too old to trust."""
    if beat is None:
        return None
    age = max(0.0, now - beat.at)
    return rows.DaemonRow(pid=beat.pid, age=age, stale=age > STALE_AFTER, trouble=beat.trouble)


def _incident(ledger: Ledger, now: float) -> rows.IncidentRow | None:
    """Return the latest incident."""
    incident, closed = ledger.incident_at(now)
    if incident is None:
        return None
    return copied(
        rows.IncidentRow,
        incident,
        channels=tuple(sorted(incident.channels)),
        closed=closed,
        closes=ledger.closes(),
        woken=ledger.alerts.woken(incident.id),
    )
