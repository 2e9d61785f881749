"""What came of a drill, read from the journal and from the reach that the screens showed; pure."""

from collections.abc import Sequence
from typing import Any

from outagetui import events
from outagetui.drill.scenario import CURED
from outagetui.model import Entry, State
from outagetui.narrative import tell

BAD = (State.PARTIAL.value, State.DOWN.value)
OUT = ("sent", "seen")
Seen = tuple[float, dict[str, float]]  # epoch seconds, reach now by audience


class Marks:
    """The moments that count, in seconds from the first fault; None for what did not happen."""

    def __init__(self, entries: Sequence[Entry], primaries: frozenset[str]) -> None:
        self._bad: set[str] = set()
        self._primaries = primaries
        self._parts: dict[tuple[str, int], str] = {}
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

    def _take(self, entry: Entry, event: events.Event | None) -> None:
        at = entry.at
        match event:
            case events.FaultInjected(fault=fault, target=target):
                self.fault = self.fault if self.fault is not None else at
                self._faulty = self._faulty - {target} if fault == CURED else self._faulty | {target}
                self.cured = None if self._faulty else at
            case events.StateChanged(id=name, now=now) if name in self._primaries and self.fault is not None:
                self._state(name, now, at)
            case events.Acked():
                self.acked = self.acked or at
            case events.Activated():
                self.activated = self.activated or at
            case events.AnnouncementMade(announcement=name, part=part, kind=kind):
                self._parts[name, part] = kind
            case events.DeliveryEnded(announcement=name, part=part, state=state) if state in OUT:
                if self._parts.get((name, part)) == "backup-active":
                    self.announced = self.announced or at
                elif self._parts.get((name, part)) == "resolved":
                    self.closed = self.closed or at
            case _:
                pass

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
    """Return 0 to 100: detection 20, acknowledgement 10, announcement 20, backup 20, reach won back 20, closing 10.

    A part counts in full up to a limit of seconds after the fault and fades to nothing at five times that.
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
    points += 20 * (sum(won) / len(won)) if won else 0
    points += 10 if marks.closed is not None and marks.recovered is not None and marks.closed >= marks.recovered else 0
    return round(points)


def result(
    scenario: str, entries: Sequence[Entry], primaries: frozenset[str], seen: Sequence[Seen], page: str
) -> dict[str, Any]:
    """Return the document of `drill --json`."""
    marks = Marks(entries, primaries)
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
        "page": page,
        "score": score(marks, reach),
    }
