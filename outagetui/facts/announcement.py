"""An announcement as the journal tells it, with a record of what came of each part at each outlet. Pure."""

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core.announcement_kinds import CLOSING_KINDS
from outagetui.core.words import PLACED, Deed, DeliveryState
from outagetui.facts import events

_NOTHING_SAID = {"url": "", "remote_id": "", "detail": "", "until": None, "look_again": None}


class DeliveryRecord(Struct, frozen=True, kw_only=True):
    """A part of an announcement at one outlet, or what came of taking the announcement back there.

    `state` is planned, sending, or what came of it last, as `events.DeliveryEnded` tells it with the fields from `do`
    to `look_again`. `intent` is what is or was being sent, `edit` an operator's own words for it.
    """

    part: int
    outlet: str
    state: str = DeliveryState.PLANNED
    ordered: bool = False  # an operator said at some time that it is to be tried once more
    do: str = Deed.PUBLISH
    url: str = ""
    remote_id: str = ""
    detail: str = ""
    until: float | None = None
    look_again: float | None = None
    intent: events.DeliveryIntended | None = None
    edit: events.DeliveryEdited | None = None
    doubtful: bool = False  # it may be there, though nothing says so

    @property
    def fresh(self) -> bool:
        """Whether nothing was done or ordered for it yet."""
        return self.state == DeliveryState.PLANNED and not self.ordered

    @property
    def there(self) -> bool:
        """Whether the outlet has it, or may have it."""
        return self.doubtful or self.state in PLACED

    def says(self, name: str) -> bool:
        """Whether what was sent names the account called `name`: in a line of its own, or in an operator's words."""
        sent = self.intent
        return sent is None or sent.names is None or name in sent.names or name in sent.text

    @property
    def followed(self) -> bool:
        """Whether it is still read back, looked for, or tried again as it was told."""
        open_still = self.state in (DeliveryState.SENT, DeliveryState.UNKNOWN) or self.look_again is not None
        return open_still and self.do == Deed.PUBLISH

    @property
    def left_out(self) -> bool:
        """Whether it was not sent, and nobody asked for that."""
        return self.state == DeliveryState.SKIPPED and self.do == Deed.PUBLISH

    def after(self, event: events.DeliveryMoved) -> "DeliveryRecord":
        """Return the record after one more entry."""
        said = {name: getattr(event, name, nothing) for name, nothing in _NOTHING_SAID.items()}
        record = replace(self, part=event.part, do=event.do, **said)
        match event:
            case events.DeliveryOrdered():
                return replace(record, state=DeliveryState.PLANNED, ordered=True)
            case events.DeliveryIntended():
                return replace(record, state=DeliveryState.SENDING, intent=event, doubtful=True)
            case events.DeliveryEnded(state=state):
                # Somebody who gives up looking does not take away what may be there.
                doubtful = state in (DeliveryState.UNKNOWN, DeliveryState.SENDING) or (
                    self.doubtful and state == DeliveryState.SKIPPED
                )
                return replace(record, state=state, doubtful=doubtful)
            case _:
                return self


class Announcement(Struct):
    """An announcement with all its parts, and what came of each at each outlet, by (part, outlet).

    `retracted` is when and by whom it was taken back, `retractions` what came of that, by outlet.
    """

    id: str
    parts: list[tuple[float, str, events.AnnouncementMade]] = []
    deliveries: dict[tuple[int, str], DeliveryRecord] = {}
    retracted: tuple[float, str] | None = None
    retractions: dict[str, DeliveryRecord] = {}

    @property
    def newest(self) -> events.AnnouncementMade:
        """The part that counts now."""
        return self.parts[-1][2]

    @property
    def open(self) -> bool:
        """Whether it still stands: no closing part yet, and not taken back."""
        return self.newest.kind not in CLOSING_KINDS and self.retracted is None

    def sends_to(
        self, channel: str, account: tuple[str, str] = ("", ""), *, after: int = 0, surely: bool = False
    ) -> bool:
        """Whether it sends people to `channel`: it stands, and its last part about that channel names it as a way.

        The first `after` parts do not count, nor those that no outlet has, or (`surely`) none for certain. `account`,
        its (name, address), stands for the channel in a part of an older version.
        """
        sent = False
        for _, _, event in self.parts[after:] if self.open else ():
            if channel in event.dead:
                sent = sent and not self._there(event, "", surely)
            elif (named := _named(event, channel, account)) is not None:
                sent = sent or self._there(event, named, surely)
        return sent

    def takes_back(self, channel: str, after: int) -> bool:
        """Whether it stands and a part after the first `after` says at an outlet that `channel` does not work."""
        later = (event for _, _, event in self.parts[after:] if channel in event.dead)
        return self.open and any(self._there(event, "", surely=False) for event in later)

    def spoke_of(self, channel: str, account: tuple[str, str]) -> bool:
        """Whether any part that an outlet has, or may have, named `channel` as a way to us."""
        said = ((event, _named(event, channel, account)) for _, _, event in self.parts)
        return any(named is not None and self._there(event, named, surely=False) for event, named in said)

    def _there(self, event: events.AnnouncementMade, named: str, surely: bool) -> bool:
        """Whether an outlet has this part, with the account called `named` in it."""
        return any(
            (record.state in PLACED if surely else record.there) and (not named or record.says(named))
            for (part, _), record in self.deliveries.items()
            if part == event.part
        )

    def part(self, number: int) -> events.AnnouncementMade:
        """Return one part; LookupError when there is none of that number."""
        for _, _, event in self.parts:
            if event.part == number:
                return event
        raise LookupError(f"{self.id} has no part {number}")

    def delivery(self, part: int, outlet: str) -> DeliveryRecord:
        """Return what is known of a part at an outlet, also where it does not go."""
        return self.deliveries.get((part, outlet)) or DeliveryRecord(part=part, outlet=outlet)

    def words(self, event: events.AnnouncementMade, outlet: str, language: str) -> tuple[str, str]:
        """Return title and body of a part for one outlet: an operator's own, if there are any."""
        edit = self.delivery(event.part, outlet).edit
        if edit is not None:
            return edit.title, edit.body
        return event.texts[event.spoken(language)]

    def reached(self) -> dict[str, list[int]]:
        """Return the outlets that have, or may have, any part, each with the numbers of those parts."""
        found: dict[str, list[int]] = {}
        for (part, outlet), record in self.deliveries.items():
            if record.there:
                found.setdefault(outlet, []).append(part)
        return found

    def edit(self, event: events.DeliveryEdited) -> None:
        """Take up an operator's own words."""
        self.deliveries[event.part, event.outlet] = replace(self.delivery(event.part, event.outlet), edit=event)

    def apply(self, event: events.DeliveryMoved) -> None:
        """Take up what is to be done, is about to be done or was done at an outlet."""
        if event.do == Deed.RETRACT:
            before = self.retractions.get(event.outlet) or DeliveryRecord(part=event.part, outlet=event.outlet)
            self.retractions[event.outlet] = before.after(event)
        else:
            self.deliveries[event.part, event.outlet] = self.delivery(event.part, event.outlet).after(event)


def _named(event: events.AnnouncementMade, channel: str, account: tuple[str, str]) -> str | None:
    """Return what a part calls a channel that it names as a way to us; None when it does not."""
    names = {id: name for id, (name, _) in zip(event.channels, event.accounts, strict=False)}
    if channel in names:
        return names[channel]
    return account[0] if not event.channels and account[0] and account in event.accounts else None
