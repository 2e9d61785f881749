"""The values every other module speaks: frozen, without I/O. Times are epoch seconds, durations seconds."""

from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct

from outagetui.core.bounds import Finite, Number, Reading
from outagetui.core.outlet_kind import OutletOptions
from outagetui.core.probe_kind import ProbeOptions
from outagetui.core.step_kind import StepOptions

P = TypeVar("P", bound=ProbeOptions)
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
LONGEST = 366 * 86400.0  # seconds of the longest duration that is taken
Limit = Annotated[float, Meta(gt=0, le=LONGEST, extra_json_schema={"unit": "s"})]
Amount = Annotated[float, Meta(ge=0)]
Audience = Literal["staff", "customers"]
AUDIENCES: tuple[Audience, ...] = ("customers", "staff")


class Outcome(StrEnum):
    """What one probe concluded; `UNKNOWN` is our own failure and counts neither way."""

    PASS = "pass"  # noqa: S105 a word, no password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


PASSED = (Outcome.PASS, Outcome.WARN)  # it works, though perhaps slowly


class State(StrEnum):
    """Health of a check or channel; `BLIND` means that our own uplink fails, so nothing can be said."""

    UP = "up"
    SLOW = "slow"
    PARTIAL = "partial"
    DOWN = "down"
    UNKNOWN = "unknown"
    BLIND = "blind"


WORST_FIRST: tuple[State, ...] = (State.DOWN, State.PARTIAL, State.UNKNOWN, State.BLIND, State.SLOW, State.UP)


GOOD = (State.UP, State.SLOW)  # people can use it
BAD = (State.PARTIAL, State.DOWN)  # it fails for some, or for all


def last_known(state: State, *, old: bool) -> str:
    """Return a state's word, with a `?` where nobody looks any more and it is only the last known one."""
    return f"{state.value}?" if old and state is not State.UNKNOWN else state.value


def worst(states: Iterable[State]) -> State:
    """Return the worst of `states` (down, partial, unknown, blind, slow, up); unknown when there is none."""
    return min(states, key=WORST_FIRST.index, default=State.UNKNOWN)


class Sample(Struct, frozen=True, gc=False):
    """What one probe saw once.

    `latency_ms` is None where nothing was measured, `phases` maps a phase's name to milliseconds in order,
    `code` is a short stable word for the reason (empty for a plain pass), `detail` one cleaned line for people,
    `value` the number that the probe read: that of `value`, of a plugin, the age of a handshake (s), a call's MOS.
    `retry_after` are the seconds for which the far side asked to be left alone.
    """

    outcome: Outcome
    code: str = ""
    detail: str = ""
    latency_ms: Finite | None = None
    phases: dict[str, Finite] = {}
    value: Reading | None = None
    retry_after: Finite | None = None


class Observation(Struct, frozen=True):
    """One sample with what it is of, from where, and when (epoch seconds at the probe's start)."""

    check: str
    vantage: str
    at: float
    sample: Sample


class Check(Struct, frozen=True, kw_only=True):
    """What to watch: one `[[check]]` table. `id` is the full name, such as `jabber.login`."""

    id: str
    probe: str
    target: str
    options: ProbeOptions
    every: float = 30.0
    timeout: float = 5.0
    slow_above: float | None = None  # seconds
    expect: Literal["up", "refused"] = "up"
    vantages: tuple[str, ...] = ()  # none: all
    depends_on: tuple[str, ...] = ()
    connect: str | None = None  # "host:port" to dial instead of the target's

    def own(self, kind: type[P]) -> P:
        """Return the options as those of the probe that looks."""
        assert isinstance(self.options, kind)
        return self.options


class Cost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What using a channel costs, in `currency`. The use is what is expected of it while it is active.

    `balance` names the `value` check that reads what is left of prepaid money.
    """

    per_minute: Amount = 0.0
    per_message: Amount = 0.0
    monthly: Amount = 0.0
    minutes_per_hour: Amount = 0.0
    messages_per_hour: Amount = 0.0
    currency: Text = "EUR"
    balance: Text | None = None


class ChannelFacts(Struct, frozen=True, kw_only=True, gc=False):
    """What anybody may know of a way for people to reach us: screens and the store's public copy hold all of it."""

    id: str
    name: str
    audience: Audience
    role: Literal["primary", "backup"]
    carries: tuple[str, ...] = ("text",)
    credentials: str = ""
    backs_up: tuple[str, ...] = ()
    address: str = ""
    instructions: str = ""
    depends_on: tuple[str, ...] = ()
    well_known: bool = False  # its people know it without being told, such as a number on the door

    @property
    def is_backup(self) -> bool:
        """Whether it stands in for others while it is active; else it is a primary, for everyday use."""
        return self.role == "backup"


class Channel(ChannelFacts, frozen=True, kw_only=True):
    """A way for people to reach us."""

    prove_every: float | None = None
    provider: str = ""
    cost: Cost | None = None
    checks: tuple[Check, ...] = ()


def primaries_of(channels: Iterable[ChannelFacts]) -> frozenset[str]:
    """Return the ids of the primaries among `channels`."""
    return frozenset(channel.id for channel in channels if not channel.is_backup)


class OutletFacts(Struct, frozen=True, kw_only=True):
    """What anybody may know of a place where we publish: screens and the store's public copy hold all of it."""

    id: str
    name: str
    kind: str
    audience: Audience
    url: str = ""
    language: str = ""


class Outlet(OutletFacts, frozen=True, kw_only=True):
    """A place where we publish announcements. `directory` is where a `page` outlet writes its files."""

    directory: str = ""
    language: str = "en"
    timeout: float = 10.0
    options: OutletOptions = OutletOptions()
    checks: tuple[Check, ...] = ()


class Segment(Struct, frozen=True, kw_only=True):
    """A group of people and the channels they can use, in the order they prefer."""

    id: Text
    audience: Audience
    people: Annotated[int, Meta(ge=1, le=10**10)]
    uses: Annotated[tuple[Text, ...], Meta(min_length=1)]


CALM, ALARM, TELL_WITHIN = 0.95, 0.70, 300.0


class Thresholds(Struct, frozen=True, kw_only=True):
    """What the reach of an audience (0 to 1) means: well from `calm` on, an emergency below `alarm`.

    Below `alarm` people have to be told something within `tell_within` seconds.
    """

    calm: float = CALM
    alarm: float = ALARM
    tell_within: float = TELL_WITHIN


class Contact(Struct, frozen=True, kw_only=True):
    """A person of ours or of a customer's; `addresses` maps channel ids to where they are reached there."""

    name: Text
    audience: Audience
    addresses: dict[str, Text]


class Condition(Struct, frozen=True, kw_only=True):
    """When a playbook is suggested: everything given here holds at once, the first two for `lasting` seconds.

    Every one of `channels` is in one of `state`; the reach of `audience` is below `reach_below` (0 to 1); it is
    `between` two minutes of the local day, the second on the next day where it is not after the first; and that
    stretch began on one of `days` (0 is Monday).
    """

    channels: tuple[str, ...] = ()
    state: tuple[State, ...] = BAD
    lasting: Finite = 30.0
    audience: Audience | None = None
    reach_below: Finite | None = None
    between: tuple[Number, Number] | None = None
    days: tuple[Number, ...] = ()


class Undo(Struct, frozen=True, kw_only=True):
    """What takes a step back."""

    do: str
    options: StepOptions


class Step(Struct, frozen=True, kw_only=True):
    """One thing done or asked. `already` names the check that tells whether the step is done already."""

    id: str
    do: str
    options: StepOptions
    say: str = ""
    needs: Literal["auto", "confirm", "two-person"] = "auto"
    timeout: float = 30.0
    on_failure: Literal["ask", "stop", "continue"] = "ask"
    already: str | None = None
    only_if: str = ""  # "STEP=ANSWER": done only when that choice was answered so
    answers: dict[str, str] = {}  # of a `choose`: each answer's name and words
    undo: Undo | None = None


class Playbook(Struct, frozen=True, kw_only=True):
    """A playbook file: `suggest` holds alternatives, each enough to suggest it."""

    id: str
    name: str
    summary: str = ""
    suggest: tuple[Condition, ...] = ()
    steps: tuple[Step, ...] = ()
    concurrent: bool = False  # whether it may run more than once at a time


class Operator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user of this machine and what they may order."""

    user: str
    role: Literal["viewer", "operator", "approver"]


SHORTEST_HASH = 12  # hex digits of what is approved that people see, and that an approver must give at least
SHORTEST_REASON = 10  # characters of the reason for going on without a second person


class Command(Struct, frozen=True, kw_only=True):
    """A program that playbooks may run, named by its whole path.

    `{name}` as a whole element of `argv` is a place for a value, which must match the pattern of that name in `params`.
    `env` is all of its environment beside the fixed part; `secret_env` names secrets that are put there when it runs.
    """

    name: str
    argv: tuple[str, ...]
    params: dict[str, str] = {}
    env: dict[str, str] = {}
    secret_env: dict[str, str] = {}
    directory: str = "/"


class Alert(Struct, frozen=True, kw_only=True):
    """One link of the chain that wakes people. `secret` names the secret that holds its apprise URL.

    The link is used `after` seconds of an incident that nobody acknowledged, or at once when the link before it
    failed. `through` names what carries it: a channel, outlet or check; while one of them is down it is passed over.
    """

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    secret: Text
    after: Annotated[float, Meta(ge=0, extra_json_schema={"unit": "s"})] = 0.0
    test_every: Limit | None = None
    through: tuple[Text, ...] = ()


class Heartbeat(Struct, frozen=True, kw_only=True):
    """Where a watcher outside hears that this daemon is well: the URL itself, or the secret that holds it."""

    url: str = ""
    secret: str = ""
    every: float = 60.0
    timeout: float = 10.0


class Template(Struct, frozen=True, kw_only=True):
    """An announcement's words: `title` and `body` with `{field}` places."""

    kind: str
    language: str
    title: str
    body: str


class Keep(Struct, frozen=True):
    """For how many seconds samples are kept, and how many bytes the store may hold before they are kept for less."""

    samples: float = 86400.0
    most: int | None = None


class Config(Struct, frozen=True, kw_only=True, dict=True):
    """A whole configuration directory, checked. `canaries` are ordinary checks named `canary.N`."""

    directory: str
    business: str
    vantage: str
    timezone: str
    store: str
    keep: Keep = Keep()
    secrets: str | None = None
    update_every: float = 1800.0  # seconds within which people are promised news
    fail_back: float = 60.0  # seconds without trouble that prove a primary before its backups are let go
    reach: dict[Audience, Thresholds] = {}
    canaries: tuple[Check, ...] = ()
    operators: tuple[Operator, ...] = ()
    channels: tuple[Channel, ...] = ()
    outlets: tuple[Outlet, ...] = ()
    segments: tuple[Segment, ...] = ()
    contacts: tuple[Contact, ...] = ()
    playbooks: tuple[Playbook, ...] = ()
    templates: tuple[Template, ...] = ()
    alerts: tuple[Alert, ...] = ()
    heartbeat: Heartbeat | None = None
    commands: tuple[Command, ...] = ()

    def channel(self, id: str) -> Channel | None:
        """Return a channel by its id; None when there is none."""
        return self._channels.get(id)

    def outlet(self, id: str) -> Outlet | None:
        """Return an outlet by its id; None when there is none."""
        return next((each for each in self.outlets if each.id == id), None)

    def playbook(self, id: str) -> Playbook | None:
        """Return a playbook by its id; None when there is none."""
        return self._playbooks.get(id)

    @cached_property
    def names(self) -> dict[str, str]:
        """What people call each channel and outlet, by id, and each playbook, by `playbook ID`."""
        called = {channel.id: channel.name for channel in self.channels}
        called |= {outlet.id: outlet.name for outlet in self.outlets}
        return called | {f"playbook {book.id}": book.name for book in self.playbooks}

    @cached_property
    def _channels(self) -> dict[str, Channel]:
        return {each.id: each for each in self.channels}

    @cached_property
    def _playbooks(self) -> dict[str, Playbook]:
        return {each.id: each for each in self.playbooks}

    def checks(self) -> tuple[Check, ...]:
        """Return every check of every channel and outlet, without the canaries."""
        of_channels = [check for channel in self.channels for check in channel.checks]
        return (*of_channels, *(check for outlet in self.outlets for check in outlet.checks))


class Entry(Struct, frozen=True):
    """One journal entry. `document` is canonical JSON; `hash` chains it to `prev` (both hex SHA-256)."""

    seq: int
    at: float
    actor: str
    kind: str
    document: str
    prev: str
    hash: str
