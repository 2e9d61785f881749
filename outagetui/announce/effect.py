"""Which accounts an audience likes best, and whom an announcement that names them lets reach us. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from outagetui.core.model import Audience, Channel, Segment
from outagetui.core.text import listed
from outagetui.facts.reach import Share

NOTHING = Share(0.0, certain=False)


def liked(names: Collection[str], audience: Audience, segments: Iterable[Segment]) -> tuple[str, ...]:
    """Return channels with those first that most people of `audience` prefer, else in the order given.

    In each segment the first of `names` that its people use counts for all of them, the second for half, and so on.
    """
    weight = dict.fromkeys(names, 0.0)
    for segment in segments:
        if segment.audience == audience:
            used = [name for name in dict.fromkeys(segment.uses) if name in weight]
            for rank, name in enumerate(used, 1):
                weight[name] += segment.people / rank
    return tuple(sorted(weight, key=lambda name: -weight[name]))


def effect(
    named: Sequence[str],
    audience: Audience,
    channels: Sequence[Channel],
    segments: Iterable[Segment],
    shares: Mapping[str, Share],
    dead: Collection[str] = (),
) -> str:
    """Return in words what an announcement does that names the channels `named`, which have to be active.

    `shares` tells how much of each channel works; `dead` are those that it takes back.
    """
    known = {channel.id: channel for channel in channels}
    head = f"names {listed([known[name].name for name in named])}" if named else "names no account"
    mine = [segment for segment in segments if segment.audience == audience and segment.people > 0]
    people = sum(segment.people for segment in mine)
    if not people:
        return head
    usable = {channel.id for channel in channels if not channel.is_backup} | {*named, *dead}
    reached, certain = 0.0, True
    lost: dict[str, int] = {}
    for segment in mine:
        used = [shares.get(name, NOTHING) for name in segment.uses if name in usable]
        best = max(used, key=lambda share: (share.value, share.certain), default=Share(0.0))
        reached += segment.people * best.value
        certain = certain and best.certain and (best.value >= 1 or all(share.certain for share in used))
        if best.value <= 0:
            why = _why(segment, known, usable, shares)
            lost[why] = lost.get(why, 0) + segment.people
    gone = sum(lost.values())
    well = min(round(reached), people - gone)
    if well == people - gone and reached < people - gone:
        well -= 1  # somebody may still be missing
    said = [f"{well} of {people} can reach us{'' if certain else ', as far as is known'}"]
    said += [f"{count} {why}" for why, count in lost.items()]
    if people - gone - well:
        said.append(f"{people - gone - well} have only what works in part")
    return f"{head}: {'; '.join(said)}"


def _why(segment: Segment, known: Mapping[str, Channel], usable: Collection[str], shares: Mapping[str, Share]) -> str:
    """Return why nobody of a segment can reach us."""
    used = [name for name in segment.uses if name in usable and name in known]
    if used:
        names = listed([known[name].name for name in used])
        failed = all(shares.get(name, NOTHING).certain for name in used)
        return f"have only the failed {names}" if failed else f"have only {names}, not known to work"
    idle = [known[name].name for name in segment.uses if name in known]
    return f"have only {listed(idle)}, which is not active" if idle else "use no channel of ours"
