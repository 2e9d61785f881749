"""The journal folded into what holds now: standings, mutes, runs, announcements, the incident's events. Pure."""

from collections.abc import Iterator

from msgspec import Struct, field

from outagetui.core.copies import copied
from outagetui.core.model import BAD, GOOD, Entry, State
from outagetui.core.words import ProofOutcome
from outagetui.facts import events
from outagetui.facts.alert_ledger import Alerts
from outagetui.facts.announcement import Announcement, DeliveryRecord
from outagetui.facts.network_path import NetworkPath
from outagetui.facts.run import Run, StepRecord

STATES = frozenset(State)
QUIET_SECONDS = 1800.0


class Mute(Struct, frozen=True):
    """A maintenance, by whom and why, until when it is in force (epoch seconds)."""

    until: float
    reason: str
    actor: str

    def holds(self, now: float) -> bool:
        """Whether it is in force at `now`."""
        return now < self.until


class Incident(Struct):
    """When primaries were partial or down, or backups that people were sent to were down, and who took it."""

    id: str
    since: float
    channels: set[str] = field(default_factory=set)
    acked_by: str = ""
    all_up_since: float | None = None
    backed: bool = False  # whether a backup was activated for it
    stood_down: float | None = None


class Proof(Struct, frozen=True):
    """The last proof of a backup that told something: when, whether it passed, and in words."""

    at: float
    passed: bool
    detail: str


class Traced(Struct, frozen=True):
    """The last trace of the way to a channel or outlet: when, what was found, and what on the way to a canary."""

    at: float
    path: NetworkPath
    canary: NetworkPath | None


class Ledger(Struct):
    """What the journal says up to entry `seq`. `primaries` are the channels whose states open an incident.

    Whoever changes the fold, here or in what it is made of, raises `folded.VERSION`.
    """

    primaries: frozenset[str] = frozenset()
    seq: int = 0
    states: dict[str, tuple[State, float]] = {}
    local: set[str] = field(default_factory=set)  # what only a single vantage sees so
    active: dict[str, float] = {}
    activations: dict[str, events.Activated] = {}  # what made each backup active, with the prepaid money then
    mutes: dict[str, Mute] = {}
    # How many parts each announcement had when a backup became active, or an audience was told of it by hand: what came
    # later is known by the order in the journal, since clocks are set back.
    said: dict[str, dict[str, int]] = {}
    told: dict[tuple[str, str], dict[str, int]] = {}  # by (audience, channel)
    proofs: dict[str, Proof] = {}
    traces: dict[str, Traced] = {}
    resting: dict[str, float] = {}  # until when an outlet asked to be left alone, whatever is to be told there
    runs: dict[str, Run] = {}
    announcements: dict[str, Announcement] = {}
    drills: list[tuple[float, events.DrillEnded]] = []
    incident: Incident | None = None
    blind_since: float | None = None
    released: float = 0.0  # when a backup was last let go
    alerts: Alerts = field(default_factory=Alerts)
    # What follows from the above, kept so that no entry makes anybody look through all channels or all that ever was.
    unsettled: set[str] = field(default_factory=set)  # the primaries that are not well
    still_open: set[str] = field(default_factory=set)  # the announcements that are open
    running: set[str] = field(default_factory=set)  # the runs that have not ended

    def judge_by(self, primaries: frozenset[str]) -> None:
        """Let other channels open incidents from now on; what they did so far opens none."""
        self.primaries = primaries
        self.unsettled = {name for name in primaries if self.states.get(name, (State.UP, 0.0))[0] not in GOOD}
        self.alerts.judge_by(primaries)

    def apply(self, entry: Entry) -> None:
        """Take one more entry into account; kinds of a newer version and damaged entries are passed over."""
        self.seq = entry.seq
        self._let_close(entry.at)
        event = events.decode(entry.kind, entry.document)
        if isinstance(event, events.StateChanged) and event.now not in STATES:
            event = None  # a word of a newer version
        self.alerts.apply(event, entry, self.primaries)
        match event:
            case events.StateChanged():
                self._state(event, entry)
            case events.BlindChanged(blind=blind):
                self.blind_since = entry.at if blind else None
            case events.Activated(channel=channel):
                if channel not in self.active:
                    self.active[channel], self.activations[channel] = entry.at, event
                    self._forget(channel)
                    self.said[channel] = self._parts()
                if self.incident is not None:
                    self.incident.backed = True
            case events.Deactivated(channel=channel):
                self.active.pop(channel, None)
                self._forget(channel)
                self.released = entry.at
            case events.Told(channel=channel, audience=audience) if channel in self.active:
                self.told[audience, channel] = self._parts()
            case events.Proved(channel=channel, outcome=outcome, detail=detail):
                if outcome != ProofOutcome.UNKNOWN:
                    self.proofs[channel] = Proof(entry.at, outcome == ProofOutcome.PASSED, detail)
            case events.PathTraced(channel=name, path=path, canary=canary) if name:
                self.traces[name] = Traced(entry.at, path, canary)
            case events.Muted(id=name, until=until, reason=reason):
                self.mutes.pop(name, None)
                if until > entry.at:
                    self.mutes[name] = Mute(until, reason, entry.actor)
            case events.Acked(incident=incident):
                if self.incident is not None and self.incident.id == incident:
                    self.incident.acked_by = entry.actor
            case events.RunStarted():
                self._run_started(event, entry)
            case events.AnnouncementMade():
                made = self.announcements.setdefault(event.announcement, Announcement(event.announcement))
                made.parts.append((entry.at, entry.actor, event))
                self._stand(made)
                for outlet in event.outlets:
                    made.deliveries[event.part, outlet] = DeliveryRecord(part=event.part, outlet=outlet)
            case events.DeliveryMoved(announcement=name) if name in self.announcements:
                self.announcements[name].apply(event)
                if isinstance(event, events.DeliveryEnded) and event.until is not None:
                    self.resting[event.outlet] = event.until
            case events.DeliveryEdited(announcement=name) if name in self.announcements:
                self.announcements[name].edit(event)
            case events.AnnouncementRetracted(announcement=name) if name in self.announcements:
                self.announcements[name].retracted = entry.at, entry.actor
                self._stand(self.announcements[name])
            case events.RunTaken(run=name) if name in self.runs:
                self.runs[name].actor = entry.actor
                self.runs[name].people.add(entry.actor)
            case events.DrillEnded():
                self.drills.append((entry.at, event))
            case events.RunEnded(run=name, state=state) if name in self.runs:
                self.runs[name].end(state, entry.at)
                self.running.discard(name)
            case events.StepEvent(run=name) if name in self.runs:
                self.runs[name].apply(event, entry)
            case _:
                pass
        if isinstance(event, events.DeliveryEnded | events.Told):
            self._join_dead_ways(entry.at)
        self._let_stand_down(entry.at)

    def _join_dead_ways(self, at: float) -> None:
        """Let the open incident have backups that people were sent to although they were down already."""
        if self.incident is None or self.incident.stood_down is not None:
            return
        for channel in self.active:
            dead = self.states.get(channel, (State.UNKNOWN, 0.0))[0] is State.DOWN and channel not in self.local
            if dead and channel not in self.primaries and not self.muted(channel, at) and self.sends_to(channel):
                self.incident.channels.add(channel)

    def activated_by(self, run: str) -> set[str]:
        """Return the active backups that `run` made so."""
        return {channel for channel in self.active if self.activations[channel].run == run}

    def sends_to(self, channel: str) -> bool:
        """Whether people stand told to use `channel`: by an open announcement, or by hand."""
        return bool(self.by_hand(channel)) or any(made.sends_to(channel) for made in self.opened())

    def opened(self) -> Iterator[Announcement]:
        """Return the announcements that are open, in no order."""
        return (self.announcements[name] for name in self.still_open)

    def broken(self) -> set[str]:
        """Return the backups whose last proof failed."""
        return {channel for channel, proof in self.proofs.items() if not proof.passed}

    def by_hand(self, channel: str) -> set[str]:
        """Return the audiences that were told of an active backup by hand, and not since that it does not work."""
        return {
            audience
            for (audience, name), said in self.told.items()
            if name == channel and not any(made.takes_back(name, said.get(made.id, 0)) for made in self.opened())
        }

    def _parts(self) -> dict[str, int]:
        return {made.id: len(made.parts) for made in self.opened()}

    def _stand(self, made: Announcement) -> None:
        (self.still_open.add if made.open else self.still_open.discard)(made.id)

    def _forget(self, channel: str) -> None:
        """Let go of who was told by hand: that holds for one activation."""
        self.told = {key: at for key, at in self.told.items() if key[1] != channel}

    def incident_at(self, now: float) -> tuple[Incident | None, float | None]:
        """Return the latest incident and when it closed: at the stand-down, or after 30 quiet minutes."""
        incident = self.incident
        if incident is None:
            return None, None
        if incident.stood_down is not None:
            return incident, incident.stood_down
        quiet = incident.all_up_since
        if quiet is not None and not self.active and now >= (ends := max(quiet, self.released) + QUIET_SECONDS):
            return incident, ends
        return incident, None

    def open_incident(self, now: float) -> Incident | None:
        """Return the incident that is open; None when there is none."""
        incident, closed = self.incident_at(now)
        return incident if closed is None else None

    def muted(self, name: str, now: float) -> bool:
        """Whether a maintenance of a channel or outlet is in force."""
        return name in self.mutes and self.mutes[name].holds(now)

    def closes(self) -> float | None:
        """Return when the open incident will close by itself if all stays as it is; None while it will not."""
        incident = self.incident
        if incident is None or incident.stood_down is not None or incident.all_up_since is None or self.active:
            return None
        return max(incident.all_up_since, self.released) + QUIET_SECONDS

    def _let_stand_down(self, at: float) -> None:
        """Close an incident that was stood down: primaries up, backups let go, notices closed, no run under way."""
        incident = self.incident
        if incident is None or incident.stood_down is not None or not incident.backed or incident.all_up_since is None:
            return
        if not (self.active or self.still_open or self.running):
            incident.stood_down = at

    def _let_close(self, now: float) -> None:
        """Close an incident that ended in silence, so that a backup activated much later does not open it again."""
        incident, closed = self.incident_at(now)
        if incident is not None and incident.stood_down is None:
            incident.stood_down = closed

    def _state(self, event: events.StateChanged, entry: Entry) -> None:
        state = State(event.now)
        self.states[event.id] = state, entry.at
        (self.local.add if event.local else self.local.discard)(event.id)
        if event.id in self.primaries:
            (self.unsettled.discard if state in GOOD else self.unsettled.add)(event.id)
        # A backup that people were sent to and that goes down leaves them without a way, as a primary does.
        dead_way = state is State.DOWN and event.id in self.active and self.sends_to(event.id)
        if event.id not in self.primaries and not dead_way:
            return
        if state in BAD and not event.local and not self.muted(event.id, entry.at):
            if self.incident is None or self.incident.stood_down is not None:
                self.incident = Incident(f"i{entry.seq}", entry.at, backed=dead_way)
            self.incident.channels.add(event.id)
        if self.incident is not None:
            since = self.incident.all_up_since
            self.incident.all_up_since = None if self.unsettled else entry.at if since is None else since

    def _run_started(self, event: events.RunStarted, entry: Entry) -> None:
        self.running.add(event.run)
        self.runs[event.run] = copied(
            Run,
            event,
            id=event.run,
            started=entry.at,
            actor=entry.actor,
            steps={plan.id: StepRecord(plan) for plan in event.steps},
            started_by=entry.actor,
            people={entry.actor},
        )
