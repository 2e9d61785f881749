"""What an outlet is handed of a part: the same every time it is asked for. Made from the journal; sends nothing."""

import hashlib

from msgspec.structs import replace

from outagetui.core.copies import copied
from outagetui.core.model import Config
from outagetui.core.outlet_options import OutletOptions
from outagetui.core.words import PLACED, DeliveryState
from outagetui.facts.announcement import Announcement
from outagetui.facts.events import AnnouncementMade
from outagetui.facts.ledger import Ledger
from outagetui.wording.delivery import WITHDRAWN, Delivery, Placed, Post, Wording
from outagetui.wording.fit import fit_for


def key_of(made: Announcement, part: int, outlet: str) -> str:
    """Return the key of a delivery: the same for every try, different for every part, outlet and store."""
    nonce = made.parts[0][2].nonce
    told = f"{made.id}\0{part}\0{outlet}" + (f"\0{nonce}" if nonce else "")
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def delivery_for(
    config: Config, ledger: Ledger, made: Announcement, event: AnnouncementMade, outlet: str, *, again: bool = False
) -> Delivery:
    """Return what an outlet is given. ValueError when not even where to read on fits into its limit."""
    place = config.outlet(outlet)
    wanted = place.language if place is not None else "en"
    language = wanted if made.delivery(event.part, outlet).edit is not None else event.spoken(wanted)
    title, body = made.words(event, outlet, language)
    return copied(
        Delivery,
        event,
        key=key_of(made, event.part, outlet),
        language=language,
        title=title,
        body=body,
        at=next(at for at, _, each in made.parts if each.part == event.part),
        history=_history(ledger, made, event, outlet, wanted),
        text=fit_for(config, place, title, body, event.accounts, event.corrected(language))
        if place is not None
        else None,
        placed=placed(made, outlet, before=event.part),
        again=again,
        others=_others(made, event, outlet, wanted),
        above=_above(config, ledger, made, outlet) if place is not None and OutletOptions.of(place.kind).page else None,
    )


def _above(config: Config, ledger: Ledger, made: Announcement, outlet: str) -> Delivery | None:
    """Return what the newest later announcement has at the outlet: a page shows that first, whatever else changes."""
    for other in reversed(ledger.announcements.values()) if made.id in ledger.announcements else ():
        if other.id == made.id:
            break
        told = other.reached().get(outlet)
        if told and other.retracted is None and other.newest.audience == made.newest.audience:
            return delivery_for(config, ledger, other, other.part(max(told)), outlet)
    return None


def placed(made: Announcement, outlet: str, *, before: int | None = None, named: bool = False) -> tuple[Placed, ...]:
    """Return the parts that are surely at the outlet, newest first; only those older than `before`.

    `named`: also those that may be there and that the outlet has a name for, such as what waits for a moderator.
    """
    found = []
    for at, _, event in reversed(made.parts):
        done = made.delivery(event.part, outlet)
        there = done.state in PLACED or (named and done.state == DeliveryState.UNKNOWN and done.remote_id)
        if there and (before is None or event.part < before):
            key = key_of(made, event.part, outlet)
            found.append(Placed(part=event.part, key=key, at=at, remote_id=done.remote_id, url=done.url))
    return tuple(found)


def _history(
    ledger: Ledger, made: Announcement, event: AnnouncementMade, outlet: str, language: str
) -> tuple[Post, ...]:
    """Return the earlier parts of this announcement, those of earlier ones, and of later ones what is at the outlet.

    Which is later is told by their order in the journal, since clocks are set back.
    """
    posts: list[Post] = []
    later = False
    for other in ledger.announcements.values():
        own = other.id == made.id
        told = other.reached().get(outlet, ())
        mine = [
            _post(at, other, each, outlet, language)
            for at, _, each in other.parts
            if each.audience == event.audience and (each.part < event.part if own else not later or each.part in told)
        ]
        later = later or own
        if mine and not own and other.retracted is not None:
            mine = [replace(mine[0], kind=WITHDRAWN, body="", at=other.retracted[0])]
        posts += mine
    return tuple(sorted(posts, key=lambda post: post.at, reverse=True))


def _post(at: float, made: Announcement, event: AnnouncementMade, outlet: str, language: str) -> Post:
    title, body = made.words(event, outlet, language)
    others = _others(made, event, outlet, language)
    return Post(announcement=made.id, part=event.part, kind=event.kind, title=title, body=body, at=at, others=others)


def _others(made: Announcement, event: AnnouncementMade, outlet: str, language: str) -> tuple[Wording, ...]:
    """Return the part in its other languages; an operator's own words stand alone, since they may contradict those."""
    if made.delivery(event.part, outlet).edit is not None:
        return ()
    return tuple(Wording(each, *words) for each, words in event.texts.items() if each != event.spoken(language))
