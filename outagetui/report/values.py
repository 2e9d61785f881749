"""What a report says, as one frozen value: its JSON form is `msgspec.json.encode(report)`. Pure.

Times are UTC to the second; `local` is the same moment in the report's time zone, with its offset. Spans are seconds.
Shares are 0 to 1.
"""

from datetime import UTC, datetime

from msgspec import Struct

from outagetui.core.model import Audience


class Value(Struct, frozen=True, kw_only=True):
    """Base of all parts of a report."""


class Named(Value, frozen=True, kw_only=True):
    """A channel by its id and name."""

    id: str
    name: str


class Figure(Value, frozen=True, kw_only=True):
    """A key moment; `after_s` counts from the detection, for `detected` from the first sign of trouble.

    `at` is None for what did not happen, or is not known; `words` says which, or how it is known.
    """

    id: str
    name: str
    at: datetime | None
    after_s: float | None
    words: str = ""


class Point(Value, frozen=True, kw_only=True):
    """From `at` on this was the reach; `uncertain` when it leans on what nobody could see then."""

    at: datetime
    reach: float
    uncertain: bool


class ReachStory(Value, frozen=True, kw_only=True):
    """The reach of an audience over the incident; `before`, `lowest` and `last` are None without people in segments.

    `lowest_at` is None when it never fell. `lost_person_minutes` adds up the people who could not reach us and could
    before; `uncertain_s` is how long that is not sure.
    """

    audience: Audience
    people: int
    before: float | None
    lowest: float | None
    lowest_at: datetime | None
    last: float | None
    lost_person_minutes: float | None
    uncertain_s: float
    points: tuple[Point, ...]


class Line(Value, frozen=True, kw_only=True):
    """One line of the timeline. `mark` names a key moment, `kind` is `derived` for what no entry says itself."""

    at: datetime
    local: datetime
    actor: str
    kind: str
    words: str
    mark: str = ""


class Way(Value, frozen=True, kw_only=True):
    """How far packets came on the way to a channel or host, a line a hop, and to a canary (`""`: none)."""

    at: datetime
    to: str
    words: str
    hops: tuple[str, ...]
    canary: str
    canary_hops: tuple[str, ...]


class Delivered(Value, frozen=True, kw_only=True):
    """What became of an announcement's part at one outlet."""

    outlet: str
    name: str
    state: str
    at: datetime | None
    url: str
    detail: str


class Wording(Value, frozen=True, kw_only=True):
    """The words of a part in one language."""

    language: str
    title: str
    body: str


class Part(Value, frozen=True, kw_only=True):
    """One text of an announcement and where it went."""

    part: int
    kind: str
    at: datetime
    next_update: datetime | None
    texts: tuple[Wording, ...]
    outlets: tuple[Delivered, ...]


class Announced(Value, frozen=True, kw_only=True):
    """An announcement; `open` when it still stood at the end."""

    announcement: str
    audience: str
    open: bool
    longest_gap_s: float
    parts: tuple[Part, ...]


class Gap(Value, frozen=True, kw_only=True):
    """A stretch of more than half an hour in which an open announcement was silent."""

    announcement: str
    audience: str
    begin: datetime
    end: datetime
    seconds: float
    promised: datetime | None


class Reply(Value, frozen=True, kw_only=True):
    """An answer to a question, and the remark that came with it."""

    at: datetime
    answer: str
    note: str


class Question(Value, frozen=True, kw_only=True):
    """What a run asked; `waited_s` until the first answer, None when none came."""

    run: str
    playbook: str
    step: str
    why: str
    asked: datetime
    question: str
    replies: tuple[Reply, ...]
    waited_s: float | None


class Spent(Value, frozen=True, kw_only=True):
    """What an active backup cost; `measured` when its balance's own fall says so, else by the declared rates.

    `spent` is None when neither can tell.
    """

    channel: str
    name: str
    begin: datetime
    end: datetime
    active_s: float
    spent: float | None
    currency: str
    measured: bool
    rates: str
    balance_before: float | None
    balance_after: float | None


class Stretch(Value, frozen=True, kw_only=True):
    """When nobody could see: `blind` (our own uplink), `stopped` (no daemon), `silent` (nothing was probed)."""

    kind: str
    begin: datetime
    end: datetime
    seconds: float
    words: str


class Trouble(Value, frozen=True, kw_only=True):
    """Something that did not go as planned, as a fact."""

    at: datetime
    kind: str
    words: str


class Report(Value, frozen=True, kw_only=True):
    """The report of one incident."""

    version: int = 1
    incident: str
    business: str
    drill: str
    vantage: str
    timezone: str
    made: datetime
    open: bool
    began: datetime
    ended: datetime | None
    ending: str
    duration_s: float
    channels: tuple[Named, ...]
    figures: tuple[Figure, ...]
    reach: tuple[ReachStory, ...]
    timeline: tuple[Line, ...]
    ways: tuple[Way, ...] = ()
    announcements: tuple[Announced, ...]
    gaps: tuple[Gap, ...]
    questions: tuple[Question, ...]
    money: tuple[Spent, ...]
    unseen: tuple[Stretch, ...]
    troubles: tuple[Trouble, ...]
    limits: tuple[str, ...]


def when(at: float) -> datetime:
    """Return epoch seconds as UTC to the second. ValueError for what is no time."""
    try:
        return datetime.fromtimestamp(at, UTC).replace(microsecond=0)
    except (OverflowError, ValueError, OSError) as error:
        raise ValueError(f"{at} is not a time") from error
