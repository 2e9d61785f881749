"""What came of a drill, read from the journal and from the reach that the screens showed; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from outagetui.board.narrative import tell
from outagetui.core.model import BAD, Entry
from outagetui.core.words import PLACED
from outagetui.drill.scenario import CURED
from outagetui.facts import events

Seen = tuple[float, dict[str, float]]  # epoch seconds, reach now by audience


class Marks:
    """The moments that count, in epoch seconds; None for what did not happen. `names` are channels, by their names."""

    def __init__(
        self, entries: Sequence[Entry], primaries: frozenset[str], names: Mapping[str, str] | None = None
    ) -> None:
        self._names = names or {}
        self._states: dict[str, str] = {}
        self._due: dict[str, float | None] = {}  # when the next part of an open announcement was promised
        self._bad: set[str] = set()
        self._primaries = primaries
        self._parts: dict[tuple[str, int], str] = {}
        self.parts = 0  # made, of all announcements
        self.outlets: dict[str, list[dict[str, Any]]] = {}  # what became of each part at each outlet
        self.late = 0  # parts that came later than was promised
        self.untrue = 0  # parts that named a backup that was down
        self._faulty: set[str] = set()
        self.fault: float | None = None
        self.cured: float | None = None  # when the last fault was taken away
        self.detected: float | None = None
        self.acked: float | None = None
        self.activated: float | None = None
        self.announced: float | None = None
        self.recovered: float | None = None
        self.closed: float | None = None
        for entry in entries:
            self._take(entry, events.decode(entry.kind, entry.document))
        end = entries[-1].at if entries else 0.0
        self.late += sum(due is not None and end > due for due in self._due.values())

    def _take(self, entry: Entry, event: events.Event | None) -> None:
        at = entry.at
        match event:
            case events.FaultInjected(fault=fault, target=target):
                self.fault = self.fault if self.fault is not None else at
                self._faulty = self._faulty - {target} if fault == CURED else self._faulty | {target}
                self.cured = None if self._faulty else at
            case events.StateChanged(id=name, now=now):
                self._states[name] = now
                if name in self._primaries and self.fault is not None:
                    self._state(name, now, at)
            case events.Acked():
                self.acked = self.acked or at
            case events.Activated():
                self.activated = self.activated or at
            case events.AnnouncementMade():
                self._made(event, at)
            case events.DeliveryEnded():
                self._ended(event, at)
            case _:
                pass

    def _made(self, made: events.AnnouncementMade, at: float) -> None:
        self._parts[made.announcement, made.part] = made.kind
        self.parts += 1
        due = self._due.get(made.announcement)
        self._due[made.announcement] = made.next_update
        named = [self._names.get(name, name) for name, _ in made.accounts]
        self.untrue += any(self._states.get(channel) in BAD for channel in named)
        self.late += due is not None and at > due
        for outlet in made.outlets:
            self.outlets.setdefault(outlet, [])

    def _ended(self, done: events.DeliveryEnded, at: float) -> None:
        kind = self._parts.get((done.announcement, done.part), "")
        if done.state in PLACED and kind == "backup-active":
            self.announced = self.announced or at
        elif done.state in PLACED and kind == "resolved":
            self.closed = self.closed or at
        rows = self.outlets.setdefault(done.outlet, [])
        row: dict[str, Any] = {"announcement": done.announcement, "part": done.part, "t": self.since_fault(at)}
        row |= {"kind": kind, "state": done.state, "detail": done.detail, "url": done.url}
        places = {(each["announcement"], each["part"]): number for number, each in enumerate(rows)}
        place = places.get((done.announcement, done.part), len(rows))
        rows[place : place + 1] = [row]

    def _state(self, name: str, now: str, at: float) -> None:
        if now in BAD:
            self._bad.add(name)
            self.detected = self.detected or at
            self.recovered = None
        elif name in self._bad:
            self._bad.discard(name)
            self.recovered = at if not self._bad and self.cured is not None else None

    def since_fault(self, at: float | None) -> float | None:
        """Return `at` as seconds from the first fault."""
        return None if at is None or self.fault is None else round(at - self.fault, 1)


def reach_story(marks: Marks, seen: Sequence[Seen]) -> dict[str, dict[str, float | None]]:
    """Return reach per audience before the fault, at its lowest before the announcement, and after it."""
    audiences = sorted({audience for _, reach in seen for audience in reach})
    fault = marks.fault if marks.fault is not None else float("inf")
    told = marks.announced if marks.announced is not None else float("inf")
    cured = marks.cured if marks.cured is not None else float("inf")

    def pick(audience: str, begin: float, end: float) -> list[float]:
        return [reach[audience] for at, reach in seen if begin <= at < end and audience in reach]

    story: dict[str, dict[str, float | None]] = {}
    for audience in audiences:
        before = pick(audience, 0.0, fault)
        story[audience] = {
            "before": before[-1] if before else None,
            "during": min(pick(audience, fault, told), default=None),
            "after": min(pick(audience, told, cured), default=None),
        }
    return story


def score(marks: Marks, reach: dict[str, dict[str, float | None]]) -> int:
    """Return 0 to 100: detection 20, acknowledgement 10, announcement 20, backup 20, coverage, rhythm, truth 10 each.

    The first four count in full up to a limit of seconds after the fault and fade to nothing at five times that.
    Coverage is the reach won back. Rhythm is the share of parts that came when they were promised. Truth is half the
    share that named no backup that was down, half an all clear that did not come before the recovery.
    """
    points = 0.0
    for at, limit, worth in (
        (marks.detected, 20.0, 20),
        (marks.acked, 120.0, 10),
        (marks.announced, 600.0, 20),
        (marks.activated, 900.0, 20),
    ):
        took = marks.since_fault(at)
        if took is not None:
            points += worth * min(1.0, max(0.0, (5 * limit - took) / (4 * limit)))
    won = [row["after"] for row in reach.values() if row["after"] is not None]
    points += 10 * (sum(won) / len(won)) if won else 0
    if marks.announced is not None:
        points += 10 * max(0.0, 1 - marks.late / marks.parts)
        points += 5 * (1 - marks.untrue / marks.parts)
    points += 5 if marks.closed is not None and marks.recovered is not None and marks.closed >= marks.recovered else 0
    return round(points)


def result(
    scenario: str,
    entries: Sequence[Entry],
    primaries: frozenset[str],
    seen: Sequence[Seen],
    page: str,
    names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the document of `drill --json`; `names` are the channels by the names that announcements give them."""
    marks = Marks(entries, primaries, names)
    reach = reach_story(marks, seen)
    begin = marks.fault if marks.fault is not None else (entries[0].at if entries else 0.0)
    return {
        "scenario": scenario,
        "timeline": [
            {"t": round(entry.at - begin, 1), "kind": entry.kind, "text": tell(entry).text} for entry in entries
        ],
        "detected_s": marks.since_fault(marks.detected),
        "activated_s": marks.since_fault(marks.activated),
        "announced_s": marks.since_fault(marks.announced),
        "recovered_s": marks.since_fault(marks.recovered),
        "reach": reach,
        "outlets": {name: {"parts": parts} for name, parts in marks.outlets.items()},
        "page": page,
        "score": score(marks, reach),
    }
