"""The journal folded into what holds now: standings, mutes, runs, announcements, the incident's events. Pure."""

from msgspec import Struct, field
from msgspec.structs import replace

from outagetui.core.model import BAD, CLOSING_KINDS, GOOD, Entry, State
from outagetui.facts import events
from outagetui.facts.alert_ledger import Alerts
from outagetui.facts.events import StepPlan
from outagetui.facts.step_row import MuteRow, StepRow

STATES = frozenset(State)
QUIET_SECONDS = 1800.0
PLACED = ("sent", "seen")  # states of a delivery that is there
_UNASKED = {"question": "", "answers": (), "preview": "", "why": "", "hash": "", "until": None}


class Glass(Struct, frozen=True):
    """A step that one person let happen alone, though it needs two: who, when, and the typed reason."""

    step: str
    at: float
    actor: str
    reason: str


class Run(Struct):
    """One execution of a playbook as the journal tells it."""

    id: str
    playbook: str
    name: str
    digest: str
    started: float
    actor: str
    plans: tuple[StepPlan, ...]
    started_by: str = ""
    glass: list[Glass] = []  # each time it went on without the second person it asked for
    people: set[str] = field(default_factory=set)  # who asked for what it does: none of them can be its second person
    unchanged: set[str] = field(default_factory=set)  # steps that were done already
    half: set[str] = field(default_factory=set)  # steps that failed and yet did something
    tries: dict[str, int] = {}  # how often each step was begun
    doubtful: set[str] = field(default_factory=set)  # steps of which nobody knows whether they happened
    primaries: dict[str, str] = {}
    up_for: float = 0.0
    stands_down: str = ""
    state: str = "running"
    ended: float | None = None
    steps: dict[str, StepRow] = {}
    asked: dict[str, events.StepAsked] = {}
    answered: dict[str, events.StepAnswered] = {}

    def open_step(self) -> StepRow | None:
        """Return the step that was begun and has no outcome."""
        return next((row for row in self.steps.values() if row.state in ("doing", "asking", "unsure")), None)

    def done(self) -> list[StepPlan]:
        """Return the steps that were done and changed something, in their order."""
        whole = {plan.id for plan in self.plans if self.steps[plan.id].state == "done"} - self.unchanged
        return [plan for plan in self.plans if plan.id in whole | self.half]


class Announcement(Struct):
    """An announcement with all its parts and what came of each at each outlet.

    `intents` are what was or is being sent, `edits` an operator's own words for it, `doubtful` where a part may be
    though nothing says so. `retracted` is when and by whom it was taken back, `retractions` what came of that.
    """

    id: str
    parts: list[tuple[float, str, events.AnnouncementMade]] = []
    deliveries: dict[tuple[int, str], events.DeliveryEnded | None] = {}
    intents: dict[tuple[int, str], events.DeliveryIntended] = {}
    edits: dict[tuple[int, str], events.DeliveryEdited] = {}
    doubtful: set[tuple[int, str]] = field(default_factory=set)
    retracted: tuple[float, str] | None = None
    retractions: dict[str, events.DeliveryEnded] = {}

    @property
    def newest(self) -> events.AnnouncementMade:
        """The part that counts now."""
        return self.parts[-1][2]

    @property
    def open(self) -> bool:
        """Whether it still stands: no closing part yet, and not taken back."""
        return self.newest.kind not in CLOSING_KINDS and self.retracted is None

    def part(self, number: int) -> events.AnnouncementMade:
        """Return one part; LookupError when there is none of that number."""
        for _, _, event in self.parts:
            if event.part == number:
                return event
        raise LookupError(f"{self.id} has no part {number}")

    def words(self, event: events.AnnouncementMade, outlet: str, language: str) -> tuple[str, str]:
        """Return title and body of a part for one outlet: an operator's own, if there are any."""
        edit = self.edits.get((event.part, outlet))
        if edit is not None:
            return edit.title, edit.body
        return event.texts[event.spoken(language)]

    def told(self) -> dict[str, list[int]]:
        """Return the outlets that have, or may have, any part, each with the numbers of those parts."""
        found: dict[str, list[int]] = {}
        for (part, outlet), done in self.deliveries.items():
            there = done is not None and done.state in PLACED
            if there or (part, outlet) in self.doubtful:
                found.setdefault(outlet, []).append(part)
        return found

    def begin(self, event: events.DeliveryOrdered | events.DeliveryIntended) -> None:
        """Take up that something is to be done once more at an outlet (`planned`), or is about to be (`sending`)."""
        key = event.part, event.outlet
        state = "planned" if isinstance(event, events.DeliveryOrdered) else "sending"
        begun = events.DeliveryEnded(announcement=self.id, part=key[0], outlet=key[1], state=state, do=event.do)
        if event.do == "retract":
            self.retractions[event.outlet] = begun
            return
        self.deliveries[key] = begun
        if isinstance(event, events.DeliveryIntended):
            self.intents[key] = event
            self.doubtful.add(key)

    def end(self, event: events.DeliveryEnded) -> None:
        """Take up what came of it."""
        key = event.part, event.outlet
        if event.do == "retract":
            self.retractions[event.outlet] = event
            return
        self.deliveries[key] = event
        if event.state in ("unknown", "sending"):
            self.doubtful.add(key)
        elif event.state != "skipped":  # somebody who gives up looking does not take away what may be there
            self.doubtful.discard(key)


class Incident(Struct):
    """When primaries were partial or down, and who took it."""

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


class Ledger(Struct):
    """What the journal says up to entry `seq`. `primaries` are the channels whose states open an incident."""

    primaries: frozenset[str] = frozenset()
    seq: int = 0
    states: dict[str, tuple[State, float]] = {}
    active: dict[str, float] = {}
    activators: dict[str, str] = {}  # the run that made each active backup so; empty when it was by hand
    balances: dict[str, float | None] = {}  # prepaid money when each was activated
    mutes: dict[str, MuteRow] = {}
    proofs: dict[str, Proof] = {}
    resting: dict[str, float] = {}  # until when an outlet asked to be left alone, whatever is to be told there
    runs: dict[str, Run] = {}
    announcements: dict[str, Announcement] = {}
    drills: list[tuple[float, events.DrillEnded]] = []
    incident: Incident | None = None
    blind_since: float | None = None
    released: float = 0.0  # when a backup was last let go
    alerts: Alerts = field(default_factory=Alerts)

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
            case events.Activated(channel=channel, balance=balance, run=run):
                if channel not in self.active:
                    self.balances[channel], self.activators[channel] = balance, run
                self.active.setdefault(channel, entry.at)
                if self.incident is not None:
                    self.incident.backed = True
            case events.Deactivated(channel=channel):
                self.active.pop(channel, None)
                self.released = entry.at
            case events.Proved(channel=channel, outcome=outcome, detail=detail):
                if outcome != "unknown":
                    self.proofs[channel] = Proof(entry.at, outcome == "passed", detail)
            case events.Muted(id=name, until=until, reason=reason):
                self.mutes.pop(name, None)
                if until > entry.at:
                    self.mutes[name] = MuteRow(until=until, reason=reason, actor=entry.actor)
            case events.Acked(incident=incident):
                if self.incident is not None and self.incident.id == incident:
                    self.incident.acked_by = entry.actor
            case events.RunStarted():
                self._run_started(event, entry)
            case events.AnnouncementMade():
                made = self.announcements.setdefault(event.announcement, Announcement(event.announcement))
                made.parts.append((entry.at, entry.actor, event))
                made.deliveries.update({(event.part, outlet): None for outlet in event.outlets})
            case events.DeliveryOrdered(announcement=name) | events.DeliveryIntended(announcement=name) if (
                name in self.announcements
            ):
                self.announcements[name].begin(event)
            case events.DeliveryEnded(announcement=name) if name in self.announcements:
                self.announcements[name].end(event)
                if event.until is not None:
                    self.resting[event.outlet] = event.until
            case events.DeliveryEdited(announcement=name) if name in self.announcements:
                self.announcements[name].edits[event.part, event.outlet] = event
            case events.AnnouncementRetracted(announcement=name) if name in self.announcements:
                self.announcements[name].retracted = entry.at, entry.actor
            case events.RunTaken(run=name) if name in self.runs:
                self.runs[name].actor = entry.actor
                self.runs[name].people.add(entry.actor)
            case events.DrillEnded():
                self.drills.append((entry.at, event))
            case events.RunEnded(run=name, state=state) if name in self.runs:
                self._run_ended(self.runs[name], state, entry.at)
            case events.StepAsked() | events.StepAnswered() | events.StepIntended():
                self._step(event, entry)
            case events.StepEnded():
                self._step(event, entry)
            case _:
                pass
        self._let_stand_down(entry.at)

    def activated_by(self, run: str) -> set[str]:
        """Return the active backups that `run` made so."""
        return {channel for channel in self.active if self.activators.get(channel) == run}

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
        told = any(made.open for made in self.announcements.values())
        running = any(run.ended is None for run in self.runs.values())
        if not (self.active or told or running):
            incident.stood_down = at

    def _let_close(self, now: float) -> None:
        """Close an incident that ended in silence, so that a backup activated much later does not open it again."""
        incident, closed = self.incident_at(now)
        if incident is not None and incident.stood_down is None:
            incident.stood_down = closed

    def _state(self, event: events.StateChanged, entry: Entry) -> None:
        state = State(event.now)
        self.states[event.id] = state, entry.at
        if event.id not in self.primaries:
            return
        mute = self.mutes.get(event.id)
        told = not event.local and (mute is None or mute.until <= entry.at)
        if state in BAD and told:
            if self.incident is None or self.incident.stood_down is not None:
                self.incident = Incident(f"i{entry.seq}", entry.at)
            self.incident.channels.add(event.id)
        if self.incident is not None:
            settled = all(self.states.get(name, (State.UP, 0.0))[0] in GOOD for name in self.primaries)
            since = self.incident.all_up_since
            self.incident.all_up_since = (entry.at if since is None else since) if settled else None

    def _run_started(self, event: events.RunStarted, entry: Entry) -> None:
        run = Run(
            id=event.run,
            playbook=event.playbook,
            name=event.name,
            digest=event.digest,
            started=entry.at,
            actor=entry.actor,
            started_by=entry.actor,
            people={entry.actor},
            plans=event.steps,
            stands_down=event.stands_down,
            primaries=event.primaries,
            up_for=event.up_for,
        )
        run.steps = {
            plan.id: StepRow(id=plan.id, do=plan.do, title=plan.say or plan.what, state="waiting")
            for plan in event.steps
        }
        self.runs[event.run] = run

    def _run_ended(self, run: Run, state: str, at: float) -> None:
        run.state, run.ended = state, at
        for row in run.steps.values():
            if row.id in run.doubtful:
                words = run.asked[row.id].question
                run.steps[row.id] = replace(row, state="unsure", detail=words, **_UNASKED)
            elif row.state == "asking":
                run.steps[row.id] = replace(row, state="waiting", **_UNASKED)

    def _step(
        self,
        event: events.StepAsked | events.StepAnswered | events.StepIntended | events.StepEnded,
        entry: Entry,
    ) -> None:
        run = self.runs.get(event.run)
        if run is None or event.step not in run.steps:
            return
        row = replace(run.steps[event.step], attempt=event.attempt, at=entry.at)
        match event:
            case events.StepAsked(why=why, question=question, answers=answers):
                run.asked[event.step] = event
                run.answered.pop(event.step, None)
                if why == "unsure":
                    run.doubtful.add(event.step)
                run.state = "asking"
                state = "unsure" if why == "unsure" else "asking"
                row = replace(row, state=state, question=question, answers=answers, why=why)
                row = replace(row, preview=event.preview, hash=event.hash, until=event.until)
            case events.StepAnswered(answer=answer, note=note):
                run.state = "running"
                run.answered[event.step] = event
                if answer == "break-glass":
                    run.glass.append(Glass(event.step, entry.at, entry.actor, note))
                if answer == "again":
                    run.people.add(entry.actor)
                words = f"{answer}: {note}" if note else answer
                row = replace(row, state="waiting", actor=entry.actor, detail=words, **_UNASKED)
            case events.StepIntended():
                run.tries[event.step] = run.tries.get(event.step, 0) + 1
                row = replace(row, state="doing", **_UNASKED)
            case events.StepEnded(outcome=outcome, detail=detail, output=output, changed=changed, partly=partly):
                (run.unchanged.discard if changed else run.unchanged.add)(event.step)
                run.doubtful.discard(event.step)
                if partly:
                    run.half.add(event.step)
                elif outcome == "undone":
                    run.half.discard(event.step)
                row = replace(row, state=outcome, detail=detail, output=output, **_UNASKED)
        run.steps[event.step] = row
