"""What a part of an announcement says and where it goes, from the configuration and the journal; sends nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from outagetui import outlets
from outagetui.announce.effect import liked
from outagetui.core import times
from outagetui.core.announcement_kinds import CLOSING_KINDS, DRILL_KIND
from outagetui.core.model import BAD, SHORTEST_REASON, Audience, Channel, Config, Outlet, State, Template
from outagetui.core.text import clean, nearest, readable
from outagetui.facts.announcement import Announcement
from outagetui.facts.events import AnnouncementMade
from outagetui.facts.ledger import Ledger
from outagetui.wording.compose import (
    BODY_LIMIT,
    TITLE_LIMIT,
    Account,
    DeadWay,
    Facts,
    compose,
    correction,
    find_template,
)
from outagetui.wording.fit import fit_for, page_of
from outagetui.wording.published import published, published_lines

BACKUPS = "backup-active"  # the kind that is about active backups, and false without one


class AnnounceError(ValueError):
    """Nothing was sent; the message says why."""


class NothingToCloseError(AnnounceError):
    """Nothing stands open that the closing words could close."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What somebody wants to be said.

    No `outlets` are all of the audience, `update` names the announcement it must belong to, `words` are an operator's
    own title and body by outlet, `languages` are composed beside those of the outlets. With `suppose`, words that need
    an active backup are made as if those in good health were: to be looked at, never to be sent. `reason` is why a
    drill is announced where none is played.
    """

    kind: str
    audience: Audience
    outlets: tuple[str, ...] = ()
    note: str = ""
    update: str = ""
    words: Mapping[str, tuple[str, str]] = {}
    languages: tuple[str, ...] = ()
    run: str = ""
    step: str = ""
    suppose: bool = False
    reason: str = ""


class Scene(Struct, frozen=True):
    """What announcements are made from: `state_of` tells the state of a channel or outlet, `now` epoch seconds.

    `drill`: this is a rehearsal, whose own incident is none.
    """

    config: Config
    ledger: Ledger
    state_of: Callable[[str], State]
    now: float
    drill: bool = False


def draft(wanted: Wanted, scene: Scene, *, nowhere: bool = False) -> AnnouncementMade:
    """Compose the first part of an announcement, or the next of the one that stands open.

    Raises AnnounceError: no outlet (unless `nowhere`), no template, a field that cannot be filled, no room.
    """
    config, ledger = scene.config, scene.ledger
    if wanted.kind == DRILL_KIND and not scene.drill and ledger.open_incident(scene.now) is not None:
        raise AnnounceError(f"an incident is open: nobody can be told now that it is only a {DRILL_KIND}")
    standing = _standing(wanted, ledger)
    closing = wanted.kind in CLOSING_KINDS
    if closing and standing is None:
        raise NothingToCloseError(f"nothing is announced to {wanted.audience} that {wanted.kind} could close")
    to = [] if nowhere else _outlets(wanted, config, standing if closing else None)
    channels = [channel for channel in config.channels if channel.audience == wanted.audience]
    active = _active(wanted, channels, scene)
    dead = () if closing else _dead_ways(channels, standing, scene)
    gone = {way.id for way in dead}
    working = [channel for channel in active if channel.id not in gone]
    if wanted.kind == BACKUPS and not active:
        raise AnnounceError(f"no backup of {wanted.audience} is active: activate one before telling people about it")
    facts = Facts(
        business=config.business,
        audience=wanted.audience,
        kind=wanted.kind,
        since=standing.parts[0][2].since if standing is not None else _since(scene),
        now=scene.now,
        timezone=config.timezone,
        failed=_failed_names(channels, scene),
        accounts=tuple(Account(c.id, c.name, c.address, scene.state_of(c.id) is State.UP) for c in working),
        dead=dead,
        next_update=None if closing else scene.now + config.update_every,
        note=wanted.note,
    )
    languages = dict.fromkeys((*wanted.languages, *(outlet.language for outlet in to)))
    texts = _texts(wanted.kind, languages, config, facts)
    named = () if closing else tuple((channel.name, channel.address) for channel in working)
    corrections = {each: tuple(correction(way, each) for way in dead) for each in texts} if dead else {}
    made = AnnouncementMade(
        announcement=standing.id if standing is not None else f"a{len(ledger.announcements) + 1}",
        part=len(standing.parts) if standing is not None else 0,
        kind=wanted.kind,
        audience=wanted.audience,
        texts=texts,
        since=facts.since,
        next_update=facts.next_update,
        accounts=named,
        outlets=tuple(outlet.id for outlet in to),
        run=wanted.run,
        step=wanted.step,
        reason=wanted.reason,
        channels=() if closing else tuple(channel.id for channel in working),
        dead=tuple(way.id for way in dead),
        corrections=corrections,
    )
    for outlet in to:
        language = made.spoken(outlet.language)
        _fits(outlet, wanted.words.get(outlet.id) or texts[language], config, named, made.corrected(language))
    return made


def agreed(wanted: Wanted, *, drill: bool) -> None:
    """Raise AnnounceError when words that nothing has failed lack the reason that they need outside of a rehearsal."""
    if wanted.kind == DRILL_KIND and not drill and len(readable(wanted.reason)) < SHORTEST_REASON:
        lacks = f"a reason of at least {SHORTEST_REASON} characters (announce --reason, or a note with the answer)"
        raise AnnounceError(f"no drill is played here: to tell people of one needs {lacks}")


def own_words(title: str, body: str) -> tuple[str, str]:
    """Return an operator's own title and body, cleaned; AnnounceError when they cannot be sent."""
    title, body = published(title, TITLE_LIMIT + 1), published_lines(body, BODY_LIMIT + 1).strip()
    if not title or not body:
        raise AnnounceError("own words need a title and a body")
    if len(title) > TITLE_LIMIT or len(body) > BODY_LIMIT:
        raise AnnounceError(f"own words are at most {TITLE_LIMIT} characters (title) and {BODY_LIMIT} (body)")
    return title, body


def _standing(wanted: Wanted, ledger: Ledger) -> Announcement | None:
    """Return the announcement that is gone on with; None when a new one begins."""
    if not wanted.update:
        stand = (made for made in ledger.announcements.values() if made.open)
        return next((made for made in stand if made.newest.audience == wanted.audience), None)
    made = ledger.announcements.get(wanted.update)
    if made is None:
        raise AnnounceError(f"there is no announcement {clean(wanted.update, 40)}")
    if not made.open:
        why = "taken back" if made.retracted else "closed"
        raise AnnounceError(f"{made.id} is {why}; without --update a new announcement begins")
    if made.newest.audience != wanted.audience:
        raise AnnounceError(f"{made.id} is for {made.newest.audience}, not for {wanted.audience}")
    return made


def _outlets(wanted: Wanted, config: Config, closes: Announcement | None) -> list[Outlet]:
    """Return where it goes: as chosen, and what closes an announcement wherever that was told."""
    known = {outlet.id: outlet for outlet in config.outlets}
    strangers = [clean(name, 60) for name in (*wanted.outlets, *wanted.words) if name not in known]
    if strangers:
        raise AnnounceError(f"no outlet is called {', '.join(strangers)}{nearest(strangers[0], known)}")
    mine = [o for o in known.values() if o.audience == wanted.audience and outlets.can_publish(o)]
    found = [known[name] for name in dict.fromkeys(wanted.outlets)] or mine
    wrong = [outlet.id for outlet in found if outlet not in mine]
    if wrong:
        who = f"{', '.join(wrong)} cannot tell {wanted.audience}"
        raise AnnounceError(f"{who}: another audience, no secret, or only watched")
    if closes is not None:
        told = closes.reached()
        found += [outlet for outlet in mine if outlet.id in told and outlet not in found]
    if not found:
        raise AnnounceError(f"no outlet can tell {wanted.audience}")
    unused = [name for name in wanted.words if known[name] not in found]
    if unused:
        raise AnnounceError(f"own words for {', '.join(unused)}, where it does not go")
    return found


def _active(wanted: Wanted, channels: Sequence[Channel], scene: Scene) -> list[Channel]:
    """Return the active backups, those first that the audience likes best."""
    backups = [channel for channel in channels if channel.is_backup]
    active = {c.id: c for c in backups if c.id in scene.ledger.active}
    if not active and wanted.suppose and wanted.kind == BACKUPS:
        active = {c.id: c for c in backups if scene.state_of(c.id) not in BAD} or {c.id: c for c in backups}
    return [active[name] for name in liked(active, wanted.audience, scene.config.segments)]


def _dead_ways(channels: Sequence[Channel], standing: Announcement | None, scene: Scene) -> tuple[DeadWay, ...]:
    """Return the backups that are down and that people were sent to: by what stands open, at any time, or by hand."""
    found = []
    for channel in channels:
        if channel.is_backup and scene.state_of(channel.id) is State.DOWN:
            by_hand = (channel.audience, channel.id) in scene.ledger.told
            if by_hand or (standing is not None and standing.spoke_of(channel.id, (channel.name, channel.address))):
                found.append(DeadWay(channel.id, channel.name, channel.carries, channel.address))
    return tuple(found)


def _texts(kind: str, languages: Iterable[str], config: Config, facts: Facts) -> dict[str, tuple[str, str]]:
    """Return title and body by language: where one has no words of its own, that of those that serve for it."""
    found: dict[str, Template] = {}
    for language in languages:
        try:
            template = find_template(config.templates, kind, language)
        except ValueError as error:
            raise AnnounceError(f"there is no template {clean(kind, 60)}.{language}.txt: {error}") from error
        same = times.base(template.language) == times.base(language)
        found[language if same else template.language] = template
    texts = {}
    for language, template in found.items():
        try:
            text = compose(template, replace(facts, page=page_of(config, facts.audience, language)))
        except ValueError as error:
            raise AnnounceError(f"{clean(kind, 60)}.{language}.txt: {error}") from error
        texts[language] = (text.title, text.body)
    return texts


def _fits(
    outlet: Outlet,
    text: tuple[str, str],
    config: Config,
    named: Sequence[tuple[str, str]],
    corrections: Sequence[str],
) -> None:
    try:
        fit_for(config, outlet, *text, named, corrections)
    except ValueError as error:
        raise AnnounceError(f"{outlet.id}: {error}") from error


def _failed_names(channels: Sequence[Channel], scene: Scene) -> tuple[str, ...]:
    """Return which primaries fail, or did in the incident that is being closed."""
    primaries = [channel for channel in channels if not channel.is_backup]
    incident = scene.ledger.open_incident(scene.now)
    had = incident.channels if incident is not None else set()
    failed = [c.name for c in primaries if scene.state_of(c.id) in BAD]
    return tuple(failed) or tuple(c.name for c in primaries if c.id in had)


def _since(scene: Scene) -> float:
    incident = scene.ledger.open_incident(scene.now)
    if incident is not None:
        return incident.since
    return min(scene.ledger.active.values(), default=scene.now)
