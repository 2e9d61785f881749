"""The documents of the journal that tell what was announced, and what came of it at every outlet."""

from typing import Annotated

from msgspec import Meta, field

from outagetui.core.bounds import Instant, Number
from outagetui.core.words import Deed
from outagetui.facts.document import Event


class AnnouncementEvent(Event, frozen=True, kw_only=True):
    """Base of what concerns one announcement."""

    announcement: str


class DeliveryEvent(AnnouncementEvent, frozen=True, kw_only=True):
    """Base of what concerns one of its parts at one outlet."""

    part: Number
    outlet: str


class DeliveryMoved(DeliveryEvent, frozen=True, kw_only=True):
    """Base of what is ordered, begun or ended there; `do` tells what."""

    do: str = Deed.PUBLISH


class AnnouncementMade(AnnouncementEvent, frozen=True, kw_only=True):
    """One text of an announcement. The first of an `announcement` opens it, kind `resolved` closes it.

    `part` counts from 0 within the announcement, `texts` maps a language to its (title, body), `accounts` are the
    (name, address) pairs it names and `channels` their ids, `dead` the ids of those that were named before and no
    longer work, with the lines by language that say so in `corrections`. It goes to `outlets`; `since` and
    `next_update` are epoch seconds. `nonce`, with part 0, keeps its deliveries apart from those of another store's
    announcement of the same id.
    """

    part: Number
    kind: str
    audience: str
    texts: Annotated[dict[str, tuple[str, str]], Meta(min_length=1)]
    since: Instant
    next_update: Instant | None
    accounts: tuple[tuple[str, str], ...]
    outlets: tuple[str, ...]
    run: str = ""
    step: str = ""
    nonce: str = ""
    reason: str = ""  # why a drill was announced where none was played
    channels: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    corrections: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title in the first language."""
        return next(iter(self.texts.values()))[0]

    @property
    def body(self) -> str:
        """The body in the first language."""
        return next(iter(self.texts.values()))[1]

    def corrected(self, language: str) -> tuple[str, ...]:
        """Return the lines in `language` that say what must not be used any more."""
        return self.corrections.get(language) or next(iter(self.corrections.values()), ())

    def spoken(self, language: str) -> str:
        """Return which of its languages serves where `language` is wanted: that, its base, English, the first."""
        bases = {tongue.partition("-")[0].lower(): tongue for tongue in reversed(self.texts)}
        wanted = (bases.get(each) for each in (language.partition("-")[0].lower(), "en"))
        return language if language in self.texts else next(filter(None, wanted), next(iter(self.texts)))


class AnnouncementRetracted(AnnouncementEvent, frozen=True, kw_only=True):
    """An announcement is taken back, which closes it; what comes of it at each outlet follows."""

    note: str = ""


class DeliveryEdited(DeliveryEvent, frozen=True, kw_only=True):
    """An operator's own words for one outlet of one part."""

    title: str
    body: str


class DeliveryOrdered(DeliveryMoved, frozen=True, kw_only=True):
    """An operator's word to try once more what is not surely there, or (`do` is retract) not surely gone."""


class DeliveryIntended(DeliveryMoved, frozen=True, kw_only=True):
    """A part is about to be handed to an outlet, or (`do` is retract) an announcement to be taken back there.

    `key` is the same for every try of it. `text` is what is sent, word for word, and `count` its length as the outlet
    counts, up to `limit` (0: it does not); `names` are the accounts it names (None: not known).
    """

    key: str
    text: str = ""
    count: Number = 0
    limit: Number = 0
    shortened: bool = False
    names: tuple[str, ...] | None = None


class DeliveryEnded(DeliveryMoved, frozen=True, kw_only=True):
    """`state` is sent, seen, failed, skipped, unknown or retracted.

    `do` is what led to it: publish, retract, look (looked up, or read back, for the last time) or skip (an operator's
    word). `until` is when the outlet may be asked again, where it told (epoch seconds). `look_again` are the seconds
    after which it is looked for, or tried, again by itself.
    """

    state: str
    url: str = ""
    remote_id: str = ""
    detail: str = ""
    until: Instant | None = None
    look_again: Instant | None = None
