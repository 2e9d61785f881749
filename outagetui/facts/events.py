"""The documents of the journal, one struct a kind. What is on a screen is a fold over these and the samples."""

from typing import Any

import msgspec
from msgspec import Struct, field

from outagetui.core.bounds import Finite, Instant, Number
from outagetui.core.drilled_book import DrilledBook
from outagetui.facts.alert_events import AlertEnded as AlertEnded
from outagetui.facts.alert_events import AlertEvent as AlertEvent
from outagetui.facts.alert_events import AlertIntended as AlertIntended
from outagetui.facts.announcement_events import AnnouncementEvent as AnnouncementEvent
from outagetui.facts.announcement_events import AnnouncementMade as AnnouncementMade
from outagetui.facts.announcement_events import AnnouncementRetracted as AnnouncementRetracted
from outagetui.facts.announcement_events import DeliveryEdited as DeliveryEdited
from outagetui.facts.announcement_events import DeliveryEnded as DeliveryEnded
from outagetui.facts.announcement_events import DeliveryEvent as DeliveryEvent
from outagetui.facts.announcement_events import DeliveryIntended as DeliveryIntended
from outagetui.facts.announcement_events import DeliveryMoved as DeliveryMoved
from outagetui.facts.announcement_events import DeliveryOrdered as DeliveryOrdered
from outagetui.facts.document import Event as Event
from outagetui.facts.network_path import NetworkPath


class DaemonStarted(Event, frozen=True, kw_only=True):
    """The daemon took the store. `digest` identifies the configuration it runs."""

    version: str
    pid: Number
    vantage: str
    digest: str
    drill: str = ""


class DaemonStopped(Event, frozen=True, kw_only=True):
    """The daemon ended on purpose."""

    reason: str


class ConfigLoaded(Event, frozen=True, kw_only=True):
    """A `reload` took effect."""

    digest: str


class StateChanged(Event, frozen=True, kw_only=True):
    """A channel or outlet changed its state; `local` names the only vantage that sees it, if it is not a quorum."""

    id: str
    was: str
    now: str
    why: str
    local: str = ""


class BlindChanged(Event, frozen=True, kw_only=True):
    """All canaries began to fail, or one answers again."""

    blind: bool
    why: str


class FaultInjected(Event, frozen=True, kw_only=True):
    """A drill changed what its local servers do."""

    fault: str
    target: str


class DrillEnded(Event, frozen=True, kw_only=True):
    """A drill was played to its end, outside of this store. `score` is 0 to 100, None for one played at the screens."""

    scenario: str
    books: tuple[DrilledBook, ...]
    score: Number | None = None


class Acked(Event, frozen=True, kw_only=True):
    """Somebody took the incident."""

    incident: str
    note: str = ""


class Muted(Event, frozen=True, kw_only=True):
    """A channel or outlet is muted until `until` (epoch seconds; not later than the entry itself ends a mute)."""

    id: str
    until: Instant
    reason: str


class Activated(Event, frozen=True, kw_only=True):
    """A backup became active, by a run or by hand (`run` empty). `balance` is the prepaid money left then."""

    channel: str
    run: str = ""
    balance: Finite | None = None


class Deactivated(Event, frozen=True, kw_only=True):
    """A backup went back to standby."""

    channel: str
    run: str = ""


class Told(Event, frozen=True, kw_only=True):
    """People of `audience` were told by hand that a backup is open: as an operator says, or by a step of `run`."""

    channel: str
    audience: str
    reason: str = ""
    run: str = ""


class Proved(Event, frozen=True, kw_only=True):
    """A backup was tried from end to end. `outcome` is passed, failed, or unknown when we could not look ourselves.

    `checks` maps each check to what it said: its outcome, and the code behind it if there is one.
    """

    channel: str
    outcome: str
    detail: str
    checks: dict[str, str]


class PathTraced(Event, frozen=True, kw_only=True):
    """The way to `channel`, or (empty) to a host that was named, and beside it that to a canary where there is one."""

    channel: str = ""
    path: NetworkPath
    canary: NetworkPath | None = None


class StepPlan(Struct, frozen=True, kw_only=True):
    """A step as the run will do it: the snapshot that a later change of the file does not touch."""

    id: str
    do: str
    say: str = ""
    what: str = ""
    needs: str = "auto"
    timeout: Finite = 30.0
    on_failure: str = "ask"
    already: str | None = None
    only_if: tuple[str, ...] = ()  # "STEP=ANSWER", all of which must hold; else the step is skipped
    answers: tuple[tuple[str, str], ...] = ()  # of a `choose`: each answer's name and words, as they were written
    options: dict[str, Any] = {}
    facts: dict[str, Any] = {}  # what the names in the options meant when the run began
    undo: dict[str, Any] | None = None


class RunEvent(Event, frozen=True, kw_only=True):
    """Base of what concerns one run."""

    run: str


class StepEvent(RunEvent, frozen=True, kw_only=True):
    """Base of what concerns one try of one step."""

    step: str
    attempt: Number


class RunStarted(RunEvent, frozen=True, kw_only=True):
    """A run began. `stands_down` names the run whose done steps this one takes back."""

    playbook: str
    name: str
    digest: str
    steps: tuple[StepPlan, ...]
    stands_down: str = ""
    primaries: dict[str, str] = field(default_factory=dict)  # by id with their names: well before it is stood down
    up_for: Finite = 0.0  # for how many seconds


class RunTaken(RunEvent, frozen=True, kw_only=True):
    """Another operator took the run over: its questions are now theirs."""


class StepAsked(StepEvent, frozen=True, kw_only=True):
    """The run waits for an answer to this attempt. `why` is confirm, manual, choose, approve, failed or unsure.

    `preview` is what a yes will send, word for word; of a `choose`, one line `name: words` for each answer. `hash`
    (hex) is what another operator approves, until `until` (epoch seconds).
    """

    why: str
    question: str
    answers: tuple[str, ...]
    preview: str = ""
    hash: str = ""
    until: Instant | None = None
    as_of: Instant | None = None  # the moment (epoch seconds) that the words of `preview` were composed for


class StepAnswered(StepEvent, frozen=True, kw_only=True):
    """An operator answered; `note` is the manual step's remark."""

    answer: str
    note: str = ""


class StepIntended(StepEvent, frozen=True, kw_only=True):
    """What is about to be done. Without an outcome behind it the step is unsure."""

    what: str


class StepEnded(StepEvent, frozen=True, kw_only=True):
    """`outcome` is done, failed, skipped or undone."""

    outcome: str
    detail: str
    output: str = ""  # what the step printed, cleaned and capped
    changed: bool = True  # False when it was so already, so that nothing is there to take back
    partly: bool = False  # it failed, and yet something was done that can be taken back


class RunEnded(RunEvent, frozen=True, kw_only=True):
    """`state` is done, failed or aborted; `why` is our own fault, where it was that."""

    state: str
    why: str = ""


class HeartbeatChanged(Event, frozen=True, kw_only=True):
    """The watcher outside began to hear from us, or no longer does, and why."""

    heard: bool
    why: str


class JournalAccepted(Event, frozen=True, kw_only=True):
    """An operator accepted what `journal --verify` found, such as a backup put back; `faults` in its words."""

    reason: str
    faults: tuple[str, ...]


KINDS: dict[str, type[Event]] = {
    "daemon.start": DaemonStarted,
    "daemon.stop": DaemonStopped,
    "config": ConfigLoaded,
    "state": StateChanged,
    "blind": BlindChanged,
    "fault": FaultInjected,
    "drill": DrillEnded,
    "ack": Acked,
    "mute": Muted,
    "activate": Activated,
    "deactivate": Deactivated,
    "told": Told,
    "proof": Proved,
    "trace": PathTraced,
    "run.start": RunStarted,
    "run.take": RunTaken,
    "run.end": RunEnded,
    "step.ask": StepAsked,
    "step.answer": StepAnswered,
    "step.intent": StepIntended,
    "step.outcome": StepEnded,
    "announce": AnnouncementMade,
    "announce.edit": DeliveryEdited,
    "announce.retract": AnnouncementRetracted,
    "announce.retry": DeliveryOrdered,
    "announce.intent": DeliveryIntended,
    "announce.outcome": DeliveryEnded,
    "alert.intent": AlertIntended,
    "alert.outcome": AlertEnded,
    "heartbeat": HeartbeatChanged,
    "journal.accept": JournalAccepted,
}
_KIND_OF = {event: kind for kind, event in KINDS.items()}


def kind_of(event: Event) -> str:
    """Return the journal kind of `event`."""
    return _KIND_OF[type(event)]


def encode(event: Event) -> str:
    """Return the canonical JSON of `event`: sorted keys, no spaces, UTF-8 (the subset of RFC 8785 we write)."""
    return msgspec.json.encode(event, order="sorted").decode()


def decode(kind: str, document: str) -> Event | None:
    """Read a journal document back; None for a kind this version does not know, and for a damaged document."""
    event = KINDS.get(kind)
    try:
        return None if event is None else msgspec.json.decode(document, type=event)
    except (msgspec.MsgspecError, UnicodeError):
        return None  # one damaged entry, which `verify` names, must not take the screens away
