"""The journal folded into what each link of the alert chain was told, and when it last worked. Pure.

An intent without an outcome, left by a daemon that was killed, stays `pending`: it is sent again, since a message that
comes twice is better than one that never came.
"""

from msgspec import Struct, field
from msgspec.structs import replace

from outagetui.core.model import BAD, GOOD, Entry, State
from outagetui.core.words import AlertNews, AlertPhase, AlertState
from outagetui.facts import events

KEPT = 8  # incidents


class LinkRecord(Struct, frozen=True):
    """What one link was told of one incident.

    `opened` is what became of the alert itself: empty, sending, sent, failed or skipped. `phase` is what it was told
    last: bad or recovered, at `at`, naming `channels` so far. `tries` counts the failures in a row of `trying`.
    """

    opened: str = ""
    phase: str = ""
    at: float = 0.0
    channels: frozenset[str] = frozenset()
    acked: bool = False
    pending: str = ""
    naming: frozenset[str] = frozenset()  # the channels that what is pending names
    trying: str = ""
    tries: int = 0
    tried: float = 0.0  # when something was last tried


class Use(Struct, frozen=True):
    """The last time a link was used: when, the outcome (sent, failed or skipped), and why."""

    at: float
    outcome: str
    detail: str = ""


class Turn(Struct, frozen=True):
    """Since when a channel has been good or bad; None for a state that says neither."""

    good: bool | None
    at: float


class Alerts(Struct):
    """What the journal says of alerts. `bad_since` is when the first primary of those bad now became so."""

    incidents: dict[str, dict[str, LinkRecord]] = {}
    turns: dict[str, Turn] = {}
    bad: set[str] = field(default_factory=set)  # the primaries that are bad now
    whys: dict[str, str] = {}  # why each channel is as it is
    bad_since: float = 0.0
    blind: str = ""  # the id under which people are told of the last blindness
    blind_since: float = 0.0
    sight_since: float | None = None  # when the last blindness ended, None while it lasts
    tests: dict[str, Use] = {}
    uses: dict[str, Use] = {}
    worked: dict[str, float] = {}  # when each link last took something, test or not
    heartbeat: events.HeartbeatChanged | None = None

    def apply(self, event: events.Event | None, entry: Entry, primaries: frozenset[str]) -> None:
        """Take one more entry into account."""
        match event:
            case events.StateChanged():
                self._state(event, entry.at, primaries)
            case events.BlindChanged(blind=blind):
                if blind:
                    self.blind, self.blind_since = f"b{entry.seq}", entry.at
                self.sight_since = None if blind else entry.at
            case events.AlertIntended(incident=incident, link=link, what=what, channels=channels) if incident:
                record = self.by_link(incident).get(link, LinkRecord())
                self._put(incident, link, intended(record, what, frozenset(channels), entry.at))
            case events.AlertEnded():
                self._ended(event, entry.at)
            case events.HeartbeatChanged():
                self.heartbeat = event
            case _:
                pass

    def judge_by(self, primaries: frozenset[str]) -> None:
        """Let other channels be the primaries from now on."""
        self.bad = {name for name in primaries if name in self.turns and self.turns[name].good is False}

    def by_link(self, incident: str) -> dict[str, LinkRecord]:
        """Return what each link was told of an incident."""
        return self.incidents.get(incident, {})

    def woken(self, incident: str) -> tuple[str, ...]:
        """Return the links that took the alert of an incident."""
        return tuple(link for link, record in self.by_link(incident).items() if record.opened == AlertState.SENT)

    def _state(self, event: events.StateChanged, at: float, primaries: frozenset[str]) -> None:
        state = State(event.now)
        good = True if state in GOOD else False if state in BAD else None
        self.whys[event.id] = event.why
        before = self.turns.get(event.id)
        others = len(self.bad) > (event.id in self.bad)
        muted_till_now = event.was == event.now
        if good is False and event.id in primaries and not others and (not before or before.good or muted_till_now):
            self.bad_since = at
        if before is None or before.good is not good:
            self.turns[event.id] = Turn(good, at)
        if event.id in primaries:
            (self.bad.add if good is False else self.bad.discard)(event.id)

    def _put(self, incident: str, link: str, record: LinkRecord) -> None:
        self.incidents.setdefault(incident, {})[link] = record
        while len(self.incidents) > KEPT:
            del self.incidents[next(iter(self.incidents))]

    def _ended(self, event: events.AlertEnded, at: float) -> None:
        use = Use(at, event.outcome, event.detail)
        if event.outcome == AlertState.SENT:
            self.worked[event.link] = at
        if event.incident:
            record = self.by_link(event.incident).get(event.link, LinkRecord())
            self._put(event.incident, event.link, ended(record, event.what, event.outcome, at))
            self.uses[event.link] = use
        else:
            self.tests[event.link] = use


def intended(record: LinkRecord, what: str, channels: frozenset[str], at: float) -> LinkRecord:
    """Return `record` after it was decided to send."""
    opened = AlertState.SENDING if what == AlertNews.OPENED else record.opened
    return replace(record, opened=opened, pending=what, naming=channels, tried=at)


def ended(record: LinkRecord, what: str, outcome: str, at: float) -> LinkRecord:
    """Return `record` after the outcome."""
    opened = outcome if what == AlertNews.OPENED else record.opened
    if outcome != AlertState.SENT:
        tries = record.tries + 1 if record.trying == what else 1
        return replace(record, opened=opened, pending="", trying=what, tries=tries, tried=at)
    after = replace(record, opened=opened, pending="", trying="", tries=0, tried=at)
    if what == AlertNews.ACKED:
        return replace(after, acked=True)
    phase = AlertPhase.RECOVERED if what == AlertNews.RECOVERED else AlertPhase.BAD
    return replace(after, phase=phase, at=at, channels=record.channels | record.naming)
