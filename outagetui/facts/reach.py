"""Reach: the share of an audience that can reach us, from states and segments; pure."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from outagetui.core.model import Audience, Segment, State


class Share(Struct, frozen=True):
    """How much of a channel works, 0 to 1, and whether that is known now or only the last known."""

    value: float
    certain: bool = True


def share_of(state: State, known: State, failing: float) -> Share:
    """Return a channel's working share: up and slow 1, partial what does not fail, down 0.

    Unknown and blind keep the share of `known`, the last certain state, marked uncertain; never known counts as 0.
    """
    certain = state not in (State.UNKNOWN, State.BLIND)
    at = state if certain else known
    value = {State.UP: 1.0, State.SLOW: 1.0, State.PARTIAL: 1.0 - failing}.get(at, 0.0)
    return Share(value, certain)


def reach(
    audience: Audience,
    segments: Iterable[Segment],
    shares: Mapping[str, Share],
    usable: Collection[str],
    untold: Collection[str] = (),
) -> tuple[float | None, bool]:
    """Return the reach of `audience` and whether it leans on uncertain states.

    `usable` holds the channels that count: primaries and active backups; those of them that are `untold`, of which this
    audience was not told, only for people who try them first anyway. None without people in any segment.
    """
    mine = [segment for segment in segments if segment.audience == audience]
    people = sum(segment.people for segment in mine)
    if people == 0:
        return None, False
    reached = 0.0
    uncertain = False
    for segment in mine:
        first = segment.uses[0] if segment.uses else ""
        counts = (name for name in segment.uses if name in usable and (name not in untold or name == first))
        used = [shares[name] for name in counts if name in shares]
        best = max(used, key=lambda share: (share.value, share.certain), default=Share(0.0))
        reached += segment.people * best.value
        # An uncertain channel that might be better, or the uncertain best itself, makes the figure a guess.
        uncertain = uncertain or any(not share.certain and best.value < 1.0 for share in used) or not best.certain
    return reached / people, uncertain


def percent(share: float | None) -> str:
    """Return a share of 0 to 1 as `31 %`, never `100 %` while somebody is missing nor `0 %` while somebody is there."""
    if share is None:
        return "–"
    shown = round(share * 100)
    if shown >= 100 and share < 1:
        shown = 99
    if shown <= 0 < share:
        shown = 1
    return f"{shown} %"
