"""The outbox: an announcement composed once, journaled, and handed to each outlet at most once without a word."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from secrets import token_hex
from typing import Any, TypeVar

from msgspec.structs import replace

from outagetui.announce.deliveries import delivery_for
from outagetui.announce.delivering import Deliverer
from outagetui.announce.draft import AnnounceError, NothingToCloseError, Wanted, own_words
from outagetui.announce.proposals import Proposals, edits
from outagetui.announce.waiting import look_again, unsettled
from outagetui.core.current import Current
from outagetui.core.model import Audience, State
from outagetui.core.orders import Do
from outagetui.core.text import clean, listing, nearest
from outagetui.core.words import MISSED, PLACED, Deed, DeliveryState
from outagetui.facts.announcement import Announcement, DeliveryRecord
from outagetui.facts.events import (
    AnnouncementMade,
    AnnouncementRetracted,
    DeliveryEdited,
    DeliveryOrdered,
)
from outagetui.facts.journaling import Journal
from outagetui.outlets import Delivered, Delivery, Tools

__all__ = ["AnnounceError", "NothingToCloseError", "Outbox"]

LOST = "begun before the daemon ended; it may still be there"
T = TypeVar("T")


class Outbox:
    """Makes announcements and delivers them. `state_of` tells how channels and outlets are.

    `proposals` composes what is only looked at. `afterwards` is called with announcement, part and outlet when
    something was sent, or may have been.
    """

    def __init__(
        self,
        current: Current,
        journal: Journal,
        state_of: Callable[[str], State],
        clock: Callable[[], float],
        tools: Tools | None = None,
        nonce: Callable[[], str] = token_hex,
        *,
        drill: bool = False,
    ) -> None:
        tools = tools or Tools.bare(current.config.business, current.config.timezone, clock)
        self._deliverer = Deliverer(current, journal, state_of, clock, tools)
        self.proposals = Proposals(current, journal, state_of, clock, self._deliverer, drill=drill)
        self._current, self._journal, self._clock, self._nonce = current, journal, clock, nonce
        self._turn = asyncio.Lock()
        self.afterwards: Callable[[str, int, str], None] = lambda announcement, part, outlet: None

    async def make(
        self,
        actor: str,
        kind: str,
        audience: Audience,
        chosen: Sequence[str] = (),
        *,
        note: str = "",
        run: str = "",
        step: str = "",
        as_of: float | None = None,
        update: str = "",
        words: Mapping[str, tuple[str, str]] | None = None,
        shown: str = "",
        reason: str = "",
    ) -> AnnouncementMade:
        """Compose and journal an announcement, or the next part of the open one, which must be `update` if given.

        `words` are an operator's own title and body by outlet. Raises AnnounceError before anything is sent: also when
        it would say something else than the proof that was `shown`.
        """
        own = {outlet: own_words(*each) for outlet, each in (words or {}).items()}
        wanted = Wanted(
            kind=kind,
            audience=audience,
            outlets=tuple(chosen),
            note=note,
            run=run,
            step=step,
            update=update,
            words=own,
            reason=reason,
        )
        self.proposals.agree(wanted)
        async with self._turn:
            if shown and not self.proposals.still(wanted, shown):
                raise AnnounceError("what would be sent has changed since it was shown; look again")
            made = self.proposals.drafted(wanted, as_of)
            if made.part == 0:
                made = replace(made, nonce=self._nonce())
            await self._journal.write(actor, made, *edits(made, own))
            return made

    def now(self) -> float:
        """Return the time (epoch seconds) by the clock that announcements are dated with."""
        return self._clock()

    async def deliver(
        self, actor: str, announcement: str, part: int, *, again: bool = False, only: Iterable[str] = ()
    ) -> list[DeliveryRecord]:
        """Hand a part to all its outlets (or `only` some) where it is due, at once; return what became of every one.

        `again`, an operator's word, also tries those that do not surely have it. Raises WriteError when an intent could
        not be kept. Cancelled, it leaves what was under way as unknown.
        """
        made = self._made(announcement)
        event = made.part(part)
        names = [name for name in event.outlets if name in set(only)] if only else event.outlets

        async def send(name: str) -> DeliveryRecord:
            before = made.delivery(part, name)
            done = await self._deliverer.send(actor, made, event, name, again=again)
            if done != before and done.followed:
                self.afterwards(announcement, part, name)
            return done

        return await _together(send(name) for name in names)

    async def look_up(self, actor: str, announcement: str, part: int) -> list[DeliveryRecord]:
        """Ask the outlets whose delivery was begun and never ended whether they have it; journal sent or unknown."""
        made = self._made(announcement)
        event = made.part(part)

        async def look(name: str) -> DeliveryRecord:
            before = made.delivery(part, name)
            done = await self._deliverer.look_up(actor, made, event, name)
            if done != before:
                self.afterwards(announcement, part, name)
            return done

        return [done for done in await _together(look(name) for name in event.outlets) if not done.fresh]

    async def follow(self, actor: str, name: str, part: int, outlet: str, *, last: bool) -> bool:
        """Read back, or look up, what went to an outlet; return whether it is settled. `last`: nothing follows."""
        return await self._deliverer.follow(actor, self._made(name), self._made(name).part(part), outlet, last=last)

    async def order(
        self,
        actor: str,
        announcement: str,
        outlet: str,
        do: Do,
        *,
        part: int | None = None,
        title: str = "",
        body: str = "",
    ) -> tuple[int, str]:
        """Journal an operator's word on one delivery; return its part and what is due: `send`, `retract` or nothing.

        Raises AnnounceError for what cannot be: all that is surely there can only be taken back.
        """
        async with self._turn:
            made = self._made(announcement)
            if made.retracted is not None:
                return await self._order_again(actor, made, outlet, do)
            parts = [event.part for _, _, event in made.parts if outlet in event.outlets]
            number = part if part is not None else max(parts, default=-1)
            if number not in parts:
                what = made.id if part is None else f"part {part} of {made.id}"
                raise AnnounceError(f"{what} does not go to {clean(outlet, 60)}{nearest(outlet, made.newest.outlets)}")
            async with self._free(outlet):
                self._refuse(made, number, outlet, do)
                if do == "skip":
                    await self._deliverer.skip(actor, made.part(number), outlet, f"left out by {actor}")
                    return number, ""
                again = DeliveryOrdered(announcement=made.id, part=number, outlet=outlet)
                if do == "edit":
                    edit = self._edit(made, number, outlet, *own_words(title, body))
                    await self._journal.write(actor, edit, again)
                else:
                    await self._journal.write(actor, again)
                return number, "send"

    async def retract(self, actor: str, announcement: str, note: str = "") -> None:
        """Journal that an announcement is taken back, which closes it. Raises AnnounceError when it was already."""
        async with self._turn:
            made = self._made(announcement)
            if made.retracted is not None:
                raise AnnounceError(f"{made.id} was taken back already; outagetui delivery {made.id} OUTLET retry")
            self._deliverer.withdrawn.add(made.id)
            try:
                await self._journal.write(actor, AnnouncementRetracted(announcement=made.id, note=note))
            except Exception:
                self._deliverer.withdrawn.discard(made.id)
                raise

    async def take_back(self, actor: str, announcement: str) -> list[DeliveryRecord]:
        """Take an announcement back from every outlet that has any of it and was not asked to yet."""
        made = self._made(announcement)
        names = dict.fromkeys(name for _, _, event in made.parts for name in event.outlets)
        ended = await _together(self._deliverer.take_back(actor, made, name) for name in names)
        return [done for done in ended if done is not None]

    async def resume(self) -> list[tuple[AnnouncementMade, tuple[str, ...]]]:
        """Settle what an earlier daemon left; return the parts still to be delivered, each with its outlets.

        A delivery that was begun is looked up and never repeated; one that was not begun is still owed, unless a newer
        part took its place. What a run has not begun is its own affair, but for what an operator ordered meanwhile.
        """
        owed = []
        for made in list(self._journal.ledger.announcements.values()):
            for _, actor, event in list(made.parts):
                due = [made.delivery(event.part, name) for name in event.outlets]
                ordered = [each.outlet for each in due if each.state == DeliveryState.PLANNED and each.ordered]
                fresh = [each.outlet for each in due if each.fresh and not event.run]
                if any(each.state == DeliveryState.SENDING for each in due):
                    await self.look_up(actor, made.id, event.part)
                if fresh and event.part != made.newest.part:
                    for name in fresh:
                        why = "a newer part was made before it was sent"
                        await self._deliverer.skip(actor, event, name, why)
                    fresh = []
                if ordered or fresh:
                    owed.append((event, (*ordered, *fresh)))
        return owed

    async def resume_retractions(self, actor: str) -> list[str]:
        """Say of what was being taken back that it is not known; return the announcements still to be taken back."""
        owed = []
        for made in list(self._journal.ledger.announcements.values()):
            if made.retracted is None:
                continue
            for each in list(made.retractions.values()):
                if each.state == DeliveryState.SENDING:
                    lost = Delivered(DeliveryState.UNKNOWN, detail=LOST)
                    await self._deliverer.end(actor, made.part(each.part), each.outlet, lost, do=Deed.RETRACT)
            names = {name for name, done in made.retractions.items() if done.state != DeliveryState.PLANNED}
            if set(made.reached()) - names:
                owed.append(made.id)
        return owed

    def unsettled(self, since: float) -> list[tuple[str, int, str]]:
        """Return the deliveries of parts made after `since` that nobody has read back or looked up to the end."""
        return unsettled(self._journal.ledger.announcements.values(), since, self._clock())

    def look_again(self, announcement: str, part: int, outlet: str) -> float | None:
        """Return after how many seconds a delivery is looked for again; None when nobody waits for it (`waiting`)."""
        return look_again(self._made(announcement), part, outlet, self._clock())

    def part_of(self, run: str, step: str) -> AnnouncementMade | None:
        """Return the part that this step of this run has made already."""
        for made in self._journal.ledger.announcements.values():
            for _, _, event in made.parts:
                if event.run == run and event.step == step:
                    return event
        return None

    def delivery(self, made: Announcement, event: AnnouncementMade, outlet: str) -> Delivery:
        """Return what an outlet is given: the same every time it is asked for."""
        return delivery_for(self._current.config, self._journal.ledger, made, event, outlet)

    def audience_of(self, announcement: str) -> Audience:
        """Return whom an announcement tells. Raises AnnounceError when there is none of that id."""
        audience: Audience = self._made(announcement).newest.audience  # type: ignore[assignment]  # as it was made
        return audience

    async def _order_again(self, actor: str, made: Announcement, outlet: str, do: Do) -> tuple[int, str]:
        """Journal that a retraction is to be tried once more at an outlet."""
        done = made.retractions.get(outlet)
        if do != "retry" or done is None or done.state not in MISSED:
            raise AnnounceError(f"{made.id} was taken back: {clean(outlet, 60)} can only be tried once more to do so")
        self._refuse_while_resting(outlet)
        again = DeliveryOrdered(announcement=made.id, part=done.part, outlet=outlet, do=Deed.RETRACT)
        async with self._free(outlet):
            await self._journal.write(actor, again)
        return done.part, "retract"

    def _free(self, outlet: str) -> asyncio.Lock:
        """Return the turn of an outlet that nobody has now. Raises AnnounceError."""
        turn = self._deliverer.turn(outlet)
        if turn.locked():
            raise AnnounceError(f"{outlet} is being told right now; wait for what comes of it")
        return turn

    def _refuse(self, made: Announcement, part: int, outlet: str, do: Do) -> None:
        """Raise AnnounceError for a word on a delivery that would say something twice, or change what is there."""
        done = made.delivery(part, outlet)
        if done.state == DeliveryState.SENDING:
            raise AnnounceError(f"{outlet} is being told right now; wait for what comes of it")
        if done.state in PLACED:
            raise AnnounceError(f"{outlet} has it already; say more with announce --update {made.id}, or --retract it")
        newer = [each for each in made.reached().get(outlet, ()) if each > part]
        if newer:
            raise AnnounceError(f"{outlet} has part {max(newer)} already, which is newer")
        if do == "edit" and done.doubtful:
            raise AnnounceError(f"{outlet} may have it as it was; retry it first, which looks it up")
        if do != "skip":
            self._refuse_while_resting(outlet)

    def _refuse_while_resting(self, outlet: str) -> None:
        """Raise AnnounceError while an outlet asks to be left alone."""
        if wait := self._deliverer.rest_of(outlet):
            raise AnnounceError(f"{outlet} asks to be left alone for another {wait:.0f} s")

    def _edit(self, made: Announcement, part: int, outlet: str, title: str, body: str) -> DeliveryEdited:
        edit = DeliveryEdited(announcement=made.id, part=part, outlet=outlet, title=title, body=body)
        mine = replace(made, deliveries={**made.deliveries})
        mine.edit(edit)
        try:
            delivery_for(self._current.config, self._journal.ledger, mine, made.part(part), outlet)
        except ValueError as error:
            raise AnnounceError(f"{outlet}: {error}") from error
        return edit

    def _made(self, announcement: str) -> Announcement:
        made = self._journal.ledger.announcements.get(announcement)
        if made is None:
            stands = [made.id for made in self._journal.ledger.announcements.values() if made.open]
            open_ones = f"open: {listing(stands)}" if stands else "none is open"
            raise AnnounceError(f"there is no announcement {clean(announcement, 40)}; {open_ones}")
        return made


async def _together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do all at once; an error of one is raised when all have ended, so that it ends no other half-way."""
    done = await asyncio.gather(*works, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return [each for each in done if not isinstance(each, BaseException)]
