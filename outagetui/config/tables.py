"""The tables of the configuration files as they are written: keys, types, defaults. `model` is what they become."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct, field

from outagetui.core.model import (
    ALARM,
    CALM,
    LONGEST,
    TELL_WITHIN,
    Alert,
    Audience,
    Contact,
    Cost,
    Limit,
    Operator,
    Segment,
    State,
    Text,
)
from outagetui.core.outlet_options import OUTLETS

Interval = Annotated[float, Meta(ge=0.1, le=LONGEST, extra_json_schema={"unit": "s"})]
Raw = dict[str, Any]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class StoreTable(Struct, kw_only=True):
    """`[store]`: where the daemon keeps its file, how long it keeps samples, and how large the file may grow."""

    path: Text | None = None
    keep: Annotated[float, Meta(ge=3600, le=LONGEST, extra_json_schema={"unit": "s"})] = 86400.0
    max: Annotated[int, Meta(ge=10_000_000, extra_json_schema={"unit": "B"})] | None = None


class SecretsTable(Struct, kw_only=True):
    """`[secrets]`: the directory that secret references name files of."""

    directory: Text


class HeartbeatTable(Struct, kw_only=True):
    """`[heartbeat]`: where a watcher outside hears that the daemon is well."""

    url: Text | None = None
    secret: Text | None = None
    every: Annotated[float, Meta(ge=1, extra_json_schema={"unit": "s"})] = 60.0
    timeout: Limit = 10.0


class FailBackTable(Struct, kw_only=True):
    """`[fail_back]`: what proves that a primary is well again before its backups are let go."""

    up_for: Annotated[float, Meta(ge=0, extra_json_schema={"unit": "s"})] = 60.0


class AnnounceTable(Struct, kw_only=True):
    """`[announce]`: how often people are promised news while an announcement is open."""

    update_every: Annotated[float, Meta(ge=1, extra_json_schema={"unit": "s"})] = 1800.0


Fraction = Annotated[float, Meta(gt=0, le=1)]


class AudienceReachTable(Struct, kw_only=True):
    """`[reach.customers]` or `[reach.staff]`: where this audience differs."""

    calm: Fraction | None = None
    alarm: Fraction | None = None
    tell_within: Limit | None = None


class ReachTable(Struct, kw_only=True):
    """`[reach]`: from which reach on all is well, below which it is an emergency, and how soon to tell people then."""

    calm: Fraction = CALM
    alarm: Fraction = ALARM
    tell_within: Limit = TELL_WITHIN
    customers: AudienceReachTable = field(default_factory=AudienceReachTable)
    staff: AudienceReachTable = field(default_factory=AudienceReachTable)


class ParamTable(Struct, kw_only=True):
    """`[command.NAME.params]`: what a value must be."""

    pattern: Annotated[str, Meta(min_length=1, max_length=1000)]


class CommandTable(Struct, kw_only=True):
    """`[command.NAME]`."""

    argv: Annotated[tuple[str, ...], Meta(min_length=1)]
    params: dict[str, ParamTable] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    secret_env: dict[str, Annotated[str, Meta(min_length=1)]] = field(default_factory=dict)
    directory: str = "/"


class SettingsFile(Struct, kw_only=True):
    """`outagetui.toml`; without them, business and vantage are this machine's name and the time zone is its own."""

    business: Text | None = None
    vantage: Text | None = None
    timezone: Text | None = None
    canaries: tuple[Text, ...] = ()
    store: StoreTable = field(default_factory=StoreTable)
    secrets: SecretsTable | None = None
    fail_back: FailBackTable = field(default_factory=FailBackTable)
    announce: AnnounceTable = field(default_factory=AnnounceTable)
    reach: ReachTable = field(default_factory=ReachTable)
    operator: tuple[Operator, ...] = ()
    alert: tuple[Alert, ...] = ()
    heartbeat: HeartbeatTable | None = None
    command: dict[str, CommandTable] = field(default_factory=dict)


class ChannelTable(Struct, kw_only=True):
    """`[channel]`; `id` is the file's name unless given."""

    id: Text | None = None
    name: Text
    audience: Audience = "customers"
    role: Literal["primary", "backup"] = "primary"
    carries: Annotated[tuple[Literal["text", "voice", "video"], ...], Meta(min_length=1)] = ("text",)
    credentials: str = ""
    backs_up: tuple[Text, ...] = ()
    address: str = ""
    instructions: str = ""
    depends_on: tuple[Text, ...] = ()
    prove_every: Limit | None = None
    provider: str = ""
    known: bool = False
    cost: Cost | None = None


if TYPE_CHECKING:
    OutletKind = str
else:
    OutletKind = Literal[tuple(OUTLETS)]


class OutletTable(Struct, kw_only=True):
    """The keys of `[outlet]` that every kind shares; `id` is the file's name unless given."""

    id: Text | None = None
    name: Text
    kind: OutletKind
    audience: Audience
    url: str = ""
    directory: str = ""
    language: Text = "en"
    timeout: Limit = 10.0


class OwnerFile(Struct, kw_only=True):
    """A file of `checks/`: one channel or one outlet, and its checks."""

    channel: Raw | None = None
    outlet: Raw | None = None
    check: tuple[Raw, ...] = ()


class CheckTable(Struct, kw_only=True):
    """The keys of `[[check]]` that every probe shares; a target means a `probe`, which is the `id`, unless given."""

    id: Text | None = None
    probe: Text | None = None
    target: Text
    every: Interval = 30.0
    timeout: Limit = 5.0
    slow_above: Limit | None = None
    expect: Literal["up", "refused"] = "up"
    vantages: tuple[Text, ...] = ()
    depends_on: tuple[Text, ...] = ()
    connect: Text | None = None


class AudienceFile(Struct, kw_only=True):
    """`audience.toml`."""

    segment: tuple[Segment, ...] = ()


class ContactsFile(Struct, kw_only=True):
    """`contacts.toml`."""

    contact: tuple[Contact, ...] = ()


class WhenTable(Struct, kw_only=True):
    """One alternative of `[suggest] when`: all that it says must hold. `channel` is short for one of `channels`."""

    channel: Text | None = None
    channels: Annotated[tuple[Text, ...], Meta(min_length=1)] | None = None
    state: Annotated[tuple[State, ...], Meta(min_length=1)] | None = None
    lasting: Limit = field(name="for", default=30.0)
    audience: Audience | None = None
    reach_below: Annotated[float, Meta(gt=0, le=1)] | None = None
    between: tuple[Text, ...] | None = None
    days: Annotated[tuple[Day, ...], Meta(min_length=1)] | None = None


class SuggestTable(Struct, kw_only=True):
    """`[suggest]`."""

    when: tuple[WhenTable, ...] = ()


class AlreadyTable(Struct, kw_only=True):
    """A step's `check`: the check that tells whether it is done already."""

    probe: Text


class UndoTable(Struct, kw_only=True):
    """A step's `undo`."""

    do: Text
    with_: Raw = field(name="with", default_factory=dict)


class StepTable(Struct, kw_only=True):
    """`[[step]]`; `id` is `step-N` unless given."""

    id: Text | None = None
    do: Text
    say: str = ""
    answers: dict[str, Text] = field(default_factory=dict)
    only_if: str = field(name="if", default="")
    with_: Raw = field(name="with", default_factory=dict)
    needs: Literal["auto", "confirm", "two-person"] | None = None
    timeout: Limit | None = None
    on_failure: Literal["ask", "stop", "continue"] = "ask"
    check: AlreadyTable | None = None
    undo: UndoTable | None = None


class PlaybookFile(Struct, kw_only=True):
    """A file of `playbooks/`; its id is the file's name."""

    name: Text
    summary: str = ""
    concurrent: bool = False
    suggest: SuggestTable = field(default_factory=SuggestTable)
    step: Annotated[tuple[StepTable, ...], Meta(min_length=1)]
