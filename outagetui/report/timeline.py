"""The journal's entries of an incident as lines, with the key moments marked, and what no entry says itself; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

from outagetui.board.narrative import tell
from outagetui.core.model import Entry
from outagetui.core.text import clean
from outagetui.facts import events
from outagetui.report.blind_spots import Unseen
from outagetui.report.values import Line, when

ACTOR = 40
LIMIT = 500


def lines(
    mine: Sequence[Entry],
    names: Mapping[str, str],
    marks: Mapping[int, str],
    derived: Iterable[tuple[float, str, str]],
    unseen: Iterable[Unseen],
    zone: tzinfo,
) -> tuple[Line, ...]:
    """Return the timeline, in the journal's order.

    `names` maps ids of channels and outlets to names, `marks` entries to the key moment they are; `derived` are (at,
    words, mark) of what was concluded.
    """
    passed = _begun_and_ended(mine)
    told = [
        (
            entry.at,
            1,
            clean(entry.actor, ACTOR),
            entry.kind,
            " ".join(_words(entry, names).split()),
            marks.get(entry.seq, ""),
        )
        for entry in mine
        if entry.seq not in passed
    ]
    told += [
        (at, 2 if mark == "closed" else 0, "", "derived", clean(words, LIMIT), mark) for at, words, mark in derived
    ]
    told += [
        (each.begin, 0, "", "derived", clean(f"From here nothing was seen: {each.words}", LIMIT), each.kind)
        for each in unseen
        if each.kind == "silent"
    ]
    # A clock that was set back must not reorder what the journal has in order: derived lines go where their time is.
    last = float("-inf")
    keyed = []
    for at, rank, actor, kind, words, mark in told:
        if rank == 1:
            last = max(last, at)
        keyed.append((last if rank == 1 else at, rank, at, actor, kind, words, mark))
    keyed.sort(key=lambda row: row[:2])
    return tuple(
        Line(at=when(at), local=when(at).astimezone(zone), actor=actor, kind=clean(kind, 40), words=words, mark=mark)
        for _, _, at, actor, kind, words, mark in keyed
    )


def _begun_and_ended(mine: Iterable[Entry]) -> set[int]:
    """Return the intents that have an outcome: the outcome says it all."""
    begun: dict[tuple[str, str, int], int] = {}
    passed: set[int] = set()
    for entry in mine:
        match events.decode(entry.kind, entry.document):
            case events.StepIntended() as event:
                begun[event.run, event.step, event.attempt] = entry.seq
            case events.StepEnded() as event if (key := (event.run, event.step, event.attempt)) in begun:
                passed.add(begun.pop(key))
            case events.AlertIntended() as event:
                begun[event.incident, event.link, -1] = entry.seq
            case events.AlertEnded() as event if (key := (event.incident, event.link, -1)) in begun:
                passed.add(begun.pop(key))
            case events.DeliveryIntended() as event:
                begun[event.announcement, event.outlet, event.part] = entry.seq
            case events.DeliveryEnded() as event if (key := (event.announcement, event.outlet, event.part)) in begun:
                passed.add(begun.pop(key))
            case _:
                pass
    return passed


def _words(entry: Entry, names: Mapping[str, str]) -> str:
    match events.decode(entry.kind, entry.document):
        case events.StateChanged(id=name, was=was, now=now, why=why, local=local):
            seen = f", local to {local}" if local else ""
            return clean(f"{_name(name, names)}: {was} → {now}{seen}" + (f": {why}" if why else ""), LIMIT)
        case events.Activated(channel=name, run=run):
            return clean(f"Activated {_name(name, names)}" + (f" (run {run})" if run else " by hand"), LIMIT)
        case events.Deactivated(channel=name, run=run):
            return clean(f"Deactivated {_name(name, names)}" + (f" (run {run})" if run else " by hand"), LIMIT)
        case events.Acked(note=note):
            return clean("Took the incident" + (f": {note}" if note else ""), LIMIT)
        case events.StepAnswered(run=run, step=step, answer=answer, note=note):
            return clean(f"{run} {step} answered {answer}" + (f": {note}" if note else ""), LIMIT)
        case _:
            return tell(entry).text


def _name(name: str, names: Mapping[str, str]) -> str:
    return names.get(name, name)
