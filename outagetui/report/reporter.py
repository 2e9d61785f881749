"""From the journal, the samples that are kept and the configuration's public copy to a `Report`; pure."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.announcement_kinds import CLOSING_KINDS
from outagetui.core.model import Entry
from outagetui.core.text import clean
from outagetui.core.times import zone_or_utc
from outagetui.core.words import PLACED, AlertState
from outagetui.facts import events
from outagetui.facts.live import Public
from outagetui.report import failures, reach_over_time, timeline
from outagetui.report.announcements import announcements_and_gaps, asked
from outagetui.report.blind_spots import stretches
from outagetui.report.evidence import Evidence, first_failure, without
from outagetui.report.incidents import LEAD_SECONDS, Incident, entries_of
from outagetui.report.money import spent
from outagetui.report.values import Figure, Named, Point, ReachStory, Report, Stretch, when
from outagetui.report.ways import ways

CURED = "answers again"  # a drill's words for a fault that is taken away
ENDINGS = {"stood-down": "it was stood down", "quiet": "everything was quiet for thirty minutes"}


class _Onset(Struct, frozen=True):
    at: float
    words: str
    sure: bool


class Reporter:
    """What all parts of the report of `incident` look up, made once, as it stands at `now` (epoch seconds).

    `entries` is the whole journal without what cannot be read, of which there are `damaged`.
    """

    def __init__(
        self,
        incident: Incident,
        entries: Sequence[Entry],
        public: Public,
        evidence: Evidence,
        now: float,
        damaged: int,
    ) -> None:
        self.incident, self.public, self.evidence, self.now, self.damaged = incident, public, evidence, now, damaged
        self.end = max(incident.since, incident.closed if incident.closed is not None else now)
        self.past = [entry for entry in entries if entry.seq <= incident.last]
        self.opening = next(entry for entry in self.past if entry.seq == incident.first)
        opened = events.decode(self.opening.kind, self.opening.document)
        assert isinstance(opened, events.StateChanged)
        self.opened = opened
        self.onset = self._onset()
        self.begin = min(self.onset.at, incident.since) if self.onset is not None else incident.since
        self.mine = entries_of(entries, incident, self.begin)
        self.unseen = stretches(self._up_to_end(entries), evidence, self.begin, self.end)
        self.zone = zone_or_utc(public.timezone)
        self.names = {channel.id: channel.name for channel in public.channels}
        self.names |= {outlet.id: outlet.name for outlet in public.outlets}

    def report(self) -> Report:
        """Return the report."""
        incident, public = self.incident, self.public
        figures = self._figures()
        outlets = {outlet.id: outlet.name for outlet in public.outlets}
        announcements, gaps = announcements_and_gaps(self.past, self.mine, outlets, self.begin, self.end)
        backups = frozenset(each.id for each in public.channels if each.is_backup)
        active, states = self._before()
        wrong = failures.troubles(self.mine, self.names, backups, active, states, self.unseen)
        blind = [(each.begin, each.end) for each in self.unseen if each.kind == "blind"]
        sound = {check: without(tallies, blind) for check, tallies in self.evidence.tallies.items()}
        seen = replace(self.evidence, tallies=sound)
        stories = reach_over_time.stories(self.past, public, seen, self.unseen, self.begin, self.end)
        reaches = tuple(map(self._reach, stories))
        money = spent(self.past, public, self.evidence, self.begin, self.end)
        return Report(
            incident=incident.id,
            business=clean(public.business, 200),
            drill=clean(public.drill, 80),
            vantage=clean(public.vantage, 80),
            timezone=clean(public.timezone, 80),
            made=when(self.now),
            open=incident.closed is None,
            began=when(incident.since),
            ended=None if incident.closed is None else when(incident.closed),
            ending=incident.ending,
            duration_s=round(self.end - incident.since, 1),
            channels=tuple(
                Named(id=clean(name, 80), name=clean(self.names.get(name, name), 120)) for name in incident.channels
            ),
            figures=figures,
            reach=reaches,
            timeline=timeline.lines(self.mine, self.names, self.marks, self._derived(), self.unseen, self.zone),
            ways=tuple(ways(self.mine, self.names)),
            announcements=announcements,
            gaps=gaps,
            questions=asked(self.past, self.mine),
            money=money,
            unseen=tuple(
                Stretch(
                    kind=each.kind,
                    begin=when(each.begin),
                    end=when(each.end),
                    seconds=round(each.end - each.begin, 1),
                    words=clean(each.words),
                )
                for each in self.unseen
            ),
            troubles=failures.rows(wrong, announcements, gaps, self.end, incident.closed is not None),
            limits=tuple(self._limits(reaches)),
        )

    def _up_to_end(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return the journal up to the incident's end, and the start of the daemon that may end a blind stretch."""
        later = next((e for e in entries if e.seq > self.incident.last and e.kind == "daemon.start"), None)
        return self.past if later is None else [*self.past, later]

    def _onset(self) -> _Onset | None:
        """Return the first sign of trouble: a drill's fault, else the first sample that failed."""
        incident = self.incident
        fault: float | None = None
        for entry in self.past:
            if incident.floor <= entry.seq < incident.first:
                event = events.decode(entry.kind, entry.document)
                if isinstance(event, events.FaultInjected):
                    fault = None if event.fault == CURED else (fault or entry.at)
        if fault is not None and fault <= incident.since:
            return _Onset(fault, "the drill's first fault", True)
        checks = next((each.checks for each in self.public.channels if each.id == self.opened.id), ())
        firsts = [
            first
            for check in checks
            if (first := first_failure(self.evidence.tallies.get(check.id, ()), incident.since)) is not None
        ]
        if not firsts or incident.since - firsts[0].at > LEAD_SECONDS:
            return None
        first = min(firsts)
        words = "the first sample that failed" if not first.seconds else "the first minute with a sample that failed"
        return _Onset(min(first.at, incident.since), words, not first.seconds)

    def _before(self) -> tuple[set[str], dict[str, str]]:
        """Return the active backups and everything's state when the incident began."""
        active: set[str] = set()
        states: dict[str, str] = {}
        first = self.mine[0].seq
        for entry in self.past:
            if entry.seq >= first:
                break
            match events.decode(entry.kind, entry.document):
                case events.Activated(channel=name):
                    active.add(name)
                case events.Deactivated(channel=name):
                    active.discard(name)
                case events.StateChanged(id=name, now=state):
                    states[name] = state
                case _:
                    pass
        return active, states

    def _figures(self) -> tuple[Figure, ...]:
        incident = self.incident
        parts: dict[tuple[str, int], str] = {}
        first = {"detected": self.opening}
        for entry in self.mine:
            match events.decode(entry.kind, entry.document):
                case events.AlertEnded() as event if event.incident == incident.id and event.outcome == AlertState.SENT:
                    first.setdefault("alerted", entry)
                case events.Acked() as event if event.incident == incident.id:
                    first.setdefault("acknowledged", entry)
                case events.AnnouncementMade() as event:
                    parts[event.announcement, event.part] = event.kind
                case events.DeliveryEnded() as event if event.state in PLACED:
                    if parts.get((event.announcement, event.part), CLOSING_KINDS[0]) not in CLOSING_KINDS:
                        first.setdefault("announced", entry)
                case events.Activated():
                    first.setdefault("backup-live", entry)
                case events.StateChanged() if entry.at == incident.recovered:
                    first["recovered"] = entry  # the last of them: with it every primary was up or slow again
                case _:
                    pass
        self.marks = {entry.seq: mark for mark, entry in first.items()}
        onset = self.onset
        return (
            Figure(
                id="onset",
                name="First sign of trouble",
                at=None if onset is None else when(onset.at),
                after_s=None,
                words="not known: its samples are no longer kept" if onset is None else onset.words,
            ),
            Figure(
                id="detected",
                name="Detected",
                at=when(incident.since),
                after_s=None if onset is None else round(max(0.0, incident.since - onset.at), 1),
                words=clean(self.opened.why),
            ),
            *([self._figure("alerted", "First alert out", first, "")] if "alerted" in first else []),
            self._figure("acknowledged", "Acknowledged", first, "nobody took it"),
            self._figure("backup-live", "First backup live", first, self._instead(self._before()[0])),
            self._figure("announced", "First announcement out", first, self._untold(parts)),
            self._figure("recovered", "Recovered", first, "not yet" if incident.closed is None else "not known"),
            Figure(
                id="closed",
                name="Closed",
                at=None if incident.closed is None else when(incident.closed),
                after_s=None if incident.closed is None else round(incident.closed - incident.since, 1),
                words=ENDINGS.get(incident.ending, "still open"),
            ),
        )

    def _instead(self, active: set[str]) -> str:
        names = ", ".join(sorted(self.names.get(name, name) for name in active))
        return clean(f"{names} stood in already") if active else "no backup was activated"

    def _untold(self, parts: dict[tuple[str, int], str]) -> str:
        if parts:
            return "announced, but known to have arrived nowhere"
        standing: dict[str, bool] = {}
        for entry in self.past:
            event = events.decode(entry.kind, entry.document)
            if isinstance(event, events.AnnouncementMade):
                standing[event.announcement] = event.kind not in CLOSING_KINDS
            elif isinstance(event, events.AnnouncementRetracted):
                standing[event.announcement] = False
        return "an earlier announcement still stood" if any(standing.values()) else "nothing was announced"

    def _figure(self, id: str, name: str, first: Mapping[str, Entry], otherwise: str) -> Figure:
        if id not in first:
            return Figure(id=id, name=name, at=None, after_s=None, words=otherwise)
        after = round(first[id].at - self.incident.since, 1)
        words = "before the detection" if after < 0 else ""
        return Figure(id=id, name=name, at=when(first[id].at), after_s=after, words=words)

    def _derived(self) -> list[tuple[float, str, str]]:
        lines: list[tuple[float, str, str]] = []
        if self.onset is not None and self.onset.words != "the drill's first fault":
            lines.append((self.onset.at, f"First sign of trouble: {self.onset.words}", "onset"))
        if self.incident.closed is not None:
            lines.append((self.end, f"Incident closed: {ENDINGS[self.incident.ending]}", "closed"))
        return lines

    def _reach(self, story: reach_over_time.Story) -> ReachStory:
        lowest = story.lowest()
        lost = story.lost(self.end)
        return ReachStory(
            audience=story.audience,
            people=story.people,
            before=_share(story.before),
            lowest=None if lowest is None else _share(lowest.value),
            lowest_at=when(lowest.at) if lowest is not None and lowest.value < (story.before or 0.0) else None,
            last=_share(story.steps[-1].value) if story.steps else None,
            lost_person_minutes=None if lost is None else round(lost, 1),
            uncertain_s=round(story.uncertain(self.end), 1),
            points=tuple(
                Point(at=when(step.at), reach=round(step.value, 4), uncertain=step.uncertain) for step in story.steps
            ),
        )

    def _limits(self, reaches: Sequence[ReachStory]) -> Iterable[str]:
        """Return what this report cannot know, in sentences."""
        if self.onset is None:
            yield "When it really began is not known; the time to detect it cannot be told."
        elif not self.onset.words.startswith("the drill"):
            yield "Trouble is first seen by the next probe: it may have begun up to one interval earlier."
        if not any(story.people for story in reaches):
            yield "Reach is not known: no segment has people."
        elif any(story.uncertain_s for story in reaches):
            yield "Where reach is marked uncertain it leans on what was known last, or on the first counts alone."
        yield "Names, roles, segments and rates are those of the configuration as it is now."
        if self.damaged:
            yield (
                f"{self.damaged} entries of the journal could not be read and are left out; "
                "`outagetui journal --verify` names them."
            )


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
