"""Which playbooks are suggested now, and how much reach each would win back; pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from outagetui.board.rows import GainRow, SuggestionRow
from outagetui.core.model import AUDIENCES, Audience, Condition, State
from outagetui.core.text import listed
from outagetui.core.times import zone_or_utc
from outagetui.facts.live import Public, PublicPlaybook
from outagetui.facts.reach import Share, percent, reach

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WORKING = Share(1.0)


class Seen(Struct, frozen=True, kw_only=True):
    """A channel as conditions see it: `since` is the onset of its trouble (epoch seconds), or when it came up.

    `heeded`: a state of it counts. Muted ones, those that only follow from another's failure and those that a single
    vantage sees do not.
    """

    name: str
    audience: Audience
    primary: bool
    state: State
    since: float | None
    share: Share
    muted: bool
    heeded: bool
    local: bool = False


class Moment(Struct, frozen=True, kw_only=True):
    """What holds at `now`: the channels, which backups are active, and which playbooks run.

    `untold` are the active backups that an audience was not told of, `broken` those whose last proof failed.
    """

    public: Public
    channels: Mapping[str, Seen]
    active: Collection[str]
    running: Collection[str]
    now: float
    untold: Mapping[Audience, frozenset[str]] = {}
    broken: Collection[str] = ()

    def usable(self, more: Collection[str] = ()) -> set[str]:
        """Return the channels that count for reach: primaries, active backups, and of the backups `more` the sound."""
        more = set(more) - set(self.broken)
        return {id for id, seen in self.channels.items() if seen.primary or id in self.active or id in more}

    def reach(self, audience: Audience, more: Collection[str] = ()) -> tuple[float | None, bool]:
        """Return the reach of an audience with the backups `more` active too, and whether it is a guess.

        None without people.
        """
        shares = {id: seen.share for id, seen in self.channels.items()}
        return reach(audience, self.public.segments, shares, self.usable(more))

    def known(self, audience: Audience, more: Collection[str] = ()) -> tuple[float | None, bool]:
        """Return the same without backups that these people were not told of, unless they are among `more`."""
        shares = {id: seen.share for id, seen in self.channels.items()}
        return reach(audience, self.public.segments, shares, self.usable(more), self._untold(audience) - set(more))

    def _untold(self, audience: Audience) -> frozenset[str]:
        return self.untold.get(audience, frozenset())

    def spent(self, book: PublicPlaybook) -> bool:
        """Whether a playbook has nothing left to do: its backups are active, and whom it tells knows of them."""
        hidden = {id for audience in AUDIENCES if audience in book.tells for id in self._untold(audience)}
        return bool(book.activates) and all(id in self.active and id not in hidden for id in book.activates)


def suggestions(moment: Moment) -> tuple[SuggestionRow, ...]:
    """Return the playbooks of which a condition holds and that do not run: first what wins back most people.

    One that has nothing left to do is not among them.
    """
    found: list[tuple[float, SuggestionRow]] = []
    for book in moment.public.playbooks:
        if book.id in moment.running or moment.spent(book):
            continue
        held = next((condition for condition in book.suggest if holds(condition, moment)), None)
        if held is not None:
            found.append(_suggestion(book, held, moment))
    return tuple(row for _, row in sorted(found, key=lambda each: -each[0]))


def holds(condition: Condition, moment: Moment) -> bool:
    """Return whether everything that `condition` says has held for as long as it asks."""
    if not _in_time(condition, moment):
        return False
    begins = [_troubled_since(id, condition, moment) for id in condition.channels]
    if condition.audience is not None and condition.reach_below is not None:
        begins.append(below_since(condition.audience, condition.reach_below, moment))
    return bool(begins) and all(begin is not None and moment.now - begin >= condition.lasting for begin in begins)


def _troubled_since(id: str, condition: Condition, moment: Moment) -> float | None:
    seen = moment.channels.get(id)
    return seen.since if seen is not None and seen.heeded and seen.state in condition.state else None


def below_since(audience: Audience, limit: float, moment: Moment) -> float | None:
    """Return since when the known reach of `audience` is below `limit`; None while it is not, or may not be.

    It needs no memory: going through the onsets of the channels' troubles from the first, with each channel's present
    share from its own onset on, it is the onset that took the reach below the limit. A loss that grew later thus counts
    from its beginning. What nobody can see, and what is muted, counts as working.
    """
    shares = {
        id: WORKING if seen.muted or not seen.share.certain else seen.share for id, seen in moment.channels.items()
    }
    usable = moment.usable()
    lost = {id: since for id in usable if shares[id].value < 1 and (since := moment.channels[id].since) is not None}
    for at in (0.0, *sorted(set(lost.values()))):
        then = {id: share if lost.get(id, 0.0) <= at else WORKING for id, share in shares.items()}
        reached, _ = reach(audience, moment.public.segments, then, usable, moment.untold.get(audience, frozenset()))
        if reached is not None and reached < limit:
            return at
    return None


def _in_time(condition: Condition, moment: Moment) -> bool:
    if condition.between is None and not condition.days:
        return True
    local = datetime.fromtimestamp(moment.now, zone_or_utc(moment.public.timezone))
    day, minute = local.weekday(), local.hour * 60 + local.minute
    if condition.between is not None:
        begin, end = condition.between
        if begin < end:
            if not begin <= minute < end:
                return False
        elif minute < end:
            day = (day - 1) % 7  # still the stretch that began yesterday
        elif minute < begin:
            return False
    return not condition.days or day in condition.days


def _suggestion(book: PublicPlaybook, held: Condition, moment: Moment) -> tuple[float, SuggestionRow]:
    """Return the suggestion of a playbook, and how many people it wins back."""
    won: list[tuple[float, GainRow]] = []
    for audience in AUDIENCES:
        (now, _), (then, _) = moment.known(audience), moment.known(audience, book.activates)
        people = sum(segment.people for segment in moment.public.segments if segment.audience == audience)
        if now is not None and then is not None:
            won.append(((then - now) * people, GainRow(audience=audience, now=now, then=then)))
    won.sort(key=lambda each: -each[0])
    row = SuggestionRow(
        playbook=book.id,
        name=book.name,
        why=why(held, moment),
        gains=tuple(gain for people, gain in won if people > 0),
    )
    return sum(people for people, _ in won), row


def why(condition: Condition, moment: Moment) -> str:
    """Return in words what made `condition` hold."""
    by_state: dict[State, list[str]] = {}
    for id in condition.channels:
        seen = moment.channels[id]
        by_state.setdefault(seen.state, []).append(seen.name)
    words = [f"{listed(names)} {'is' if len(names) == 1 else 'are'} {state.value}" for state, names in by_state.items()]
    if condition.audience is not None and condition.reach_below is not None:
        now = percent(moment.known(condition.audience)[0])
        words.append(f"reach of {condition.audience} is {now}, below {percent(condition.reach_below)}")
    if condition.between is not None:
        begin, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in condition.between)
        words.append(f"it is between {begin} and {end}")
    if condition.days and not condition.between:
        words.append(f"it is {DAYS[datetime.fromtimestamp(moment.now, zone_or_utc(moment.public.timezone)).weekday()]}")
    return listed(words)


def gain_words(gains: Iterable[GainRow]) -> str:
    """Return what is won as people say it, `customers 31 % to 94 %, staff 0 % to 100 %`; empty without a gain."""
    return ", ".join(f"{gain.audience} {percent(gain.now)} to {percent(gain.then)}" for gain in gains)
