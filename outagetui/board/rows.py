"""What screens and `status` show: frozen rows that `board` derives. Times are epoch seconds."""

from msgspec import Struct

from outagetui.core.model import ALARM, CALM, GOOD, Audience, ChannelFacts, OutletFacts, Sample, State
from outagetui.core.words import STEP_ASKS, Owed, Readiness, Standing
from outagetui.facts.ledger import Mute, Traced
from outagetui.facts.live import PublicCheck


class CheckRow(PublicCheck, frozen=True, kw_only=True):
    """One check as last seen, with its last `sample`; None before the first.

    `cause`, `count`, `odds` and `first` are those of `facts.cause.Cause`, `minutes` and `took` those of
    `facts.minute_by_minute.Hour`.
    """

    state: State
    since: float | None
    why: str
    at: float | None = None
    sample: Sample | None = None
    failing_share: float = 0.0
    vantages: tuple[tuple[str, str], ...] = ()  # (vantage, state)
    cause: str = ""
    count: str = ""
    odds: str = ""
    first: float | None = None
    minutes: tuple[float | None, ...] = ()
    took: float | None = None

    @property
    def latency_ms(self) -> float | None:
        """What the last sample measured."""
        return self.sample.latency_ms if self.sample is not None else None


class ChannelRow(ChannelFacts, frozen=True, kw_only=True):
    """One channel. `state` is what to show (blind overlays), `known` the last one that was certain.

    `cause`, `count`, `minutes` and `took` are those of its worst check.
    """

    state: State
    known: State
    since: float | None
    why: str
    standing: Standing | None = None  # of backups, like the readiness
    readiness: Readiness | None = None
    proved: float | None = None  # when the last proof was made
    proof: str = ""  # what it said
    latency_ms: float | None = None
    muted: Mute | None = None
    traced: Traced | None = None  # the way there, as last looked at
    suppressed: bool = False
    local: str = ""
    backed_by: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    fates: tuple[str, ...] = ()  # what it shares with another channel, in words
    cost: str = ""
    spending: str = ""  # while a paid backup is active: money spent, and how long the balance lasts
    checks: tuple[CheckRow, ...] = ()
    cause: str = ""
    count: str = ""
    minutes: tuple[float | None, ...] = ()
    took: float | None = None

    @property
    def broken(self) -> bool:
        """Whether it is a backup that looks well and whose last proof failed."""
        return self.readiness == Readiness.BROKEN and self.state in GOOD


class OutletRow(OutletFacts, frozen=True, kw_only=True):
    """One outlet: its health, and the state of the newest part of the newest open announcement there.

    It tells in `language`; without `publishes` it is only watched. `cause`, `count`, `minutes` and `took` are those of
    its worst check.
    """

    state: State
    since: float | None
    why: str
    latency_ms: float | None = None
    muted: Mute | None = None
    traced: Traced | None = None  # the way there, as last looked at
    delivery: str = ""
    publishes: bool = True
    checks: tuple[CheckRow, ...] = ()
    cause: str = ""
    count: str = ""
    minutes: tuple[float | None, ...] = ()
    took: float | None = None


class ReachRow(Struct, frozen=True, kw_only=True):
    """Reach of an audience, 0 to 1, or None without segments; `uncertain` when last known states had to stand in.

    `known` counts a backup only for people who were told of it, `now` every active one, `possible` those on standby
    too. It is well from `calm` on, and an emergency below `alarm`.
    """

    audience: Audience
    now: float | None
    known: float | None
    possible: float | None
    uncertain: bool = False
    calm: float = CALM
    alarm: float = ALARM

    @property
    def grade(self) -> State:
        """The state that has the colour of this reach: up, partial, down, or unknown where it is not certain."""
        if self.known is None or self.known < self.alarm:
            return State.UNKNOWN if self.known is None else State.DOWN
        if self.known < self.calm:
            return State.PARTIAL
        return State.UNKNOWN if self.uncertain else State.UP


class ReachMark(Struct, frozen=True):
    """What happened at `at` (epoch seconds) that moves a reach: ✖ seen, a taken, A opened, w told, ● up, D let go."""

    at: float
    sign: str


class ReachHistory(Struct, frozen=True, kw_only=True):
    """What share of an audience could not reach us in each of the last minutes, oldest first, at its worst.

    None stands for a minute of which nobody knows; the last one is under way.
    """

    audience: Audience
    lost: tuple[float | None, ...]
    marks: tuple[ReachMark, ...] = ()


class IncidentRow(Struct, frozen=True, kw_only=True):
    """The incident at hand. `id` is `i` and the journal sequence number that opened it."""

    id: str
    since: float
    channels: tuple[str, ...]
    acked_by: str = ""
    closed: float | None = None
    closes: float | None = None  # when it will close by itself, if all primaries stay up
    woken: tuple[str, ...] = ()  # the links of the alert chain that took the alert


class GainRow(Struct, frozen=True, kw_only=True):
    """What a playbook's backups win back of an audience: its reach now, and then."""

    audience: Audience
    now: float
    then: float


class OwedRow(Struct, frozen=True, kw_only=True):
    """What an audience is owed; see `words.Owed` for `kind`.

    `since` is from when on: the way is down, the backup open, most cannot reach us, or the news due. `channel` with its
    `name` is empty where none is meant, `announcement` where none stands open. `run` asks a question whose yes gives
    what is owed; `ended` is the run that ended early and left the backup open. `gain` is what telling wins, `others`
    are names of further backups that the same word tells of.
    """

    kind: Owed
    audience: str
    since: float
    channel: str = ""
    name: str = ""
    announcement: str = ""
    run: str = ""
    ended: str = ""
    gain: GainRow | None = None
    others: tuple[str, ...] = ()


class SuggestionRow(Struct, frozen=True, kw_only=True):
    """A playbook whose condition holds. `gains` are the audiences it wins people of, most people first."""

    playbook: str
    name: str
    why: str
    gains: tuple[GainRow, ...] = ()


class PracticeRow(Struct, frozen=True, kw_only=True):
    """The last time a playbook was run to its end, `where` "real" or "drill", and the confidence that follows.

    `state` is done, failed or aborted, `seconds` how long it took, `confidence` none, low, medium or high; `changed`:
    the playbook is not what it was then.
    """

    confidence: str
    at: float | None = None
    where: str = ""
    state: str = ""
    seconds: float = 0.0
    failed: int = 0
    skipped: int = 0
    changed: bool = False


class PlaybookRow(Struct, frozen=True, kw_only=True):
    """A playbook that can be started."""

    id: str
    name: str
    summary: str
    steps: tuple[str, ...]
    suggested: bool = False
    running: str = ""  # the run's id
    practised: PracticeRow = PracticeRow(confidence="none")


class StepRow(Struct, frozen=True, kw_only=True):
    """A step of a run. `state` is waiting, asking, doing, done, failed, skipped, undone or unsure."""

    id: str
    do: str
    title: str
    state: str
    attempt: int = 0
    detail: str = ""
    at: float | None = None
    actor: str = ""
    question: str = ""
    answers: tuple[str, ...] = ()
    preview: str = ""  # what a yes will send, word for word
    why: str = ""  # the question's kind: confirm, manual, choose, approve, failed or unsure
    hash: str = ""  # what another operator approves, in hex
    until: float | None = None  # when the approval is no longer waited for
    output: str = ""  # what the step printed, cleaned and capped


class LeftRow(Struct, frozen=True, kw_only=True):
    """What a run that ended early left half done: the ids of backups that are `active`, and of those nobody knows."""

    active: tuple[str, ...]
    untold: tuple[str, ...]
    words: str


class RunRow(Struct, frozen=True, kw_only=True):
    """A run. `state` is running, asking, done, failed or aborted; `actor` has it now, `started_by` began it.

    `changed`: the playbook's file says something else by now than the steps this run began with.
    """

    id: str
    playbook: str
    name: str
    state: str
    started: float
    actor: str
    steps: tuple[StepRow, ...]
    ended: float | None = None
    stands_down: str = ""
    started_by: str = ""
    changed: bool = False
    left: LeftRow | None = None

    @property
    def asking(self) -> StepRow | None:
        """The step whose question waits for an answer."""
        if self.ended is not None:
            return None
        return next((step for step in self.steps if step.state in STEP_ASKS), None)


class GlassRow(Struct, frozen=True, kw_only=True):
    """A step that one person let happen alone, though it needs two, and the reason they typed."""

    run: str
    step: str
    title: str
    at: float
    actor: str
    reason: str


class DeliveryRow(Struct, frozen=True, kw_only=True):
    """One outlet's part of an announcement: planned, sending, sent, seen, unknown, failed, skipped or retracted.

    `text` is what is sent, word for word, as soon as it is begun, and `count` its length as the outlet counts up to
    `limit` (0: it does not). `title` and `body` are its words before they are made to fit. `settled`: it is not looked
    for any more. `until` is when the outlet may be asked again. `left_out`: nobody asked for it to be skipped.
    """

    outlet: str
    state: str
    url: str = ""
    remote_id: str = ""
    detail: str = ""
    title: str = ""
    body: str = ""
    text: str = ""
    count: int = 0
    limit: int = 0
    shortened: bool = False
    settled: bool = True
    until: float | None = None
    left_out: bool = False


class AnnouncementRow(Struct, frozen=True, kw_only=True):
    """An announcement with its newest part, which names `accounts`; `retracted` is when it was taken back."""

    id: str
    kind: str
    audience: str
    title: str
    body: str
    made: float
    since: float
    next_update: float | None
    open: bool
    parts: int
    deliveries: tuple[DeliveryRow, ...]
    retracted: float | None = None
    accounts: tuple[tuple[str, str], ...] = ()


class DaemonRow(Struct, frozen=True, kw_only=True):
    """The daemon's last sign of life."""

    pid: int
    age: float
    stale: bool
    trouble: str = ""


class LogRow(Struct, frozen=True, kw_only=True):
    """A journal entry in words."""

    seq: int
    at: float
    actor: str
    kind: str
    text: str


class Board(Struct, frozen=True, kw_only=True):
    """Everything the screens show at one moment. Channels are sorted: customers before staff, worst first."""

    at: float
    business: str
    vantage: str
    timezone: str
    drill: str
    daemon: DaemonRow | None
    blind: str  # why, or empty
    incident: IncidentRow | None
    reach: tuple[ReachRow, ...]
    channels: tuple[ChannelRow, ...]
    outlets: tuple[OutletRow, ...]
    suggestions: tuple[SuggestionRow, ...]
    playbooks: tuple[PlaybookRow, ...]
    runs: tuple[RunRow, ...]  # newest first
    announcements: tuple[AnnouncementRow, ...]  # newest first
    kinds: tuple[str, ...] = ()  # of announcements that there are words for
    owed: tuple[OwedRow, ...] = ()  # the worst first
    glass: tuple[GlassRow, ...] = ()  # of the open incident and of runs under way, newest first
    history: tuple[ReachHistory, ...] = ()
    lately: tuple[LogRow, ...] = ()  # newest first

    @property
    def open_incident(self) -> IncidentRow | None:
        """The incident, while it is open."""
        return self.incident if self.incident is not None and self.incident.closed is None else None

    @property
    def stale(self) -> bool:
        """Whether nobody is probing."""
        return self.daemon is None or self.daemon.stale
