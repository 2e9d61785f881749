"""How much reach was lost in the last hour: the journal's latest entries undone one by one from the present; pure."""

import math
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from outagetui.board.rows import ReachHistory, ReachMark
from outagetui.board.suggest import Moment
from outagetui.core.model import AUDIENCES, BAD, GOOD, Audience, Entry, State
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.facts.ledger import Ledger
from outagetui.facts.reach import Share, reach, share_of

MINUTES = 60
HOUR = MINUTES * 60.0
_COUNTED = re.compile(r"(?:^|: )(\d{1,6}) of (\d{1,6}) failed")
_MOVING = (
    events.StateChanged,
    events.Activated,
    events.Deactivated,
    events.Acked,
    events.AnnouncementMade,
    events.Told,
)


class Happened(Struct, frozen=True):
    """An entry that moves a reach, or marks its history."""

    at: float
    event: Event


class LostReach:
    """Keeps the last hour of the journal, and says what share of each audience could not reach us in it."""

    def __init__(self) -> None:
        self._happened: deque[Happened] = deque()
        self._begin: float | None = None  # from when on nothing is missing; None before anything was taken
        self._made_of: tuple[object, ...] = ()
        self._made: tuple[ReachHistory, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether no entry was ever taken."""
        return self._begin is None

    def take(self, entries: Iterable[Entry]) -> None:
        """Take entries in their order, each once: nothing of the journal is missing between them."""
        for entry in entries:
            self._begin = entry.at if self._begin is None else self._begin
            event = events.decode(entry.kind, entry.document)
            if isinstance(event, _MOVING):
                self._happened.append(Happened(entry.at, event))

    def history(self, moment: Moment, ledger: Ledger, present: Iterable[Audience]) -> tuple[ReachHistory, ...]:
        """Return the last hour up to `moment` of the audiences that are `present`."""
        if self._begin is None:
            return ()
        now = moment.now
        while self._happened and self._happened[0].at < now - 2 * HOUR:
            self._happened.popleft()
        audiences = [audience for audience in AUDIENCES if audience in present]
        made_of = (int(now // 60), ledger.seq, *(moment.known(audience)[0] for audience in audiences))
        if made_of != self._made_of:
            self._made_of = made_of
            self._made = tuple(self._of(audience, moment, ledger) for audience in audiences)
        return self._made

    def _of(self, audience: Audience, moment: Moment, ledger: Ledger) -> ReachHistory:
        first = int(moment.now // 60) - MINUTES + 1
        lost: list[float | None] = [None] * MINUTES
        begin = self._begin if self._begin is not None else moment.now
        until = moment.now
        for at, value in self._stretches(audience, moment, ledger):
            since = max(at, begin)
            if value is not None and since <= until:
                for minute in range(max(0, int(since // 60) - first), min(MINUTES, int(until // 60) - first + 1)):
                    lost[minute] = max(lost[minute] or 0.0, 1.0 - value)
            until = min(until, at)
        marks = tuple(ReachMark(at, sign) for at, sign in self._marks(audience, moment) if at >= first * 60)
        return ReachHistory(audience=audience, lost=tuple(lost), marks=marks)

    def _stretches(self, audience: Audience, moment: Moment, ledger: Ledger) -> Iterator[tuple[float, float | None]]:
        """Yield since when the reach was what, the newest first."""
        shares = {id: seen.share for id, seen in moment.channels.items()}
        active: dict[str, float] = {id: ledger.active[id] for id in moment.active}
        primaries = {id for id, seen in moment.channels.items() if seen.primary}
        told = self._told(ledger)

        def value() -> float | None:
            hidden = [id for id, since in active.items() if not _knew(told, moment, audience, id, (since, until))]
            return reach(audience, moment.public.segments, shares, primaries | active.keys(), hidden)[0]

        until = moment.now
        for place in range(len(self._happened) - 1, -1, -1):
            at, event = self._happened[place].at, self._happened[place].event
            yield at, value()
            until = min(until, at)
            match event:
                case events.StateChanged(id=name, was=was) if name in shares:
                    shares[name] = self._share(name, was, place)
                case events.Activated(channel=name):
                    active.pop(name, None)
                case events.Deactivated(channel=name):
                    active[name] = 0.0
                case _:
                    pass
        yield -math.inf, value()

    def _share(self, name: str, was: str, before: int) -> Share:
        """Return how much of a channel worked while it was as it `was`, before the entry of that place."""
        state = State(was) if was in set(State) else State.UNKNOWN
        if state is not State.PARTIAL:
            # What nobody saw is not counted as lost.
            return share_of(state, State.UP, 0.0)
        earlier = (self._happened[place].event for place in range(before - 1, -1, -1))
        why = next((each.why for each in earlier if isinstance(each, events.StateChanged) and each.id == name), "")
        counted = _COUNTED.search(why)
        failing = min(1.0, int(counted[1]) / int(counted[2])) if counted is not None and int(counted[2]) else 0.5
        return share_of(state, state, failing)

    def _told(self, ledger: Ledger) -> Mapping[tuple[str, str], list[float]]:
        """Return when an audience was told of a channel, by announcements and by hand."""
        found: dict[tuple[str, str], list[float]] = {}
        for made in ledger.announcements.values():
            for at, _, part in made.parts:
                for channel in part.channels:
                    found.setdefault((part.audience, channel), []).append(at)
        for each in self._happened:
            if isinstance(each.event, events.Told):
                found.setdefault((each.event.audience, each.event.channel), []).append(each.at)
        return found

    def _marks(self, audience: Audience, moment: Moment) -> Iterator[tuple[float, str]]:
        for each in self._happened:
            at = each.at
            match each.event:
                case events.Acked():
                    yield at, "a"
                case events.AnnouncementMade(audience=told) if told == audience:
                    yield at, "w"
                case events.StateChanged(id=name, was=was, now=now) if _of(moment, name) == audience:
                    if now in BAD and was not in BAD:
                        yield at, "✖"
                    elif now in GOOD and was in BAD:
                        yield at, "●"
                case events.Activated(channel=name) if _of(moment, name) == audience:
                    yield at, "A"
                case events.Deactivated(channel=name) if _of(moment, name) == audience:
                    yield at, "D"
                case _:
                    pass


def _of(moment: Moment, channel: str) -> str:
    seen = moment.channels.get(channel)
    return seen.audience if seen is not None else ""


def _knew(
    told: Mapping[tuple[str, str], list[float]],
    moment: Moment,
    audience: Audience,
    channel: str,
    stretch: tuple[float, float],
) -> bool:
    """Whether an audience knew of a backup at the end of a stretch, at the beginning of which it became active."""
    public = next((each for each in moment.public.channels if each.id == channel), None)
    if public is not None and public.well_known:
        return True
    since, until = stretch
    audiences = {audience, _of(moment, channel)}
    return any(since <= at < until for each in audiences for at in told.get((each, channel), ()))
