"""What people are owed: the word that a way is dead, that a backup is open, or the news they were promised; pure."""

from collections.abc import Callable, Collection, Iterator

from msgspec.structs import replace

from outagetui.board.rows import Board, GainRow, LeftRow, OwedRow, ReachRow
from outagetui.board.suggest import Moment, below_since
from outagetui.core.model import AUDIENCES, Audience, State
from outagetui.core.text import clean, listed
from outagetui.core.words import STEP_ASKS, Owed, RunState, Standing
from outagetui.facts.announcement import Announcement
from outagetui.facts.events import StepPlan
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Public, PublicChannel
from outagetui.facts.reach import percent
from outagetui.facts.run import Run

DEAD_AFTER = 30.0  # seconds for which a way that people were sent to is down
OPEN_AFTER = 60.0  # seconds for which a backup is open without a word
EARLY = (RunState.ABORTED, RunState.FAILED)  # how a run ends that did not do all it had to


def untold(public: Public, ledger: Ledger) -> dict[Audience, frozenset[str]]:
    """Return for each audience the active backups of which it was not told since they became active.

    It was told by an open announcement that is at an outlet and names the backup, or by hand. A channel that is well
    known needs no word; one of another audience counts as told when that audience was.
    """
    active = [channel for channel in public.channels if channel.id in ledger.active and not channel.well_known]
    told = {(audience, channel.id) for channel in active for audience in AUDIENCES if _told(audience, channel, ledger)}
    return {
        audience: frozenset(each.id for each in active if not told & {(audience, each.id), (each.audience, each.id)})
        for audience in AUDIENCES
    }


def _told(audience: Audience, channel: PublicChannel, ledger: Ledger) -> bool:
    account, said = (channel.name, channel.address), ledger.said.get(channel.id, {})
    return audience in ledger.by_hand(channel.id) or any(
        made.newest.audience == audience and made.sends_to(channel.id, account, after=said.get(made.id, 0), surely=True)
        for made in ledger.announcements.values()
    )


def owed(moment: Moment, ledger: Ledger, *, blind: bool) -> tuple[OwedRow, ...]:
    """Return what people are owed now, the worst first; blind, nobody knows of a way whether it is dead."""
    found = [] if blind else list(_dead_ways(moment, ledger))
    dead = {row.channel for row in found}
    for audience in AUDIENCES:
        rows = [row for row in _unannounced(audience, moment, ledger) if row.channel not in dead]
        found += rows or ([] if blind else _silent(audience, moment, ledger))
    return (*found, *_late(moment, ledger))


def _dead_ways(moment: Moment, ledger: Ledger) -> Iterator[OwedRow]:
    for channel in (each for each in moment.public.channels if each.is_backup):
        seen = moment.channels[channel.id]
        since = seen.since if seen.since is not None else moment.now
        if seen.state is not State.DOWN or seen.muted or seen.local:
            continue
        if moment.now - since < DEAD_AFTER:
            continue
        sent = dict.fromkeys(sorted(ledger.by_hand(channel.id)), "")
        for made in _open(ledger):
            if made.sends_to(channel.id, (channel.name, channel.address)):
                sent[made.newest.audience] = made.id
        for audience, announcement in sent.items():
            yield OwedRow(
                kind=Owed.DEAD_WAY,
                audience=audience,
                channel=channel.id,
                name=channel.name,
                announcement=announcement,
                since=since,
                run=_asking(audience, ledger),
            )


def _unannounced(audience: Audience, moment: Moment, ledger: Ledger) -> Iterator[OwedRow]:
    """Yield the backups of an audience that are open, work, and of which it was told nothing."""
    hidden = moment.untold.get(audience, frozenset())
    for channel in moment.public.channels:
        if channel.id not in hidden or channel.audience != audience:
            continue
        users = [each for each in moment.public.segments if each.audience == audience and channel.id in each.uses]
        if users and all(segment.uses[0] == channel.id for segment in users):
            continue  # whoever can use it tries it first anyway
        if moment.channels[channel.id].state is State.DOWN:
            continue
        since, ended = ledger.active[channel.id], _ended(channel.id, ledger)
        if ended or moment.now - since >= OPEN_AFTER:
            yield OwedRow(
                kind=Owed.NOT_TOLD,
                audience=audience,
                channel=channel.id,
                name=channel.name,
                announcement=_standing(audience, ledger),
                since=since,
                run=_asking(audience, ledger),
                ended=ended,
                gain=_gain(audience, moment, hidden),
            )


def _silent(audience: Audience, moment: Moment, ledger: Ledger) -> Iterator[OwedRow]:
    """Yield that an audience cannot reach us and was told nothing at all."""
    limits = moment.public.limits(audience)
    since = below_since(audience, limits.alarm, moment)
    can = any(outlet.audience == audience and outlet.publishes for outlet in moment.public.outlets)
    if can and since and moment.now - since >= limits.tell_within and not _standing(audience, ledger):
        yield OwedRow(kind=Owed.NOT_TOLD, audience=audience, since=since, run=_asking(audience, ledger))


def _late(moment: Moment, ledger: Ledger) -> Iterator[OwedRow]:
    for made in _open(ledger):
        due = made.newest.next_update
        if due is not None and due <= moment.now:
            yield OwedRow(kind=Owed.LATE, audience=made.newest.audience, announcement=made.id, since=due)


def _open(ledger: Ledger) -> Iterator[Announcement]:
    return (made for made in ledger.announcements.values() if made.open)


def _standing(audience: Audience, ledger: Ledger) -> str:
    return next((made.id for made in _open(ledger) if made.newest.audience == audience), "")


def _gain(audience: Audience, moment: Moment, hidden: Collection[str]) -> GainRow | None:
    (now, _), (then, _) = moment.known(audience), moment.known(audience, hidden)
    return None if now is None or then is None else GainRow(audience=audience, now=now, then=then)


def _ended(channel: str, ledger: Ledger) -> str:
    """Return the run that made a backup active and ended early; empty where none did, or where it was begun again."""
    run = ledger.runs.get(ledger.activations[channel].run)
    again = run is not None and any(
        other.ended is None and other.playbook == run.playbook for other in ledger.runs.values()
    )
    return run.id if run is not None and run.state in EARLY and not again else ""


def _asking(audience: str, ledger: Ledger) -> str:
    """Return the run whose question, answered yes, tells an audience something; empty when none asks that."""
    for run in ledger.runs.values():
        for step in run.steps.values() if run.ended is None else ():
            if step.state in STEP_ASKS and _tells(step.plan, audience):
                return run.id
    return ""


def _tells(plan: StepPlan, audience: str) -> bool:
    from outagetui.core.step_options import StepOptions  # only where a run asks something

    announces = StepOptions.of(plan.do).announces and plan.options.get("audience") == audience
    return announces or plan.options.get("told") == audience


def left_by(run: Run, moment: Moment, ledger: Ledger) -> LeftRow | None:
    """Return what a run that ended early left half done: backups that are active still; None when it left nothing."""
    if run.ended is None or run.state not in EARLY:
        return None
    mine = ledger.activated_by(run.stands_down or run.id)
    active = [channel for channel in moment.public.channels if channel.id in mine]
    if not active:
        return None
    secret = [each for each in active if each.id in moment.untold.get(each.audience, ())]
    return LeftRow(
        active=tuple(channel.id for channel in active),
        untold=tuple(channel.id for channel in secret),
        words=_left_words([each.name for each in active], [each.name for each in secret], run),
    )


def _left_words(active: list[str], secret: list[str], run: Run) -> str:
    words = f"{listed([clean(name, 60) for name in active])} {'is' if len(active) == 1 else 'are'} active"
    if secret == active:
        return f"{words}, and nobody was told"
    if secret:
        return f"{words}, and nobody was told of {listed([clean(name, 60) for name in secret])}"
    return f"{words} still" if run.stands_down else words


def pressing(board: Board) -> tuple[OwedRow, ...]:
    """Return what is owed but late news; backups that one announcement tells an audience of are one row."""
    found: dict[tuple[object, ...], OwedRow] = {}
    for place, row in enumerate(each for each in board.owed if each.kind != Owed.LATE):
        alike = row.kind == Owed.NOT_TOLD and row.channel and publishes(board, row.audience)
        same = (row.kind, row.audience, row.announcement, row.run) if alike else (place,)
        first = found.get(same)
        found[same] = row if first is None else replace(first, others=(*first.others, row.name))
    return tuple(found.values())


def heading(row: OwedRow) -> str:
    """Return the words in capitals that a row begins with."""
    return {Owed.DEAD_WAY: "DEAD WAY", Owed.NOT_TOLD: "NOT TOLD"}.get(row.kind, "UPDATE LATE")


def why(row: OwedRow, clock: Callable[[float], str]) -> str:
    """Return what is owed in words; `clock` tells the time of day."""
    name, at = names(row), clock(row.since)
    if row.kind == Owed.DEAD_WAY:
        return f"{row.audience} were sent to {name}; it is DOWN since {at}"
    if row.kind == Owed.LATE:
        return f"{row.audience} were promised news by {at}"
    if not row.channel:
        return f"{row.audience} were told nothing; most cannot reach us since {at}"
    nobody = "no customer knows" if row.audience == "customers" else f"nobody of the {row.audience} knows"
    return f"{name} are open, {nobody}" if row.others else f"{name} is open since {at}, {nobody}"


def names(row: OwedRow) -> str:
    """Return the channels that a row is about in words; empty where it is about none."""
    return listed([clean(name, 60) for name in (row.name, *row.others)])


def command(row: OwedRow, board: Board) -> str:
    """Return the command that gives what a row of `board` owes, or that notes what had to be done by hand."""
    if row.channel and not publishes(board, row.audience):
        # A dead way that people were told of by hand: once they are told so, nobody counts on it.
        dead = row.kind == Owed.DEAD_WAY
        return (
            f"outagetui deactivate {row.channel}" if dead else f"outagetui told {row.channel} --audience {row.audience}"
        )
    kind = "update" if row.announcement else "backup-active" if open_backups(board, row.audience) else "investigating"
    kind = kind if kind in board.kinds or not board.kinds else board.kinds[0]
    return f"outagetui announce {kind} --audience {row.audience}"


def publishes(board: Board, audience: str) -> bool:
    """Whether there is an outlet on which an audience can be told."""
    return any(each.audience == audience and each.publishes for each in board.outlets)


def open_backups(board: Board, audience: str) -> list[str]:
    """Return the backups of an audience that are active and not known to be down."""
    return [
        row.id
        for row in board.channels
        if row.audience == audience and row.standing == Standing.ACTIVE and row.known is not State.DOWN
    ]


def rest(run: str, playbook: str, stands_down: str) -> tuple[str, ...]:
    """Return the commands that finish what a run left half done: begin again, or take it back."""
    back = f"outagetui play {stands_down or run} --stand-down"
    return (back,) if stands_down else (f"outagetui play {playbook}", back)


def reach_words(row: ReachRow, *, old: bool = False) -> str:
    """Return who can reach us: `20 % → 80 % once told → 98 % with backups`; a `?` where only the last is known.

    `old`: nobody renews what this is made of.
    """
    if row.known is None:
        return "no segments defined"
    mark = "?" if row.uncertain or old else ""
    shown = percent(row.known)
    words = f"{shown}{mark}"
    for share, how in ((row.now, "once told"), (row.possible, "with backups")):
        if share is not None and percent(share) != shown:
            shown = percent(share)
            words += f" → {shown}{mark} {how}"
    return words if shown != percent(row.known) or row.known >= row.calm else f"{words}  no backup is left"
