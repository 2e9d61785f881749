"""One part at one outlet: intent before, outcome after, and never sent again before it was looked up."""

import asyncio
import math
from collections.abc import Callable

from msgspec.structs import replace

from outagetui import outlets
from outagetui.announce.deliveries import delivery_for, placed
from outagetui.core import times
from outagetui.core.copies import copied
from outagetui.core.current import Current
from outagetui.core.model import Entry, Outlet, State
from outagetui.core.outlet_options import OutletOptions
from outagetui.core.text import clean
from outagetui.core.words import MISSED, PLACED, Deed, DeliveryState
from outagetui.facts.announcement import Announcement, DeliveryRecord
from outagetui.facts.events import AnnouncementMade, DeliveryEnded, DeliveryIntended
from outagetui.facts.journaling import Journal
from outagetui.outlets import Delivered, Delivery, Tools
from outagetui.wording.fit import sent_text

GONE = "this outlet is no longer configured"
WITHDRAWN = "the announcement was taken back"
NEWER = "a newer part is there already"


class Deliverer:
    """Does one thing at a time at each outlet."""

    def __init__(
        self,
        current: Current,
        journal: Journal,
        state_of: Callable[[str], State],
        clock: Callable[[], float],
        tools: Tools,
    ) -> None:
        self._current, self._journal, self._state_of = current, journal, state_of
        self._clock, self._tools = clock, tools
        self.withdrawn: set[str] = set()  # announcements that are being taken back: nothing of them is begun any more
        self._turns: dict[str, asyncio.Lock] = {}
        self._writing: set[asyncio.Task[list[Entry]]] = set()

    def turn(self, outlet: str) -> asyncio.Lock:
        """Return what is held while something is told to an outlet, or journaled of what is there."""
        return self._turns.setdefault(outlet, asyncio.Lock())

    async def send(
        self, actor: str, made: Announcement, event: AnnouncementMade, name: str, *, again: bool = False
    ) -> DeliveryRecord:
        """Hand a part to one outlet if it is due there: not tried yet, or to be tried again on an operator's word.

        `again` is such a word for everything that does not surely have it. Raises WriteError when the intent cannot be
        kept, and then nothing was sent.
        """
        async with self.turn(name):
            before = made.delivery(event.part, name)
            if not self._due(before, again):
                return before
            reason = self._reason_not(made, event, name, heeds_checks=before.fresh)
            outlet = self._current.config.outlet(name)
            if reason or outlet is None:
                return await self.end(actor, event, name, Delivered(DeliveryState.SKIPPED, detail=reason))
            if held := self._held(made, name, "not sent"):
                return await self.end(actor, event, name, held)
            try:
                for _, _, earlier in made.parts:
                    if earlier.part < event.part and made.delivery(earlier.part, name).doubtful:
                        await self._look(actor, made, earlier, name, outlet)
                delivery = self._delivery(made, event, name, again=before.doubtful)
            except ValueError as error:  # a page's address that is configured since may be too long
                return await self.end(actor, event, name, Delivered(DeliveryState.FAILED, detail=str(error)))
            if made.id in self.withdrawn:  # while it was looked up
                return await self.end(actor, event, name, Delivered(DeliveryState.SKIPPED, detail=WITHDRAWN))
            await self._journal.write(actor, _intent(delivery, outlet))
            try:
                became = await outlets.publish(outlet, delivery, self.tools)
            except asyncio.CancelledError:
                why = "given up while it was being sent; it may be published"
                lost = Delivered(DeliveryState.UNKNOWN, outlet.url, detail=why)
                await self.end(actor, event, name, lost)
                raise
            return await self.end(actor, event, name, became)

    async def look_up(self, actor: str, made: Announcement, event: AnnouncementMade, name: str) -> DeliveryRecord:
        """Settle what was begun and never ended: sent when it is found, else unknown."""
        async with self.turn(name):
            done = made.delivery(event.part, name)
            if done.state != DeliveryState.SENDING:
                return done
            outlet, found = self._current.config.outlet(name), None
            if outlet is not None:
                found = await outlets.find(outlet, self._delivery(made, event, name), self.tools)
            if found is None or found.state not in PLACED:
                why = f"begun; {found.detail}" if found is not None and found.detail else ""
                found = Delivered(DeliveryState.UNKNOWN, detail=why or "begun, and not found afterwards")
            return await self.end(actor, event, name, found)

    async def follow(self, actor: str, made: Announcement, event: AnnouncementMade, name: str, *, last: bool) -> bool:
        """Read back what was sent, or look up what is unknown; journal what is new. Return whether that settles it.

        The `last` time journals also that there is nothing new, so that nobody waits for it any longer.
        """
        outlet, done = self._current.config.outlet(name), made.delivery(event.part, name)
        newer = any(part > event.part for part in made.reached().get(name, ()))
        if outlet is None or newer or made.retracted is not None or not done.followed:
            return True
        if done.look_again is not None and OutletOptions.of(outlet.kind).repeatable and not last:
            # Nothing of it can be there twice, so that those who were asked to wait are written to again.
            return not (await self.send(actor, made, event, name, again=True)).followed
        delivery = self._delivery(made, event, name)
        if done.state != DeliveryState.SENT:
            rests = bool(self.rest_of(name))
            found = None if rests else await outlets.find(outlet, delivery, self.tools)
            there = found is not None and found.state in PLACED
            if found is None or not there:
                told = rests or (found is not None and found.detail and found.detail in done.detail)
                still = done.detail if told else f"{done.detail}; looked up, and not found so far"
                found = Delivered(done.state, done.url, detail=still)
            if not there and not last:
                return False
            do = Deed.PUBLISH if there else Deed.LOOK
        else:
            was = Delivered(DeliveryState.SENT, done.url, done.remote_id, done.detail)
            found = await outlets.seen(outlet, was, delivery, self.tools)
            if found.state != DeliveryState.SEEN and not last:
                return False
            do = Deed.LOOK
        async with self.turn(name):
            if made.delivery(event.part, name) == done:  # else somebody tried again, which is followed in its turn
                await self.end(actor, event, name, found, do=do)
        return do == Deed.LOOK

    async def take_back(self, actor: str, made: Announcement, name: str) -> DeliveryRecord | None:
        """Take an announcement back from one outlet, unless that was tried; None when nothing of it ever went there."""
        async with self.turn(name):
            done, parts = made.retractions.get(name), made.reached().get(name)
            if not parts or (done is not None and done.state != DeliveryState.PLANNED):
                return done
            event, outlet = made.part(max(parts)), self._current.config.outlet(name)
            if outlet is None:
                return await self.end(actor, event, name, Delivered(DeliveryState.FAILED, detail=GONE), do=Deed.RETRACT)
            if held := self._held(made, name, "not taken back"):
                return await self.end(actor, event, name, held, do=Deed.RETRACT)
            try:
                for part in parts:
                    if made.delivery(part, name).doubtful:
                        await self._look(actor, made, made.part(part), name, outlet, finally_=True)
                delivery = replace(self._delivery(made, event, name), placed=placed(made, name, named=True))
            except ValueError as error:
                failed = Delivered(DeliveryState.FAILED, detail=str(error))
                return await self.end(actor, event, name, failed, do=Deed.RETRACT)
            named = {each.part for each in delivery.placed}
            doubt = any(made.delivery(part, name).doubtful for part in parts if part not in named)
            if not delivery.placed and not doubt and done is None:
                return None
            if not delivery.placed:
                why = "it may be there, but cannot be looked up" if doubt else "nothing of it was there"
                state = DeliveryState.UNKNOWN if doubt else DeliveryState.RETRACTED
                return await self.end(actor, event, name, Delivered(state, detail=why), do=Deed.RETRACT)
            await self._journal.write(actor, _intent(delivery, outlet, do=Deed.RETRACT))
            try:
                became = await outlets.retract(outlet, delivery, self.tools)
            except asyncio.CancelledError:
                lost = Delivered(DeliveryState.UNKNOWN, outlet.url, detail="given up while it was being taken back")
                await self.end(actor, event, name, lost, do=Deed.RETRACT)
                raise
            if doubt and became.state == DeliveryState.RETRACTED:
                why = "taken back in part; more of it may be there"
                became = Delivered(DeliveryState.UNKNOWN, became.url, detail=why)
            return await self.end(actor, event, name, became, do=Deed.RETRACT)

    async def skip(self, actor: str, event: AnnouncementMade, name: str, why: str) -> DeliveryRecord:
        """Journal that a part is not sent to an outlet."""
        return await self.end(actor, event, name, Delivered(DeliveryState.SKIPPED, detail=why), do=Deed.SKIP)

    @property
    def tools(self) -> Tools:
        """What outlets may use, for the configuration that holds now."""
        config = self._current.config
        return replace(
            self._tools,
            business=config.business,
            timezone=config.timezone,
            commands={each.name: each for each in config.commands},
            contacts=config.contacts,
        )

    def _due(self, done: DeliveryRecord, again: bool) -> bool:
        if done.state == DeliveryState.PLANNED:
            return True
        open_still = done.state in (*MISSED, DeliveryState.SENDING) and done.do != Deed.SKIP
        return again and open_still and not self.rest_of(done.outlet)

    def rest_of(self, name: str) -> float:
        """Return for how many seconds more an outlet asks to be left alone: everything told there counts."""
        return max(0.0, self._journal.ledger.resting.get(name, 0.0) - self._clock())

    def _held(self, made: Announcement, name: str, what: str) -> Delivered | None:
        """Return that something surely did not happen because an outlet asks to be left alone; None when it does not.

        It is not sent by itself later: by then the words may be wrong, and an operator sees at once that it is missing.
        """
        rest = self.rest_of(name)
        if not rest:
            return None
        over = math.ceil((self._clock() + rest) / 60) * 60.0
        until = times.clock(over, self._clock(), times.zone(self._current.config.timezone), "en")
        words = f"it asks to be left alone until {until}: {what}; then outagetui delivery {made.id} {name} retry"
        return Delivered(DeliveryState.FAILED, detail=words, retry_after=rest)

    def _reason_not(self, made: Announcement, event: AnnouncementMade, name: str, *, heeds_checks: bool) -> str:
        """Return why a part is not sent to an outlet at all, or nothing."""
        if self._current.config.outlet(name) is None:
            return GONE
        if made.retracted is not None or made.id in self.withdrawn:
            return WITHDRAWN
        if any(part > event.part for part in made.reached().get(name, ())):
            return NEWER
        down = self.down_since(name) if heeds_checks else ""
        return f"{down}: not sent; outagetui delivery {made.id} {name} retry" if down else ""

    def down_since(self, name: str) -> str:
        """Return in words that an outlet's own checks say it is down; empty when they do not, or are muted."""
        outlet, muted = self._current.config.outlet(name), self._journal.ledger.muted(name, self._clock())
        if outlet is None or OutletOptions.of(outlet.kind).page or muted or self._state_of(name) is not State.DOWN:
            return ""
        state, at = self._journal.ledger.states.get(name, (State.UNKNOWN, 0.0))
        if state is not State.DOWN:
            return "its checks say it is down"
        place = times.zone(self._current.config.timezone)
        return f"its checks say it is down since {times.clock(at, self._clock(), place, 'en')}"

    async def _look(
        self,
        actor: str,
        made: Announcement,
        event: AnnouncementMade,
        name: str,
        outlet: Outlet | None,
        *,
        finally_: bool = False,
    ) -> DeliveryRecord | None:
        """Look up what may be at an outlet; journal it when it is.

        `finally_` journals also that it is not, and what it is called where only that is known.
        """
        if outlet is None:
            return None
        found = await outlets.find(outlet, self._delivery(made, event, name), self.tools)
        if found is not None and (found.state in PLACED or (finally_ and found.remote_id)):
            return await self.end(actor, event, name, found)
        if found is None and finally_:
            missing = Delivered(DeliveryState.FAILED, detail="looked up: it is not there")
            return await self.end(actor, event, name, missing)
        return None

    def _delivery(self, made: Announcement, event: AnnouncementMade, name: str, *, again: bool = False) -> Delivery:
        return delivery_for(self._current.config, self._journal.ledger, made, event, name, again=again)

    async def end(
        self, actor: str, event: AnnouncementMade, name: str, became: Delivered, do: Deed = Deed.PUBLISH
    ) -> DeliveryRecord:
        """Journal what came of it, also when whoever waits for it is cancelled meanwhile."""
        until = self._clock() + became.retry_after if became.retry_after is not None else None
        ended = copied(
            DeliveryEnded,
            became,
            announcement=event.announcement,
            part=event.part,
            outlet=name,
            detail=clean(self._with_time(became)),
            do=do,
            until=until,
        )
        writing = asyncio.ensure_future(self._journal.keep(actor, ended))
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        await asyncio.shield(writing)
        made = self._journal.ledger.announcements[event.announcement]
        return made.retractions[name] if do == Deed.RETRACT else made.delivery(event.part, name)

    def _with_time(self, became: Delivered) -> str:
        """Return the detail, and when it is looked for, or tried, again by itself."""
        if became.look_again is None:
            return became.detail
        now = self._clock()
        at = times.clock(now + became.look_again, now, times.zone(self._current.config.timezone), "en")
        return f"{clean(became.detail, 250)}; again by itself from {at} on"

    def _written(self, writing: "asyncio.Task[list[Entry]]") -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()  # said to whoever waited; if nobody does, the next daemon looks it up


def neglected(done: DeliveryRecord) -> bool:
    """Whether an outlet was not told though it should have been, and nobody asked for that."""
    return done.left_out and done.detail not in (WITHDRAWN, NEWER)


def _intent(delivery: Delivery, outlet: Outlet, do: Deed = Deed.PUBLISH) -> DeliveryIntended:
    event = DeliveryIntended(
        announcement=delivery.announcement, part=delivery.part, outlet=outlet.id, key=delivery.key, do=do
    )
    if do == Deed.RETRACT or delivery.text is None:
        return event
    fitted = delivery.text
    text, shortened = sent_text(outlet.kind, fitted), fitted.shortened
    # A page shows every account beside the words, whatever these name.
    page = OutletOptions.of(outlet.kind).page
    names = tuple(name for name, _ in delivery.accounts) if page else fitted.names
    return replace(event, text=text, count=fitted.count, limit=fitted.limit, shortened=shortened, names=names)
