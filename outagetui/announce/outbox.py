"""The outbox: an announcement composed once, journaled, and handed to each outlet at most once without a word."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from outagetui import outlets
from outagetui.announce.compose import Account, Facts, compose, find_template
from outagetui.events import AnnouncementMade, DeliveryEnded, DeliveryIntended, Event
from outagetui.ledger import CLOSING_KINDS, Announcement, Ledger
from outagetui.model import BAD, Audience, Channel, Config, Entry, Outlet, State
from outagetui.outlets import Delivered, Delivery, Post
from outagetui.text import clean

UPDATE_EVERY = 1800.0
DELIVERED = ("sent", "seen", "retracted")


class AnnounceError(ValueError):
    """Nothing was sent; the message says why."""


class NothingToCloseError(AnnounceError):
    """Nothing stands open that the closing words could close."""


class Pen(Protocol):
    """The journal as the outbox needs it."""

    ledger: Ledger

    def write(self, actor: str, *events: Event) -> Awaitable[list[Entry]]:
        """Append durably, or raise: nothing is sent whose intent is not kept."""

    def keep(self, actor: str, *events: Event) -> Awaitable[list[Entry]]:
        """Append durably, trying until it works: for what was sent."""


class Outbox:
    """Makes announcements and delivers them. `state_of` tells which backups to warn about."""

    def __init__(self, config: Config, pen: Pen, state_of: Callable[[str], State], clock: Callable[[], float]) -> None:
        self.config = config
        self._pen, self._state_of, self._clock = pen, state_of, clock
        self._turn = asyncio.Lock()

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
    ) -> AnnouncementMade:
        """Compose and journal an announcement, or the next part of the open one.

        Raises AnnounceError before anything is sent: no outlet, no template, a field that cannot be filled.
        """
        async with self._turn:
            made = self._compose(kind, audience, self._outlets(audience, chosen), note, run, step, as_of)
            await self._pen.write(actor, made)
            return made

    def now(self) -> float:
        """Return the time (epoch seconds) by the clock that announcements are dated with."""
        return self._clock()

    def preview(self, kind: str, audience: Audience, chosen: Sequence[str] = (), *, as_of: float | None = None) -> str:
        """Return word for word what an announcement made now, or `as_of` then, would say, once for each language."""
        made = self._compose(kind, audience, self._outlets(audience, chosen), "", "", "", as_of)
        return "\n\n".join(f"{title}\n\n{body}" for title, body in made.texts.values())

    def words(self, kind: str, audience: Audience, language: str, as_of: float | None = None) -> tuple[str, str]:
        """Return title and body of an announcement made now, or `as_of` then; AnnounceError when it cannot be made."""
        return self._compose(kind, audience, [], "", "", "", as_of, languages=(language,)).texts[language]

    async def deliver(self, actor: str, announcement: str, part: int, *, again: bool = False) -> list[DeliveryEnded]:
        """Hand a part to each of its outlets that was not tried yet; return what became of every one.

        `again`, an operator's word, also tries those that do not surely have it.
        """
        made = self._pen.ledger.announcements[announcement]
        event = next(event for _, _, event in made.parts if event.part == part)
        by_id = {outlet.id: outlet for outlet in self.config.outlets}
        ended: list[DeliveryEnded] = []
        for name in event.outlets:
            done = made.deliveries.get((part, name))
            if done is None or (again and done.state not in DELIVERED):
                done = await self._deliver(actor, made, event, name, by_id.get(name))
            ended.append(done)
        return ended

    async def look_up(self, actor: str, announcement: str, part: int) -> list[DeliveryEnded]:
        """Ask the outlets whose delivery was begun and never ended whether they have it; journal sent or unknown."""
        made = self._pen.ledger.announcements[announcement]
        event = next(event for _, _, event in made.parts if event.part == part)
        by_id = {outlet.id: outlet for outlet in self.config.outlets}
        ended = []
        for name in event.outlets:
            done = made.deliveries.get((part, name))
            if done is not None and done.state == "sending":
                outlet = by_id.get(name)
                found = await outlets.find(outlet, self.delivery(made, event, name)) if outlet is not None else None
                done = _ended(
                    event, name, found or Delivered("unknown", detail="begun, and not found there afterwards")
                )
                await self._pen.keep(actor, done)
            if done is not None:
                ended.append(done)
        return ended

    async def resume(self) -> list[AnnouncementMade]:
        """Settle what an earlier daemon left of announcements made by hand; return the parts still to be delivered.

        A delivery that was begun is looked up and never repeated; one that was not begun is still owed, unless a newer
        part took its place. Those of a run are the run's own affair.
        """
        owed = []
        for made in list(self._pen.ledger.announcements.values()):
            for _, actor, event in list(made.parts):
                states = {name: made.deliveries.get((event.part, name)) for name in event.outlets}
                if event.run or all(done is not None and done.state != "sending" for done in states.values()):
                    continue
                await self.look_up(actor, made.id, event.part)
                fresh = [name for name, done in states.items() if done is None]
                if fresh and event.part == made.newest.part:
                    owed.append(event)
                elif fresh:
                    late = Delivered("skipped", detail="a newer part was made before it was sent")
                    await self._pen.keep(actor, *(_ended(event, name, late) for name in fresh))
        return owed

    def part_of(self, run: str, step: str) -> AnnouncementMade | None:
        """Return the part that this step of this run has made already."""
        for made in self._pen.ledger.announcements.values():
            for _, _, event in made.parts:
                if event.run == run and event.step == step:
                    return event
        return None

    def delivery(self, made: Announcement, event: AnnouncementMade, outlet: str) -> Delivery:
        """Return what an outlet is given: the same every time it is asked for."""
        language = next((o.language for o in self.config.outlets if o.id == outlet), "en")
        title, body = event.texts.get(language) or next(iter(event.texts.values()))
        at = next(at for at, _, each in made.parts if each is event or each.part == event.part)
        return Delivery(
            announcement=event.announcement,
            part=event.part,
            key=key_of(event.announcement, event.part, outlet),
            kind=event.kind,
            audience=event.audience,
            language=language,
            title=title,
            body=body,
            since=event.since,
            at=at,
            next_update=event.next_update,
            accounts=event.accounts,
            history=self._history(made, event, language),
        )

    def _history(self, made: Announcement, event: AnnouncementMade, language: str) -> tuple[Post, ...]:
        posts = []
        for other in self._pen.ledger.announcements.values():
            for at, _, each in other.parts:
                earlier = each.part < event.part if other.id == made.id else at < made.parts[0][0]
                if earlier and each.audience == event.audience:
                    title, body = each.texts.get(language) or next(iter(each.texts.values()))
                    post = Post(announcement=other.id, part=each.part, kind=each.kind, title=title, body=body, at=at)
                    posts.append(post)
        return tuple(sorted(posts, key=lambda post: post.at, reverse=True))

    async def _deliver(
        self, actor: str, made: Announcement, event: AnnouncementMade, name: str, outlet: Outlet | None
    ) -> DeliveryEnded:
        delivery = self.delivery(made, event, name)
        if outlet is None:
            done = _ended(event, name, Delivered("skipped", detail="this outlet is no longer configured"))
            await self._pen.keep(actor, done)
            return done
        intent = DeliveryIntended(announcement=event.announcement, part=event.part, outlet=name, key=delivery.key)
        await self._pen.write(actor, intent)
        try:
            became = await outlets.publish(outlet, delivery, self.config.business, self.config.timezone)
        except asyncio.CancelledError:
            lost = Delivered("unknown", outlet.url, detail="given up while it was being sent; it may be published")
            await self._pen.keep(actor, _ended(event, name, lost))
            raise
        done = _ended(event, name, became)
        await self._pen.keep(actor, done)
        return done

    def _outlets(self, audience: str, chosen: Sequence[str]) -> list[Outlet]:
        known = {outlet.id: outlet for outlet in self.config.outlets}
        strangers = [name for name in chosen if name not in known]
        if strangers:
            raise AnnounceError(f"no outlet is called {', '.join(strangers)}")
        if chosen:
            found = [known[name] for name in chosen]
        else:
            found = [o for o in known.values() if o.audience == audience and outlets.can_publish(o.kind)]
        if not found:
            raise AnnounceError(f"no outlet can tell {audience}")
        wrong = [o.id for o in found if o.audience != audience or not outlets.can_publish(o.kind)]
        if wrong:
            raise AnnounceError(f"{', '.join(wrong)} cannot tell {audience} in this version")
        return found

    def _compose(
        self,
        kind: str,
        audience: Audience,
        to: list[Outlet],
        note: str,
        run: str,
        step: str,
        as_of: float | None = None,
        languages: Sequence[str] = (),
    ) -> AnnouncementMade:
        now = self._clock() if as_of is None else as_of
        ledger = self._pen.ledger
        standing = next((a for a in ledger.announcements.values() if a.open and a.newest.audience == audience), None)
        closing = kind in CLOSING_KINDS
        if closing and standing is None:
            raise NothingToCloseError(f"nothing is announced to {audience} that {kind} could close")
        channels = [c for c in self.config.channels if c.audience == audience]
        active = [c for c in channels if c.role == "backup" and c.id in ledger.active]
        if kind == "backup-active" and not active:
            raise AnnounceError(f"no backup of {audience} is active: activate one before telling people about it")
        facts = Facts(
            business=self.config.business,
            audience=audience,
            kind=kind,
            since=standing.parts[0][2].since if standing is not None else self._since(now),
            now=now,
            timezone=self.config.timezone,
            failed=self._failed_names(channels, now),
            accounts=tuple(Account(c.id, c.name, c.address, self._state_of(c.id) is State.UP) for c in active),
            page=next((o.url for o in self.config.outlets if o.kind == "page" and o.audience == audience), ""),
            next_update=None if closing else now + UPDATE_EVERY,
            note=note,
        )
        texts = {}
        for language in dict.fromkeys((*languages, *(outlet.language for outlet in to))):
            name = f"{clean(kind, 60)}.{language}.txt"
            try:
                template = find_template(self.config.templates, kind, language)
            except ValueError as error:
                raise AnnounceError(f"there is no template {name}: {error}") from error
            try:
                text = compose(template, facts)
            except ValueError as error:
                raise AnnounceError(f"{name}: {error}") from error
            texts[language] = text.title, text.body
        announced = len(ledger.announcements)
        return AnnouncementMade(
            announcement=standing.id if standing is not None else f"a{announced + 1}",
            part=len(standing.parts) if standing is not None else 0,
            kind=kind,
            audience=audience,
            texts=texts,
            since=facts.since,
            next_update=facts.next_update,
            accounts=() if closing else tuple((c.name, c.address) for c in active),
            outlets=tuple(outlet.id for outlet in to),
            run=run,
            step=step,
        )

    def _failed_names(self, channels: Sequence[Channel], now: float) -> tuple[str, ...]:
        """Return which primaries fail, or did in the incident that is being closed."""
        primaries = [channel for channel in channels if channel.role == "primary"]
        incident, closed = self._pen.ledger.incident_at(now)
        had = incident.channels if incident is not None and closed is None else set()
        return tuple(c.name for c in primaries if self._failed(c)) or tuple(c.name for c in primaries if c.id in had)

    def _failed(self, channel: Channel) -> bool:
        return self._state_of(channel.id) in BAD

    def _since(self, now: float) -> float:
        incident, closed = self._pen.ledger.incident_at(now)
        if incident is not None and closed is None:
            return incident.since
        return min(self._pen.ledger.active.values(), default=now)


def key_of(announcement: str, part: int, outlet: str) -> str:
    """Return the key of a delivery: the same for every try, different for every part and outlet."""
    return hashlib.sha256(f"{announcement}\0{part}\0{outlet}".encode()).hexdigest()[:24]


def _ended(event: AnnouncementMade, outlet: str, done: Delivered) -> DeliveryEnded:
    return DeliveryEnded(
        announcement=event.announcement,
        part=event.part,
        outlet=outlet,
        state=done.state,
        url=done.url,
        remote_id=done.remote_id,
        detail=done.detail,
    )
